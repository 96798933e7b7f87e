"""A part of the fuzzing in every test run: thirty seconds a parser in CI, two on a desk.

Time only says how many cases are run; at least so many are run as the target asks for. The dice are the same
every time: a change is judged by itself, and new dice are for `make fuzz`.
"""

from host_tests.fuzz.runs import facts
from host_tests.micropython.collect import in_ci

CI_S = 30
DESK_S = 2
SEED = 1


def holds(name):
    """Fuzz a parser for a while; AssertionError tells what failed, with the command that runs it again."""
    seconds = CI_S if in_ci() else DESK_S
    told = list(facts(name, SEED, seconds=seconds, long=False))
    finds = [one for one in told if "find" in one]
    last = [one for one in told if "cases" in one][-1]
    print("seed {0}: {cases} cases, {reached} of {branches} branches".format(SEED, **last))
    words = [
        "%s at %s\n%s\nagain: %s" % (*find["find"], find["text"], find["again"]) for find in finds
    ]
    assert not finds, "\n".join(words)
    assert last["reached"] > 0, "nothing was marked: the fuzzer is blind"
