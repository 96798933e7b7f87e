"""Law 16: updates and look-ups leave no more behind than the one before did."""

import gc

from host_tests.lists.changing import people
from host_tests.scenarios.bench import Bench, list_hash, put_of, ref_of


def test_law_16_a_list_update_leaves_nothing_behind():
    if not hasattr(gc, "mem_alloc"):
        return
    bench = Bench()
    marks = []
    for version in range(2, 14):
        cards = people(range(1, 30), "v%d" % version)
        bench.list_version = version
        entries = sorted(
            [put_of(uid, cards[uid]) for uid in cards], key=lambda e: ref_of(e["uid"])
        )
        digest = list_hash(entries)
        base = None if version % 4 in (0, 2) and version != 6 else version - 1
        for part in range(3):
            message = {"version": version, "base": base, "part": part + 1, "parts": 3}
            message["put"] = entries[part * 10 : part * 10 + 10]
            message["sha256"] = digest
            bench.send("list", message)
        assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
        bench.run(2)
        held = bench.charger.connector._house.subscribers
        assert held.version == version and held.count == 29
        for uid in cards:
            assert held.find(bench.charger.connector._house.card_key("ISO14443", uid)) is not None
        cards = entries = message = None
        bench.replies.clear()
        if version > 5:
            bench.kinds.clear()
            bench._kept.clear()
            gc.collect()
            marks.append(gc.mem_alloc())
    assert max(marks[4:]) - max(marks[:4]) <= 256, marks
