#!/usr/bin/env python3
"""make-golden.py FOLDER: small files of published models in every form, good and wrong, with the
pictures that PyTorch makes of them. They are committed in tests/golden/import/, so that the import
is tested where there is no PyTorch. Needs Debian's python3-torch (1.13)."""
import os, sys
import numpy, torch
import models

FOLDER = sys.argv[1]
CHANNELS = [6, 8, 8, 8, 8, 7, 5]  # z, then layers 1 to 6: 16 x 16 pixels


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
