"""The plug-in inside GIMP 3: every image type and precision, every refusal, edits that stay editable.

Runs within GIMP's own Python (python-fu-eval); tests/gimp3/inside starts it. Writes a line for each
case to $SP_REPORT, whose last line is "done", and raises when a case failed, so that GIMP's exit
status says so too.
"""
import os
import sys
import traceback

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio, GLib  # noqa: E402

sys.path.insert(0, os.path.join(os.environ["SP_SOURCE_ROOT"], "tests", "gimp"))
from picture import write_profile  # noqa: E402

WIDTH, HEIGHT, STEPS = 144, 128, 2
EDIT, RENDER = "plug-in-semantic-paint", "plug-in-semantic-paint-render"
CONCEPTS = "plug-in-semantic-paint-concepts"
KEPT = "semantic-paint-edits"
FOLDER = os.environ["SP_FOLDER"]
PDB = Gimp.get_pdb()
Status = Gimp.PDBStatusType
PRECISIONS = [precision + transfer for precision in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
              for transfer in ("_NON_LINEAR", "_LINEAR")]


class Refused(Exception):
    """A procedure's answer that is no success."""

    def __init__(self, status, text):
        super().__init__("%s: %s" % (status.value_nick, text))
        self.status, self.text = status, text


def call(name, **arguments):
    """A procedure's return values; arrays of objects are given as lists."""
    procedure = PDB.lookup_procedure(name)
    assert procedure, "there is no " + name
    config = procedure.create_config()
    for key, value in arguments.items():
        key = key.replace("_", "-")
        if isinstance(value, list):
            config.set_core_object_array(key, value)
        else:
            config.set_property(key, value)
    result = procedure.run(config)
    if result.index(0) != Status.SUCCESS:
        raise Refused(result.index(0), result.index(1) if result.length() > 1 else "")
    return [result.index(i) for i in range(1, result.length())]


def paint(image, photo, strokes, **changes):
    arguments = dict(run_mode=Gimp.RunMode.NONINTERACTIVE, image=image, drawables=[photo],
                     strokes=strokes, concept="tree", steps=STEPS)
    arguments.update(changes)
    return call(EDIT, **arguments)[0]


def render(image, layer, **changes):
    return call(RENDER, run_mode=Gimp.RunMode.NONINTERACTIVE, image=image, drawables=[layer],
                **changes)[0]


def photo_pixel(x, y):
    """As in tests/gimp/harness.py."""
    grain = (x * 7919 + y * 104729) % 23
    if y < 70:
        return 90 + y + grain, 130 + y // 2 + grain, 225 - y // 3 + grain
    return 70 + grain * 3, 110 + (x // 4) % 40 + grain, 50 + grain


PIXELS = b"".join(bytes(photo_pixel(x, y)) for y in range(HEIGHT) for x in range(WIDTH))
WHOLE = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)


def fill(layer, pixels, format_name, area):
    buffer = layer.get_buffer()
    buffer.set(area, format_name, pixels)
    buffer.flush()
    layer.update(0, 0, layer.get_width(), layer.get_height())


def open_photo():
    image = Gimp.Image.new(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB)
    photo = Gimp.Layer.new(image, "Background", WIDTH, HEIGHT, Gimp.ImageType.RGB_IMAGE, 100,
                           Gimp.LayerMode.NORMAL)
    image.insert_layer(photo, None, 0)
    fill(photo, PIXELS, "R'G'B' u8", WHOLE)
    return image, photo


def add_strokes(image, x=0, y=0, width=WIDTH, height=HEIGHT, area=(40, 60, 40, 40)):
    gray = image.get_base_type() == Gimp.ImageBaseType.GRAY
    layer = Gimp.Layer.new(image, "strokes", width, height,
                           Gimp.ImageType.GRAYA_IMAGE if gray else Gimp.ImageType.RGBA_IMAGE, 100,
                           Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    layer.set_offsets(x, y)
    layer.fill(Gimp.FillType.TRANSPARENT)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *area)
    layer.edit_fill(Gimp.FillType.FOREGROUND)
    Gimp.Selection.none(image)
    return layer


