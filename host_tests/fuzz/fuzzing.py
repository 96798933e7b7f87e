"""A part of the fuzzing in every test run: a minute a parser in CI, a few seconds on a desk.

Time only says how many cases are run; at least so many are run as the target asks for. A desk rolls the
same dice every time, CI others each time: what fails is kept as a file, so it is the same again anyway.
"""

import random

from host_tests.fuzz.runs import facts
from host_tests.micropython.collect import in_ci

CI_S = 60
DESK_S = 2


def holds(name):
    """Fuzz a parser for a while; AssertionError tells what failed, with the command that runs it again."""
    seed = random.SystemRandom().randrange(1, 1 << 30) if in_ci() else 1
    seconds = CI_S if in_ci() else DESK_S
    told = list(facts(name, seed, seconds=seconds, long=False))
    finds = [one for one in told if "find" in one]
    last = [one for one in told if "cases" in one][-1]
    print("seed {0}: {cases} cases, {reached} of {branches} branches".format(seed, **last))
    words = [
        "%s at %s\n%s\nagain: %s" % (*find["find"], find["text"], find["again"]) for find in finds
    ]
    assert not finds, "\n".join(words)
    assert last["reached"] > 0, "nothing was marked: the fuzzer is blind"
