"""A real GIMP 2.10 with a profile of its own, driven through its Script-Fu server.

One GIMP serves many cases: starting one takes seconds. GIMP's exit status is 0 whatever happened,
so only answers and images count.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIP = 77
START_SECONDS = 120
CALL_SECONDS = 300
BEGIN, END = "[[", "]]"

SCRIPTS = ("script-fu.init", "script-fu-compat.init", "plug-in-compat.init")
HOST_PLUG_INS = ("script-fu", "file-png", "file-glob", "unit-editor")
EMPTY_PATHS = ("brush-path", "brush-path-writable", "pattern-path", "pattern-path-writable",
               "palette-path", "palette-path-writable", "gradient-path", "gradient-path-writable",
               "dynamics-path", "dynamics-path-writable", "tool-preset-path",
               "tool-preset-path-writable", "mypaint-brush-path", "mypaint-brush-path-writable",
               "module-path", "environ-path", "interpreter-path")


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIP)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(program + " is not installed")


def pkg_config(variable, otherwise):
    try:
        found = subprocess.run(["pkg-config", "--variable=" + variable, "gimp-2.0"],
                               capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        found = ""
    return found or otherwise


def quote(text):
    """A Scheme string."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Failed(Exception):
    """What GIMP answered to a call that failed."""


class Gimp:
    """`with Gimp(plug_in) as gimp: gimp("(display (+ 1 2))")`."""

    def __init__(self, plug_in, program="gimp-console", environment=None):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="semantic-paint-gimp-")
        self.environment = dict(os.environ, **(environment or {}))
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.socket = None
        self.process = None
        self._write_profile(plug_in)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _link(self, folder, targets):
        os.makedirs(self.path(folder))
        for target in targets:
            os.symlink(target, os.path.join(self.path(folder), os.path.basename(target)))

    def _write_profile(self, plug_in):
        libraries = pkg_config("gimplibdir", "/usr/lib/gimp/2.0")
        data = pkg_config("gimpdatadir", "/usr/share/gimp/2.0")
        self._link("plug-ins", [os.path.join(libraries, "plug-ins", name)
                                for name in HOST_PLUG_INS])
        self._link("plug-ins/semantic-paint", [os.path.abspath(plug_in)])
        self._link("scripts", [os.path.join(data, "scripts", name) for name in SCRIPTS])
        os.makedirs(self.path("profile"))
        with open(self.path("profile/gimprc"), "w") as gimprc:
            gimprc.write('(plug-in-path "%s")\n' % self.path("plug-ins"))
            gimprc.write('(script-fu-path "%s")\n' % self.path("scripts"))
            gimprc.write('(check-updates no)\n')
            for name in EMPTY_PATHS:
                gimprc.write('(%s "")\n' % name)
        self.environment["GIMP2_DIRECTORY"] = self.path("profile")
        self.environment["SEMANTIC_PAINT_CACHE"] = self.path("cache")

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        interface = ["-i", "-d"] if self.program == "gimp-console" else []
        self.process = subprocess.Popen(
            [self.program, *interface, "-f", "-s", "-b",
             '(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" %d "%s")'
             % (port, self.path("server.log"))],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, start_new_session=True)
        self._connect(port)
        return self

    def _connect(self, port):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=CALL_SECONDS)
                return
            except OSError:
                time.sleep(0.2)
        said = self.said()
        self.__exit__()
        raise Failed("GIMP did not start its Script-Fu server:\n" + said)

    def said(self):
        """What GIMP and its plug-ins wrote so far."""
        self.log.flush()
        with open(self.path("log"), errors="replace") as log:
            return log.read()

    def __exit__(self, *unused):
        if self.socket:
            self.socket.close()
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # our own session only
        if self.process:
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, script):
        data = ('(begin (display "%s") %s (display "%s"))' % (BEGIN, script, END)).encode()
        self.socket.sendall(b"G" + len(data).to_bytes(2, "big") + data)

    def receive(self):
        head = self._read(4)
        text = self._read(int.from_bytes(head[2:], "big")).decode(errors="replace")
        if head[1]:
            raise Failed(text.partition(BEGIN)[2].strip() or text.strip())
        return self._displayed(text)

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise Failed("GIMP ended:\n" + self.said())
            data += more
        return data

    def __call__(self, script):
        """The text that the script displayed; Failed with GIMP's words if it failed."""
        self.send(script)
        return self.receive()

    @staticmethod
    def _displayed(text):
        """The server appends the last expression's value to what was displayed."""
        return text.partition(BEGIN)[2].rpartition(END)[0].strip()

    def number(self, script):
        return int(float(self("(display %s)" % script)))