def open_case():
    image, photo = open_photo()
    strokes = add_strokes(image)
    image.clean_all()
    return image, photo, strokes


def pixels_of(layer, format_name="R'G'B'A u8"):
    buffer = layer.get_buffer()
    area = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    return bytes(buffer.get(area, 1.0, format_name, Gegl.AbyssPolicy.NONE))


def flat(image):
    copy = image.duplicate()
    if copy.get_precision() != Gimp.Precision.U8_NON_LINEAR:
        copy.convert_precision(Gimp.Precision.U8_NON_LINEAR)
    pixels = pixels_of(copy.flatten(), "R'G'B' u8")
    copy.delete()
    return pixels


def offsets(layer):
    found = layer.get_offsets()
    return found[1], found[2]


def refused(words, status, image, function, *arguments, **named):
    """It fails with these words, and leaves the image as it was."""
    before = len(image.get_layers()), image.is_dirty()
    try:
        function(*arguments, **named)
    except Refused as failure:
        text, got = failure.text, failure.status
    else:
        raise AssertionError("not refused: %s" % words)
    for word in words if isinstance(words, list) else [words]:
        assert word in text, "%r is not in %r" % (word, text)
    assert got == status, "%s: %s" % (got, text)
    assert before == (len(image.get_layers()), image.is_dirty()), "changed by a refused call"


# ---- Cases ----

def case_specification():
    """GIMP's own interfaces see ranges, choices and descriptions."""
    procedure = PDB.lookup_procedure(EDIT)
    found = {spec.get_name(): spec for spec in procedure.get_arguments()}
    assert list(found) == ["run-mode", "image", "drawables", "strokes", "concept", "operation",
                           "strength", "reference", "steps", "seed", "pack"], list(found)
    assert (found["steps"].minimum, found["steps"].default_value) == (-1, -1)
    assert found["seed"].minimum == 0
    choice = Gimp.param_spec_choice_get_choice(found["operation"])
    assert choice.list_nicks() == ["add", "remove", "restyle"], choice.list_nicks()
    for name in (EDIT, RENDER, CONCEPTS):
        procedure = PDB.lookup_procedure(name)
        assert procedure.get_blurb() and procedure.get_help() and procedure.get_authors()
        for spec in procedure.get_arguments():
            assert spec.get_blurb(), spec.get_name()
    assert PDB.lookup_procedure(EDIT).get_menu_label() == "Semantic _Paint..."
    assert PDB.lookup_procedure(EDIT).get_menu_paths() == ["<Image>/Filters"]


def case_concepts():
    names = call(CONCEPTS)[0]
    assert "tree" in names and len(names) > 3, names
    image, _ = open_photo()
    refused("at-all.safetensors", Status.EXECUTION_ERROR, image, call, CONCEPTS,
            pack=Gio.File.new_for_path("/nowhere/at-all.safetensors"))
    image.delete()


def case_result_layer():
    image, photo, strokes = open_case()
    layer = paint(image, photo, strokes)
    assert layer.get_name() == "Semantic Paint: tree (add, high)", layer.get_name()
    assert image.get_layers() == [strokes, layer, photo]
    assert strokes.get_visible() and image.is_dirty()
    x, y = offsets(layer)
    width, height = layer.get_width(), layer.get_height()
    # on the strokes; a tree with an outline may be smaller than they are
    assert 40 < x + width / 2 < 80 and 60 < y + height / 2 < 100 and width >= 20 and height >= 20
    image.delete()


