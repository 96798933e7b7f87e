"""Lives the life once and cuts a fork of it at every flash operation. Run by __main__.py.

    worker.py JOBS EVERY FIRST ONLY TWICE PLANTED MODE...

JOBS forks at a time; every EVERY-th operation from FIRST on, or only operation ONLY when it is not -1.
TWICE: 0, or every so many operations of the boot after a cut another cut, in a fork of the fork. PLANTED: 1 for a volume whose writes are not whole.
Says one JSON line for each operation, each violation, and the end.
"""

import io
import json
import sys

from hal.mock.flash import Flash
from hal.mock.volume import PowerCut
from host_tests.flash.memory import erased
from host_tests.sweep import forks
from host_tests.sweep.life import BLOCKS, Life
from host_tests.sweep.steps import UNCUT

LIMIT_S = 120


class CuttingFlash(Flash):
    """Asks `at_operation(kind)` at every program and erase whether, and how, the power goes."""

    at_operation = None

    def _begin(self, kind, block):
        super()._begin(kind, block)
        mode = self.at_operation(kind) if self.at_operation is not None else ""
        if mode:
            self.dead = True
        return mode


class Sweep:
    """Forks at operations. In a fork `where` tells where its power went, in the first process ""."""

    def __init__(self, jobs, every, first, only, twice, modes):
        self.jobs = jobs
        self.every = every
        self.first = first
        self.only = only
        self.twice = twice
        self.modes = modes
        self.step = ""
        self.where = ""
        self.number = -1
        self.variant = 0
        self.running = {}
        self.cuts = self.failed = 0

    def on_step(self, name):
        self.step = name

    def cut_life(self, kind):
        """The hook while the life is lived."""
        self.number += 1
        number = self.number
        chosen = number >= self.first and (number - self.first) % self.every == 0
        if self.only >= 0:
            chosen = number == self.only
        chosen = chosen and not self.step.startswith(UNCUT)
        if chosen:
            self.variant = number // self.every
            for mode in self.modes:
                if self.fork("%d %s" % (number, mode)):
                    self.number = -1
                    return mode
        say({"op": number, "step": self.step, "kind": kind, "cut": chosen})
        return ""

    def cut_boot(self, kind):
        """The hook while a fork boots again."""
        self.number += 1
        if self.number % self.twice == self.variant % self.twice:
            if self.fork("%s, then %d torn" % (self.where, self.number)):
                return "torn"
        return ""

    def fork(self, where):
        """Whether this is the fork."""
        while len(self.running) >= self.jobs:
            self.reap()
        process = forks.fork()
        if process:
            self.running[process] = where
            self.cuts += 1
            return False
        forks.limit(LIMIT_S)
        self.where = where
        self.running = {}
        self.jobs = 1
        self.cuts = self.failed = 0
        return True

    def reap(self):
        process, status = forks.wait()
        where = self.running.pop(process, "?")
        if status:
            self.failed += 1
            if status != 1 << 8:
                self.complain(where, "the fork ended with status %d (14: it hung)" % status)

    def reap_all(self):
        while self.running:
            self.reap()

    def complain(self, where, error):
        say({"violation": where, "step": self.step, "error": error})


def say(facts):
    forks.say(json.dumps(facts))


def trace(error):
    if hasattr(sys, "print_exception"):
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    import traceback

    return "".join(traceback.format_exception(error, chain=False))


def live_on(sweep, life):
    """In a fork: boot and live on; again if the power is cut in that boot too."""
    code = 0
    try:
        while True:
            life.flash.at_operation = None
            if sweep.twice and "then" not in sweep.where:
                life.flash.at_operation = sweep.cut_boot
            try:
                life.recover(sweep.variant, life.flash)
                break
            except PowerCut:
                pass
        sweep.reap_all()
        assert not life.flash.violations, "a cell was programmed twice"
        if sweep.cuts:
            say({"more": sweep.cuts, "step": sweep.step})
        if sweep.failed:
            code = 1
    except BaseException as error:
        sweep.complain(sweep.where, trace(error))
        code = 1
    forks.leave(code)


def main(jobs, every, first, only, twice, planted, modes):
    sweep = Sweep(jobs, every, first, only, twice, modes)
    flash = CuttingFlash(memory=erased(BLOCKS * 4096), per_block=False)
    life = Life(flash, planted == 1)
    flash.at_operation = sweep.cut_life
    try:
        life.live(sweep.on_step)
        flash.at_operation = None
        life.close()
    except PowerCut:
        live_on(sweep, life)
    except Exception as error:
        sweep.complain("without a cut", trace(error))
        sweep.failed += 1
    if sweep.where:  # a fork whose PowerCut was swallowed
        sweep.complain(sweep.where, "the charger went on without power")
        forks.leave(1)
    sweep.reap_all()
    say({"end": sweep.number + 1, "cuts": sweep.cuts, "failed": sweep.failed})


main(*[int(word) for word in sys.argv[1:7]], modes=sys.argv[7:])
