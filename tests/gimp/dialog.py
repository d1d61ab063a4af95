"""The dialog in a real GIMP with windows: opened, read by assistive technology, stopped, rendered,
its one undo step taken back, and opened again with what it had.

    xvfb-run -a -s "-screen 0 1280x900x24" dbus-run-session -- /usr/bin/python3 dialog.py PLUG_IN [FOLDER]

Started without a display of its own it starts itself again in that way. FOLDER receives
screenshots. Exit status 0, 1 or 77 (nothing to test with).
"""
import os
import re
import signal
import subprocess
import sys
import time

from gimp import Failed, Gimp, need, quote, skip
from harness import HEIGHT, HELPERS, WIDTH, bundled_pack, photo_pixel
from picture import write_png

WINDOW = "Semantic Paint: Background"
SECONDS = int(os.environ.get("SP_TEST_SECONDS", "30"))  # to wait for anything in a window; sanitizers want more


def start_again_with_a_display():
    need("gimp", "xvfb-run", "Xvfb", "dbus-run-session", "openbox", "xdotool", "import")
    os.environ["SP_PRIVATE_DISPLAY"] = "1"
    os.execvp("xvfb-run", ["xvfb-run", "-a", "-s", "-screen 0 1280x900x24", "dbus-run-session",
                           "--", sys.executable, *sys.argv])


def wait_for(look, what):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            found = look()
        except Exception:  # a widget went away while it was looked at
            found = None
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no %s within %d s" % (what, SECONDS))


class Screen:
    """The windows as assistive technology sees them."""

    def __init__(self, atspi, folder):
        self.atspi = atspi
        self.folder = folder

    def _all(self, node, depth=0):
        if node is None or depth > 20:
            return
        yield node
        for i in range(node.get_child_count()):
            yield from self._all(node.get_child_at_index(i), depth + 1)

    def window(self):
        desktop = self.atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(i)
            if application is None or application.get_name() != "semantic-paint":
                continue
            for j in range(application.get_child_count()):
                window = application.get_child_at_index(j)
                if window and window.get_name().startswith("Semantic Paint"):
                    return window
        return None

    def controls(self):
        return list(self._all(self.window()))

    def find(self, name, role=None):
        for node in self.controls():
            node.clear_cache()  # names change: Cancel becomes Stop
            if node.get_name() == name and (role is None or node.get_role_name() == role):
                return node
        return None

    def wait(self, name, role=None):
        return wait_for(lambda: self.find(name, role), "“%s” in the dialog" % name)

    def state(self, node, state):
        return node.get_state_set().contains(state)

    def showing(self, node):
        return node is not None and self.state(node, self.atspi.StateType.SHOWING)

    def press(self, name, role="push button"):
        node = self.wait(name, role)
        states = self.atspi.StateType.SENSITIVE, self.atspi.StateType.VISIBLE
        wait_for(lambda: all(self.state(node, state) for state in states), "ready “%s”" % name)
        node.get_action_iface().do_action(0)

    def set_number(self, name, value):
        self.wait(name).get_value_iface().set_current_value(value)

    def shot(self, name):
        if self.folder:
            os.makedirs(self.folder, exist_ok=True)
            subprocess.run(["import", "-window", "root", os.path.join(self.folder, name + ".png")],
                           check=True)


def key(*keys):
    subprocess.run(["xdotool", "key", "--clearmodifiers", *keys], check=True)


# What a person operates; each of these must say what it is.
OPERABLE = {"push button", "toggle button", "radio button", "combo box", "spin button", "slider",
            "text", "check box", "progress bar", "info bar", "list box", "drawing area"}
# Parts inside GTK's own composite widgets, whose whole is named.
EXPECTED = ["Draw", "Erase", "Restyle", "Brush", "Rubber", "Frame", "Hand", "Brush size", "Undo",
            "Redo", "Before", "Split", "Model's view", "Zoom in", "Zoom out", "Whole photo", "Photo",
            "Search concepts", "Concept", "Strength", "Low strength", "Medium strength",
            "High strength", "Example", "History", "New edit", "Change edit", "Strokes",
            "Take strokes", "Steps", "Seconds", "Render", "Model and device", "Presets", "Close",
            "Add layer"]