def case_outside_is_untouched():
    image, photo, strokes = open_case()
    strokes.set_visible(False)
    before = flat(image)
    layer = paint(image, photo, strokes)
    after, alpha = flat(image), pixels_of(layer)[3::4]
    x0, y0 = offsets(layer)
    changed = 0
    for y in range(HEIGHT):
        for x in range(WIDTH):
            at = 3 * (y * WIDTH + x)
            inside = x0 <= x < x0 + layer.get_width() and y0 <= y < y0 + layer.get_height()
            if not inside or alpha[(y - y0) * layer.get_width() + x - x0] == 0:
                assert before[at:at + 3] == after[at:at + 3], (x, y)
            elif before[at:at + 3] != after[at:at + 3]:
                changed += 1
    assert changed > 200, "the edit changed only %d pixels" % changed
    image.delete()


def one_precision(name, gray, alpha):
    image, photo = open_photo()
    if gray:
        image.convert_grayscale()
    if alpha:
        photo.add_alpha()
    precision = getattr(Gimp.Precision, name)
    if image.get_precision() != precision:
        image.convert_precision(precision)
    strokes = add_strokes(image)
    layer = paint(image, photo, strokes)
    kind = Gimp.ImageType.GRAYA_IMAGE if gray else Gimp.ImageType.RGBA_IMAGE
    assert layer.type() == kind and image.get_precision() == precision
    strokes.set_visible(False)
    picture = flat(image)
    image.delete()
    return picture


def case_types_and_precisions():
    """12 precisions x 4 types: the result is the same picture in each."""
    for gray in (False, True):
        reference = None
        for name in PRECISIONS:
            for alpha in (False, True):
                picture = one_precision(name, gray, alpha)
                reference = reference or picture
                off = sum(abs(a - b) for a, b in zip(picture, reference)) / len(picture)
                # 8-bit linear has 30 times wider steps in the dark than 8-bit sRGB.
                assert off < (3.0 if name == "U8_LINEAR" else 1.0), (name, gray, alpha, off)


def case_colour_profile():
    """A photo in a wider colour space gives the same picture."""
    image, photo, strokes = open_case()
    strokes.set_visible(False)
    paint(image, photo, strokes)
    reference = flat(image)
    image.delete()
    path = os.path.join(FOLDER, "wide.icc")
    write_profile(path)
    profile = Gimp.ColorProfile.new_from_file(Gio.File.new_for_path(path))
    image, photo = open_photo()
    image.convert_precision(Gimp.Precision.FLOAT_NON_LINEAR)
    image.convert_color_profile(profile, Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, False)
    strokes = add_strokes(image)
    strokes.set_visible(False)
    paint(image, photo, strokes)
    raw = flat(image)
    image.convert_color_profile(Gimp.ColorProfile.new_rgb_srgb(),
                                Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, False)
    wide = flat(image)
    off = sum(abs(a - b) for a, b in zip(wide, reference)) / len(wide)
    assert off < 1.0, off
    image.delete()
    difference = sum(abs(a - b) for a, b in zip(raw, reference)) / len(raw)
    assert difference > 3 * off, "the profile makes no difference: the case tests nothing"


def case_indexed_is_refused():
    image, photo, strokes = open_case()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False,
                          False, "")
    image.clean_all()
    refused("Indexed", Status.EXECUTION_ERROR, image, paint, image, photo, strokes)
    image.delete()


def case_strokes_from_elsewhere():
    """The selection, a channel, a layer mask and a bigger layer say the same strokes."""
    image, photo, strokes = open_case()
    strokes.set_visible(False)
    layer = paint(image, photo, strokes)
    first = pixels_of(layer)
    image.remove_layer(layer)
    big = add_strokes(image, -30, -20, 400, 300)
    image.select_item(Gimp.ChannelOps.REPLACE, strokes)
    channel = Gimp.Selection.save(image)
    mask = strokes.create_mask(Gimp.AddMaskType.SELECTION)
    strokes.add_mask(mask)
    for way in (image.get_selection(), channel, mask, big):
        if way != image.get_selection():
            Gimp.Selection.none(image)
        layer = paint(image, photo, way)
        assert pixels_of(layer) == first, way.get_name()
        image.remove_layer(layer)
    image.delete()


