"""A life inside MicroPython, started from the desk."""

import json
import os
import subprocess
import tempfile

from host_tests.micropython.run import with_source
from host_tests.micropython.sources import charger_tree, test_tree
from tools.setup import interpreters
from tools.setup.errors import NotHad
from tools.setup.places import ROOT

MARK = "@@"
HEAP_KIB = {32: 1024, 64: 2048}  # the world, the service and the oracle live in the same heap
HERE = ROOT / "host_tests" / "years" / "inside.py"


def live(bits, seed, days, visits_a_day, limit_s=900):
    """One life under the MicroPython of that word size: (figures, None or the broken law)."""
    for one in interpreters():
        if one.word_bits == bits:
            break
    else:
        raise NotHad("no MicroPython with %d-bit words: run `make setup`" % bits)
    charger, (top, folder) = charger_tree(), test_tree(HERE)
    where = [str(folder), str(top), str(charger), str(charger / "lib"), ".frozen"]
    env = dict(os.environ, MICROPYPATH=":".join(dict.fromkeys(where)))
    command = [one.path, "-X", "heapsize=%dK" % HEAP_KIB[bits], "-m", "inside"]
    command += [str(seed), str(days), str(visits_a_day)]
    with tempfile.TemporaryDirectory() as cwd:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit_s, env=env, cwd=cwd, check=False
        )
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            figures, broken = json.loads(line[len(MARK) :])
            return figures, broken and tuple(broken)
    return {}, (0, with_source(done.stderr[-3000:] or done.stdout[-3000:]), 0)