class Cases:
    def __init__(self, gimp, screen):
        self.gimp = gimp
        self.screen = screen
        write_png(gimp.path("photo.png"), WIDTH, HEIGHT, photo_pixel)
        gimp(HELPERS % {"photo": quote(gimp.path("photo.png")), "width": WIDTH, "height": HEIGHT,
                        "steps": 2})
        gimp("(define image (open-photo)) (define photo (photo-of image))"
             "(define strokes (usual-strokes image)) (gimp-image-clean-all image)"
             "(define display (car (gimp-display-new image)))".replace("display ", "shown "))

    def layers(self):
        return self.gimp.number("(layers image)")

    def open(self, layer="photo", button="Add layer"):
        self.gimp.send('(plug-in-semantic-paint RUN-INTERACTIVE image %s -1 "" "" "" -1 0 0 "")'
                       % layer)
        wait_for(self.screen.window, "dialog")
        self.screen.wait(button)

    def has_history(self):
        """The edit is there, selected, and previewed."""
        self.screen.wait("Draw Sky", "list item")
        self.screen.wait("50 %, example 0", "label")
        self.showing("Preview", "label")
        wait_for(self.has_one_edit, "one edit of half strength")

    def has_one_edit(self):
        strength = self.screen.find("Strength", "slider").get_value_iface().get_current_value()
        items = [node for node in self.screen.controls() if node.get_name() == "Draw Sky"
                 and node.get_role_name() == "list item"]
        return strength == 0.5 and len(items) == 1

    def apply(self, button):
        self.screen.press(button)
        self.gone()
        self.gimp.receive()

    def undo_once(self):
        subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", "GIMP",
                        "windowfocus", "--sync"], check=True, timeout=SECONDS)
        key("ctrl+z")

    def result(self):
        return self.gimp.number("(vector-ref (cadr (gimp-image-get-layers image)) 1)")

    def gone(self):
        wait_for(lambda: self.screen.window() is None, "end of the dialog")

    def showing(self, name, role=None):
        wait_for(lambda: self.screen.showing(self.screen.find(name, role)), "“%s” in sight" % name)

    def focus(self):
        subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", WINDOW,
                        "windowfocus", "--sync"], check=True, timeout=SECONDS)

    def unsuccessful(self, why="cancel"):
        try:
            self.gimp.receive()
        except Failed as failure:
            assert why in str(failure).lower(), failure

    def cancelled(self, layers=2):
        """The procedure said so, and the image is as it was."""
        self.unsuccessful()
        assert self.layers() == layers
        assert self.gimp.number("(car (gimp-image-is-dirty image))") == 0

    # ---- Cases, in this order ----

    def names(self):
        """Everything that can be operated has a name."""
        self.open()
        subprocess.run(["xdotool", "mousemove", "5", "5"], check=True)  # no tooltips
        self.screen.shot("1-opened")
        self.screen.wait("Model and device").get_action_iface().do_action(0)
        for name in EXPECTED:
            self.screen.wait(name)
        for node in self.screen.controls():
            if node.get_role_name() in OPERABLE and self.screen.showing(node):
                assert node.get_name(), "a %s has no accessible name" % node.get_role_name()
        self.screen.wait("Model and device").get_action_iface().do_action(0)

    def preview(self):
        """The stroke layer is the first edit, and is previewed."""
        self.showing("Preview", "label")
        title = self.screen.wait("Draw Sky", "list item")
        assert self.screen.showing(title)
        self.screen.shot("2-preview")

    def strength(self):
        """Another strength is another preview, and can be taken back."""
        self.screen.press("Low strength", "toggle button")
        self.screen.wait("50 %, example 0", "label")
        self.screen.press("Undo")
        self.screen.wait("100 %, example 0", "label")
        self.screen.press("Redo")
        self.screen.wait("50 %, example 0", "label")

    def stop(self):
        """Cancelling a render goes back to the preview; the image is as it was."""
        self.screen.set_number("Steps", 5000)
        self.screen.press("Render")
        self.showing("Rendering", "label")
        self.screen.shot("3-rendering")
        start = time.monotonic()
        self.screen.press("Cancel render")
        self.showing("Preview", "label")
        took = time.monotonic() - start
        assert took < 10, "stopping took %.1f s" % took
        print("    stopped after %.1f s" % took)
        self.screen.press("Render")
        self.showing("Rendering", "label")
        self.screen.press("Stop and keep the best")
        self.showing("Rendered: the best so far", "label")
        self.screen.shot("4-stopped")

    def escape(self):
        """Escape closes the dialog; nothing has happened, but the history is kept."""
        self.focus()
        key("Escape")
        self.gone()
        self.cancelled()
        kept = self.gimp("(display (cadr (gimp-image-get-parasite-list image)))")
        assert "semantic-paint-edits-" in kept, kept

    def closed_while_rendering(self):
        """Opened again the dialog has its history; closing it in the middle of a render ends that."""
        self.open()
        self.has_history()
        self.screen.shot("5-opened-again")
        self.screen.set_number("Steps", 5000)
        self.screen.press("Render")
        self.showing("Rendering", "label")
        self.screen.press("Close")
        self.gone()
        self.cancelled()

    def render(self):
        """Add layer renders, makes the layer, hides the strokes and closes the dialog."""
        self.open()
        self.has_history()
        self.screen.press("High strength", "toggle button")
        self.screen.wait("100 %, example 0", "label")
        time.sleep(1.5)  # it is kept meanwhile, which makes no step of undo
        self.screen.press("Low strength", "toggle button")
        self.has_history()
        time.sleep(1.5)
        self.screen.set_number("Steps", 2)
        self.apply("Add layer")
        assert self.layers() == 3
        assert self.gimp.number("(car (gimp-item-get-visible strokes))") == 0
        self.screen.shot("6-result")

    def undo(self):
        """One Ctrl+Z takes it all back."""
        self.undo_once()
        wait_for(lambda: self.layers() == 2, "undone layer")
        assert self.gimp.number("(car (gimp-item-get-visible strokes))") == 1
        assert self.gimp.number("(car (gimp-image-is-dirty image))") == 0, "more than one undo step"

    def replaced(self):
        """A history has one layer: the next result takes its place, in one undo step."""
        self.open()
        self.has_history()
        self.screen.set_number("Steps", 0)
        self.apply("Add layer")
        first = self.result()
        self.open(button="Replace layer")
        self.has_history()
        self.apply("Replace layer")
        assert self.layers() == 3
        assert self.result() != first
        self.undo_once()
        wait_for(lambda: self.result() == first, "the result from before")
        assert self.layers() == 3

    def of_result(self):
        """The dialog of a result is that of its photo, with the edits that its layer keeps."""
        self.gimp("(gimp-image-clean-all image)")
        self.open("%d" % self.result(), "Replace layer")
        assert self.screen.window().get_name() == WINDOW, self.screen.window().get_name()
        self.has_history()
        self.screen.press("Close")
        self.gone()
        self.cancelled(3)

    def killed(self):
        """A plug-in that is killed loses no strokes that are older than a second."""
        self.open(button="Replace layer")
        self.has_history()
        self.screen.press("High strength", "toggle button")
        self.screen.wait("100 %, example 0", "label")
        time.sleep(1.5)
        os.kill(self.plug_in_process(), signal.SIGKILL)
        self.gone()
        self.unsuccessful("failed")
        assert self.layers() == 3
        self.open(button="Replace layer")
        self.screen.wait("Draw Sky", "list item")  # its title comes with the pack, and it is selected then
        self.screen.wait("100 %, example 0", "label")
        self.screen.press("Low strength", "toggle button")
        self.has_history()
        self.screen.press("Close")
        self.gone()
        self.cancelled(3)

    def plug_in_process(self):
        """The number of the plug-in's process: a child of this test's GIMP."""
        found = []
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % number) as file:
                    name, _, rest = file.read().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if name == "semantic-paint" and int(rest.split()[1]) == self.gimp.process.pid:
                found.append(int(number))
        assert len(found) == 1, found
        return found[0]

    def through_xcf(self):
        """Saved and loaded again, the image still has strokes and history."""
        path = quote(self.gimp.path("kept.xcf"))
        self.gimp("(gimp-xcf-save 0 image photo %s %s)"
                  "(define image (car (gimp-xcf-load 0 %s %s))) (gimp-image-clean-all image)"
                  "(gimp-display-new image)"
                  "(define photo (vector-ref (cadr (gimp-image-get-layers image)) 2))"
                  % (path, path, path, path))
        self.open(button="Replace layer")
        self.has_history()
        self.screen.shot("7-through-xcf")
        self.screen.press("Close")
        self.gone()
        self.cancelled(3)

    def left_out(self):
        """Kept edits that are damaged, or of another size of the photo, are told, left out and not replaced by a look."""
        name = re.search(r"semantic-paint-edits-\d+",
                         self.gimp("(display (cadr (gimp-image-get-parasite-list image)))")).group()
        whole = "(car (gimp-image-get-parasite image %s))" % quote(name)
        self.gimp("(define kept %s) (gimp-message-set-handler CONSOLE)" % whole)
        for change in ("(gimp-image-attach-parasite image (list %s 1 \"nonsense\"))" % quote(name),
                       "(gimp-image-attach-parasite image kept) (gimp-layer-resize photo 140 120 0 0)"):
            self.gimp(change + "(gimp-image-clean-all image)")
            self.open()  # adds, and replaces nothing
            self.showing("Preview", "label")
            self.screen.wait("50 %, example 0" if "nonsense" in change else "Photo")
            self.screen.press("Close")
            self.gone()
            self.cancelled(3)
            if "nonsense" in change:
                assert "nonsense" in self.gimp("(display %s)" % whole)
        assert self.gimp.said().count("The edits from last time are left out") == 2

    def aside(self, script):
        """While the server waits for the dialog: a second GIMP hands the script to the first."""
        subprocess.run(["gimp", "-f", "-s", "-b", script], env=self.gimp.environment, check=True,
                       timeout=2 * SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def choose_look(self, name):
        combo = self.screen.wait("Look of", "combo box")
        menu = combo.get_child_at_index(0)
        names = [menu.get_child_at_index(i).get_name() for i in range(menu.get_child_count())]
        combo.get_selection_iface().select_child([n.endswith(name) for n in names].index(True))

    def closed_images(self):
        """That the image of a look was closed, or the photo's, is told, and does not end the plug-in."""
        self.gimp("(define of-look (open-photo))"
                  '(gimp-item-set-name (photo-of of-look) "autumn")'
                  "(define image (open-photo)) (define photo (photo-of image))"
                  "(define strokes (usual-strokes image)) (gimp-image-clean-all image)")
        look, image = self.gimp.number("of-look"), self.gimp.number("image")
        self.open()
        self.showing("Preview", "label")
        self.screen.press("Low strength", "toggle button")
        self.screen.wait("50 %, example 0", "label")
        self.screen.press("Restyle", "radio button")
        self.choose_look("autumn")
        self.screen.press("Change edit")
        self.screen.wait("50 %, like autumn", "label")
        self.showing("Preview", "label")
        self.aside("(gimp-image-delete %d)" % look)
        self.screen.press("High strength", "toggle button")
        gone = "The layer “%s” was removed or its image closed: open it again, or choose another."
        self.showing(gone % "autumn", "label")
        self.screen.press("Undo")
        self.screen.press("Undo")
        self.screen.wait("50 %, example 0", "label")
        self.aside("(gimp-image-delete %d)" % image)
        self.screen.set_number("Steps", 0)
        self.screen.press("Add layer")
        self.showing(gone % "Background", "label")
        self.screen.press("Close")
        self.gone()
        self.unsuccessful()

    def pack_of_edits(self):
        """Kept edits come with their pack, wherever they are kept."""
        pack = os.path.join(os.path.dirname(bundled_pack()), "rooms-128.safetensors")
        if not os.path.exists(pack):
            return
        self.gimp("(define image (open-photo)) (define photo (photo-of image))"
                  "(define strokes (usual-strokes image))"
                  '(define result (paint image photo strokes "bed" "add" "high" -1 %s))'
                  "(gimp-image-remove-layer image strokes)" % quote(pack))
        self.open("%d" % self.gimp.number("result"), "Replace layer")
        self.screen.wait("Draw Bed", "list item")
        self.showing("Preview", "label")
        self.screen.press("Low strength", "toggle button")
        self.screen.wait("50 %, example 0", "label")
        self.screen.press("Close")
        self.gone()
        self.unsuccessful()
        self.open()
        self.screen.wait("Draw Bed", "list item")
        self.screen.wait("50 %, example 0", "label")
        self.screen.press("Close")
        self.gone()
        self.unsuccessful()
        self.gimp("(gimp-image-delete image)")

    def last_values(self):
        """What the dialog did last is repeated without it."""
        self.gimp('(plug-in-semantic-paint RUN-WITH-LAST-VALS image photo -1 "" "" "" -1 0 0 "")')
        name = self.gimp("(display (car (gimp-item-get-name (vector-ref"
                         " (cadr (gimp-image-get-layers image)) 1))))")
        assert "(add, low)" in name, name
        self.gimp("(gimp-image-remove-layer image %d) (gimp-item-set-visible strokes TRUE)"
                  % self.result())


def main(plug_in, folder):
    try:
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi
    except (ImportError, ValueError):
        skip("python3-gi and gir1.2-atspi-2.0 are not installed")
    if "SP_PRIVATE_DISPLAY" not in os.environ:
        start_again_with_a_display()
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    environment = {"SEMANTIC_PAINT_PACK": bundled_pack(), "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "0"}
    screen, failed, passed = Screen(Atspi, folder), 0, 0
    try:
        with Gimp(plug_in, program="gimp", environment=environment) as gimp:
            cases = Cases(gimp, screen)
            for case in (cases.names, cases.preview, cases.strength, cases.stop, cases.escape,
                         cases.closed_while_rendering, cases.render, cases.undo,
                         cases.last_values, cases.replaced, cases.of_result, cases.killed,
                         cases.through_xcf, cases.left_out, cases.closed_images,
                         cases.pack_of_edits):
                try:
                    case()
                    passed += 1
                    print("ok - " + case.__doc__, flush=True)
                except Exception as failure:
                    failed += 1
                    print("FAILED - %s: %r" % (case.__doc__, failure), flush=True)
                    screen.shot("failed-" + case.__name__)
                    break  # the next ones build on it
    finally:
        manager.terminate()
        manager.wait()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
