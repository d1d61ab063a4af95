"""The method in PyTorch: inversion (eq. 1) and adaptation (eq. 3 to 8), as engine/method/*.h say.

torch.optim.Adam is the reference of Adam. Ten steps stay comparable in fp32 although Adam's first
steps are near to lr * sign (gradient): see tests/test-method.c for what is compared and how closely.
"""
import numpy
import torch

import networks

INVERSION_RATE = 0.01
ANCHOR_WEIGHT = 0.1

PERTURBED = (6, 8, 10, 12)
REGULARISATION = 0.1
R_SEED = 7
R_STEPS = 10
TRUNK, SKIP = 32, 4
# Learning rates. At R's own rates ten steps are chaotic: PyTorch's fp32 then differs from its own fp64 by
# 2e-3 in the loss and by a third in the deltas. At these, fp32 stays within
# 1e-5 of the loss and 2e-3 of the deltas.
KINDS = {'free': 0.01, 'lowrank': 0.001, 'heads': 0.0003}


# ---- Inversion ----

def schedule(step, steps):
    """Halved at 4/15, 6/15 and 9/15 of the steps."""
    return 0.5 ** sum(step >= part * steps / 15 for part in (4, 6, 9))


def inversion_case(golden, weights, case, x):
    taps = [layer for layer, _ in case['taps']]
    last, resolution = 2 * len(case['channels']), x.shape[2]
    with torch.no_grad():
        encoded = networks.encode(weights, x, 2 if resolution == 256 else 1)
        seen = networks.perceptual(weights, x, taps)
        z = networks.heads(weights, encoded) if case['first_layer'] == 1 else None

    def start():
        """The free variables, and Adam's rate for them."""
        if z is None:
            size = torch.sqrt(networks.mean_square(encoded)).item()
            return [encoded.clone().requires_grad_()], INVERSION_RATE * size
        sides = ((1, 4), (2, 4), (3, 8))
        return [torch.zeros(1, case['channels'][(i - 1) // 2], side, side, requires_grad=True)
                for i, side in sides], INVERSION_RATE

    def latent_and_loss(variables):
        if z is None:
            latent = variables[0]
            held = ANCHOR_WEIGHT * networks.mean_square(latent - encoded) / networks.mean_square(encoded)
        else:
            latent = networks.layers(weights, z, 1, 4, residuals=dict(enumerate(variables, 1)))
            held = sum(networks.mean_square(d) for d in variables)
        drawn = networks.picture(weights, networks.layers(weights, latent, 5, last), resolution)
        loss = networks.l1(drawn, x) + held
        for (_, weight), ours, theirs in zip(case['taps'], networks.perceptual(weights, drawn, taps), seen):
            loss = loss + weight * networks.l1(ours, theirs)
        return latent, loss

    for steps in (0, 1, 3):
        variables, rate = start()
        optimiser = torch.optim.Adam(variables, lr=rate)
        first = latent_and_loss(variables)[1].item()
        for step in range(steps):
            optimiser.param_groups[0]['lr'] = rate * schedule(step, steps)
            optimiser.zero_grad()
            latent_and_loss(variables)[1].backward()
            optimiser.step()
        latent, loss = latent_and_loss(variables)
        assert steps == 0 or loss.item() < first  # else the start would be the best latent
        golden.expect(f'inversion.{steps}.latent', latent)
        if steps == 0:
            origin = latent
        else:
            golden.expect(f'inversion.{steps}.movement', latent - origin)
        golden.expect(f'inversion.{steps}.loss', loss)


# ---- Adaptation ----

def fixed_noise(seed, shape):
    """R's noise as perturbation.h says: Box and Muller's cosine over GRand, which is MT19937 and makes
    a double of two 32-bit words, the low one first."""
    count = int(numpy.prod(shape))
    words = numpy.random.RandomState(seed)._bit_generator.random_raw(4 * count).astype(numpy.float64)
    doubles = ((words[0::2] * 2.0 ** -32) + words[1::2]) * 2.0 ** -32
    assert doubles.max() < 1
    radius = numpy.sqrt(-2 * numpy.log(1 - doubles[0::2]))
    values = (radius * numpy.cos(2 * numpy.pi * doubles[1::2])).astype(numpy.float32)
    return torch.from_numpy(values.reshape(shape)).double()


def network_start(golden, kind, channels, random):
    """Random parameters of R, none of them zero."""
    def convolution(name, out, size, before):
        deviation = (2 / (before * size * size)) ** 0.5
        golden.give(f'{name}.weight', deviation * random.standard_normal((out, before, size, size)))
        golden.give(f'{name}.bias', 0.03 * random.standard_normal((1, out, 1, 1)))

    def norm(name, out):
        golden.give(f'{name}.scale', 1 + 0.2 * random.standard_normal((1, out, 1, 1)))
        golden.give(f'{name}.shift', 0.2 * random.standard_normal((1, out, 1, 1)))

    for i, out in enumerate(channels):
        name = f'adaptation.{kind}.perturbation.{i}'
        convolution(name + '.trunk', TRUNK, 3, TRUNK)
        norm(name + '.trunk', TRUNK)
        if kind == 'lowrank':
            convolution(name + '.skip', SKIP, 1, TRUNK)
            norm(name + '.skip', SKIP)
            convolution(name + '.head', out, 1, SKIP)
        else:
            convolution(name + '.head', out, 3, TRUNK)
        golden[f'{name}.head.weight'] *= numpy.float32(0.1)  # perturbations start small


def start_parameters(golden, kind, channels, sides, random):
    if kind == 'free':
        return {f'perturbation.{i}': torch.zeros(1, c, side, side, requires_grad=True)
                for i, (c, side) in enumerate(zip(channels, sides))}
    network_start(golden, kind, channels, random)
    prefix = f'adaptation.{kind}.'
    return {name[len(prefix):]: torch.from_numpy(values).double().requires_grad_()
            for name, values in golden.items() if name.startswith(prefix)}


def soft_mask(side):
    """Keeps all but a disc with a soft edge."""
    y, x = numpy.mgrid[0:side, 0:side] / side
    return numpy.clip((numpy.hypot(y - 0.4, x - 0.55) - 0.15) / 0.15, 0, 1)


def adaptation_cases(golden, weights, case, x):
    random = numpy.random.RandomState(200)
    last, resolution = 2 * len(case['channels']), x.shape[2]
    latent = golden.give('adaptation.latent', random.standard_normal((1, case['channels'][1], 8, 8)))
    keep = golden.give('adaptation.keep', soft_mask(resolution)).view(1, 1, resolution, resolution)
    channels = [case['channels'][(i - 1) // 2] for i in PERTURBED]
    sides = [4 << ((i - 1) // 2) for i in PERTURBED]
    noise = fixed_noise(R_SEED, (1, TRUNK, sides[-1], sides[-1]))

    def pass_forward(kind, parameters):
        deltas = networks.perturbations(kind, parameters, noise, sides)
        top = networks.layers(weights, latent, 5, last, deltas=dict(zip(PERTURBED, deltas)))
        drawn = networks.picture(weights, top, resolution)
        loss = torch.mean(torch.abs(keep * (drawn - x))) + REGULARISATION * sum(map(networks.mean_square, deltas))
        return deltas, drawn, loss

    for kind, rate in KINDS.items():
        parameters = start_parameters(golden, kind, channels, sides, random)
        optimiser = torch.optim.Adam(parameters.values(), lr=rate)
        losses = []
        for _ in range(R_STEPS):
            optimiser.zero_grad()
            loss = pass_forward(kind, parameters)[2]
            loss.backward()
            losses.append(loss.item())
            optimiser.step()
        deltas, drawn, loss = pass_forward(kind, parameters)
        losses.append(loss.item())
        print(f'{case["name"]}, {kind}: losses', ' '.join(f'{loss:.4f}' for loss in losses))
        assert min(losses) == losses[-1]  # else the C side would return to an earlier state
        golden.expect(f'adaptation.{kind}.losses', torch.tensor(losses))
        golden.expect(f'adaptation.{kind}.picture', drawn)
        for i, delta in enumerate(deltas):
            golden.expect(f'adaptation.{kind}.delta.{i}', delta)
