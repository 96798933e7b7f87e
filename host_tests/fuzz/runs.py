"""Worker processes of the fuzzers, as the command and the tests start them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.setup.places import ROOT

TARGETS = (
    "jws",
    "config",
    "list",
    "order",
    "ack",
    "card",
    "identity",
    "mqtt",
    "record",
    "flash",
    "control",
    "intake",
)
ON_CHARGER = TARGETS[:-1]


class FuzzError(Exception):
    """A worker ended before its time; the text is its last words."""


def facts(name, seed=1, most=1 << 60, seconds=1e9, long=True):
    """Start a worker, and give what it says, one dict after the other. See worker.py."""
    words = [sys.executable, "-m", "host_tests.fuzz.worker", name]
    words += [str(seed), str(most), str(seconds), str(int(long))]
    env = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONHASHSEED="0")
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as worker:
        said, ended = [], False
        try:
            for line in worker.stdout:
                try:
                    told = json.loads(line)
                except ValueError:
                    said.append(line)
                    continue
                ended = ended or "end" in told
                yield told
        finally:
            if not ended:
                worker.kill()
    if not ended:
        raise FuzzError("%s ended with %d\n%s" % (name, worker.returncode, "".join(said[-40:])))


def again(name, path):
    """The command line that runs one case again."""
    place = Path(path)
    if place.is_relative_to(ROOT):
        place = place.relative_to(ROOT)
    return "python -m host_tests.fuzz replay %s %s" % (name, place)
