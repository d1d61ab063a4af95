"""The networks and the method in PyTorch, written from the paper and the headers of engine/model and
engine/method, never from the C sources: what make-golden.py computes with this is the judge of those.

Everything runs in double precision, so that the golden numbers are the true ones to every digit that
fp32 can show. `weights` is a dictionary from a pack's tensor names to tensors.
"""
import torch
from torch.nn import functional

SLOPE = 0.2  # of every leaky ReLU of the generator, the encoder's heads and R


closest_to_kink = [float('inf')]  # the smallest |x| / max |x| that leaky() has met


def leaky(x):
    size = x.detach().abs()
    closest_to_kink[0] = min(closest_to_kink[0], (size.min() / size.max()).item())
    return functional.leaky_relu(x, SLOPE)


def pixel_norm(x):
    return x / torch.sqrt(torch.mean(x * x, dim=1, keepdim=True) + 1e-8)


def frozen_norm(weights, name, x):
    """Batch norm with running statistics, eps 1e-5."""
    return functional.batch_norm(x, weights[name + '.running_mean'], weights[name + '.running_var'],
                                 weights[name + '.weight'], weights[name + '.bias'], False, 0.0, 1e-5)


def convolve(weights, name, x, stride=1, padding=0):
    return functional.conv2d(x, weights[name + '.weight'], weights.get(name + '.bias'), stride, padding)


# ---- Generator (Progressive GAN) ----

def scaled_convolution(weights, name, x, gain, padding):
    kernel = weights[name + '.conv.weight']
    scale = gain / (kernel.shape[2] * kernel.shape[1] ** 0.5)
    return functional.conv2d(x, kernel, padding=padding) * scale + weights[name + '.wscale.b'].view(1, -1, 1, 1)


def layers(weights, x, first, last, residuals=None, deltas=None):
    """Layers `first` to `last`; residuals[i] is added to layer i's output, then 1 + deltas[i] multiplies it."""
    for i in range(first, last + 1):
        x = pixel_norm(x)
        if i >= 3 and i % 2 == 1:
            x = functional.interpolate(x, scale_factor=2, mode='nearest')
        x = leaky(scaled_convolution(weights, f'generator.layer{i}', x, 2 ** 0.5, 3 if i == 1 else 1))
        if residuals and i in residuals:
            x = x + residuals[i]
        if deltas and i in deltas:
            x = x * (1 + deltas[i])
    return x


def picture(weights, x, resolution):
    return scaled_convolution(weights, f'generator.output_{resolution}x{resolution}', pixel_norm(x), 1.0, 0)


# ---- Perceptual net ----

def perceptual(weights, x, taps):
    """Features after the ReLU of each tapped layer, up to the last one."""
    x = convolve(weights, 'perceptual.input', x)
    features = {}
    for block in range(1, 6):
        if block > 1:
            x = functional.max_pool2d(x, 2)
        for index in range(1, 5):
            layer = f'conv{block}_{index}'
            if f'perceptual.{layer}.weight' not in weights:
                break
            x = functional.relu(convolve(weights, f'perceptual.{layer}', x, padding=1))
            if layer in taps:
                features[layer] = x
            if len(features) == len(taps):
                return [features[tap] for tap in taps]
    raise ValueError('a tap is not in the net')


# ---- Encoder ----

def residual_block(weights, name, x, stride):
    y = functional.relu(frozen_norm(weights, name + '.bn1', convolve(weights, name + '.conv1', x, stride, 1)))
    y = frozen_norm(weights, name + '.bn2', convolve(weights, name + '.conv2', y, 1, 1))
    if name + '.downsample.0.weight' in weights:
        x = frozen_norm(weights, name + '.downsample.1', convolve(weights, name + '.downsample.0', x, stride))
    return functional.relu(x + y)


def encode(weights, x, pool_stride):
    x = functional.relu(frozen_norm(weights, 'encoder.bn1', convolve(weights, 'encoder.conv1', x, 2, 3)))
    x = functional.max_pool2d(x, 3, pool_stride, 1)
    for stage in range(1, 5):
        x = residual_block(weights, f'encoder.layer{stage}.0', x, 1 if stage == 1 else 2)
        x = residual_block(weights, f'encoder.layer{stage}.1', x, 1)
    return leaky(convolve(weights, 'encoder.conv5', x))


def heads(weights, x):
    """From z4 to z."""
    for i, stride in ((4, 1), (3, 2), (2, None)):
        name = f'encoder.inv{i}'
        x = leaky(frozen_norm(weights, name + '.bn1', convolve(weights, name + '.conv1', pixel_norm(x), 1, 1)))
        x = leaky(frozen_norm(weights, name + '.bn2', convolve(weights, name + '.conv2', x, 1, 1)))
        if stride:
            x = convolve(weights, name + '.conv3', x, stride)
    x = convolve(weights, 'encoder.inv1.conv1', pixel_norm(x))
    x = convolve(weights, 'encoder.inv1.conv2', leaky(frozen_norm(weights, 'encoder.inv1.bn1', x)))
    return pixel_norm(x)


# ---- Super-resolution ----

def super_resolution(weights, x):
    def conv(name, x):
        return convolve(weights, 'super-resolution.' + name, x, padding=1)

    entered = y = conv('enter', x)
    block = 1
    while f'super-resolution.block{block}.conv1.weight' in weights:
        y = y + 0.2 * conv(f'block{block}.conv2', leaky(conv(f'block{block}.conv1', y)))
        block += 1
    y = functional.interpolate(entered + y, scale_factor=2, mode='nearest')
    y = conv('leave', leaky(conv('refine', leaky(conv('enlarge', y)))))
    return functional.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False) + 0.1 * y


# ---- R, the perturbation network ----

def batch_norm(parameters, name, x):
    """With the statistics of this very batch."""
    return functional.batch_norm(x, None, None, parameters[name + '.scale'].view(-1),
                                 parameters[name + '.shift'].view(-1), True, 0.0, 1e-5)


def r_convolution(parameters, name, x, stride=1, padding=0):
    return functional.conv2d(x, parameters[name + '.weight'], parameters[name + '.bias'].view(-1), stride, padding)


def perturbations(kind, parameters, noise, sides):
    """One delta a layer, the deepest first, as `sides` are; the trunk starts at the last one."""
    if kind == 'free':
        return [parameters[f'perturbation.{i}'] for i in range(len(sides))]
    deltas = [None] * len(sides)
    trunk = noise
    for i in reversed(range(len(sides))):
        name = f'perturbation.{i}'
        stride = 2 if trunk.shape[2] > sides[i] else 1
        trunk = leaky(batch_norm(parameters, name + '.trunk',
                                 r_convolution(parameters, name + '.trunk', trunk, stride, 1)))
        if kind == 'lowrank':
            skip = r_convolution(parameters, name + '.skip', trunk)
            skip = leaky(batch_norm(parameters, name + '.skip', skip))
            deltas[i] = r_convolution(parameters, name + '.head', skip)
        else:
            deltas[i] = r_convolution(parameters, name + '.head', trunk, 1, 1)
    return deltas


# ---- Losses ----

def l1(x, target):
    return torch.mean(torch.abs(x - target))


def mean_square(x):
    return torch.mean(x * x)
