#!/usr/bin/env python3
"""Mistakes planted in the CUDA backend, each of which the tests must find: a check of the checks.

    planted-bugs.py list                    the names, one a line, each with the kernels' files to compile
    planted-bugs.py plant NAME FOLDER       writes the changed file to FOLDER/cuda/
    planted-bugs.py run NAME MODULE PROGRAM-FOLDER   runs the test that must fail on the changed module
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# name: file, what stands there, what is planted, the .cu that has it, the test program and path that must fail
BUGS = {
    "out-of-bounds": ("elementwise.cu",
        "  if (i < count)\n    y[i] = x[i] * (1.0f + delta[i]);",
        "  if (count > 0)\n    y[i] = x[i] * (1.0f + delta[i]);",
        "elementwise", "test-operations", "/operations/cuda-emulated/perturb/odd"),
    "early-return": ("pixel-norm.cu",
        "  float squares[1] = { 0.0f };",
        "  float squares[1] = { 0.0f };\n  if (!thread.is_active)\n    return;",
        "pixel-norm", "test-operations", "/operations/cuda-emulated/pixel-norm/odd"),
    "half-warp": ("sums.cuh",
        "for (int step = WARP / 2; step > 0; step /= 2)",
        "for (int step = WARP / 4; step > 0; step /= 2)",
        "batch-norm", "test-operations", "/operations/cuda-emulated/batch-norm/odd"),
    "last-piece-forgotten": ("sums.cuh",
        "each, blocks_for (pixels, each) };", "each, pixels > each ? pixels / each : 1 };",
        "batch-norm", "test-operations", "/operations/cuda-emulated/batch-norm/many"),
    "piece-not-added": ("sums.cu",
        "p < pieces.count; p += PIECE_THREADS", "p + 1 < pieces.count; p += PIECE_THREADS",
        "sums", "test-operations", "/operations/cuda-emulated/convolution/batch-in-groups"),
    "chunk-not-added": ("winograd-gradient.cu",
        "chunk < chunks && is_active", "chunk + 1 < chunks && is_active",
        "winograd-gradient", "test-operations", "/operations/cuda-emulated/convolution/bilinear-4"),
    "chunk-not-added-to-bias": ("winograd-gradient.cu",
        "i < tiles; i += THREADS", "i < w.chunk; i += THREADS",
        "winograd-gradient", "test-operations", "/operations/cuda-emulated/convolution/bilinear-4"),
    "block-not-added": ("sums.cuh",
        "i < count; i += rows", "i + 1 < count; i += rows",
        "convolution-narrow", "test-operations", "/operations/cuda-emulated/convolution/1x1-from-few"),
    "warp-forgotten": ("convolution-narrow.cu",
        "warp < WARPS; warp++", "warp + 1 < WARPS; warp++",
        "convolution-narrow", "test-operations", "/operations/cuda-emulated/convolution/1x1-to-few"),
    "rest-not-added": ("long-product.cu",
        "cuda->stream, count, whole + (rest > 0),", "cuda->stream, count, whole,",
        "long-product", "test-operations", "/operations/cuda-emulated/convolution/3x3-rgb"),
    "only-first-launch-of-parameters": ("adam.cu",
        "first += ADAM_PARAMETERS)", "first += n_parameters)",
        "adam", "test-cuda", "/cuda/steps/like-the-cpu"),
    "missing-barrier": ("sums.cuh",
        "    values[k] = 0.0;\n  }\n  __syncthreads ();",
        "    values[k] = 0.0;\n  }",
        "batch-norm", "test-operations", "/operations/cuda-emulated/batch-norm/many"),
    "missing-barrier-in-columns": ("layer.cuh",
        "= sums[k];\n  __syncthreads ();", "= sums[k];",
        "layer", "test-fuse", "/fuse/layer/cuda-emulated/many-channels"),
    "penalty-forgotten": ("layer.cuh",
        "dp * x[k] + g.decay * value[k]", "dp * x[k]",
        "layer", "test-fuse", "/fuse/layer/cuda-emulated/lowrank"),
    "rim-kept": ("winograd.cu",
        "d[c] = there ? d[c] : 0.0f;", "d[c] = inside ? d[c] : 0.0f;\n    (void)there;",
        "winograd", "test-operations", "/operations/cuda-emulated/convolution/bilinear-4-whole-tiles"),
    "missing-wait": ("backend.cu",
        "  if (!note (cuda, cudaStreamSynchronize (cuda->stream), \"waiting for the device\") || !copied)",
        "  if (!copied)",
        "backend", "test-operations", "/operations/cuda-emulated/perturb/odd"),
    "wrong-copy": ("backend.cu",
        "cudaMemcpyDeviceToHost", "cudaMemcpyHostToDevice",
        "backend", "test-operations", "/operations/cuda-emulated/perturb/odd"),
    "host-pointer": ("losses.cu",
        "gradient_of (&operation->output),",
        "&in.sign,",
        "losses", "test-operations", "/operations/cuda-emulated/l1/odd"),
    "accumulate-forgotten": ("columns.cu",
        "  put (dx, map * g.height * g.width + item.pixel, sum);",
        "  dx.values[map * g.height * g.width + item.pixel] = sum;",
        "columns", "test-operations", "/operations/cuda-emulated/convolution/3x3-odd"),
    "stale-step-count": ("step.cu",
        "  cuda->in_step = true;\n  adam_advance (cuda);",
        "  cuda->in_step = true;\n  if (!recording->has_run)\n    adam_advance (cuda);",
        "step", "test-cuda", "/cuda/steps/recorded"),
    "allocation-while-recording": ("adam.cu",
        "void\nadam_advance (CudaBackend *cuda)\n{",
        "void\nadam_advance (CudaBackend *cuda)\n{\n  void *memory;\n  if (cudaMalloc (&memory, 4) == cudaSuccess)\n    cudaFree (memory);",
        "adam", "test-cuda", "/cuda/fails/recording"),
    "leak": ("backend.cu",
        "  if (cuda->adam_state != nullptr)\n    cudaFree (cuda->adam_state);\n", "",
        "backend", "test-cuda", "/cuda/fails/allocations"),
    "failure-swallowed": ("backend.cu",
        "  return status == cudaSuccess || keep_failure (cuda, cudaGetErrorString (status), what);",
        "  (void)keep_failure;\n  (void)what;\n  return status == cudaSuccess;",
        "backend", "test-cuda", "/cuda/fails/kernel"),
    "result-not-waited-for": ("staging.cu",
        "      && note (cuda, cudaEventSynchronize (cuda->staging.arrived), \"waiting for the device\"))",
        "      && note (cuda, cudaGetLastError (), \"waiting for the device\"))",
        "staging", "test-train-cuda", "/train-cuda/moments"),
    "average-forgotten": ("adam.cuh",
        "  if (parameter.average != nullptr)\n", "  if (parameter.average == parameter.value)\n",
        "adam", "test-train-cuda", "/train-cuda/moments"),
    # each thread adds to the same place: right when they run one after the other, a race on a device
    "non-atomic-scatter": ("sums.cu",
        "  double total = sum_block (sum, shared);\n  if (threadIdx.x == 0)\n"
        "    put (sums, blockIdx.y, static_cast<float> (total));",
        "  (void)shared;\n  sums.values[blockIdx.y] += static_cast<float> (sum);",
        "sums", "test-cuda-races", "/cuda/races"),
}


def plant(name, folder):
    file, old, new, *_ = BUGS[name]
    text = (ROOT / "cuda" / file).read_text()
    if text.count(old) < 1:
        sys.exit(f"{name}: what it replaces is no longer in cuda/{file}")
    target = pathlib.Path(folder) / "cuda" / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(old, new, 1))


def run(name, module, folder):
    *_, program, path = BUGS[name]
    environment = dict(os.environ, SP_EMULATED_MODULE=module)
    command = [str(pathlib.Path(folder) / program), "-p", path]
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        sys.exit(f"{name}: the test did not end")
    output = result.stdout + result.stderr
    if result.returncode == 0:
        sys.exit(f"{name}: {program} {path} did not find it\n{output}")
    signs = ("instead of", "emulation:", "ERROR", "Sanitizer", "Bail out")
    found = [line for line in output.splitlines() if any(sign in line for sign in signs)]
    print(f"{name}: found. {found[0] if found else 'exit status %d' % result.returncode}")


if __name__ == "__main__":
    if sys.argv[1] == "list":
        for bug, row in BUGS.items():
            print(bug, row[3], row[4])
    elif sys.argv[1] == "plant":
        plant(sys.argv[2], sys.argv[3])
    else:
        run(*sys.argv[2:5])
