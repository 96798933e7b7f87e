"""Charger-years in a few seconds, and a little of the same under both MicroPythons."""

import re
import subprocess
import sys

import pytest

from host_tests.micropython.collect import in_ci, need
from host_tests.years import micropython as upy
from host_tests.years.__main__ import command_of
from host_tests.years.life import Life
from host_tests.years.run import live
from host_tests.years.shrink import shrink
from tools.setup.places import ROOT

VISITS = 7
DAYS = 55
SEEDS = range(501, 503 if in_ci() else 511)  # in CI five whole years are lived below


@pytest.mark.parametrize("seed", SEEDS)
def test_no_law_is_broken(seed):
    figures, broken = live(seed, DAYS, visits_a_day=VISITS)
    again = command_of(seed, DAYS, 0)
    assert broken is None, "seed %d: law %s: %s\n%s" % (seed, broken[0], broken[1], again)
    assert figures["sessions"] > 30 and figures["cuts"] > 10, figures


@pytest.mark.parametrize("name", ["mp64", "mp32"])
def test_no_law_is_broken_under_micropython(name):
    one = need(name)
    figures, broken = upy.live(one.word_bits, 601, 12, VISITS)
    assert broken is None, "law %s: %s" % (broken[0], broken[1])
    assert figures["sessions"] > 8, figures


def test_both_interpreters_live_the_same_life():
    here, _ = live(602, 8, visits_a_day=VISITS)
    there, broken = upy.live(need("mp64").word_bits, 602, 8, VISITS)
    assert broken is None, broken
    there.pop("heap")
    assert there == here


def test_a_seed_is_a_life():
    assert list(Life(7, 20)) == list(Life(7, 20))
    assert list(Life(7, 20)) != list(Life(8, 20))


def test_shrinking_keeps_what_fails():
    events = [[0, "config", i] for i in range(300)]
    kept = shrink(lambda some: {41, 270} <= {e[2] for e in some}, events)
    assert [e[2] for e in kept] == [41, 270]


def test_whole_half_years_break_no_law():
    """Five charger-years in CI, as `make years` lives them; one of them on a desk."""
    years = 5 if in_ci() else 1
    words = [sys.executable, "-m", "host_tests.years", "--years", str(years), "--seed", "1001"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    print(done.stdout[-3000:])
    sessions = int(re.search(r"│ sessions +│ +([\d,]+)", done.stdout)[1].replace(",", ""))
    assert sessions >= 1000 * years, done.stdout


def test_the_command_line_says_how_to_play_it_again():
    done = subprocess.run(
        [sys.executable, "-m", "host_tests.years", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--replay" in done.stdout
    assert command_of(5, 30, 32).endswith("--replay 5 --days 30 --micropython 32")
