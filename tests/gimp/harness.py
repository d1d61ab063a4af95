"""The plug-in inside a real headless GIMP 2.10: every image type and precision, every refusal.

    python3 harness.py BUILT_PLUG_IN [case...]

Prints a line for each case; exit status 0, 1 (something failed) or 77 (nothing to test with).
"""
import os
import sys
import traceback

from gimp import Failed, Gimp, need, quote, skip
from picture import read_png, write_png, write_profile

WIDTH, HEIGHT = 144, 128
CALLING = "invalid input arguments"  # what Script-Fu makes of GIMP_PDB_CALLING_ERROR
STEPS = 2  # the engine's quality is tested elsewhere; here it only has to run

# Constants of gimp-image-convert-precision.
PRECISIONS = {"u8-linear": 100, "u8-gamma": 150, "u16-linear": 200, "u16-gamma": 250,
              "u32-linear": 300, "u32-gamma": 350, "half-linear": 500, "half-gamma": 550,
              "float-linear": 600, "float-gamma": 650, "double-linear": 700, "double-gamma": 750}

HELPERS = """
(define PHOTO %(photo)s)
(define (show . items) (for-each (lambda (i) (display i) (display " ")) items))
(define (open-photo) (car (file-png-load RUN-NONINTERACTIVE PHOTO PHOTO)))
(define (photo-of image) (car (gimp-image-get-active-drawable image)))
; A transparent layer of the given place and size, painted in a rectangle of image coordinates.
(define (add-strokes image x y width height px py pwidth pheight)
  (let ((layer (car (gimp-layer-new image width height
                 (if (= (car (gimp-image-base-type image)) GRAY) GRAYA-IMAGE RGBA-IMAGE)
                 "strokes" 100 LAYER-MODE-NORMAL)))
        (photo (photo-of image)))
    (gimp-image-insert-layer image layer 0 0)
    (gimp-layer-set-offsets layer x y)
    (gimp-drawable-fill layer FILL-TRANSPARENT)
    (gimp-image-select-rectangle image CHANNEL-OP-REPLACE px py pwidth pheight)
    (gimp-context-set-foreground '(255 0 0))
    (gimp-drawable-edit-fill layer FILL-FOREGROUND)
    (gimp-selection-none image)
    (gimp-image-set-active-layer image photo)
    layer))
(define (usual-strokes image) (add-strokes image 0 0 %(width)d %(height)d 40 60 40 40))
(define (paint image photo strokes concept operation strength reference pack)
  (car (plug-in-semantic-paint RUN-NONINTERACTIVE image photo strokes concept operation strength
        reference %(steps)d 0 pack)))
(define (paint-tree image photo strokes) (paint image photo strokes "tree" "add" "high" -1 ""))
(define (layers image) (car (gimp-image-get-layers image)))
(define (save-flat image name)
  (let* ((copy (car (gimp-image-duplicate image))))
    (if (not (= (car (gimp-image-get-precision copy)) PRECISION-U8-GAMMA))
        (gimp-image-convert-precision copy PRECISION-U8-GAMMA))
    (let ((flat (car (gimp-image-flatten copy))))
      (file-png-save RUN-NONINTERACTIVE copy flat name name 0 9 0 0 0 0 0))
    (gimp-image-delete copy)))
(define (save-layer image layer name)
  (file-png-save RUN-NONINTERACTIVE image layer name name 0 9 0 0 0 0 0))
"""


