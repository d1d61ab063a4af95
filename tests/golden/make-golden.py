#!/usr/bin/python3
"""Makes the golden files: small packs of random weights, and what PyTorch says of them.

    make-golden.py                        writes the committed files beside this script
    make-golden.py --full-size FOLDER     writes a pack of the published church model's size there

For each pack NAME.pack.safetensors there is NAME.golden.safetensors: inputs, and the outputs and
gradients that tests/test-models.c and tests/test-method.c must find with that pack. Run it again when
an architecture or the method changes; it needs PyTorch 1.13 and NumPy, the tests need neither. The
full-size folder is compared by

    SP_GOLDEN_FOLDER=FOLDER test-models

Big inputs are not stored: noise() and photo() below are also in tests/golden.c. Of outputs longer than
WHOLE numbers every STRIDE-th is stored; 7 divides no side, so that every row and phase is met.
"""
import argparse
import json
import os
import struct
import time

import numpy
import torch

import networks
from method import adaptation_cases, inversion_case

WHOLE = 20000
STRIDE = 7
CLEARANCE = 3e-7
FUNCTIONAL_SEED = 1
PHOTO_SEED = 2
PHOTO_BLOCK = 16

# Channels of a stage (two layers), from 4 x 4 up. 20 and 12 are no multiples of 16 or 8.
DEEP = {'name': 'deep', 'first_layer': 1, 'channels': (20, 20, 20, 20, 20, 12, 8), 'width': 5,
        'vgg': ((8, 8), (20, 20), (24,)), 'taps': (('conv1_2', 0.5), ('conv2_2', 0.25), ('conv3_1', 0.125)),
        'latents': ((1, 8, 8),), 'encoder': ((1, 256, 256),), 'perceptual': ((1, 37, 29), (2, 24, 50)),
        'super-width': 12, 'super': ((1, 19, 26),)}
SHALLOW = {'name': 'shallow', 'first_layer': 5, 'channels': (20, 20, 20, 20, 12, 8), 'width': 6,
           'vgg': ((8, 12),), 'taps': (('conv1_2', 0.0125),),
           'latents': ((2, 8, 8), (2, 8, 12)), 'encoder': ((1, 128, 128), (2, 128, 192)),
           'perceptual': ((1, 31, 33),), 'super-width': 7, 'super': ((2, 16, 16), (1, 11, 9))}
FULL = {'name': 'full', 'first_layer': 1, 'channels': (512, 512, 512, 512, 256, 128, 64), 'width': 64,
        'vgg': ((64, 64), (128, 128), (256,)), 'taps': DEEP['taps'],
        'latents': ((1, 8, 8),), 'encoder': ((1, 256, 256),), 'perceptual': ((1, 75, 61),),
        'super-width': 32, 'super': ((1, 96, 96),)}


# ---- Numbers that C can make too ----

def noise(seed, shape):
    """Uniform in [-1, 1): murmur3's finaliser over the index."""
    count = int(numpy.prod(shape))
    x = numpy.arange(count, dtype=numpy.uint32) + numpy.uint32((seed * 0x9e3779b9) & 0xffffffff)
    for shift, factor in ((16, 0x85ebca6b), (13, 0xc2b2ae35)):
        x = (x ^ (x >> numpy.uint32(shift))) * numpy.uint32(factor)
    x ^= x >> numpy.uint32(16)
    return ((x >> numpy.uint32(8)).astype(numpy.float32) / numpy.float32(1 << 23) - 1).reshape(shape)


