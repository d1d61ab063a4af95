"""The networks that `semantic-paint bench` measures, in PyTorch, with random weights.

Written as one writes PyTorch: plain modules, nothing recomputed, frozen weights without gradients.
Batch norm is folded into the encoder's convolutions, as in the engine.
"""
import torch
import torch.nn.functional as F
from torch import nn

LATENT_LAYER = 4
TAPS = {"conv1_2": 0.0125, "conv2_2": 0.00833, "conv3_1": 0.00667}


def side(layer):
    return 4 << ((layer - 1) // 2)


def published_channels(resolution):
    """Channels by layer, from layer 4, the latent, to the last."""
    layers, layer = [], LATENT_LAYER
    while side(layer) <= resolution:
        layers.append(min(512, 128 * 128 // side(layer)))
        layer += 1
    return layers


def channels_of(resolution):
    """128: the bundled pack's; else the published networks'."""
    return [256, 256, 256, 128, 128, 64, 64, 32, 32] if resolution == 128 else published_channels(resolution)


def pixel_norm(x):
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class Generator(nn.Module):
    """Layers 5 to the last of a Progressive GAN, and the output."""

    def __init__(self, resolution):
        super().__init__()
        self.channels = channels_of(resolution)
        self.last = LATENT_LAYER + len(self.channels) - 1
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(self.channels, self.channels[1:]))
        self.output = nn.Conv2d(self.channels[-1], 3, 1)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, a=0.2)

    def run(self, x, first, last, deltas={}):
        for i in range(first, last + 1):
            x = pixel_norm(x)
            if i % 2 == 1:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.leaky_relu(self.layers[i - LATENT_LAYER - 1](x), 0.2)
            if i in deltas:
                x = x * (1 + deltas[i])
        return x

    def picture(self, x):
        return self.output(pixel_norm(x))

    def forward(self, latent):
        return self.picture(self.run(latent, LATENT_LAYER + 1, self.last))


class Unit(nn.Module):
    """Convolution, batch norm, leaky ReLU."""

    def __init__(self, inputs, outputs, size, stride):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, track_running_stats=False)

    def forward(self, x):
        return F.leaky_relu(self.norm(self.convolution(x)), 0.2)


class LowRank(nn.Module):
    """The perturbation network: a trunk over fixed noise, for each layer a head of rank 4."""

    def __init__(self, shapes):  # {layer: (channels, side)}
        super().__init__()
        self.order = sorted(shapes, reverse=True)
        self.trunk, self.skip, self.head = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        at = shapes[self.order[0]][1]
        self.register_buffer("noise", torch.randn(1, 32, at, at))
        for layer in self.order:
            channels, size = shapes[layer]
            self.trunk[str(layer)] = Unit(32, 32, 3, at // size)
            self.skip[str(layer)] = Unit(32, 4, 1, 1)
            self.head[str(layer)] = nn.Conv2d(4, channels, 1)
            nn.init.zeros_(self.head[str(layer)].weight)
            nn.init.zeros_(self.head[str(layer)].bias)
            at = size

    def forward(self):
        x, deltas = self.noise, {}
        for layer in self.order:
            x = self.trunk[str(layer)](x)
            deltas[layer] = self.head[str(layer)](self.skip[str(layer)](x))
        return deltas


class Free(nn.Module):
    """The perturbations themselves."""

    def __init__(self, shapes):
        super().__init__()
        self.deltas = nn.ParameterDict(
            {str(layer): nn.Parameter(torch.zeros(1, c, s, s)) for layer, (c, s) in shapes.items()})

    def forward(self):
        return {int(layer): delta for layer, delta in self.deltas.items()}


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class Encoder(nn.Module):
    """ResNet-18 of this width, to the latent."""

    def __init__(self, width, latent_channels, pool_stride):
        super().__init__()
        blocks, inputs = [], width
        for stage in range(4):
            for i in range(2):
                outputs = width << stage
                blocks.append(Block(inputs, outputs, 2 if stage > 0 and i == 0 else 1))
                inputs = outputs
        self.first = nn.Conv2d(3, width, 7, 2, padding=3)
        self.pool = nn.MaxPool2d(3, pool_stride, padding=1)
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Conv2d(inputs, latent_channels, 1)

    def forward(self, x):
        x = self.blocks(self.pool(F.relu(self.first(x))))
        return F.leaky_relu(self.last(x), 0.2)


class Perceptual(nn.Module):
    """VGG19 up to conv3_1; its features at the taps."""

    def __init__(self):
        super().__init__()
        widths = {"conv1_1": (3, 64), "conv1_2": (64, 64), "conv2_1": (64, 128),
                  "conv2_2": (128, 128), "conv3_1": (128, 256)}
        self.input = nn.Conv2d(3, 3, 1)
        self.layers = nn.ModuleDict({n: nn.Conv2d(a, b, 3, padding=1) for n, (a, b) in widths.items()})

    def forward(self, picture):
        x, features = self.input(picture), {}
        for name, layer in self.layers.items():
            if name in ("conv2_1", "conv3_1"):
                x = F.max_pool2d(x, 2)
            x = F.relu(layer(x))
            if name in TAPS:
                features[name] = x
        return features
