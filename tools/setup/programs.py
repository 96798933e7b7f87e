"""The programs that are fetched: two MicroPythons and mosquitto."""

import os
import platform
import shutil
import threading

from tools.setup import debian
from tools.setup.errors import NotHad
from tools.setup.interpreters import probe
from tools.setup.places import BIN, DEPS, facts

# suites in the order they are tried; a mirror in mid-sync may have one of them unusable for a day
SUITES_64 = ("trixie", "forky")
SUITES_32 = ("forky", "sid", "trixie")
# the architecture whose programs this one also runs, with words half as long
NARROW = {"amd64": "i386", "arm64": "armhf"}

ADVICE = {
    "Darwin": "on macOS, `brew install micropython` gives the 64-bit one",
    "Windows": "on Windows, run inside WSL with Debian",
    "Linux": "put a micropython of 1.25 or newer on PATH",
}

_updating = threading.Lock()
_suites = {}


def suite(name, arch):
    """The suite with its index fetched once a run; NotHad again when it was not had before."""
    with _updating:
        key = (name, arch)
        entry = _suites.setdefault(key, {"lock": threading.Lock(), "suite": None, "why": None})
    with entry["lock"]:
        if entry["why"] is not None:
            raise NotHad(entry["why"])
        if entry["suite"] is None:
            found = debian.Suite(name, arch)
            try:
                found.update()
            except NotHad as error:
                entry["why"] = str(error)
                raise
            entry["suite"] = found
        return entry["suite"]


def from_debian(package, program, name, arch, suites, tried):
    """Unpack `package` of the first suite that works and return `tried(wrapper)`.

    `tried` runs the program and raises NotHad when it is not what is wanted.
    """
    reasons = []
    for suite_name in suites:
        root = DEPS / "debian" / ("%s-%s-%s" % (package, suite_name, arch))
        try:
            if not root.exists():
                suite(suite_name, arch).unpack(package, root)
            return tried(debian.wrapper(name, root, program))
        except NotHad as error:
            reasons.append(str(error))
            shutil.rmtree(root, ignore_errors=True)
    raise NotHad("; ".join(dict.fromkeys(reasons)))


def advice():
    """What a person on this platform can do."""
    return ADVICE.get(platform.system(), ADVICE["Linux"])


def link(name, path):
    """Make .deps/bin/<name> run the program at `path`."""
    BIN.mkdir(parents=True, exist_ok=True)
    part = BIN / (name + ".part")
    part.unlink(missing_ok=True)
    os.symlink(path, part)
    part.rename(BIN / name)
    return BIN / name


def micropython64():
    """MicroPython with 64-bit words: from PATH when new enough, else Debian's."""
    at_least = facts()["micropython_min"]
    why = ""
    on_path = shutil.which("micropython")
    if on_path:
        try:
            probe("mp64", on_path, 64, at_least)
            return probe("mp64", link("micropython64", on_path), 64, at_least)
        except NotHad as error:
            why = "micropython on PATH: %s; " % error
    try:
        arch = debian.architecture()
        return from_debian(
            "micropython",
            "usr/bin/micropython",
            "micropython64",
            arch,
            SUITES_64,
            lambda path: probe("mp64", path, 64, at_least),
        )
    except NotHad as error:
        raise NotHad("%s%s; %s" % (why, error, advice())) from error


def micropython32():
    """MicroPython with a board's 32-bit words: from PATH as micropython32, else Debian's."""
    at_least = facts()["micropython_min"]
    on_path = shutil.which("micropython32")
    try:
        if on_path:
            probe("mp32", on_path, 32, at_least)
            return probe("mp32", link("micropython32", on_path), 32, at_least)
        arch = debian.architecture()
        if arch not in NARROW:
            raise NotHad("no 32-bit programs are known to run on %s" % arch)
        return from_debian(
            "micropython",
            "usr/bin/micropython",
            "micropython32",
            NARROW[arch],
            SUITES_32,
            lambda path: probe("mp32", path, 32, at_least),
        )
    except NotHad as error:
        text = "%s; a build of MicroPython's unix port with 32-bit words may be put on PATH"
        raise NotHad((text + " as micropython32") % error) from error


def mosquitto():
    """The mosquitto broker: from PATH, else Debian's. Returns its path as text."""
    places = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/usr/local/sbin"
    on_path = shutil.which("mosquitto", path=places)
    if on_path:
        return str(link("mosquitto", on_path))

    def tried(path):
        # `-h` prints the version and ends with 3
        said = debian.run([str(path), "-h"])
        if not said.stdout.startswith("mosquitto version"):
            raise NotHad("mosquitto does not run here: %s" % said.stderr.strip()[-200:])
        return str(path)

    try:
        arch = debian.architecture()
        return from_debian("mosquitto", "usr/sbin/mosquitto", "mosquitto", arch, SUITES_64, tried)
    except NotHad as error:
        raise NotHad("%s; install mosquitto to test against it too" % error) from error
