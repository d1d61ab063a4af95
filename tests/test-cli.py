#!/usr/bin/env python3
"""The program semantic-paint from outside: what it writes, what it says, and how it ends.

Usage: test-cli.py PROGRAM. Prints TAP. Needs Python's standard library alone: images are written
and read by the few lines below. Steps are few: what is tested is the program, not the method.
"""
import json, os, platform, signal, struct, subprocess, sys, tempfile, time, zlib

PROGRAM = sys.argv[1]
QUICK = ["--invert-steps", "1", "--warm-start-steps", "1", "--steps", "2"]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, width, height, depth, colour, pixel):
    """pixel(x, y) gives the samples; colour 0 gray, 2 RGB, 6 RGBA."""
    code = "B" if depth == 8 else ">H"
    rows = b"".join(
        b"\0" + b"".join(struct.pack(code, s) for x in range(width) for s in pixel(x, y))
        for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1))
                   + chunk(b"IEND", b""))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def read_png(path):
    """(width, height, depth, colour, bytes per pixel, rows of bytes)."""
    data = open(path, "rb").read()
    assert data[:8] == SIGNATURE
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
        if kind == b"IDAT":
            packed += content
        at += 12 + length
    size = {0: 1, 2: 3, 4: 2, 6: 4}[colour] * depth // 8
    raw, stride, rows = zlib.decompress(packed), width * size, []
    above = bytearray(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = line[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            add = [0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner)][kind]
            line[i] = (line[i] + add) & 255
        rows.append(bytes(line))
        above = line
    return width, height, depth, colour, size, rows


def run(*arguments, timeout=300, **keywords):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout,
                          **keywords)


