"""Runs test functions inside MicroPython: `micropython -m upy_runner MODULE NAME...`.

Prints a JSON line, marked with @@, before and after each test; the desk's side is run.py.
"""

import gc
import io
import json
import sys

if hasattr(gc, "threshold"):
    gc.threshold(4096)  # as firmware/boot.py does
try:
    # The charger's code in ROM, as in the simulator and on a board: a board's heap is for what it makes.
    import rom

    rom.mount(sys.path[-1] + "/image.romfs", sys.path[:-2])
except ImportError:
    pass

MARK = "@@"


def say(facts):
    print(MARK + json.dumps(facts))


def trace(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


def main(module, names):
    try:
        tests = __import__(module)
    except BaseException as error:
        say({"test": "", "result": "failed", "error": trace(error)})
        return
    for name in names:
        gc.collect()
        say({"test": name, "result": "started", "error": ""})
        result, text = "passed", ""
        try:
            getattr(tests, name)()
        except BaseException as error:
            result, text = "failed", trace(error)
        say({"test": name, "result": result, "error": text, "heap": gc.mem_alloc()})


main(sys.argv[1], sys.argv[2:])
