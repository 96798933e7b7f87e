"""Programs of the desk that run under CPython and MicroPython alike."""

import os
import sys

from host_tests.micropython.sources import charger_tree, test_tree
from tools.setup.places import ROOT


def command(path, interpreter=None, heap="4M"):
    """(command, environment) that runs the source file `path`; arguments go behind it.

    interpreter: tools.setup.Interpreter, None for CPython. The programs hold a world and a service
    beside the charger, so the heap is not a board's.
    """
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if interpreter is None:
        return [sys.executable, "-m", module], dict(os.environ, PYTHONPATH=str(ROOT))
    charger, (top, folder) = charger_tree(), test_tree(path)
    where = ":".join((str(top), str(folder), str(charger), str(charger / "lib"), ".frozen"))
    run = [str(interpreter.path), "-X", "heapsize=" + heap, "-m", module]
    return run, dict(os.environ, MICROPYPATH=where)
