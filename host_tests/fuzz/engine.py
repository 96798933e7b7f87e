"""Takes a case, changes it, runs it; what reaches something new is changed further.

The same seed, the same kept cases and the same code give the same cases.
"""

import random
import signal
import traceback

from host_tests.fuzz.coverage import HITS
from host_tests.fuzz.mutate import Mutator
from host_tests.fuzz.shrink import shrink
from host_tests.fuzz.tokens import Tokens
from tools.setup.places import ROOT

HANGS_S = 60  # far beyond the slowest case: a case that takes this long does not end
MOST_WORDS = 3000  # outcomes that count as something new
NEWEST = 24


class Hangs(Exception):
    """A case did not end."""


class Find:
    """A case that fails. where: (exception, file and line); text: its traceback."""

    def __init__(self, case, where, text):
        self.case = case
        self.where = where
        self.text = text


class Engine:
    """target: see targets; seed: of the dice; start: how many cases were run before with this seed."""

    def __init__(self, target, seed=1, start=0):
        self.target = target
        self.dice = random.Random("%s %d %d" % (target.name, seed, start))
        self.tokens = Tokens(HITS.tokens, target.words)
        self.mutator = Mutator(self.dice, self.tokens, target)
        self.pool = []
        self.reached = 0
        self.outcomes = set()
        self.finds = {}
        self.cases = 0

    def add(self, case):
        """Run a case that is there already, and take it into the pool, whatever it reaches."""
        self.run(case, ask=False)
        self.pool.append(case)

    def step(self):
        """Run one new case; the case if it reached something new, else None."""
        dice, pool = self.dice, self.pool
        parent = dice.choice(pool[-NEWEST:] if dice.random() < 0.3 else pool)
        case = self.mutator.changed(parent, dice.choice(pool))
        if not self.run(case):
            return None
        pool.append(case)
        return case

    def run(self, case, ask=True):
        """Run one case, and ask its slow questions where there is a reason. True when it reached something
        new."""
        self.cases += 1
        HITS.clear()
        find, words = attempt(self.target, case)
        new = find is None and self._is_new(words)
        if ask and find is None and (new or self.dice.random() < self.target.often):
            HITS.clear()
            find, words = attempt(self.target, None)
            new = (find is None and self._is_new(words or ())) or new
        if find is not None:
            find.case = case
            self.finds.setdefault(find.where, find)
        return new and find is None

    def _is_new(self, words):
        reached = HITS.seen()
        new = reached & ~self.reached
        self.reached |= reached
        before = len(self.outcomes)
        if before < MOST_WORDS:
            self.outcomes.update(words)
        return bool(new) or len(self.outcomes) > before

    @property
    def branches(self):
        """(branches reached, branches there are)."""
        return self.reached.bit_count(), len(HITS.marks)


def attempt(target, case):
    """(Find or None, the words that the case came to) of one run; case None: of its slow questions."""
    signal.alarm(HANGS_S)
    try:
        return None, target.further() if case is None else target.run(case)
    except (Exception, RecursionError) as error:
        return Find(case, place(error), traceback.format_exc()), ()
    finally:
        signal.alarm(0)


def place(error):
    """(exception, place): the innermost frame of ours, so that one fault is one find."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(str(ROOT)) and "site-packages" not in frame.filename:
            relative = frame.filename[len(str(ROOT)) + 1 :]
            return type(error).__name__, "%s:%d" % (relative, frame.lineno)
    return type(error).__name__, "?"


def smallest(target, find):
    """The find again, with the shortest case that fails in the same place."""

    def fails(case):
        again = whole(target, case)
        return again is not None and again.where == find.where

    case = shrink(fails, find.case, target.shape)
    return whole(target, case) or find


def whole(target, case):
    """The Find of a case and of the slow questions after it, None when all holds."""
    find = attempt(target, case)[0] or attempt(target, None)[0]
    if find is not None:
        find.case = case
    return find


def on_alarm(_number, _frame):
    raise Hangs("it did not end in %d s" % HANGS_S)


signal.signal(signal.SIGALRM, on_alarm)
