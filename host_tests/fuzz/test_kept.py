"""Every kept case, and so every find there ever was, under CPython and both MicroPythons."""

import json
import subprocess

import pytest

from host_tests.flash.programs import command
from host_tests.fuzz import corpus
from host_tests.fuzz.runs import ON_CHARGER, TARGETS
from host_tests.micropython.collect import need
from host_tests.micropython.run import with_source
from tools.setup.places import ROOT

REPLAY = ROOT / "host_tests" / "fuzz" / "replay.py"
LIMIT_S = 300


def ran(name, interpreter, tmp_path):
    """{case's name: what it came to} of the kept cases; fails with the traceback of the first that fails."""
    kept = corpus.kept(name)
    pack = tmp_path / "cases"
    pack.write_bytes(b"".join(b"%d\n%s" % (len(case), case) for _, case in kept))
    words, env = command(REPLAY, interpreter, heap="1M")
    words += [name, str(pack)]
    done = subprocess.run(
        words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=LIMIT_S
    )
    lines = done.stdout.splitlines()
    assert lines and lines[-1] == "ran %d" % len(kept), with_source(
        done.stdout[-500:] + done.stderr[-3000:]
    )
    found = {}
    for line in lines[:-1]:
        number, _, text = line.partition(" ")
        case = kept[int(number)]
        if text.startswith("fails "):
            pytest.fail("%s\n%r\n%s" % (case[0], case[1], with_source(json.loads(text[6:]))))
        found[case[0]] = json.loads(text)
    return found


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_kept_holds(name, tmp_path):
    assert len(ran(name, None, tmp_path)) >= 10, "there are too few kept cases"


@pytest.mark.parametrize("interpreter", ["mp64", "mp32"])
@pytest.mark.parametrize("name", ON_CHARGER)
def test_what_is_kept_holds_in_a_charger(name, interpreter, tmp_path):
    ran(name, need(interpreter), tmp_path)
