"""The fuzzer finds what is planted, makes it small, and says how to see it again."""

import random
import subprocess
import sys

from host_tests.fuzz import corpus
from host_tests.fuzz.engine import Engine, place, smallest
from host_tests.fuzz.runs import TARGETS, again
from host_tests.fuzz.shrink import shrink
from host_tests.fuzz.targets import Target
from tools.setup.places import ROOT


class Planted(Target):
    """Fails for a deep member, and in another place for a line that comes twice."""

    name = "planted"
    shape = "lines"
    words = ("deep", "limit", 4711)
    lines = (b"once",)

    def seeds(self):
        return [b'config {"a":{"b":1}}']

    def run(self, case):
        if b'"limit": 4711' in case:
            raise KeyError("limit")
        assert case.count(b"once") < 2, "twice"
        return ["%d lines" % case.count(b"\n")]


def test_what_is_planted_is_found_small():
    engine = Engine(Planted(), seed=3)
    engine.add(Planted().seeds()[0])
    for _ in range(60000):
        engine.step()
        if len(engine.finds) == 2:
            break
    small = [smallest(engine.target, find) for find in engine.finds.values()]
    cases = sorted(find.case for find in small)
    assert cases == [b'"limit": 4711', b"onceonce"]
    assert all(where[1].startswith("host_tests/fuzz/test_fuzzer.py:") for where in engine.finds)


def test_the_same_seed_makes_the_same_cases():
    def made(seed):
        engine = Engine(Planted(), seed=seed)
        engine.add(Planted().seeds()[0])
        for _ in range(300):
            engine.step()
        return engine.pool, random.Random(0).random()

    assert made(5) == made(5) and made(5) != made(6)


def test_shrinking_keeps_what_fails():
    case = b"a\nb the one\nc" + b"d" * 500
    assert shrink(lambda some: b"the one" in some, case, "lines") == b"the one"
    assert shrink(lambda some: some.count(b"d") > 3, case, "bytes") == b"dddd"


def test_an_error_is_named_by_its_innermost_place_of_ours():
    try:
        random.Random().choice([])
    except IndexError as error:
        name, where = place(error)
    assert name == "IndexError" and where.startswith("host_tests/fuzz/test_fuzzer.py:")


def test_every_parser_has_kept_cases_and_they_are_small():
    for name in TARGETS:
        kept = corpus.kept(name)
        assert len(kept) >= 10, name
        assert sum(len(case) for _, case in kept) < 150_000, name
        for label, case in kept:
            assert label in (corpus.name_of(case), corpus.FIND + corpus.name_of(case)), label


def test_the_command_line_replays_and_says_what_there_is():
    name, _ = corpus.kept("identity")[0]
    words = again("identity", corpus.KEPT / "identity" / name).split(" ")
    done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "holds" in done.stdout, done.stdout + done.stderr
    words = [sys.executable, "-m", "host_tests.fuzz", "--target", "x"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "there are jws" in done.stdout.replace("\n", " ")
