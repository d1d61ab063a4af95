"""A folder of photos through Semantic Paint, with Python-Fu in GIMP 3.

    PHOTOS=photos RESULTS=results CONCEPT=tree gimp-console -i -d -f \
        --batch-interpreter python-fu-eval -b 'exec(open("folder-python-fu.py").read())' --quit

Takes every NAME.png or NAME.jpg that has strokes in NAME-strokes.png beside it: a picture of the
photo's size, painted where the concept is to go and transparent elsewhere. Writes NAME.png, the
result, and NAME.xcf, whose new layer can be rendered again. Also in the environment: OPERATION
(add or remove), STRENGTH (low, medium, high or a number), SEED, STEPS (-1: the default).

A photo that fails is told and left out; then GIMP's exit status is 64 at the end.
"""
import os

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, Gio  # noqa: E402

QUIET = Gimp.RunMode.NONINTERACTIVE


def file_of(*path):
    return Gio.File.new_for_path(os.path.join(*path))


def paint(image, photo, strokes):
    """The new layer, just above the photo."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-semantic-paint")
    config = procedure.create_config()
    config.set_property("run-mode", QUIET)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [photo])
    config.set_property("strokes", strokes)
    config.set_property("concept", os.environ.get("CONCEPT", "tree"))
    config.set_property("operation", os.environ.get("OPERATION", "add"))
    config.set_property("strength", os.environ.get("STRENGTH", "high"))
    config.set_property("seed", int(os.environ.get("SEED", "0")))
    config.set_property("steps", int(os.environ.get("STEPS", "-1")))
    result = procedure.run(config)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(result.index(1))
    return result.index(1)


def edit(photos, name, strokes_name, results):
    stem = os.path.splitext(name)[0]
    image = Gimp.file_load(QUIET, file_of(photos, name))
    try:
        photo = image.get_layers()[0]
        strokes = Gimp.file_load_layer(QUIET, image, file_of(photos, strokes_name))
        image.insert_layer(strokes, None, 0)
        strokes.set_visible(False)
        paint(image, photo, strokes)
        Gimp.file_save(QUIET, image, file_of(results, stem + ".xcf"), None)
        Gimp.file_save(QUIET, image, file_of(results, stem + ".png"), None)
    finally:
        image.delete()


def edit_folder(photos, results):
    os.makedirs(results, exist_ok=True)
    failed = []
    for name in sorted(os.listdir(photos)):
        stem, kind = os.path.splitext(name)
        strokes = stem + "-strokes.png"
        if kind.lower() not in (".png", ".jpg", ".jpeg") \
                or not os.path.exists(os.path.join(photos, strokes)):
            continue
        try:
            edit(photos, name, strokes, results)
            print("%s: done" % name, flush=True)
        except Exception as error:  # the next photo may be fine
            print("%s: %s" % (name, error), flush=True)
            failed.append(name)
    if failed:
        raise RuntimeError("%d photos failed: %s" % (len(failed), ", ".join(failed)))


edit_folder(os.environ.get("PHOTOS", "photos"), os.environ.get("RESULTS", "results"))