def case_layer_mask_means_its_layer():
    image, photo, strokes = open_case()
    mask = photo.create_mask(Gimp.AddMaskType.WHITE)
    photo.add_mask(mask)
    layer = paint(image, mask, strokes)
    assert image.get_layers() == [strokes, layer, photo]
    image.delete()


def case_selection():
    """Only what is selected is edited."""
    image, photo, strokes = open_case()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 60, HEIGHT)
    layer = paint(image, photo, strokes)
    assert offsets(layer)[0] + layer.get_width() < 80, (offsets(layer), layer.get_width())
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 10, 10)
    image.clean_all()
    refused("selection", Status.EXECUTION_ERROR, image, paint, image, photo, strokes)
    image.delete()


def case_layer_offset_and_group():
    """A photo that lies elsewhere, in a group: the result follows it."""
    image, photo = open_photo()
    image.resize(300, 260, 100, 90)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(photo, group, 0)
    strokes = add_strokes(image, 0, 0, 300, 260, (140, 150, 40, 40))
    layer = paint(image, photo, strokes)
    x, y = offsets(layer)
    assert abs(x + layer.get_width() / 2 - 160) < 8 and abs(y + layer.get_height() / 2 - 170) < 8
    assert layer.get_parent() == group
    first = pixels_of(layer)
    again = render(image, layer)
    assert again.get_parent() == group and offsets(again) == (x, y) and pixels_of(again) == first
    image.delete()


def case_wrong_drawables():
    image, photo, strokes = open_case()
    other, foreign, _ = open_case()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.clean_all()
    wrong = Status.CALLING_ERROR
    refused("no strokes", wrong, image, paint, image, photo, None)
    refused("another layer", wrong, image, paint, image, photo, photo)
    refused("another image", wrong, image, paint, image, photo, foreign)
    refused("layer of the image", wrong, image, paint, image, foreign, strokes)
    refused("layer group", Status.EXECUTION_ERROR, image, paint, image, group, strokes)
    refused("one layer", wrong, image, paint, image, photo, strokes, drawables=[photo, strokes])
    Gimp.Selection.none(image)
    strokes.edit_clear()
    image.clean_all()
    refused("no strokes", Status.EXECUTION_ERROR, image, paint, image, photo, strokes)
    other.delete()
    image.delete()


def case_wrong_words():
    image, photo, strokes = open_case()
    wrong = Status.CALLING_ERROR
    for words, change in ((["unicorn", "tree"], {"concept": "unicorn"}), ("concept", {"concept": ""}),
                          (["strong", "medium"], {"strength": "strong"}), ("1.5", {"strength": "1.5"}),
                          ("nan", {"strength": "nan"})):
        refused(words, wrong, image, paint, image, photo, strokes, **change)
    for name, data in (("empty", b""), ("text", b"not a pack at all, but long enough")):
        path = os.path.join(FOLDER, name + ".safetensors")
        with open(path, "wb") as file:
            file.write(data)
        refused(name + ".safetensors", Status.EXECUTION_ERROR, image, paint, image, photo, strokes,
                pack=Gio.File.new_for_path(path))
    image.delete()


def case_out_of_range():
    """GIMP itself refuses what the specification does not allow."""
    config = PDB.lookup_procedure(EDIT).create_config()
    for key, value in (("steps", -2), ("seed", -1), ("operation", "burn")):
        before = config.get_property(key)
        try:
            config.set_property(key, value)
        except (GLib.Error, TypeError, ValueError, OverflowError):
            continue
        assert config.get_property(key) != value, key
        assert config.get_property(key) == before or key in ("steps", "seed"), key


def case_operations_and_strengths():
    image, photo, strokes = open_case()
    for operation, strength, word in (("add", "low", "low"), ("add", "0.6", "0.60"),
                                      ("remove", "medium", "medium"), ("restyle", "high", "high"),
                                      ("restyle", "low", "low")):
        other, reference = open_photo()
        layer = paint(image, photo, strokes, operation=operation, strength=strength,
                      reference=reference if strength == "high" else None)
        assert layer.get_name() == "Semantic Paint: tree (%s, %s)" % (operation, word)
        other.delete()
    image.delete()


