"""A part of the power-cut sweep in every test run; `make sweep` does all of it."""

import subprocess
import sys

from host_tests.sweep.__main__ import lines
from tools.setup.places import ROOT

MODES = ("before", "torn", "garbage", "after")


def swept(interpreter, every, twice=0):
    """(operations of the life, cuts) of a sweep that broke no law."""
    facts = list(lines(interpreter, 1, every, 3, -1, twice, MODES))
    broken = ["%(violation)s, %(step)s\n%(error)s" % one for one in facts if "violation" in one]
    assert not broken, "\n".join(broken[:2])
    assert facts[-1]["cuts"] >= 12
    return facts[-1]["end"], facts[-1]["cuts"]


def test_nothing_is_lost_by_a_cut():
    swept(None, 41)


def test_nothing_is_lost_by_a_second_cut_in_the_boot_after_it():
    swept(None, 101, twice=9)


def test_a_volume_whose_writes_are_not_whole_is_found_out():
    facts = list(lines(None, 1, 9, 0, -1, 0, ("torn",), planted=1))
    steps = {one["step"] for one in facts if "violation" in one}
    assert {"config in a session"} <= steps, steps


def test_nothing_is_lost_by_a_cut_under_micropython(micropython):
    operations, _ = swept(micropython, 211)
    here = list(lines(None, 1, 1, 1 << 30, -1, 0, MODES))[-1]["end"]
    assert operations == here, "the same life makes the same flash operations everywhere"


def test_the_command_tells_cut_points_and_ends_with_its_code():
    words = [sys.executable, "-m", "host_tests.sweep", "--only", "40", "--mode", "torn"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "1 cut points" in done.stdout, done.stdout + done.stderr
    done = subprocess.run([*words, "--mode", "x"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "--mode" in done.stdout
