#!/usr/bin/env python3
"""PyTorch's time for one adaptation step of the published size: layers 12 to 14 and the output at 256 x 256, with
perturbations on the outputs of layers 11 to 14, L1 and the penalty, Adam. Eager, as one CUDA graph, and compiled; in fp32
and with TF32."""
import time

import torch
import torch.nn.functional as F

STEPS = 200


def pixel_norm(x):
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class Step:
    """The same work as an SpAdaptation's step with SP_PERTURBATION_FREE."""

    def __init__(self):
        torch.manual_seed(1)
        weights = lambda o, i, k: torch.randn(o, i, k, k, device="cuda") / (i * k * k) ** 0.5
        self.w12, self.w13, self.w14 = weights(128, 128, 3), weights(64, 128, 3), weights(64, 64, 3)
        self.rgb = weights(3, 64, 1)
        self.layer11 = torch.randn(1, 128, 128, 128, device="cuda")
        self.target = torch.randn(1, 3, 256, 256, device="cuda").clamp(-1, 1)
        self.keep = torch.ones(1, 1, 256, 256, device="cuda")
        shapes = [(1, 128, 128, 128)] * 2 + [(1, 64, 256, 256)] * 2
        self.deltas = [torch.zeros(s, device="cuda", requires_grad=True) for s in shapes]
        self.adam = torch.optim.Adam(self.deltas, lr=0.01, fused=True, capturable=True)

    def loss(self):
        h = self.layer11 * (1 + self.deltas[0])
        h = F.leaky_relu(F.conv2d(pixel_norm(h), self.w12, padding=1), 0.2) * (1 + self.deltas[1])
        h = F.interpolate(pixel_norm(h), scale_factor=2, mode="nearest")
        h = F.leaky_relu(F.conv2d(h, self.w13, padding=1), 0.2) * (1 + self.deltas[2])
        h = F.leaky_relu(F.conv2d(pixel_norm(h), self.w14, padding=1), 0.2) * (1 + self.deltas[3])
        picture = F.conv2d(pixel_norm(h), self.rgb)
        penalty = sum(d.square().mean() for d in self.deltas)
        return (self.keep * (picture - self.target)).abs().mean() + 0.1 * penalty


def run(step, loss):
    step.adam.zero_grad(set_to_none=False)
    loss().backward()
    step.adam.step()


def measure(call):
    for _ in range(20):
        call()
    best = float("inf")
    for _ in range(3):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(STEPS):
            call()
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / STEPS)
    return best * 1e3


def recorded(step, loss):
    """One CUDA graph, as torch's notes on it say: warmed up on a side stream, then captured."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(5):
            run(step, loss)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run(step, loss)
    return graph.replay


def main():
    print(torch.__version__, torch.cuda.get_device_name())
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = True
        name = "TF32" if tf32 else "fp32"
        step = Step()
        print(f"{name} eager: {measure(lambda: run(step, step.loss)):.3f} ms a step")
        step = Step()
        print(f"{name} CUDA graph: {measure(recorded(step, step.loss)):.3f} ms a step")
        step = Step()
        compiled = torch.compile(step.loss)
        print(f"{name} compiled, CUDA graph: {measure(recorded(step, compiled)):.3f} ms a step")


if __name__ == "__main__":
    main()
