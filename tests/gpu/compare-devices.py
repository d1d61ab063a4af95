#!/usr/bin/env python3
"""PSNR outside the strokes after 1000 adaptation steps, on the processor and on the card, for each photo.

    compare-devices.py SEMANTIC-PAINT PHOTO...

Exit status 1 when the means of the free perturbations differ by more than 0.1 dB. The low-rank network's learning rate
is so high that the smallest difference of rounding leads its steps elsewhere (docs/performance.md): its differences
are told, from photo to photo and of the means, and limited to 1 dB of the means.
"""
import json
import statistics
import subprocess
import sys

LIMITS = {"free": 0.1, "lowrank": 1.0}


def measure(program, photos, device):
    command = [program, "compare", "--device", device, "--perturbation", ",".join(LIMITS), "--steps", "1000", "--no-hole"]
    out = subprocess.run(command + photos, check=True, stdout=subprocess.PIPE).stdout
    return [{a["perturbation"]: a for a in photo["adaptation"]} for photo in json.loads(out)]


def main():
    program, photos = sys.argv[1], sys.argv[2:]
    results = {device: measure(program, photos, device) for device in ("cpu", "cuda")}
    failed = False
    for kind, limit in LIMITS.items():
        psnr = {d: [r[kind]["psnr_outside"] for r in results[d]] for d in results}
        seconds = {d: statistics.mean(r[kind]["seconds"] for r in results[d]) for d in results}
        mean = {d: statistics.mean(psnr[d]) for d in psnr}
        apart = max(abs(a - b) for a, b in zip(psnr["cpu"], psnr["cuda"]))
        print(f"{kind}: CPU {mean['cpu']:.2f} dB in {seconds['cpu']:.2f} s, card {mean['cuda']:.2f} dB in "
              f"{seconds['cuda']:.2f} s; a photo differs by {apart:.2f} dB at most (limit of the means {limit} dB)")
        failed |= abs(mean["cpu"] - mean["cuda"]) > limit
    sys.exit(failed)


if __name__ == "__main__":
    main()
