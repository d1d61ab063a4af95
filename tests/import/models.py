"""Published networks in PyTorch, under their publishers' own names, and files of them in every form
that is imported. Written from the papers and from docs/importing.md, never from the importer.

Each network is a module whose state dictionary is what the publisher's file holds.
"""
import math, pickle, sys, types
import numpy, torch
from torch import nn
from torch.nn import functional

PUBLISHED_256 = [512] * 9 + [256, 256, 128, 128, 64, 64]  # z, then layers 1 to 14
PUBLISHED_1024 = PUBLISHED_256 + [32, 32, 16, 16]  # of CelebA-HQ


def random_(module, seed):
    """Weights N(0, 1) for the scaled layers, small biases, so that pictures have a size of about 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.dtype.is_floating_point and not name.endswith('.scale'):
                value.copy_(torch.randn(value.shape, generator=generator) * (0.1 if value.dim() == 1 else 1.0))
    return module.eval()


# ---- Progressive GAN, as netdissect has it ----

class PixelNorm(nn.Module):
    def forward(self, x):
        return x / torch.sqrt(torch.mean(x ** 2, dim=1, keepdim=True) + 1e-8)


class Scale(nn.Module):
    """The run-time scale and the bias; `stored` as the older class keeps the scale in the file."""

    def __init__(self, channels, value, stored):
        super().__init__()
        if stored:
            self.scale = nn.Parameter(torch.tensor([value * 1.03]))  # not the formula's own
        else:
            self.scale = value
        self.b = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return x * self.scale + self.b.view(1, -1, 1, 1)


class Layer(nn.Module):
    def __init__(self, in_channels, out_channels, size, padding, up, gain, stored, activate=True):
        super().__init__()
        self.norm, self.up, self.activate = PixelNorm(), up, activate
        self.conv = nn.Conv2d(in_channels, out_channels, size, 1, padding, bias=False)
        self.wscale = Scale(out_channels, gain / (size * math.sqrt(in_channels)), stored)

    def forward(self, x):
        x = self.norm(x)
        if self.up:
            x = functional.interpolate(x, scale_factor=2, mode='nearest')
        x = self.wscale(self.conv(x))
        return functional.leaky_relu(x, 0.2) if self.activate else x


def make_layers(channels, stored):
    layers = [Layer(channels[i - 1], channels[i], 4 if i == 1 else 3, 3 if i == 1 else 1,
                    i >= 3 and i % 2 == 1, math.sqrt(2), stored) for i in range(1, len(channels))]
    return layers, Layer(channels[-1], 3, 1, 0, False, 1.0, stored, activate=False)


class Generator(nn.Module):
    def __init__(self, channels, clamp=False):
        super().__init__()
        layers, output = make_layers(channels, False)
        self.resolution = 4 * 2 ** (len(layers) // 2 - 1)
        self.n, self.clamp = len(layers), clamp
        for i, layer in enumerate(layers, 1):
            setattr(self, f'layer{i}', layer)
        setattr(self, f'output_{self.resolution}x{self.resolution}', output)

    def latent(self, z):
        x = z.view(len(z), -1, 1, 1)
        for i in range(1, 5):
            x = getattr(self, f'layer{i}')(x)
        return x

    def forward(self, z):
        x = self.latent(z)
        for i in range(5, self.n + 1):
            x = getattr(self, f'layer{i}')(x)
        return getattr(self, f'output_{self.resolution}x{self.resolution}')(x)


class OldGenerator(nn.Module):
    """features.N and output, with the scales in the file."""

    def __init__(self, channels):
        super().__init__()
        layers, self.output = make_layers(channels, True)
        self.features = nn.Sequential(*layers)

    def forward(self, z):
        return self.output(self.features(z.view(len(z), -1, 1, 1)))


# ---- Progressive GAN, as the TensorFlow release has it ----

class Network:
    """What the release's tfutil.Network leaves in a pickle."""

    def __init__(self, name, variables):
        self.name, self.variables = name, variables

    def __getstate__(self):
        return {'version': 2, 'name': self.name, 'static_kwargs': {'num_channels': 3, 'resolution': 256,
                'fused_scale': True, 'structure': None, 'fmap_base': numpy.int64(8192)},
                'build_module_src': '# Copyright\nimport os\n' * 300, 'build_func_name': 'G_paper',
                'variables': self.variables}