def case_last_values():
    """As GIMP keeps them; hides the strokes and keeps the photo active."""
    image, photo, strokes = open_case()
    paint(image, photo, strokes, run_mode=Gimp.RunMode.WITH_LAST_VALS)
    assert not strokes.get_visible()
    assert image.get_selected_layers() == [photo]
    image.delete()


def case_dialog_without_display():
    image, photo, strokes = open_case()
    refused("display", Status.EXECUTION_ERROR, image, paint, image, photo, strokes,
            run_mode=Gimp.RunMode.INTERACTIVE)
    image.delete()


# ---- Edits that stay editable ----

def reopen(image, name="kept.xcf"):
    """The image through an XCF file, and its layers by name."""
    file = Gio.File.new_for_path(os.path.join(FOLDER, name))
    assert Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
    image.delete()
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    return image, {layer.get_name(): layer for layer in image.get_layers()}


def painted_and_reopened():
    image, photo, strokes = open_case()
    layer = paint(image, photo, strokes, seed=3)
    first = pixels_of(layer)
    image, layers = reopen(image)
    return image, layers["Semantic Paint: tree (add, high)"], layers, first


def case_kept_and_rendered_again():
    """Through an XCF file, to the last bit."""
    image, layer, layers, first = painted_and_reopened()
    assert KEPT in layer.get_parasite_list()
    image.remove_layer(layers["strokes"])  # the layer keeps its own
    layer.set_opacity(40)
    layer.set_visible(False)
    again = render(image, layer)
    assert pixels_of(again) == first
    assert image.get_layers() == [again, layers["Background"]]
    assert again.get_opacity() == 40 and not again.get_visible()
    assert KEPT in again.get_parasite_list()
    image.delete()


def case_render_otherwise():
    """Another strength, seed and number of steps; one undo step each."""
    image, layer, layers, first = painted_and_reopened()
    layer = render(image, layer, strength="medium")
    assert layer.get_name() == "Semantic Paint: tree (add, medium)", layer.get_name()
    assert pixels_of(layer) != first
    layer = render(image, layer, strength="high", seed=4, steps=3)
    assert pixels_of(layer) != first
    layer = render(image, layer, seed=3, steps=STEPS)
    assert pixels_of(layer) == first
    refused("strong", Status.CALLING_ERROR, image, render, image, layer, strength="strong")
    image.delete()


def case_render_in_a_duplicate():
    image, layer, layers, first = painted_and_reopened()
    copy = image.duplicate()
    image.delete()
    layer = [layer for layer in copy.get_layers() if KEPT in layer.get_parasite_list()][0]
    assert pixels_of(render(copy, layer)) == first
    copy.delete()


def case_render_finds_the_photo():
    """Renamed it is just below; of another size it is refused; given it is taken."""
    image, layer, layers, first = painted_and_reopened()
    photo = layers["Background"]
    photo.set_name("Renamed")
    layer = render(image, layer)
    assert pixels_of(layer) == first
    photo.resize(WIDTH + 8, HEIGHT, 0, 0)
    layers["strokes"].resize(WIDTH + 8, HEIGHT, 0, 0)
    refused("not there any more", Status.CALLING_ERROR, image, render, image, layer)
    refused("144 x 128", Status.CALLING_ERROR, image, render, image, layer, photo=photo)
    photo.resize(WIDTH, HEIGHT, 0, 0)
    assert pixels_of(render(image, layer, photo=photo)) == first
    image.delete()


def case_render_with_another_pack():
    """It is said, and only done when a pack is given."""
    image, layer, layers, first = painted_and_reopened()
    bundled = os.environ["SEMANTIC_PAINT_PACK"]
    with open(bundled, "rb") as file:
        data = bytearray(file.read())
    data[-1] ^= 1  # the last bit of some weight
    other = os.path.join(FOLDER, "other.safetensors")
    with open(other, "wb") as file:
        file.write(data)
    change_pack_of(layer)
    refused(["made with the pack", "outdoor-128", "give the file"], Status.EXECUTION_ERROR, image,
            render, image, layer)
    layer = render(image, layer, pack=Gio.File.new_for_path(other))
    refused("made with the pack", Status.EXECUTION_ERROR, image, render, image, layer)
    assert pixels_of(render(image, layer, pack=Gio.File.new_for_path(bundled))) == first
    image.delete()