def photo_pixel(x, y):
    """A sky above a ground, with some grain that no codec would like."""
    grain = (x * 7919 + y * 104729) % 23
    if y < 70:
        return 90 + y + grain, 130 + y // 2 + grain, 225 - y // 3 + grain
    return 70 + grain * 3, 110 + (x // 4) % 40 + grain, 50 + grain


class Cases:
    def __init__(self, gimp):
        self.gimp = gimp
        write_png(gimp.path("photo.png"), WIDTH, HEIGHT, photo_pixel)
        gimp(HELPERS % {"photo": quote(gimp.path("photo.png")), "width": WIDTH, "height": HEIGHT,
                        "steps": STEPS})

    # ---- Tools ----

    def image(self, prepare=""):
        """Opens the photo and adds strokes; the Scheme variables image, photo and strokes."""
        self.gimp("(define image (open-photo)) (define photo (photo-of image)) %s "
                  "(define strokes (usual-strokes image)) (gimp-image-clean-all image)" % prepare)

    def close(self):
        self.gimp("(gimp-image-delete image)")

    def refused(self, call, words, status=None):
        """The call fails with these words, and leaves the image as it was."""
        before = self.gimp("(show (layers image) (car (gimp-image-is-dirty image)))")
        try:
            self.gimp(call)
        except Failed as failure:
            text = str(failure)
        else:
            raise AssertionError("not refused: " + call)
        if not isinstance(words, (list, tuple)):
            words = [words]
        for word in words:
            assert word in text, "%r is not in %r" % (word, text)
        if status:
            assert status in text, "%r is not in %r" % (status, text)
        after = self.gimp("(show (layers image) (car (gimp-image-is-dirty image)))")
        assert before == after, "changed by a refused call: %s, then %s" % (before, after)

    def flat(self, name):
        path = self.gimp.path(name)
        self.gimp("(save-flat image %s)" % quote(path))
        return read_png(path)

    def painted(self, call="(paint-tree image photo strokes)"):
        self.gimp("(define result %s)" % call)
        return self.gimp.number("result")

    def compare_outside(self, before, after, layer_path):
        """Where the new layer is transparent nothing may change, not by one level."""
        width, height, channels, old = before
        assert after[:3] == before[:3]
        lw, lh, lc, layer = read_png(layer_path)
        x0, y0 = (int(n) for n in self.gimp(
            "(let ((o (gimp-drawable-offsets result))) (show (car o) (cadr o)))").split())
        changed = 0
        for y in range(height):
            for x in range(width):
                at = (y * width + x) * channels
                same = old[at:at + channels] == after[3][at:at + channels]
                inside = x0 <= x < x0 + lw and y0 <= y < y0 + lh
                alpha = layer[((y - y0) * lw + x - x0) * lc + lc - 1] if inside else 0
                if alpha == 0:
                    assert same, "pixel %d, %d changed outside the strokes" % (x, y)
                elif not same:
                    changed += 1
        assert changed > 200, "the edit changed only %d pixels" % changed

    # ---- Cases ----

    def case_concepts(self):
        answer = self.gimp('(let ((c (plug-in-semantic-paint-concepts "")))'
                           "  (show (car c)) (for-each show (cadr c)))").split()
        assert int(float(answer[0])) == len(answer) - 1 > 0, answer
        assert "tree" in answer, answer

    def case_concepts_of_missing_pack(self):
        try:
            self.gimp('(plug-in-semantic-paint-concepts "/nowhere/at-all.safetensors")')
        except Failed as failure:
            assert "at-all.safetensors" in str(failure), failure
        else:
            raise AssertionError("a pack that is not there gave concepts")

    def case_result_layer(self):
        self.image()
        self.painted()
        name = self.gimp("(display (car (gimp-item-get-name result)))")
        assert name == "Semantic Paint: tree (add, high)", name
        order = self.gimp("(show (car (gimp-image-get-item-position image strokes))"
                          " (car (gimp-image-get-item-position image result))"
                          " (car (gimp-image-get-item-position image photo)))").split()
        assert order == ["0", "1", "2"], order
        assert self.gimp.number("(car (gimp-item-get-visible strokes))") == 1
        x, y, width, height = (int(float(n)) for n in self.gimp(
            "(let ((o (gimp-drawable-offsets result))) (show (car o) (cadr o)"
            " (car (gimp-drawable-width result)) (car (gimp-drawable-height result))))").split())
        # on the strokes; a tree with an outline may be smaller than they are
        assert 40 < x + width / 2 < 80 and 60 < y + height / 2 < 100, (x, y, width, height)
        assert width >= 20 and height >= 20, (width, height)
        assert self.gimp.number("(car (gimp-image-is-dirty image))") == 1
        self.close()

    def case_outside_is_untouched(self):
        self.image()
        self.gimp("(gimp-item-set-visible strokes FALSE)")
        before = self.flat("before.png")
        self.painted()
        self.gimp("(save-layer image result %s)" % quote(self.gimp.path("layer.png")))
        self.compare_outside(before, self.flat("after.png"), self.gimp.path("layer.png"))
        self.close()

    def case_types_and_precisions(self):
        """12 precisions x 4 types: the result is the same picture in each."""
        for gray in (False, True):
            reference = None
            for name, precision in sorted(PRECISIONS.items(), key=lambda item: item[0] != "u8-gamma"):
                for alpha in (False, True):
                    flat = self.one_precision(precision, gray, alpha)
                    reference = reference or flat
                    difference = sum(abs(a - b) for a, b in zip(flat[3], reference[3]))
                    difference /= len(flat[3])
                    worst = max(abs(a - b) for a, b in zip(flat[3], reference[3]))
                    kind = ("gray" if gray else "RGB") + ("A " if alpha else " ") + name
                    # 8-bit linear has 30 times wider steps in the dark than 8-bit sRGB.
                    limit = 3.0 if name == "u8-linear" else 1.0
                    assert difference < limit, "%s is off by %.2f" % (kind, difference)
                    print("    %s: off by %.3f on average, %d at worst" % (kind, difference, worst))

    def one_precision(self, precision, gray, alpha):
        prepare = ("(gimp-image-convert-grayscale image)" if gray else "")
        prepare += "(gimp-layer-add-alpha photo)" if alpha else ""
        prepare += ("" if precision == 150
                    else "(gimp-image-convert-precision image %d)" % precision)
        self.image(prepare)
        self.painted()
        kind = self.gimp.number("(car (gimp-drawable-type result))")
        assert kind == (3 if gray else 1), kind
        assert self.gimp.number("(car (gimp-image-get-precision image))") == precision
        self.gimp("(gimp-item-set-visible strokes FALSE)")
        flat = self.flat("precision.png")
        self.close()
        return flat

    def case_colour_profile(self):
        """A photo in a wider colour space gives the same picture."""
        self.image()
        self.gimp("(gimp-item-set-visible strokes FALSE)")
        self.painted()
        reference = self.flat("sRGB.png")
        self.close()
        write_profile(self.gimp.path("wide.icc"))
        self.image("(gimp-image-convert-precision image PRECISION-FLOAT-GAMMA)"
                   "(gimp-image-convert-color-profile-from-file image %s 1 FALSE)"
                   % quote("file://" + self.gimp.path("wide.icc")))
        self.gimp("(gimp-item-set-visible strokes FALSE)")
        self.painted()
        wide = self.flat("wide.png")
        flat = self.to_srgb(wide)
        worst = max(abs(a - b) for a, b in zip(flat, reference[3]))
        difference = sum(abs(a - b) for a, b in zip(flat, reference[3])) / len(flat)
        assert difference < 1.0, "off by %.2f on average, %d at worst" % (difference, worst)
        raw = sum(abs(a - b) for a, b in zip(wide[3], reference[3])) / len(flat)
        assert raw > 3 * difference, "the profile makes no difference: the case tests nothing"
        self.close()

    @staticmethod
    def to_srgb(picture):
        """From the test's wide profile, by the matrices of both spaces relative to D50."""
        def encode(value):
            value = min(max(value, 0.0), 1.0)
            return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055

        wide = ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322),
                (0.01947, 0.06087, 0.74457))
        srgb = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540),
                (0.0719453, -0.2289914, 1.4052427))
        table = [(value / 255) ** 2.19921875 for value in range(256)]
        out = []
        values = picture[3]
        for i in range(0, len(values), 3):
            rgb = [table[value] for value in values[i:i + 3]]
            xyz = [sum(m * c for m, c in zip(row, rgb)) for row in wide]
            out.extend(round(255 * encode(sum(m * c for m, c in zip(row, xyz)))) for row in srgb)
        return out

    def case_indexed_is_refused(self):
        self.image()
        self.gimp('(gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-GENERATE'
                  ' 16 FALSE FALSE "") (gimp-image-clean-all image)')
        self.refused("(paint-tree image photo strokes)", "Indexed")
        self.close()

    def case_layer_offset(self):
        """A photo layer that lies elsewhere than the image's corner: the result follows it."""
        self.gimp("(define image (open-photo)) (define photo (photo-of image))"
                  "(gimp-image-resize image 300 260 100 90)"
                  "(define strokes (add-strokes image 0 0 300 260 140 150 40 40))")
        self.painted()
        x, y, width, height = (int(float(n)) for n in self.gimp(
            "(let ((o (gimp-drawable-offsets result))) (show (car o) (cadr o)"
            " (car (gimp-drawable-width result)) (car (gimp-drawable-height result))))").split())
        middle = x + width / 2, y + height / 2
        assert abs(middle[0] - 160) < 8 and abs(middle[1] - 170) < 8, (x, y, width, height)
        self.close()

    def case_strokes_offset_and_bigger(self):
        """The same strokes on a layer that starts outside the image and is bigger: same result."""
        self.image()
        self.painted()
        first = self.flat("first.png")
        self.close()
        self.gimp("(define image (open-photo)) (define photo (photo-of image))"
                  "(define strokes (add-strokes image -30 -20 400 300 40 60 40 40))")
        self.painted()
        assert self.flat("second.png") == first
        self.close()

    def case_strokes_as_channel_mask_and_opaque_layer(self):
        """Four ways to say the same strokes."""
        self.image()
        self.gimp("(gimp-item-set-visible strokes FALSE)")
        self.painted()
        first = self.flat("first.png")
        self.gimp("(gimp-image-remove-layer image result)"
                  "(gimp-image-select-item image CHANNEL-OP-REPLACE strokes)"
                  "(define channel (car (gimp-selection-save image)))"
                  "(gimp-item-set-visible channel FALSE)"
                  "(gimp-image-set-active-layer image photo)")
        ways = {"selection itself": "(car (gimp-image-get-selection image))",
                "channel": "channel",
                "channel within a selection": "channel"}
        for way, strokes in ways.items():
            if way == "channel":
                self.gimp("(gimp-selection-none image)")
            elif way != "selection itself":
                self.gimp("(gimp-image-select-item image CHANNEL-OP-REPLACE strokes)")
            self.painted("(paint-tree image photo %s)" % strokes)
            assert self.flat("way.png") == first, way
            self.gimp("(gimp-image-remove-layer image result)"
                      "(gimp-image-set-active-layer image photo)")
        self.gimp("(gimp-selection-none image)"
                  "(define white (car (gimp-layer-new image %d %d RGB-IMAGE \"w\" 100 28)))"
                  "(gimp-image-insert-layer image white 0 0)"
                  "(gimp-context-set-foreground '(0 0 0))"
                  "(gimp-drawable-fill white FILL-FOREGROUND)"
                  "(gimp-image-select-item image CHANNEL-OP-REPLACE strokes)"
                  "(gimp-context-set-foreground '(255 255 255))"
                  "(gimp-drawable-edit-fill white FILL-FOREGROUND) (gimp-selection-none image)"
                  "(gimp-item-set-visible white FALSE)" % (WIDTH, HEIGHT))
        self.painted("(paint-tree image photo white)")
        assert self.flat("white.png") == first, "opaque layer"
        self.close()

    def case_layer_mask(self):
        """The active drawable is the layer's mask: the photo is its layer; the mask can be strokes."""
        self.image("(define mask (car (gimp-layer-create-mask photo ADD-MASK-WHITE)))"
                   "(gimp-layer-add-mask photo mask)"
                   "(gimp-layer-set-edit-mask photo FALSE)")
        self.painted("(paint-tree image mask strokes)")
        assert self.gimp.number("(car (gimp-image-get-item-position image photo))") == 2
        self.gimp("(gimp-image-remove-layer image result) (gimp-selection-none image)")
        self.painted("(paint-tree image photo mask)")
        self.close()

    def case_selection(self):
        """Only what is selected is edited."""
        self.image()
        self.gimp("(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 40 60 12 12)")
        self.painted()
        width = self.gimp.number("(car (gimp-drawable-width result))")
        assert width < 50, "the selection was not respected: %d pixels wide" % width
        self.gimp("(gimp-image-remove-layer image result) (gimp-image-set-active-layer image photo)"
                  "(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 0 0 20 20)"
                  "(gimp-image-clean-all image)")
        self.refused("(paint-tree image photo strokes)", "selection")
        self.close()

    def case_selection_outside_the_layer(self):
        self.gimp("(define image (open-photo)) (define photo (photo-of image))"
                  "(gimp-image-resize image 300 260 0 0)"
                  "(define strokes (add-strokes image 0 0 300 260 40 60 40 40))"
                  "(gimp-image-select-rectangle image CHANNEL-OP-REPLACE 200 200 50 50)"
                  "(gimp-image-clean-all image)")
        self.refused("(paint-tree image photo strokes)", "selection")
        self.close()

    def case_strokes_empty_or_outside(self):
        self.image()
        self.gimp("(gimp-drawable-edit-clear strokes) (gimp-image-clean-all image)")
        self.refused("(paint-tree image photo strokes)", "no strokes")
        self.gimp("(gimp-layer-set-offsets strokes 2000 0) (gimp-image-clean-all image)")
        self.refused("(paint-tree image photo strokes)", "outside")
        self.close()

    def case_wrong_drawables(self):
        self.image()
        self.refused("(paint-tree image photo -1)", "no strokes", CALLING)
        self.refused("(paint-tree image photo photo)", "another layer", CALLING)
        self.gimp("(define other (open-photo))"
                  "(define foreign (car (gimp-layer-create-mask (photo-of other) ADD-MASK-BLACK)))"
                  "(gimp-layer-add-mask (photo-of other) foreign)")
        self.refused("(paint-tree image photo foreign)", "another image", CALLING)
        self.refused("(paint-tree image (photo-of other) strokes)", "layer of the image")
        self.refused("(paint-tree image (car (gimp-image-get-selection image)) strokes)",
                     "must be a layer")
        self.gimp("(define group (car (gimp-layer-group-new image)))"
                  "(gimp-image-insert-layer image group 0 0) (gimp-image-clean-all image)")
        self.refused("(paint-tree image group strokes)", "layer group")
        self.refused("(paint-tree image photo group)", "layer group")
        self.close()
        self.gimp("(gimp-image-delete other)")

    def case_photo_in_a_group(self):
        """The new layer goes into the photo's group."""
        self.image("(define group (car (gimp-layer-group-new image)))"
                   "(gimp-image-insert-layer image group 0 0)"
                   "(gimp-image-reorder-item image photo group 0)"
                   "(gimp-image-set-active-layer image photo)")
        self.painted()
        assert self.gimp.number("(car (gimp-item-get-parent result))") \
            == self.gimp.number("group")
        self.close()

    def case_wrong_words(self):
        self.image()
        call = '(paint image photo strokes "%s" "%s" "%s" -1 "")'
        self.refused(call % ("unicorn", "add", "high"), ["unicorn", "tree"], CALLING)
        self.refused(call % ("", "add", "high"), "concept", CALLING)
        self.refused(call % ("tree", "paint", "high"), ["paint", "restyle"], CALLING)
        self.refused(call % ("tree", "add", "strong"), ["strong", "medium"], CALLING)
        self.refused(call % ("tree", "add", "1.5"), "1.5", CALLING)
        self.refused(call % ("tree", "add", "nan"), "nan", CALLING)
        self.refused('(paint image photo strokes "tree" "restyle" "high"'
                     ' (car (gimp-image-get-selection image)) "")', "reference", CALLING)
        for numbers, word in (("-2 0", "steps"), ("2 -5", "seed")):
            self.refused('(plug-in-semantic-paint RUN-NONINTERACTIVE image photo strokes "tree"'
                         ' "add" "high" -1 %s "")' % numbers, word, CALLING)
        self.close()

    def case_packs(self):
        self.image()
        call = '(paint image photo strokes "tree" "add" "high" -1 %s)'
        self.refused(call % quote("/nowhere/at-all.safetensors"), "at-all.safetensors")
        for name, data in (("empty", b""), ("text", b"not a pack at all, but long enough"),
                           ("folder", None)):
            path = self.gimp.path(name + ".safetensors")
            if data is None:
                os.makedirs(path)
            else:
                with open(path, "wb") as file:
                    file.write(data)
            self.refused(call % quote(path), name + ".safetensors")
        bundled = bundled_pack()
        with open(bundled, "rb") as file:
            whole = file.read()
        path = self.gimp.path("truncated.safetensors")
        with open(path, "wb") as file:
            file.write(whole[:len(whole) // 2])
        self.refused(call % quote(path), "truncated.safetensors")
        self.painted(call % quote(bundled))
        self.close()

    def case_operations_and_strengths(self):
        for operation, strength, word in (("add", "low", "low"), ("add", "0.6", "0.60"),
                                          ("remove", "medium", "medium")):
            self.image()
            self.painted('(paint image photo strokes "tree" "%s" "%s" -1 "")'
                         % (operation, strength))
            name = self.gimp("(display (car (gimp-item-get-name result)))")
            assert name == "Semantic Paint: tree (%s, %s)" % (operation, word), name
            self.close()

    def case_restyle(self):
        """With the look of an example, and of a reference in another, gray image."""
        self.image()
        self.painted('(paint image photo strokes "tree" "restyle" "high" -1 "")')
        self.close()
        self.image()
        self.gimp("(define other (open-photo)) (gimp-image-convert-grayscale other)")
        self.painted('(paint image photo strokes "tree" "restyle" "high" (photo-of other) "")')
        name = self.gimp("(display (car (gimp-item-get-name result)))")
        assert name == "Semantic Paint: tree (restyle, high)", name
        self.close()
        self.gimp("(gimp-image-delete other)")

    def case_preview(self):
        """0 steps: no training at all."""
        self.image()
        self.painted('(car (plug-in-semantic-paint RUN-NONINTERACTIVE image photo strokes "tree"'
                     ' "add" "high" -1 0 0 ""))')
        self.close()

    def case_tiny_photo_is_refused(self):
        self.gimp("(define image (open-photo)) (define photo (photo-of image))"
                  "(gimp-image-crop image 8 8 0 0)"
                  "(define strokes (add-strokes image 0 0 8 8 0 0 8 8)) (gimp-image-clean-all image)")
        self.refused("(paint-tree image photo strokes)", "16")
        self.close()

    def case_last_values(self):
        """As the dialog leaves them; hides the strokes and keeps the photo active."""
        text = "[last]\nconcept=grass\noperation=add\nstrength=low\nsteps=2\nseed=3\n"
        self.gimp("(gimp-procedural-db-set-data \"plug-in-semantic-paint\" %d #(%s))"
                  % (len(text), " ".join(str(ord(c)) for c in text)))
        self.image()
        self.painted('(car (plug-in-semantic-paint RUN-WITH-LAST-VALS image photo -1 "" "" "" -1'
                     ' 0 0 ""))')
        name = self.gimp("(display (car (gimp-item-get-name result)))")
        assert name == "Semantic Paint: grass (add, low)", name
        assert self.gimp.number("(car (gimp-item-get-visible strokes))") == 0
        assert self.gimp.number("(car (gimp-image-get-active-layer image))") \
            == self.gimp.number("photo")
        self.close()

    def case_example_for_a_folder(self):
        """docs/examples/folder-script-fu-2.scm."""
        photos, results = self.gimp.path("photos"), self.gimp.path("results")
        os.makedirs(photos)
        os.makedirs(results)
        for name in ("one", "two", "unpainted"):
            write_png(os.path.join(photos, name + ".png"), WIDTH, HEIGHT, photo_pixel)
        for name in ("one", "two"):
            write_png(os.path.join(photos, name + "-strokes.png"), WIDTH, HEIGHT, lambda x, y: (
                255, 0, 0, 255 if 40 <= x < 80 and 60 <= y < 100 else 0))
        self.gimp("(load %s) (semantic-paint-folder %s %s \"tree\" \"high\" 0 2)" % (
            quote(os.path.join(os.environ["SP_SOURCE_ROOT"], "docs/examples/folder-script-fu-2.scm")),
            quote(photos), quote(results)))
        assert sorted(os.listdir(results)) == ["one.png", "one.xcf", "two.png", "two.xcf"]
        before = read_png(os.path.join(photos, "one.png"))
        after = read_png(os.path.join(results, "one.png"))
        assert sum(a != b for a, b in zip(before[3], after[3])) > 600

    # ---- Edits that stay editable ----

    def reopen(self, name="kept.xcf"):
        """The image through an XCF file: the Scheme variables image, result and photo."""
        path = quote(self.gimp.path(name))
        self.gimp("(gimp-xcf-save 0 image photo %s %s) (gimp-image-delete image)"
                  "(define image (car (gimp-xcf-load 0 %s %s)))" % (path, path, path, path))
        self.gimp("(define layers-now (cadr (gimp-image-get-layers image)))"
                  "(define result (vector-ref layers-now 1)) (define photo (vector-ref layers-now 2))"
                  "(gimp-image-clean-all image)")

    def render(self, changes='-1 "" -1 -1 ""'):
        self.gimp("(define result (car (plug-in-semantic-paint-render RUN-NONINTERACTIVE image"
                  " result %s)))" % changes)

    def layer(self, name):
        self.gimp("(save-layer image result %s)" % quote(self.gimp.path(name)))
        return read_png(self.gimp.path(name))

    def case_kept_and_rendered_again(self):
        """Through XCF and a duplicate, to the last bit; then otherwise."""
        self.image()
        self.painted()
        first = self.layer("first.png")
        self.reopen()
        self.gimp("(gimp-layer-set-opacity result 40)")
        self.render()
        assert self.layer("again.png") == first
        assert self.layers_now() == 3 and self.gimp.number("(car (gimp-layer-get-opacity result))") == 40
        self.render('-1 "medium" -1 -1 ""')
        name = self.gimp("(display (car (gimp-item-get-name result)))")
        assert name == "Semantic Paint: tree (add, medium)", name
        assert self.layer("medium.png") != first
        self.render('photo "1.0" 2 0 ""')
        assert self.layer("high.png") == first
        self.gimp("(define copy (car (gimp-image-duplicate image))) (gimp-image-delete image)"
                  "(define image copy) (define result (vector-ref (cadr (gimp-image-get-layers image)) 1))")
        self.render()
        assert self.layer("copy.png") == first
        self.close()

    def case_look_of_a_namesake(self):
        """The look's layer is called as the photo is, as most layers are: it is not taken for that."""
        self.image()
        self.gimp("(define other (open-photo)) (gimp-drawable-invert (photo-of other) FALSE)"
                  "(gimp-item-set-name (photo-of other) (car (gimp-item-get-name photo)))")
        self.painted('(paint image photo strokes "tree" "restyle" "high" (photo-of other) "")')
        first = self.layer("first.png")
        self.render()
        assert self.layer("again.png") == first
        self.gimp("(gimp-image-delete other) (gimp-image-clean-all image)")
        self.refused('(plug-in-semantic-paint-render RUN-NONINTERACTIVE image result -1 "" -1 -1 "")',
                     "no open image")
        self.close()

    def case_look_of_a_file(self):
        """A look that is kept as a path, as the dialog does, is read from the file."""
        path = self.gimp.path("look.png")
        write_png(path, WIDTH, HEIGHT, lambda x, y: tuple(255 - min(v, 255) for v in photo_pixel(x, y)))
        self.image()
        self.gimp("(define other (car (file-png-load RUN-NONINTERACTIVE %s %s)))"
                  "(gimp-item-set-name (photo-of other) %s)" % ((quote(path),) * 3))
        self.painted('(paint image photo strokes "tree" "restyle" "high" (photo-of other) "")')
        first = self.layer("first.png")
        self.gimp("(gimp-image-delete other)")
        self.render()
        again = self.layer("again.png")
        assert again[:3] == first[:3]
        assert max(abs(a - b) for a, b in zip(again[3], first[3])) <= 2
        self.gimp("(gimp-image-clean-all image)")
        os.remove(path)
        self.refused('(plug-in-semantic-paint-render RUN-NONINTERACTIVE image result -1 "" -1 -1 "")',
                     "look.png")
        self.close()

    def case_rendered_again_by_its_mask(self):
        """The active drawable of a result whose mask is being edited."""
        self.image()
        self.painted()
        first = self.layer("first.png")
        self.gimp("(define mask (car (gimp-layer-create-mask result ADD-MASK-WHITE)))"
                  "(gimp-layer-add-mask result mask)"
                  "(define result (car (plug-in-semantic-paint-render RUN-NONINTERACTIVE image mask"
                  ' -1 "" -1 -1 "")))')
        assert self.layers_now() == 3
        assert self.layer("again.png") == first
        self.close()

    def layers_now(self):
        return self.gimp.number("(layers image)")

    def case_render_is_refused(self):
        self.image()
        self.painted()
        self.reopen()
        call = "(plug-in-semantic-paint-render RUN-NONINTERACTIVE image %s %s)"
        self.refused(call % ("photo", '-1 "" -1 -1 ""'), "keeps no edits", CALLING)
        self.refused(call % ("result", '-1 "strong" -1 -1 ""'), "strong", CALLING)
        self.refused(call % ("result", '-1 "" -2 -1 ""'), "steps", CALLING)
        self.refused(call % ("result", '-1 "" -1 -2 ""'), "seed", CALLING)
        self.refused(call % ("result", '-1 "" -1 -1 "/nowhere/at-all.safetensors"'), "at-all")
        self.gimp("(gimp-image-remove-layer image photo) (gimp-image-clean-all image)"
                  "(gimp-layer-resize (vector-ref (cadr (gimp-image-get-layers image)) 0) 20 20 0 0)"
                  "(gimp-image-clean-all image)")
        self.refused(call % ("result", '-1 "" -1 -1 ""'), "not there any more", CALLING)
        self.close()

    def case_damaged_lists(self):
        self.image()
        self.painted()
        for name, data in (("empty", ""), ("text", "not a list at all, but long enough"),
                           ("head", "sp-edits")):
            self.gimp('(gimp-item-attach-parasite result (list "semantic-paint-edits" 1 %s))'
                      "(gimp-image-clean-all image)" % quote(data))
            self.reopen(name + ".xcf")
            self.refused('(plug-in-semantic-paint-render RUN-NONINTERACTIVE image result -1 "" -1 -1 "")',
                         "damaged")
        self.close()

    def case_dialog_without_display(self):
        self.image()
        self.refused('(plug-in-semantic-paint RUN-INTERACTIVE image photo -1 "" "" "" -1 0 0 "")',
                     "display")
        self.close()


def bundled_pack():
    chosen = os.environ.get("SEMANTIC_PAINT_PACK")
    if chosen:
        return chosen
    folder = os.path.join(os.environ.get("SP_SOURCE_ROOT", "."), "weights", "packs")
    packs = sorted(name for name in os.listdir(folder) if name.endswith(".safetensors")) \
        if os.path.isdir(folder) else []
    if not packs:
        skip("there is no pack in weights/packs, and SEMANTIC_PAINT_PACK is not set")
    return os.path.join(folder, packs[0])


def main(plug_in, wanted):
    need("gimp-console")
    environment = {"SEMANTIC_PAINT_PACK": bundled_pack(), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    failures = ran = 0
    with Gimp(plug_in, environment=environment) as gimp:
        cases = Cases(gimp)
        for name in [name for name in dir(cases) if name.startswith("case_")]:
            title = name[len("case_"):].replace("_", " ")
            if wanted and name[len("case_"):] not in wanted:
                continue
            ran += 1
            try:
                getattr(cases, name)()
                print("ok - " + title, flush=True)
            except Exception as failure:  # a case must not end the others
                failures += 1
                print("FAILED - %s: %s" % (title, failure), flush=True)
                traceback.print_exc(limit=-1)
        said = gimp.said()
        if "CRITICAL" in said or "WARNING" in said:
            failures += 1
            print("FAILED - warnings on the console:\n" + said)
    print("%d passed, %d failed" % (ran - min(failures, ran), failures))
    return 1 if failures or not ran else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
