"""The shortest list of events that still breaks the same law."""

from host_tests.years.life import Life
from host_tests.years.run import Stage, play

SETUP = 2  # the first configuration and the first list


def breaks(seed, events, law, fork_every):
    """The broken law when these events are played on a charger of this seed, None if another or none."""
    broken = play(Stage(seed, fork_every), events)
    return broken if broken is not None and broken[0] == law else None


def recorded(seed, days, count, visits_a_day=3):
    """The first `count` events of a life."""
    found = []
    for event in Life(seed, days, visits_a_day):
        found.append(event)
        if len(found) == count:
            break
    return found


def tail_that_fails(test, events):
    """The shortest tail (the setup stays) that fails, by doubling; all events when none does."""
    head, rest = events[:SETUP], events[SETUP:]
    size = 4
    while size < len(rest):
        if test(head + rest[-size:]):
            return head + rest[-size:]
        size *= 2
    return events


def shrink(test, events, tries=400):
    """Drop events while the rest still fails (delta debugging). test(events) -> bool."""
    kept = tail_that_fails(test, events)
    size = max(1, len(kept) // 2)
    while tries > 0:
        at, dropped = 0, False
        while at < len(kept) and tries > 0:
            fewer = kept[:at] + kept[at + size :]
            tries -= 1
            if len(fewer) < len(kept) and test(fewer):
                kept, dropped = fewer, True
            else:
                at += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2)
    return kept


def shortest(seed, days, broken, visits_a_day=3, tries=400):
    """The shortest events that break the same law as `broken` (law, text, count) did."""
    law, _, count = broken
    fork_every = 1 if law == 2 else 40
    events = recorded(seed, days, count, visits_a_day)
    if not breaks(seed, events, law, fork_every):
        return events, broken

    def test(some):
        return breaks(seed, some, law, fork_every) is not None

    kept = shrink(test, events, tries)
    return kept, breaks(seed, kept, law, fork_every)
