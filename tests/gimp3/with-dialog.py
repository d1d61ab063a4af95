"""Within GIMP 3 with windows: calls the plug-in as its menu does, twice, and once more when the image was saved and
loaded; tests/gimp3/dialog answers it.

Writes a line for each call to $SP_REPORT: the status, how many layers the image has then, and whether it is dirty.
"""
import os

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

Gegl.init(None)
image = Gimp.Image.new(144, 128, Gimp.ImageBaseType.RGB)
photo = Gimp.Layer.new(image, "Background", 144, 128, Gimp.ImageType.RGB_IMAGE, 100,
                       Gimp.LayerMode.NORMAL)
image.insert_layer(photo, None, 0)
photo.fill(Gimp.FillType.WHITE)
strokes = Gimp.Layer.new(image, "strokes", 144, 128, Gimp.ImageType.RGBA_IMAGE, 100,
                         Gimp.LayerMode.NORMAL)
image.insert_layer(strokes, None, 0)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 60, 40, 40)
strokes.edit_fill(Gimp.FillType.FOREGROUND)
Gimp.Selection.none(image)
image.clean_all()
Gimp.Display.new(image)
procedure = Gimp.get_pdb().lookup_procedure("plug-in-semantic-paint")


def call(image, photo):
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [photo])
    status = procedure.run(config).index(0)
    with open(os.environ["SP_REPORT"], "a") as report:
        report.write("%s %d %s\n" % (status.value_nick, len(image.get_layers()),
                                     "dirty" if image.is_dirty() else "clean"))


call(image, photo)
call(image, photo)
saved = Gio.File.new_for_path(os.environ["SP_REPORT"] + ".xcf")
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, saved, None)
loaded = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, saved)
loaded.clean_all()
Gimp.Display.new(loaded)
call(loaded, loaded.get_layers()[-1])