def set_kept(layer, data):
    """Python sees a parasite's bytes as signed numbers."""
    signed = [byte - 256 if byte > 127 else byte for byte in data]
    assert layer.attach_parasite(Gimp.Parasite.new(KEPT, 1, signed))


def change_pack_of(layer):
    """One digit of the kept SHA-256."""
    data = bytes(byte & 255 for byte in layer.get_parasite(KEPT).get_data())
    at = data.index(b'"sha256":"') + len(b'"sha256":"')
    digit = b"0" if data[at:at + 1] != b"0" else b"1"
    set_kept(layer, data[:at] + digit + data[at + 1:])


def case_render_what_keeps_nothing():
    image, photo, strokes = open_case()
    refused("keeps no edits", Status.CALLING_ERROR, image, render, image, photo)
    image.delete()


def case_damaged_and_hostile_lists():
    """From XCF files, as they would come from anywhere."""
    folder = os.environ["SP_HOSTILE"]
    names = sorted(os.listdir(folder))
    assert len(names) > 40, names
    image, photo, strokes = open_case()
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        layer = Gimp.Layer.new(image, name, 8, 8, Gimp.ImageType.RGBA_IMAGE, 100,
                               Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        set_kept(layer, data)
    image, layers = reopen(image, "hostile.xcf")
    image.clean_all()
    for name in names:
        # a good one was made with no pack that there is, or the photo has another size
        words = "" if name.startswith("good") else "kept list of edits"
        try:
            render(image, layers[name])
        except Refused as failure:
            assert words in failure.text, (name, failure.text)
        else:
            raise AssertionError("not refused: " + name)
    assert not image.is_dirty()
    image.delete()


# ---- The same picture everywhere ----

def write_layer(layer, path):
    """In the image's frame."""
    layer.resize_to_image_size()
    with open(path, "wb") as file:
        file.write(pixels_of(layer))


def case_picture_for_other_hosts():
    """For tests/gimp3/compare: the layer of a photo and strokes from files, as a PNG."""
    folder = os.environ.get("SP_PICTURES")
    if not folder:
        return
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE,
                           Gio.File.new_for_path(os.path.join(folder, "photo.png")))
    photo = image.get_layers()[0]
    strokes = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image,
                                   Gio.File.new_for_path(os.path.join(folder, "strokes.png")))
    image.insert_layer(strokes, None, 0)
    layer = paint(image, photo, strokes, seed=5, steps=20)
    write_layer(layer, os.path.join(folder, "gimp3.rgba"))
    image.delete()
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE,
                           Gio.File.new_for_path(os.path.join(folder, "gimp2.xcf")))
    layer = [layer for layer in image.get_layers() if KEPT in layer.get_parasite_list()][0]
    write_layer(render(image, layer), os.path.join(folder, "again.rgba"))
    image.delete()


def main():
    wanted = os.environ.get("SP_CASES", "").split()
    failed = passed = 0
    with open(os.environ["SP_REPORT"], "w") as report:
        for name, case in list(globals().items()):
            if not name.startswith("case_") or wanted and name[5:] not in wanted:
                continue
            try:
                case()
                passed += 1
                print("ok - " + name[5:].replace("_", " "), file=report, flush=True)
            except Exception:
                failed += 1
                print("FAILED - %s\n%s" % (name[5:].replace("_", " "), traceback.format_exc()),
                      file=report, flush=True)
        print("%d passed, %d failed\ndone" % (passed, failed), file=report)
    if failed or not passed:
        raise SystemError("%d cases failed" % failed)


Gegl.init(None)
main()