def photo(batch, height, width):
    """Blocks of one colour under noise, in [-1, 1)."""
    rows, columns = -(-height // PHOTO_BLOCK), -(-width // PHOTO_BLOCK)
    blocks = noise(PHOTO_SEED, (batch, 3, rows, columns)).repeat(PHOTO_BLOCK, 2).repeat(PHOTO_BLOCK, 3)
    return numpy.float32(0.5) * (blocks[:, :, :height, :width] + noise(PHOTO_SEED + 1, (batch, 3, height, width)))


def functional_of(x, seed=FUNCTIONAL_SEED):
    """A fixed random linear functional: mean x (1 + noise)."""
    return torch.mean(x * (1 + torch.from_numpy(noise(seed, tuple(x.shape))).double()))


# ---- Files ----

def write_safetensors(path, tensors, metadata=None):
    """fp32 tensors in the order given; the header padded with spaces to a multiple of 8."""
    header, offset = ({'__metadata__': metadata} if metadata else {}), 0
    for name, values in tensors.items():
        header[name] = {'dtype': 'F32', 'shape': list(values.shape),
                        'data_offsets': [offset, offset + 4 * values.size]}
        offset += 4 * values.size
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for values in tensors.values():
            file.write(numpy.ascontiguousarray(values, dtype='<f4').tobytes())


class Golden(dict):
    """Tensors by name."""

    def expect(self, name, values):
        values = values.detach().numpy().reshape(-1)
        assert numpy.isfinite(values).all() and numpy.abs(values).max() > 0, name
        self[name] = values if values.size <= WHOLE else values[::STRIDE]

    def give(self, name, values):
        """An input: what C reads, so rounded to fp32 before PyTorch sees it."""
        self[name] = numpy.asarray(values, dtype=numpy.float32)
        return torch.from_numpy(self[name]).double()


# ---- Random packs ----

class RandomWeights(dict):
    def __init__(self, seed):
        super().__init__()
        self.random = numpy.random.RandomState(seed)

    def normal(self, name, shape, deviation=1.0, mean=0.0):
        self[name] = (mean + deviation * self.random.standard_normal(shape)).astype(numpy.float32)

    def kaiming(self, name, shape):
        self.normal(name, shape, (2 / numpy.prod(shape[1:])) ** 0.5)

    def convolution(self, name, shape, bias=True):
        self.kaiming(name + '.weight', shape)
        if bias:
            self.normal(name + '.bias', shape[:1], 0.1)

    def batch_norm(self, name, channels):
        self.normal(name + '.weight', (channels,), 0.2, 0.8)
        self.normal(name + '.bias', (channels,), 0.2)
        self.normal(name + '.running_mean', (channels,), 0.2)
        self[name + '.running_var'] = self.random.uniform(0.5, 2, channels).astype(numpy.float32)


def generator_weights(weights, case):
    channels = case['channels']
    last = 2 * len(channels)
    resolution = 4 << (len(channels) - 1)
    before = channels[0] if case['first_layer'] == 1 else channels[1]
    for i in range(case['first_layer'], last + 1):
        out, size = channels[(i - 1) // 2], 4 if i == 1 else 3
        weights.normal(f'generator.layer{i}.conv.weight', (out, before, size, size))
        weights.normal(f'generator.layer{i}.wscale.b', (out,), 0.2)
        before = out
    weights.normal(f'generator.output_{resolution}x{resolution}.conv.weight', (3, before, 1, 1), 0.5)
    weights.normal(f'generator.output_{resolution}x{resolution}.wscale.b', (3,), 0.2)
    return resolution


def encoder_weights(weights, case):
    width, latent = case['width'], case['channels'][1]
    weights.convolution('encoder.conv1', (width, 3, 7, 7), bias=False)
    weights.batch_norm('encoder.bn1', width)
    before = width
    for stage in range(1, 5):
        out = width << (stage - 1)
        for block in range(2):
            name = f'encoder.layer{stage}.{block}'
            weights.convolution(name + '.conv1', (out, before, 3, 3), bias=False)
            weights.batch_norm(name + '.bn1', out)
            weights.convolution(name + '.conv2', (out, out, 3, 3), bias=False)
            weights.batch_norm(name + '.bn2', out)
            if before != out:
                weights.convolution(name + '.downsample.0', (out, before, 1, 1), bias=False)
                weights.batch_norm(name + '.downsample.1', out)
            before = out
    weights.convolution('encoder.conv5', (latent, before, 1, 1))


def head_weights(weights, case):
    channels = case['channels'][0]
    for i in (4, 3, 2):
        name = f'encoder.inv{i}'
        for part in (1, 2):
            weights.convolution(f'{name}.conv{part}', (channels, channels, 3, 3))
            weights.batch_norm(f'{name}.bn{part}', channels)
        if i > 2:
            weights.convolution(name + '.conv3', (channels, channels, 1, 1))
    weights.convolution('encoder.inv1.conv1', (channels, channels, 4, 4))
    weights.batch_norm('encoder.inv1.bn1', channels)
    weights.convolution('encoder.inv1.conv2', (channels, channels, 1, 1))


def perceptual_weights(weights, case):
    weights.normal('perceptual.input.weight', (3, 3, 1, 1), 0.7)
    weights.normal('perceptual.input.bias', (3,), 0.1)
    before = 3
    for block, outs in enumerate(case['vgg'], 1):
        for index, out in enumerate(outs, 1):
            weights.convolution(f'perceptual.conv{block}_{index}', (out, before, 3, 3))
            before = out


def super_resolution_weights(weights, case):
    width = case['super-width']
    for name, out, before in ([('enter', width, 3)]
                              + [(f'block{i}.conv{k}', width, width) for i in (1, 2) for k in (1, 2)]
                              + [('enlarge', width, width), ('refine', width, width), ('leave', 3, width)]):
        weights.convolution('super-resolution.' + name, (out, before, 3, 3))


def make_pack(folder, case):
    """Writes the pack; returns its weights in double precision and the generator's resolution."""
    weights = RandomWeights(len(case['channels']))
    resolution = generator_weights(weights, case)
    encoder_weights(weights, case)
    if case['first_layer'] == 1:
        head_weights(weights, case)
    perceptual_weights(weights, case)
    weights.normal('concept.tree.value', case['channels'][1:2])
    super_resolution_weights(weights, case)
    manifest = {
        'name': 'golden-' + case['name'], 'title': 'Golden, ' + case['name'], 'licence': 'MIT',
        'source': 'Random numbers of tests/golden/make-golden.py.',
        'generator': {'family': 'progressive-gan', 'resolution': resolution,
                      'first_layer': case['first_layer'], 'clamp': False},
        'encoder': {'family': 'resnet-18'},
        'perceptual': {'family': 'vgg', 'taps': [{'layer': l, 'weight': w} for l, w in case['taps']]},
        'concepts': [{'name': 'tree', 'title': 'Tree', 'exemplars': 0}]}
    write_safetensors(os.path.join(folder, case['name'] + '.pack.safetensors'), weights,
                      {'format': 'semantic-paint-pack', 'version': '1', 'manifest': json.dumps(manifest)})
    return {name: torch.from_numpy(values).double() for name, values in weights.items()}, resolution


# ---- Cases ----

def draw(weights, case, resolution, latent):
    last = 2 * len(case['channels'])
    return networks.picture(weights, networks.layers(weights, latent, 5, last), resolution)


def input_clear_of_kinks(golden, name, random, shape, output, tries=100):
    """A random input for which no leaky ReLU of `output` stands so near 0 that fp32's rounding may take
    the other slope: one that does changes the gradient by a jump that is nobody's error. A full-size net
    has too many activations for that; there a jump is one of many and small."""
    for _ in range(tries):
        x = golden.give(name, random.standard_normal(shape)).requires_grad_()
        networks.closest_to_kink[0] = float('inf')
        y = output(x)
        if networks.closest_to_kink[0] > CLEARANCE or tries == 1:
            return x, y
    raise ValueError('no input is clear of kinks')


def generator_cases(golden, weights, case, resolution, random):
    channels = case['channels'][1]
    tries = 1 if case is FULL else 100
    if case['first_layer'] == 1:
        z, picture = input_clear_of_kinks(
            golden, 'from-z.z', random, (1, case['channels'][0], 1, 1),
            lambda z: draw(weights, case, resolution, networks.layers(weights, z, 1, 4)), tries)
        golden.expect('from-z.latent', networks.layers(weights, z, 1, 4))
        golden.expect('from-z.picture', picture)
        golden.expect('from-z.gradient', torch.autograd.grad(functional_of(picture), z)[0])
    for i, (batch, height, width) in enumerate(case['latents']):
        latent, picture = input_clear_of_kinks(
            golden, f'from-latent.{i}.latent', random, (batch, channels, height, width),
            lambda latent: draw(weights, case, resolution, latent), tries)
        golden.expect(f'from-latent.{i}.picture', picture)
        golden.expect(f'from-latent.{i}.gradient', torch.autograd.grad(functional_of(picture), latent)[0])


def perceptual_cases(golden, weights, case, random):
    taps = [layer for layer, _ in case['taps']]
    for i, (batch, height, width) in enumerate(case['perceptual']):
        picture = golden.give(f'perceptual.{i}.picture', random.uniform(-1, 1, (batch, 3, height, width)))
        picture.requires_grad_()
        features = networks.perceptual(weights, picture, taps)
        for tap, feature in zip(taps, features):
            golden.expect(f'perceptual.{i}.{tap}', feature)
        total = sum(functional_of(feature, FUNCTIONAL_SEED + k) for k, feature in enumerate(features))
        golden.expect(f'perceptual.{i}.gradient', torch.autograd.grad(total, picture)[0])


def encoder_cases(golden, weights, case, resolution, random):
    pool_stride = 2 if resolution == 256 else 1
    for i, shape in enumerate(case['encoder']):
        golden.give(f'encoder.{i}.photo-shape', (shape[0], 3) + shape[1:])
        x = torch.from_numpy(photo(*shape)).double().requires_grad_()
        latent = networks.encode(weights, x, pool_stride)
        golden.expect(f'encoder.{i}.latent', latent)
        golden.expect(f'encoder.{i}.gradient', torch.autograd.grad(functional_of(latent), x)[0])
    if case['first_layer'] == 1:
        latent = golden.give('heads.latent', random.standard_normal((1, case['channels'][1], 8, 8)))
        golden.expect('heads.z', networks.heads(weights, latent))


def super_resolution_cases(golden, weights, case, random):
    tries = 1 if case is FULL else 1000
    for i, (batch, height, width) in enumerate(case['super']):
        picture, enlarged = input_clear_of_kinks(golden, f'super-resolution.{i}.picture', random,
                                                 (batch, 3, height, width),
                                                 lambda x: networks.super_resolution(weights, x), tries)
        golden.expect(f'super-resolution.{i}.enlarged', enlarged)
        golden.expect(f'super-resolution.{i}.gradient',
                      torch.autograd.grad(functional_of(enlarged), picture)[0])


def make_models(folder, case):
    weights, resolution = make_pack(folder, case)
    golden, random = Golden(), numpy.random.RandomState(100)
    generator_cases(golden, weights, case, resolution, random)
    perceptual_cases(golden, weights, case, random)
    encoder_cases(golden, weights, case, resolution, random)
    super_resolution_cases(golden, weights, case, random)
    return weights, golden


def save(folder, case, golden):
    write_safetensors(os.path.join(folder, case['name'] + '.golden.safetensors'), golden)


def time_generator(weights):
    """PyTorch's own time for what the C test times: layers 5 to 14 and the output, fp32."""
    weights = {name: values.float() for name, values in weights.items()}
    latent, best = torch.randn(1, 512, 8, 8, dtype=torch.float32), float('inf')
    for _ in range(7):
        start = time.perf_counter()
        with torch.no_grad():
            draw(weights, FULL, 256, latent)
        best = min(best, time.perf_counter() - start)
    print(f'PyTorch, {torch.get_num_threads()} threads: layers 5 to 14 and the output in {best:.3f} s')


def main():
    torch.set_default_dtype(torch.double)
    torch.set_num_threads(2)
    parser = argparse.ArgumentParser()
    parser.add_argument('--full-size', metavar='FOLDER')
    folder = parser.parse_args().full_size
    if folder:
        os.makedirs(folder, exist_ok=True)
        weights, golden = make_models(folder, FULL)
        save(folder, FULL, golden)
        time_generator(weights)
        return
    folder = os.path.dirname(os.path.abspath(__file__))
    for case in (DEEP, SHALLOW):
        weights, golden = make_models(folder, case)
        resolution = 4 << (len(case['channels']) - 1)
        x = torch.from_numpy(photo(1, resolution, resolution)).double()
        inversion_case(golden, weights, case, x)
        if case is SHALLOW:
            adaptation_cases(golden, weights, case, x)
        save(folder, case, golden)


if __name__ == '__main__':
    main()