Network.__module__ = 'tfutil'
tfutil = types.ModuleType('tfutil')
tfutil.Network = Network
sys.modules['tfutil'] = tfutil


def tensorflow_variables(channels, fused, seed):
    random = numpy.random.RandomState(seed)

    def normal(*shape):
        return random.standard_normal(shape).astype(numpy.float32)

    variables = [('lod', numpy.float32(0.0)),
                 ('4x4/Dense/weight', normal(channels[0], channels[1] * 16)),
                 ('4x4/Dense/bias', 0.1 * normal(channels[1])),
                 ('4x4/Conv/weight', normal(3, 3, channels[1], channels[2])),
                 ('4x4/Conv/bias', 0.1 * normal(channels[2]))]
    stages = (len(channels) - 1) // 2
    for stage in range(1, stages):
        side, (i, a, b) = 4 << stage, channels[2 * stage:2 * stage + 3]
        name, shape = ('Conv0_up', (3, 3, a, i)) if fused else ('Conv0', (3, 3, i, a))
        variables += [(f'{side}x{side}/{name}/weight', normal(*shape)),
                      (f'{side}x{side}/{name}/bias', 0.1 * normal(a)),
                      (f'{side}x{side}/Conv1/weight', normal(3, 3, a, b)),
                      (f'{side}x{side}/Conv1/bias', 0.1 * normal(b))]
    for lod in reversed(range(stages)):
        variables += [(f'ToRGB_lod{lod}/weight', normal(1, 1, channels[2 * (stages - lod)], 3)),
                      (f'ToRGB_lod{lod}/bias', 0.1 * normal(3))]
    return variables


def tensorflow_picture(variables, z):
    """As TensorFlow computes it: pixel norm after each activation, NCHW, the fused up-convolution a
    transposed one with the kernel's four shifts summed."""
    w = {name: torch.from_numpy(numpy.array(value)) for name, value in variables}

    def scaled(name, gain, fan_in):
        return w[name + '/weight'] * (gain / math.sqrt(fan_in))

    def finish(x, name):
        x = functional.leaky_relu(x + w[name + '/bias'].view(1, -1, 1, 1), 0.2)
        return x / torch.sqrt(torch.mean(x * x, dim=1, keepdim=True) + 1e-8)

    def convolve(x, name, gain=math.sqrt(2)):
        kernel = w[name + '/weight']
        fan_in = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
        kernel = scaled(name, gain, fan_in).permute(3, 2, 0, 1)
        return functional.conv2d(x, kernel, padding=kernel.shape[2] // 2)

    def up_convolve(x, name):
        kernel = w[name + '/weight']  # [kh, kw, out, in]
        fan_in = kernel.shape[0] * kernel.shape[1] * kernel.shape[3]
        kernel = functional.pad(scaled(name, math.sqrt(2), fan_in), (0, 0, 0, 0, 1, 1, 1, 1))
        kernel = kernel[1:, 1:] + kernel[:-1, 1:] + kernel[1:, :-1] + kernel[:-1, :-1]
        return functional.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), stride=2, padding=1)

    x = z / torch.sqrt(torch.mean(z * z, dim=1, keepdim=True) + 1e-8)
    x = x @ (w['4x4/Dense/weight'] * (math.sqrt(2) / 4 / math.sqrt(z.shape[1])))
    x = finish(x.view(len(z), -1, 4, 4), '4x4/Dense')
    x = finish(convolve(x, '4x4/Conv'), '4x4/Conv')
    side = 8
    while f'{side}x{side}/Conv1/weight' in w:
        folder = f'{side}x{side}'
        if folder + '/Conv0_up/weight' in w:
            x = finish(up_convolve(x, folder + '/Conv0_up'), folder + '/Conv0_up')
        else:
            x = functional.interpolate(x, scale_factor=2, mode='nearest')
            x = finish(convolve(x, folder + '/Conv0'), folder + '/Conv0')
        x = finish(convolve(x, folder + '/Conv1'), folder + '/Conv1')
        side *= 2
    x = convolve(x, 'ToRGB_lod0', gain=1)
    return x + w['ToRGB_lod0/bias'].view(1, -1, 1, 1)


