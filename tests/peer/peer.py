#!/usr/bin/env python3
"""The measurements of `semantic-paint bench` that PyTorch can do too, by the same names. Prints JSON.

Usage: peer.py [--threads N] [--repetitions N] [--channels-last] NAME...
A time is the smallest of the steps taken, after two that warm up.
"""
import argparse
import json
import time

import torch

import networks


def frozen(module):
    return module.requires_grad_(False)


def best(step, arguments):
    """Milliseconds on the clock and of the processor; at least 3 steps and half a second for each repetition."""
    for _ in range(2):
        step()
    clock, processor, begin, count = float("inf"), float("inf"), time.monotonic(), 0
    while count < 3 * arguments.repetitions or time.monotonic() - begin < 0.5 * arguments.repetitions:
        start, start_processor = time.monotonic(), time.process_time()
        step()
        clock = min(clock, time.monotonic() - start)
        processor = min(processor, time.process_time() - start_processor)
        count += 1
    return {"ms": clock * 1e3, "processor_ms": processor * 1e3}


def forward(size, arguments):
    generator = frozen(networks.Generator(size)).to(memory_format=arguments.memory_format)
    latent = torch.randn(1, generator.channels[0], 8, 8)

    def step():
        with torch.no_grad():
            generator(latent)
    return step


def adapt(size, arguments, kind=networks.LowRank):
    generator = frozen(networks.Generator(size)).to(memory_format=arguments.memory_format)
    last = generator.last
    layers = [6, 8, 10, 12] if size == 128 else list(range(last - 3, last + 1))
    shapes = {i: (generator.channels[i - networks.LATENT_LAYER], networks.side(i)) for i in layers}
    network = kind(shapes).to(memory_format=arguments.memory_format)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    with torch.no_grad():  # everything below the first perturbed layer once
        activation = generator.run(torch.randn(1, generator.channels[0], 8, 8), 5, layers[0])
    photo, keep = torch.rand(1, 3, size, size) * 2 - 1, torch.ones(1, 1, size, size)

    def step():
        optimiser.zero_grad(set_to_none=True)
        deltas = network()
        x = activation * (1 + deltas[layers[0]])
        x = generator.run(x, layers[0] + 1, last, {i: deltas[i] for i in layers[1:]})
        loss = (keep * (generator.picture(x) - photo)).abs().mean()
        loss = loss + 0.1 * sum(delta.square().mean() for delta in deltas.values())
        loss.backward()
        optimiser.step()
    return step


def adapt_free(size, arguments):
    return adapt(size, arguments, networks.Free)


def invert(size, arguments):
    generator = frozen(networks.Generator(size)).to(memory_format=arguments.memory_format)
    perceptual = frozen(networks.Perceptual()).to(memory_format=arguments.memory_format)
    start = torch.randn(1, generator.channels[0], 8, 8)
    latent = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=0.01)
    photo = torch.rand(1, 3, size, size) * 2 - 1
    with torch.no_grad():
        features = perceptual(photo)

    def step():
        optimiser.zero_grad(set_to_none=True)
        picture = generator(latent)
        loss = (picture - photo).abs().mean() + 0.1 * (latent - start).square().mean()
        for name, feature in perceptual(picture).items():
            loss = loss + networks.TAPS[name] * (feature - features[name]).abs().mean()
        loss.backward()
        optimiser.step()
    return step


def train(size, arguments):
    generator = networks.Generator(size).to(memory_format=arguments.memory_format)
    width, pool_stride = (32, 1) if size == 128 else (64, 2)
    encoder = networks.Encoder(width, generator.channels[0], pool_stride)
    encoder = encoder.to(memory_format=arguments.memory_format)
    optimiser = torch.optim.Adam([*generator.parameters(), *encoder.parameters()], lr=1e-4)
    photos = (torch.rand(8, 3, size, size) * 2 - 1).to(memory_format=arguments.memory_format)

    def step():
        optimiser.zero_grad(set_to_none=True)
        (generator(encoder(photos)) - photos).abs().mean().backward()
        optimiser.step()
    return step


MEASUREMENTS = {"adapt-128": (adapt, 128), "adapt-256": (adapt, 256), "adapt-512": (adapt, 512),
                "adapt-free-256": (adapt_free, 256), "forward-128": (forward, 128),
                "forward-256": (forward, 256), "invert-128": (invert, 128), "invert-256": (invert, 256),
                "train-128": (train, 128)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", default=[])
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    arguments.memory_format = torch.channels_last if arguments.channels_last else torch.contiguous_format
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    figures = {}
    for name in arguments.names or MEASUREMENTS:
        make, size = MEASUREMENTS[name]
        figures[name] = best(make(size, arguments), arguments)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(),
                      "channels_last": arguments.channels_last, "figures": figures}, indent=2))


main()
