"""Within GIMP 3 with windows: calls the plug-in twice as its menu does; tests/gimp3/dialog answers it.

Writes a line for each call to $SP_REPORT: the status, and how many layers the image has then.
"""
import os

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402

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
Gimp.Display.new(image)
procedure = Gimp.get_pdb().lookup_procedure("plug-in-semantic-paint")
for _ in range(2):
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [photo])
    status = procedure.run(config).index(0)
    with open(os.environ["SP_REPORT"], "a") as report:
        report.write("%s %d\n" % (status.value_nick, len(image.get_layers())))