def save_tensorflow(path, variables, protocol):
    small = [('lod', numpy.float32(0)), ('x', numpy.zeros((2, 2), numpy.float32))]
    networks = Network('G', small), Network('D', small), Network('Gs', variables)
    with open(path, 'wb') as file:
        pickle.dump(networks, file, protocol=protocol)


# ---- The encoder of ganseeing ----

class Block(nn.Module):
    def __init__(self, in_channels, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                                            nn.BatchNorm2d(channels))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class Conv5(nn.Module):
    def __init__(self, in_channels, channels):
        super().__init__()
        self.conv5 = nn.Conv2d(in_channels, channels, 1)

    def forward(self, x):
        return functional.leaky_relu(self.conv5(x), 0.2)


class Resnet(nn.Module):
    def __init__(self, width, latent, first_stride):
        super().__init__()
        self.first_stride = first_stride
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for stage in range(1, 5):
            out = width << (stage - 1)
            setattr(self, f'layer{stage}', nn.Sequential(Block(channels, out, 1 if stage == 1 else 2),
                                                         Block(out, out, 1)))
            channels = out
        self.layer5 = Conv5(channels, latent)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, self.first_stride, 1)
        return self.layer5(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


class Head(nn.Module):
    def __init__(self, channels, number):
        super().__init__()
        self.number = number
        self.conv1 = nn.Conv2d(channels, channels, 4 if number == 1 else 3, 1, 0 if number == 1 else 1)
        self.bn1 = nn.BatchNorm2d(channels)
        if number == 1:
            self.conv2 = nn.Conv2d(channels, channels, 1)
        else:
            self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
            self.bn2 = nn.BatchNorm2d(channels)
        if number > 2:
            self.conv3 = nn.Conv2d(channels, channels, 1, 2 if number == 3 else 1)

    def forward(self, x):
        x = functional.leaky_relu(self.bn1(self.conv1(PixelNorm()(x))), 0.2)
        if self.number == 1:
            return PixelNorm()(self.conv2(x))
        x = functional.leaky_relu(self.bn2(self.conv2(x)), 0.2)
        return self.conv3(x) if self.number > 2 else x


class Encoder(nn.Module):
    def __init__(self, width, latent, first_stride, heads=True):
        super().__init__()
        self.resnet = Resnet(width, latent, first_stride)
        if heads:
            for number in range(1, 5):
                setattr(self, f'inv{number}', Head(latent, number))

    def heads(self, x):
        for number in range(4, 0, -1):
            x = getattr(self, f'inv{number}')(x)
        return x


def random_encoder(encoder, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in encoder.state_dict().items():
            if name.endswith('running_var') or (value.dim() == 1 and name.endswith('weight')):
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))
            elif value.dim() == 1:
                value.copy_(0.1 * torch.randn(value.shape, generator=generator))
            elif value.dim() == 4:
                fan_in = value.shape[1] * value.shape[2] * value.shape[3]
                value.copy_(torch.randn(value.shape, generator=generator) * math.sqrt(2 / fan_in))
    return encoder.eval()


# ---- VGG16 of torchvision ----

class Vgg16(nn.Module):
    def __init__(self, width=64, hidden=8):
        super().__init__()
        layers, channels = [], 3
        for out in [1, 1, 0, 2, 2, 0, 4, 4, 4, 0, 8, 8, 8, 0, 8, 8, 8, 0]:
            if out == 0:
                layers.append(nn.MaxPool2d(2, 2))
            else:
                layers += [nn.Conv2d(channels, out * width, 3, padding=1), nn.ReLU()]
                channels = out * width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(channels, hidden))


# ---- Variants of files ----

def strided(state):
    """The same numbers, every kernel stored transposed, and every bias with a step of 3."""
    result = {}
    for name, value in state.items():
        if value.dim() == 4:
            value = value.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
        elif value.dim() == 1:
            wide = torch.zeros(len(value), 3)
            wide[:, 1] = value
            value = wide[:, 1]
        result[name] = value
    return result


def shared(state):
    """The same numbers, all in one storage."""
    flat = torch.cat([value.reshape(-1) for value in state.values()])
    result, at = {}, 0
    for name, value in state.items():
        result[name] = flat[at:at + value.numel()].view(value.shape)
        at += value.numel()
    return result
