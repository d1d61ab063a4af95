#!/usr/bin/env python3
"""make-golden.py FOLDER: small files of published models in every form, good and wrong, with what
PyTorch makes of them: pictures, features, levels. They are committed in tests/golden/import/, so that
the import is tested where there is no PyTorch. Needs Debian's python3-torch (1.13)."""
import os, sys
import numpy, torch
import models

FOLDER = sys.argv[1]
CHANNELS = [6, 8, 8, 8, 8, 7, 5]  # z, then layers 1 to 6: 16 x 16 pixels
SIZES = 8, 128, 1024  # the least, one with an encoder, the greatest
TAPS = {'conv2_2': 9, 'conv3_3': 16, 'conv4_2': 21, 'conv5_3': 30}  # and the modules up to there


def at(name):
    return os.path.join(FOLDER, name)


def save(name, content, zipped=False):
    torch.save(content, at(name), _use_new_zipfile_serialization=zipped)


def write(name, tensor):
    tensor.detach().numpy().astype('<f4').tofile(at(name))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    z = torch.randn(1, CHANNELS[0], generator=torch.Generator().manual_seed(1))
    write('z.f32', z)
    net = models.random_(models.Generator(CHANNELS), 2)
    state = net.state_dict()
    write('net.f32', net(z))
    save('legacy.pth', state)
    save('zip.pth', state, True)
    save('wrapped.pth', {'epoch': 3, 'lr': 0.5, 'state_dict': {'model.' + n: v for n, v in state.items()}}, True)
    save('strided.pth', models.strided(state))
    save('shared.pth', models.shared(state), True)
    save('parameters.pth', {n: torch.nn.Parameter(v) for n, v in state.items()})
    half = {n: v.half() for n, v in state.items()}
    rounded = models.Generator(CHANNELS)
    rounded.load_state_dict({n: v.float() for n, v in half.items()})
    write('half.f32', rounded(z))
    save('half.pth', half, True)
    old = models.random_(models.OldGenerator(CHANNELS), 3)
    write('features.f32', old(z))
    save('features-legacy.pth', old.state_dict())
    save('features-zip.pth', old.state_dict(), True)
    for fused in (False, True):
        name = 'fused' if fused else 'unfused'
        variables = models.tensorflow_variables(CHANNELS, fused, 4)
        write(name + '.f32', models.tensorflow_picture(variables, z))
        for protocol in (2, 4):
            models.save_tensorflow(at(f'{name}-{protocol}.pkl'), variables, protocol)
    wrong(net, state, variables)
    levels(net)
    sizes(z)
    parts()


def levels(net):
    """As the import measures them: the 0.99 quantile of each channel of z4 over 256 draws."""
    z = torch.from_numpy(numpy.random.RandomState(1).standard_normal((256, CHANNELS[0]))).float()
    with torch.no_grad():
        latent = net.latent(z).permute(1, 0, 2, 3).reshape(CHANNELS[4], -1)
    write('levels.f32', torch.quantile(latent, 0.99, dim=1))


def sizes(z):
    """Of the pictures, every so many pixels' one: 32 rows at most. With fewer channels above, some
    pixels are so small before their norm that fp32 and fp64 part by over 1e-3, in PyTorch too."""
    for resolution in SIZES:
        above = 2 * (resolution.bit_length() - 2) - 4
        net = models.random_(models.Generator(CHANNELS[:5] + [12] * above), resolution).half()
        save(f'net-{resolution}.pth', net.state_dict(), True)
        step = resolution // 32 + 1
        with torch.no_grad():
            write(f'net-{resolution}.f32', net.double()(z.double())[:, :, ::step, ::step])


def sines(side):
    """A picture that the tests can make again."""
    c, y, x = numpy.ogrid[:3, :side, :side]
    return torch.from_numpy(numpy.sin(0.11 * (c + 1) * x + 0.07 * y * (3 - c)).astype('f4'))[None]


def parts():
    """An encoder of the 128 pixels above and a narrow VGG16."""
    encoder = models.random_encoder(models.Encoder(2, CHANNELS[4], 1), 5)
    vgg = models.random_encoder(models.Vgg16(1), 6)
    save('encoder.pth', {'state_dict': {'model.' + n: v for n, v in encoder.state_dict().items()}}, True)
    save('vgg.pth', vgg.state_dict())
    picture = sines(128).double()
    encoder, vgg = encoder.double(), vgg.double()
    with torch.no_grad():
        latent = encoder.resnet(picture)
        write('encoder.latent.f32', latent)
        write('encoder.z.f32', encoder.heads(latent))
        for tap, end in TAPS.items():
            write(f'vgg.{tap}.f32', vgg.features[:end](picture))


def wrong(net, state, variables):
    def changed(**changes):
        result = dict(state)
        for name, value in changes.items():
            name = name.replace('__', '.')
            if value is None:
                del result[name]
            else:
                result[name] = value
        return result

    save('wrong-missing.pth', changed(layer3__wscale__b=None))
    save('wrong-shape.pth', changed(layer3__conv__weight=torch.zeros(8, 7, 3, 3)), True)
    save('wrong-extra.pth', changed(layer9__conv__weight=torch.zeros(8, 7, 3, 3)))
    save('wrong-odd.pth', changed(layer6__conv__weight=None))
    save('wrong-double.pth', changed(layer2__wscale__b=torch.zeros(8, dtype=torch.float64)))
    save('wrong-nan.pth', changed(layer2__wscale__b=torch.full((8,), float('nan'))))
    save('wrong-network.pth', torch.nn.Conv2d(3, 3, 3).state_dict())
    save('wrong-module.pth', net, True)
    variables = [(n, numpy.float32(1.5)) if n == 'lod' else (n, v) for n, v in variables]
    models.save_tensorflow(at('wrong-growing.pkl'), variables, 4)


main()
