"""The power goes in every change of the volume while a list is updated: the old or the new one stands."""

import sys

from hal.mock.volume import CUT_MODES, MemoryVolume, PowerCut
from host_tests.lists.changing import Changing, updates

EVERY = 1 if sys.implementation.name == "cpython" else 4


def each():
    """(what swaps, Changing, a volume as it is before the update)"""
    volume = MemoryVolume(1 << 20)
    before = {}
    for version, (what, cards, whole) in enumerate(updates(), 1):
        change = Changing(version, before, cards, whole)
        yield what, change, volume.copy()
        bench = change.booted(volume)
        change.send(bench)
        change.holds(bench, True)
        before = cards


def test_law_8_a_cut_in_any_update_leaves_the_old_or_the_new_list():
    for what, change, volume in each():
        resumed = set()
        operation = 0
        went = True
        while went:
            for mode in CUT_MODES:
                cut = volume.copy()
                went = change.cut(cut, operation, mode)
                resumed.add(change.lives_on(cut) if went else 0)
            operation += EVERY
        assert operation > 8, what
        if len(change.messages) > 1 and EVERY == 1:
            # it went on from every part that could be the next
            assert resumed >= set(range(1, len(change.messages) + 1)), (what, resumed)


def test_law_8_a_second_cut_after_the_first():
    for _, change, volume in each():
        for operation in range(1, 20, 3 * EVERY):
            once = volume.copy()
            if not change.cut(once, operation, "torn"):
                break
            for second in range(0, 12, EVERY):
                twice = once.copy()
                bench = change.booted(twice)
                told = bench.status["list"]
                first = told["waits"]["part"] if "waits" in told else 1
                if told["version"] == change.version or first is None:
                    break
                twice.cut_after(second, "torn")
                try:
                    change.send(bench, first)
                except PowerCut:
                    pass
                twice.revive()
                change.lives_on(twice)


def test_what_is_swapped_is_what_was_meant():
    """The updates do reach an overlay, a new base, and a base that leaves an overlay without meaning."""
    seen = []
    for _, change, volume in each():
        bench = change.booted(volume)
        change.send(bench)
        held = bench.charger.connector._house.subscribers
        seen.append((held.base.count, held.over.count if held.over else 0))
    assert seen == [(9, 0), (9, 3), (10, 0), (10, 1), (8, 0)]
