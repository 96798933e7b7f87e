"""Fuzzes one target in a process of its own: the code under test is marked before it is imported.

    worker.py TARGET SEED MOST_CASES SECONDS LONG

Runs as many new cases as the target asks for at least, then goes on until MOST_CASES (since the beginning
of this seed) or SECONDS are over. LONG: 1 for a run that begins with what earlier ones have found, and
keeps what it finds, in .build/fuzz. A case that fails is kept in the corpus, always. One JSON line a second
and one for each find.
"""

import importlib
import json
import os
import sys
import time

from host_tests.fuzz import corpus
from host_tests.fuzz.coverage import follow
from host_tests.fuzz.runs import again

BEAT_S = 1.0
LONGEST_KEPT = 4000


def load(name, marked=True):
    """The Target of this name; with marks in the code under test, if nothing of it is imported yet."""
    place = "host_tests.fuzz.targets." + name
    if marked:
        follow(PACKAGES)
    return importlib.import_module(place).make()


PACKAGES = (
    "agent",
    "firmware",
    "boards.sim.control",
    "boards.sim.commands",
    "hal.volume",
    "tools.cloud",
)


def say(**facts):
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def fuzz(name, seed, most, seconds, long):
    """See above."""
    target = load(name)
    from host_tests.fuzz.engine import (
        Engine,
        smallest,
    )  # after the marks: it names the target's errors

    done = corpus.progress(name, seed) if long else 0
    engine = Engine(target, seed, done)
    known = dict(corpus.kept(name))
    if long:
        known.update(corpus.worked(name))
    start = [*target.seeds(), *known.values()]
    for case in start:
        engine.add(case)
    told = set()
    first, engine.cases = engine.cases, 0
    began = beat = time.monotonic()

    def report():
        now = time.monotonic()
        for where, find in list(engine.finds.items()):
            if where not in told:
                told.add(where)
                small = smallest(target, find)
                path = corpus.save_find(name, small.case)
                say(find=list(where), text=small.text, again=again(name, path))
        reached, there = engine.branches
        say(
            cases=done + engine.cases,
            new=engine.cases,
            rate=engine.cases / max(1e-9, now - began),
            pool=len(engine.pool),
            kept=first,
            reached=reached,
            branches=there,
            finds=len(engine.finds),
        )
        if long:
            corpus.save_progress(name, seed, done + engine.cases)

    report()
    while done + engine.cases < most:
        now = time.monotonic()
        if engine.cases >= target.least and now - began >= seconds:
            break
        if now - beat >= BEAT_S:
            beat = now
            report()
        for _ in range(20):
            case = engine.step()
            if case is not None and long:
                corpus.save_work(name, case)
    report()
    say(end=True)


def distilled(name, most):
    """The cases that together reach what all known ones do, the shortest first; at most `most`."""
    target = load(name)
    from host_tests.fuzz.coverage import HITS
    from host_tests.fuzz.engine import attempt

    cases = [*target.seeds(), *dict([*corpus.kept(name), *corpus.worked(name)]).values()]
    reach = {}
    for case in sorted(set(cases), key=lambda case: (len(case), case)):
        HITS.clear()
        find, words = attempt(target, case)
        if find is None and len(case) <= LONGEST_KEPT:
            reach[case] = (HITS.seen(), frozenset(words))
    chosen, seen, said = [], 0, set()
    while len(chosen) < most:
        best = max(
            reach,
            key=lambda c: 4 * (reach[c][0] & ~seen).bit_count() + len(reach[c][1] - said),
            default=None,
        )
        if best is None or not (reach[best][0] & ~seen or reach[best][1] - said):
            break
        chosen.append(best)
        seen |= reach[best][0]
        said |= reach[best][1]
        del reach[best]
    return chosen


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "150")
    words = sys.argv[1:]
    fuzz(words[0], int(words[1]), int(words[2]), float(words[3]), words[4] == "1")