class Tests:
    def __init__(self, folder):
        self.folder, self.count, self.failures = folder, 0, 0
        self.photo, self.strokes = self.at("photo.png"), self.at("strokes.png")
        write_png(self.photo, 200, 150, 8, 2, lambda x, y: (x % 256, y, (x * y) % 256))
        write_png(self.strokes, 200, 150, 8, 0,
                  lambda x, y: (255 if 80 <= x < 120 and 60 <= y < 100 else 0,))

    def at(self, name):
        return os.path.join(self.folder, name)

    def check(self, what, fine, detail=""):
        self.count += 1
        self.failures += not fine
        print(f"{'ok' if fine else 'not ok'} {self.count} - {what}", flush=True)
        if not fine:
            print("# " + str(detail).replace("\n", "\n# "), flush=True)

    def edit(self, photo, strokes, out, *more, **keywords):
        return run("edit", photo, "-o", out, "--strokes", strokes, "--concept", "tree", *more,
                   **keywords)

    def fails(self, what, status, words, result):
        line = result.stderr
        fine = (result.returncode == status and line.count("\n") == 1 and result.stdout == ""
                and all(word in line for word in words))
        self.check(what, fine, (result.returncode, line, result.stdout))

    def leaves_nothing(self, what, before):
        self.check(what + ": nothing half-written", sorted(os.listdir(self.folder)) == before,
                   os.listdir(self.folder))

    # ---- What it measures ----

    def test_compare(self):
        result = run("compare", "--steps", "2", "--invert-steps", "1", self.photo)
        photo = json.loads(result.stdout)[0] if result.returncode == 0 else {}
        kinds = [entry["perturbation"] for entry in photo.get("adaptation", [])]
        self.check("compare: all kinds", kinds == ["free", "lowrank", "heads"], result)
        self.check("compare: figures", photo and photo["psnr_inverted"] > 5
                   and all(entry["psnr_inside"] > 5 and entry["rim"] > 0
                           for entry in photo["adaptation"]), result)
        self.fails("compare: a kind that is none", 2, ["melted"],
                   run("compare", "--perturbation", "melted", "--invert-steps", "0", self.photo))
        self.fails("compare: no photo", 2, ["photo"], run("compare"))
        self.fails("compare: a rate that is none", 2, ["rate"],
                   run("compare", "--learning-rate", "-1", self.photo))

    def test_bench(self):
        """Its form, not the speed."""
        def bench(*more):
            result = run("bench", "--threads", "1", "--repetitions", "1", "--json", *more)
            return result, json.loads(result.stdout) if result.returncode == 0 else {}

        result, machine = bench("--only", "machine")
        self.check("bench: the machine", machine and machine["fma_gflops"] > 0
                   and machine["runs"][0]["bandwidth_gbs"] > 0 and machine["runs"][0]["threads"] == 1
                   and machine["runs"][0]["figures"] == {}, result)
        result, figures = bench("--only", "convolution", "--instructions", "plain")
        figure = figures["runs"][0]["figures"]["convolution-128"] if figures else {}
        self.check("bench: one figure", "plain" in figures.get("device", "") and figure["ms"] > 0
                   and abs(figure["gflop_direct"] - 2e-9 * 9 * 128 ** 4) < 1e-6
                   and abs(figure["gflop_needed"] * 4 - figure["gflop_direct"]) < 1e-6
                   and 0 < figure["roofline_fraction"] < 2 and figure["peak_memory_mb"] > 10, result)
        result, figures = bench("--only", "adapt-128")
        self.check("bench: a headline", figures and figures["adapt_step_ms_128"]
                   == figures["runs"][0]["figures"]["adapt-128"]["ms"], result)
        text = run("bench", "--only", "preview-128", "--repetitions", "1", "--threads", "1").stdout
        self.check("bench: for people", "preview-128" in text and "MB" in text, text)
        self.fails("bench: nothing of that name", 2, ["sleep"], run("bench", "--only", "sleep"))
        self.fails("bench: no such instructions", 2, ["mmx"], run("bench", "--instructions", "mmx"))
        foreign = "avx2" if platform.machine() == "aarch64" else "neon"
        self.fails("bench: another processor's instructions", 1, ["processor"],
                   run("bench", "--only", "machine", "--instructions", foreign))

    # ---- Training ----

    def make_data(self, name="data", count=4):
        data = self.at(name)
        for folder in ("photos", "labels"):
            os.makedirs(os.path.join(data, folder))
        for n in range(count):
            write_png(os.path.join(data, "photos", f"{n}.png"), 48, 40, 8, 2,
                      lambda x, y: (250 if x < 20 + n else 9, 40 * n, y))
            write_png(os.path.join(data, "labels", f"{n}.png"), 48, 40, 8, 2,
                      lambda x, y: (128, 64, 0) if x < 20 + n else (0, 0, 200))
        for name, text in (("photos/broken.jpg", "no photo"),
                           ("concepts.ini", "[light]\ncolours=#804000\n[blue]\ncolours=#0000c8\n")):
            with open(os.path.join(data, name), "w") as file:
                file.write(text)
        return data

    def test_train(self):
        data, pack, folder = self.make_data(), self.at("tiny.safetensors"), self.at("tiny-training")
        tiny = ["-o", pack, "--batch", "2", "--side", "32", "--latent", "4", "--widths", "4,4,4,4",
                "--encoder-width", "2", "--discriminator-width", "2", "--adversarial-from", "1",
                "--perceptual-weight", "0", "--statistic-batches", "1", "--sheet-steps", "20"]
        result = run("train", data, *tiny, "--steps", "20")
        info = run("info", pack, "--json")
        names = [c["name"] for c in json.loads(info.stdout)["concepts"]] if not info.returncode else []
        self.check("train: a pack with its concepts", result.returncode == 0
                   and names == ["light", "blue"], (result, info))
        self.check("train: a broken photo is told once", result.stderr.count("broken.jpg") == 1, result)
        sheet = read_png(os.path.join(folder, "sheets", "0000020.png"))
        self.check("train: a sheet", sheet[:2] == (64, 128), sheet[:2])
        result = run("train", data, *tiny, "--steps", "21")
        self.check("train: goes on", result.returncode == 0 and "step 20" in result.stderr, result)

        program = subprocess.Popen([PROGRAM, "train", data, *tiny, "--steps", "1000000"],
                                   stderr=subprocess.PIPE, text=True)
        for line in program.stderr:
            if "step 40:" in line:
                break
        program.send_signal(signal.SIGINT)
        messages = program.communicate(timeout=120)[1]
        self.check("train: Ctrl-C", program.returncode == 1 and "goes on from there" in messages,
                   (program.returncode, messages))
        result = run("train", data, *tiny, "--folder", self.at("from-bundled"), "--from", "outdoor-128")
        self.check("train: from a bundled pack", result.returncode == 1 and "another size" in result.stderr, result)
        result = run("train", data, "-o", self.at("prior.safetensors"), "--prior", "outdoor-128", "--export",
                     "--batch", "2")
        self.check("train: a prior for a bundled pack", result.returncode == 1 and "no checkpoint" in result.stderr,
                   result)
        self.fails("train: no folder given", 2, ["folder"], run("train", *tiny))
        self.fails("train: no pack given", 2, ["-o"], run("train", data))
        result = run("train", data, *tiny, "--restart", "--name", "My Garden")
        self.check("train: a bad name is found at once", result.returncode == 1 and "not a name" in result.stderr
                   and "step" not in result.stderr, result)
        self.fails("train: bad widths", 2, ["wide"], run("train", data, *tiny, "--widths", "wide"))
        self.fails("train: no such folder", 1, ["nowhere"], run("train", self.at("nowhere"), *tiny))
        self.fails("train: no photos", 1, ["0 photos"],
                   run("train", self.empty(), *tiny))
        result = run("train", data, *tiny, "--seed", "2", "--steps", "1")
        self.check("train: another training", result.returncode == 1 and "--restart" in result.stderr,
                   result)

    def test_train_super_resolution(self):
        data, out = self.make_data("of-fine"), self.at("fine.safetensors")
        tiny = ["--super-resolution", "outdoor-128", "-o", out, "--batch", "2", "--discriminator-width", "2"]
        result = run("train", data, *tiny, "--steps", "2", "--sheet-steps", "2", "--perceptual-weight", "0.5")
        info = run("info", "--json", out)
        self.check("train --super-resolution: a pack with one", result.returncode == 0
                   and json.loads(info.stdout)["super-resolution"], result.stderr)
        sheet = read_png(os.path.join(self.at("fine-super-resolution-training"), "sheets", "0000002.png"))
        self.check("train --super-resolution: a sheet", sheet[0] == 3 * 128 and sheet[1] % 128 == 0, sheet[:2])
        for option, value in (("--moments-weight", "1"), ("--side", "64"), ("--prior", "outdoor-128")):
            result = run("train", data, *tiny, option, value)
            self.check("train --super-resolution: " + option, result.returncode == 2 and option in result.stderr,
                       result.stderr)

    def test_train_prior(self):
        data, pack, out = self.make_data("of-prior"), self.at("alone.safetensors"), self.at("drawing.safetensors")
        run("train", data, "-o", pack, "--batch", "2", "--side", "32", "--latent", "4", "--widths", "4,4,4,4",
            "--encoder-width", "2", "--discriminator-width", "2", "--perceptual-weight", "0",
            "--statistic-batches", "1", "--steps", "1")
        tiny = ["--prior", pack, "-o", out, "--batch", "2", "--stock", "4", "--discriminator-width", "2",
                "--sheet-steps", "2"]
        result = run("train", data, *tiny, "--steps", "2")
        before, after = run("info", pack, "--json"), run("info", out, "--json")
        self.check("train --prior: a pack with one", result.returncode == 0
                   and not json.loads(before.stdout)["prior"] and json.loads(after.stdout)["prior"]
                   and json.loads(after.stdout)["concepts"] == json.loads(before.stdout)["concepts"],
                   (result, before, after))
        sheet = read_png(os.path.join(self.at("drawing-prior-training"), "sheets", "0000002.png"))
        self.check("train --prior: a sheet", sheet[:2] == (8 * 128, 6 * 128), sheet[:2])
        with open(os.path.join(self.at("drawing-prior-training"), "curve.csv")) as file:
            self.check("train --prior: a curve", file.readline().startswith("step,seconds,adversarial,moments,"))
        result = run("train", data, *tiny, "--steps", "3")
        self.check("train --prior: goes on", result.returncode == 0 and "step 2." in result.stderr, result)
        drawn = self.at("drawn.png")
        result = run("sample", out, "--seed", "1", "-o", drawn)
        self.check("sample: of a trained prior", result.returncode == 0 and read_png(drawn)[:2] == (128, 128), result)
        self.fails("sample: no prior yet", 1, ["no prior", "--prior"], run("sample", pack, "-o", drawn))
        self.fails("train --prior: other networks", 2, ["--widths"], run("train", data, *tiny, "--widths", "4,4,4,4"))
        for option in ("--perceptual-weight", "--concept-weight", "--latent-weight", "--encoder-rate",
                       "--statistic-batches"):
            self.fails("train --prior: no use for " + option, 2, [option + ":"], run("train", data, *tiny, option, "1"))
        self.fails("train --prior: no pack there", 1, ["nowhere"],
                   run("train", data, "--prior", self.at("nowhere"), "-o", out))
        self.fails("train --prior: no photos", 1, ["0 photos"], run("train", self.empty("no-photos"), *tiny))

    def empty(self, name="empty"):
        os.makedirs(self.at(name))
        return self.at(name)

    # ---- What it says ----

    def test_words(self):
        self.check("--version", run("--version").stdout.startswith("semantic-paint "))
        for command in ([], ["edit"], ["invert"], ["info"], ["compare"], ["bench"], ["train"]):
            result = run(*command, "--help")
            self.check(f"help: {command}", result.returncode == 0 and "Usage:" in result.stdout,
                       result)
        self.fails("no command", 2, ["--help"], run())
        self.fails("unknown command", 2, ["paint"], run("paint"))
        self.fails("unknown option", 2, ["--nonsense"], run("edit", "--nonsense"))
        info = json.loads(run("info", "--json").stdout)
        self.check("info", "tree" in [c["name"] for c in info["concepts"]] and info["licence"], info)
        named = run("info", "outdoor-128", "--json")
        self.check("info: a bundled pack by its name",
                   named.returncode == 0 and json.loads(named.stdout)["name"] == "outdoor-128", named)
        self.fails("info: no pack of that name", 1, ["indoors-128"], run("info", "indoors-128"))
        devices = run("info", "--devices").stdout
        self.check("devices", "CPU" in devices and "CUDA" in devices, devices)

    def test_wrong_usage(self):
        out, before = self.at("out.png"), sorted(os.listdir(self.folder))
        cases = [("bad strength", ["--strength", "huge"], ["huge"]),
                 ("strength above 1", ["--strength", "1.5"], ["1.5"]),
                 ("bad operation", ["--operation", "melt"], ["melt"]),
                 ("bad steps", ["--steps", "-3"], ["-3"]),
                 ("bad device", ["--device", "abacus"], ["abacus"]),
                 ("reference without restyle", ["--reference", self.photo], ["restyle"])]
        for what, more, words in cases:
            self.fails(what, 2, words, self.edit(self.photo, self.strokes, out, *more))
        self.fails("no strokes option", 2, ["--strokes"], run("edit", self.photo, "-o", out))
        self.fails("no output", 2, ["-o"], run("edit", self.photo, "--strokes", self.strokes))
        self.fails("unknown ending", 2, [".png"], self.edit(self.photo, self.strokes, "out.xyz"))
        self.fails("concept before strokes", 2, ["--strokes"],
                   run("edit", self.photo, "-o", out, "--concept", "tree"))
        self.leaves_nothing("wrong usage", before)

    def test_bad_files(self):
        whole = open(self.photo, "rb").read()
        for name, content in (("cut.png", whole[:len(whole) // 2]), ("header.png", whole[:60]),
                              ("empty.png", b""), ("text.png", b"hello, this is no image"),
                              ("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"),
                              ("cut.tif", b"II*\0\x08\0\0\0\x0c\0\0\1\3\0"),
                              ("flipped.png", whole[:100] + b"\x55" + whole[101:])):
            with open(self.at(name), "wb") as file:
                file.write(content)
        os.mkdir(self.at("folder.png"))
        write_png(self.at("one.png"), 1, 1, 8, 2, lambda x, y: (1, 2, 3))
        write_png(self.at("one-strokes.png"), 1, 1, 8, 0, lambda x, y: (255,))
        write_png(self.at("black.png"), 200, 150, 8, 0, lambda x, y: (0,))
        write_png(self.at("small.png"), 100, 75, 8, 0, lambda x, y: (255,))
        out, before = self.at("out.png"), sorted(os.listdir(self.folder))
        for name in ("cut.png", "header.png", "empty.png", "text.png", "cut.jpg", "cut.tif",
                     "flipped.png", "folder.png", "missing.png"):
            self.fails(f"photo {name}", 1, [name],
                       self.edit(self.at(name), self.strokes, out, timeout=30))
        self.fails("strokes cut off", 1, ["cut.png"], self.edit(self.photo, self.at("cut.png"), out))
        self.fails("1 x 1 photo", 1, ["16"],
                   self.edit(self.at("one.png"), self.at("one-strokes.png"), out))
        self.fails("nothing painted", 1, ["black.png"],
                   self.edit(self.photo, self.at("black.png"), out))
        self.fails("strokes of another size", 1, ["100 x 75", "200 x 150"],
                   self.edit(self.photo, self.at("small.png"), out))
        self.fails("unknown concept", 1, ["unicorn", "tree"],
                   run("edit", self.photo, "-o", out, "--strokes", self.strokes, "--concept",
                       "unicorn"))
        self.fails("missing pack", 1, ["none.safetensors"],
                   self.edit(self.photo, self.strokes, out, "--pack", self.at("none.safetensors")))
        self.fails("no such folder", 1, ["nowhere"],
                   self.edit(self.photo, self.strokes, self.at("nowhere/out.png"), "--preview", "-q",
                             *QUICK))
        self.fails("disk full", 1, ["cannot be written"],
                   self.edit(self.photo, self.strokes, out, "--preview", "-q", *QUICK,
                             preexec_fn=self.limit_files))
        self.leaves_nothing("bad files", before)

    @staticmethod
    def limit_files():
        """A file may not grow beyond 2 KiB: as a full disk, writing fails."""
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    # ---- What it writes ----

    def compare_outside(self, what, before, after, layer):
        """Pixels of alpha 0 in `layer` are the same in both; others were changed somewhere."""
        a, b, alpha = read_png(before), read_png(after), read_png(layer)
        same_kind = a[:4] == b[:4] and alpha[:2] == a[:2]
        self.check(f"{what}: size, depth, channels", same_kind, (a[:5], b[:5], alpha[:5]))
        if not same_kind:
            return
        differ_outside = differ_inside = 0
        for y in range(a[1]):
            for x in range(a[0]):
                size = a[4]
                same = a[5][y][x * size:(x + 1) * size] == b[5][y][x * size:(x + 1) * size]
                painted = any(alpha[5][y][x * alpha[4] + alpha[4] * 3 // 4:(x + 1) * alpha[4]])
                differ_inside += painted and not same
                differ_outside += not painted and not same
        self.check(f"{what}: identical outside the edit", differ_outside == 0, differ_outside)
        self.check(f"{what}: changed inside", differ_inside > 100, differ_inside)

    def test_edit(self):
        out, layer = self.at("out.png"), self.at("layer.png")
        result = self.edit(self.photo, self.strokes, out, "--layer", layer, "--json", *QUICK)
        figures = json.loads(result.stdout) if result.returncode == 0 else {}
        self.check("edit, JSON", figures.get("steps") == 2 and figures.get("cancelled") is False
                   and "window" in figures, result)
        self.compare_outside("8 bit", self.photo, out, layer)
        deep = self.at("deep.png")
        write_png(deep, 200, 150, 16, 6,
                  lambda x, y: (x * 300, y * 400 + 7, (x * y * 3) % 65536, 65535 - x))
        result = self.edit(deep, self.strokes, out, "--layer", layer, "-q", "--preview", *QUICK)
        self.check("edit, 16 bit RGBA", result.returncode == 0 and result.stderr == "", result)
        self.compare_outside("16 bit", deep, out, layer)
        gray = self.at("gray.png")
        write_png(gray, 200, 150, 8, 0, lambda x, y: ((x + y) % 256,))
        self.edit(gray, self.strokes, out, "--layer", layer, "-q", "--preview", *QUICK)
        self.compare_outside("gray", gray, out, layer)

    def test_backdrop(self):
        """A dome leaves the sky around it to the photo."""
        def opacity(*more):
            layer = self.at("dome-layer.png")
            result = self.edit(self.photo, self.strokes, self.at("dome.png"), "--concept", "dome", "--layer", layer,
                               "-q", "--preview", *QUICK, *more)
            self.check(f"edit: a dome {more}", result.returncode == 0, result)
            return sum(sum(row[3::4]) for row in read_png(layer)[5])

        filled, left = opacity("--fill-strokes"), opacity()
        self.check("edit: a backdrop is left", 0.1 * filled < left < 0.95 * filled, (filled, left))

    def test_seed(self):
        def edited(*seed):
            out = self.at("seed.png")
            result = self.edit(self.photo, self.strokes, out, "--concept", "dome", "-q", "--preview", *QUICK, *seed)
            self.check(f"edit: seed {seed}", result.returncode == 0, result)
            return read_png(out)

        first = edited()
        self.check("edit: the first example, as in GIMP", first == edited("--seed", "0"))
        self.check("edit: another example", first != edited("--seed", "1"))

    def test_groups(self):
        second, out = self.at("second.png"), self.at("two.png")
        write_png(second, 200, 150, 8, 6, lambda x, y: (9, 9, 9, 255 if 20 <= x < 50 < y < 80 else 0))
        result = self.edit(self.photo, self.strokes, out, "--seed", "2", "--strokes", second,
                           "--concept", "sky", "--strength", "low", "-q", "--preview", *QUICK)
        self.check("two groups", result.returncode == 0, result)
        photo, edited = read_png(self.photo), read_png(out)
        self.check("transparency is read as strokes",
                   photo[5][65][30 * 3:40 * 3] != edited[5][65][30 * 3:40 * 3])

    def test_invert(self):
        out = self.at("inverted.jpg")
        result = run("invert", self.photo, "-o", out, "--invert-steps", "1", "--json", "-q")
        figures = json.loads(result.stdout) if result.returncode == 0 else {}
        self.check("invert", set(figures) >= {"psnr", "seconds", "width", "height", "steps"}
                   and os.path.getsize(out) > 500, result)
        result = run("invert", self.photo, "-o", out, "--invert-steps", "1", "--json", "-q",
                     "--instructions", "plain")
        self.check("invert: the same with plain instructions", result.returncode == 0
                   and abs(json.loads(result.stdout)["psnr"] - figures["psnr"]) < 0.01, result)

    # ---- Dissection and evaluation, of a pack that was trained for a step ----

    def test_dissect(self):
        data, pack, out = self.make_data("labelled", 6), self.at("step.safetensors"), self.at("units.safetensors")
        sheets, judge = self.at("sheets"), self.at("judge.safetensors")
        run("train", data, "-o", pack, "--batch", "2", "--side", "32", "--latent", "4", "--widths", "4,4,4,4",
            "--encoder-width", "2", "--discriminator-width", "2", "--perceptual-weight", "0",
            "--statistic-batches", "1", "--steps", "1")
        quick = ["--judge", judge, "--judge-steps", "20", "--sheets", sheets]
        result = run("dissect", pack, data, "-o", out, *quick, "--updates", "1", "--squares", "1", "--units",
                     "always", "--json")
        report = json.loads(result.stdout) if result.returncode == 0 else {"concepts": []}
        self.check("dissect: what was found", [c["name"] for c in report["concepts"]] == ["light", "blue"]
                   and len(report["concepts"][0]["units"]) == 4
                   and all(0 <= u["iou"] <= 1 and 0 <= u["alpha"] <= 1 for u in report["concepts"][0]["units"]),
                   result)
        self.check("dissect: sheets", read_png(os.path.join(sheets, "units.png"))[:2] == (12 * 128, 2 * 128)
                   and os.path.exists(os.path.join(sheets, "effects.png")))
        info = run("info", out, "--json")
        self.check("dissect: a pack", info.returncode == 0
                   and [c["name"] for c in json.loads(info.stdout)["concepts"]] == ["light", "blue"], info)
        steps = ["--invert-steps", "1", "--fit-steps", "1", "--steps", "1", "--photos", "1"]
        result = run("evaluate", out, data, *quick, *steps, "--json")
        report = json.loads(result.stdout) if result.returncode == 0 else {}
        self.check("evaluate: figures", report and report["holding"]["photos"] == 1
                   and report["holding"]["psnr_encoder"] > 3 and report["steps"] == 1
                   and len(report["edits"]) == report["insert"]["edits"] + report["remove"]["edits"], result)
        self.check("evaluate: sheets", read_png(os.path.join(sheets, "holding.png"))[:2] == (4 * 128, 128))
        text = run("evaluate", out, data, *quick, *steps, "-q")
        self.check("evaluate: for people", "psnr_outside" in text.stdout and "blue" in text.stdout
                   and text.stderr.count("Evaluating") == 0, text)
        result = run("dissect", pack, data, *quick, "--updates", "1", "--squares", "1", "--photos", "1", "--json", "-q")
        self.check("dissect: one photo", result.returncode == 0 and json.loads(result.stdout)["looked_at"] == 1,
                   result)
        chosen = self.at("chosen.safetensors")
        result = run("examples", out, "-o", chosen, "blue=0")
        info = run("info", chosen, "--json")
        self.check("examples: one stays", result.returncode == 0 and info.returncode == 0
                   and [c["exemplars"] for c in json.loads(info.stdout)["concepts"] if c["name"] == "blue"] == [1],
                   result.stderr + info.stderr)
        result = run("examples", pack, "--from", out, "-o", chosen, "blue=0")
        info = run("info", chosen, "--json")
        self.check("examples: from another", result.returncode == 0 and info.returncode == 0
                   and [c["exemplars"] for c in json.loads(info.stdout)["concepts"] if c["name"] == "blue"] == [1],
                   result.stderr + info.stderr)
        self.fails("examples: from nothing", 1, ["nowhere"],
                   run("examples", out, "--from", "nowhere", "-o", chosen, "blue=0"))
        self.fails("examples: no choice", 2, ["choice"], run("examples", out, "-o", chosen))
        self.fails("examples: no number", 1, ["blue=green", "tree=0,4,1"], run("examples", out, "-o", chosen, "blue=green"))
        self.fails("examples: no such example", 1, ["99"], run("examples", out, "-o", chosen, "blue=99"))
        for option in ("-o", "--judge"):
            result = run("dissect", pack, data, option, self.at("nowhere/file"))
            self.fails("dissect: %s where there is no folder" % option, 1, ["no folder", "nowhere"], result)
        self.fails("dissect: a pack alone", 2, ["folder"], run("dissect", pack))
        self.fails("dissect: such units", 2, ["some", "always"], run("dissect", pack, data, "--units", "some"))
        self.fails("evaluate: steps of what", 2, ["--steps"], run("evaluate", pack, data, "--steps", "many"))
        self.fails("evaluate: no pack there", 1, ["nowhere"], run("evaluate", self.at("nowhere"), data))
        few = self.make_data("few", 4)
        self.fails("evaluate: few labels", 1, ["4 labelled"], run("evaluate", pack, few, "-q"))

    def test_interrupt(self):
        out = self.at("interrupted.png")
        program = subprocess.Popen(
            [PROGRAM, "edit", self.photo, "-o", out, "--strokes", self.strokes, "--concept", "tree",
             "--json", "--invert-steps", "1", "--warm-start-steps", "1", "--steps", "100000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in program.stderr:
            if "/100000" in line:
                break
        time.sleep(0.5)
        program.send_signal(signal.SIGINT)
        text, messages = program.communicate(timeout=120)
        self.check("Ctrl-C keeps the best so far", program.returncode == 0
                   and json.loads(text)["cancelled"] and "Cancelled" in messages
                   and read_png(out)[:2] == (200, 150), (program.returncode, text, messages))


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(folder)
        for name in [n for n in dir(tests) if n.startswith("test_")]:
            getattr(tests, name)()
        print(f"1..{tests.count}")
        return 1 if tests.failures else 0


sys.exit(main())
