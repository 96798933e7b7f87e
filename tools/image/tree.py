"""Gather the charger's modules and lay compiled trees out in the file system."""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import time
from pathlib import Path

from mpremote.romfs import make_romfs

from tools.image.compiler import CompileError, compiled, compiler_id
from tools.setup.places import BUILD, ROOT, UMQTT

ROM = "image.romfs"
TREES = BUILD / "trees"
OLD_S = 24 * 3600


def package_sources(folder):
    """Sources of a package: {import path like "agent/charger.py": bytes}, sorted by path."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "__pycache__" not in path.parts:
            found[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return found


def umqtt_sources():
    """umqtt.simple as the charger imports it, below lib/."""
    return {"lib/umqtt/__init__.py": b"", "lib/umqtt/simple.py": UMQTT.read_bytes()}


def digest(sources, salt=""):
    """Names a set of sources, compiler included: 24 hex digits."""
    state = hashlib.sha256(("%s\0%s" % (compiler_id(), salt)).encode())
    for path in sorted(sources):
        state.update(b"%s\0%d\0" % (path.encode(), len(sources[path])))
        state.update(sources[path])
    return state.hexdigest()[:24]


def lay(sources, folder, names=None, late=False):
    """Compile every source into `folder`, layout = import layout. Returns {path.mpy: size}.

    `names` maps a path to the file name that its tracebacks show, where it is another. With `late`,
    a source that does not compile becomes a module that says so when it is imported; else
    CompileError.
    """
    sizes = {}
    for path in sorted(sources):
        name = (names or {}).get(path, path)
        try:
            code = compiled(sources[path], name)
        except CompileError as error:
            if not late:
                raise
            code = compiled(b"raise SyntaxError(%a)\n" % str(error).splitlines()[-1], name)
        target = folder / (path[: -len(".py")] + ".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(code)
        sizes[target.relative_to(folder).as_posix()] = len(code)
    return sizes


def romfs(folder):
    """The files of a folder as a ROMFS image: bytes. Code in it runs from where it lies."""
    with contextlib.redirect_stdout(io.StringIO()):  # it lists what it packs
        return make_romfs(str(folder), mpy_cross=False)


def tree(sources, names=None, rom=False):
    """A compiled tree of these sources in .build/trees, made once for equal sources.

    rom: with a ROMFS image of it in `image.romfs`.
    For tests: a source that does not compile fails only the tests that import it.
    """
    place = TREES / digest(sources, ROM if rom else "")
    try:
        os.utime(place)
        return place
    except OSError:
        pass
    TREES.mkdir(parents=True, exist_ok=True)
    forget_old()
    part = Path(tempfile.mkdtemp(dir=TREES, prefix="part-"))
    lay(sources, part, names, late=True)
    if rom:
        (part / ROM).write_bytes(romfs(part))
    try:
        os.rename(part, place)
    except OSError:
        # another run made the same tree meanwhile
        shutil.rmtree(part, ignore_errors=True)
    return place


def forget_old():
    """Remove trees that nobody made or asked for in the last day."""
    for path in TREES.iterdir():
        if time.time() - path.stat().st_mtime > OLD_S:
            shutil.rmtree(path, ignore_errors=True)
