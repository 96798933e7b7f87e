"""A look-up among 10,000 on LittleFS: few reads, no heap, whichever file holds the answer."""

import gc

from agent.subscribers import Subscribers
from host_tests.flash.volumes import fresh, release
from host_tests.lists.made import MARK, CountingVolume, write_list

COUNT = 10000
OVERLAID = 512
MOST_READS = 15
STEP = (1 << 32) // COUNT


def key_of(n):
    """The n-th key in the list's order: one in each of as many equal ranges, anywhere within it."""
    place = n * STEP + (n * 0x9E3779B1 & 0xFFFFFFFF) % STEP
    return place.to_bytes(4, "big") + b"\x11" * 8


def absent(n):
    """A key that is in no list, beside the n-th."""
    return key_of(n)[:4] + b"\x10" * 8


def made():
    volume, _ = fresh(280, per_block=False)
    over = [absent(n)[:11] + b"\x99" for n in range(0, COUNT, COUNT // OVERLAID)][: OVERLAID - 2]
    write_list(volume, (key_of(n) for n in range(COUNT)), over, [key_of(40), key_of(7777)])
    return CountingVolume(volume), over


def test_among_ten_thousand_and_an_overlay_a_card_is_found_in_fifteen_reads():
    volume, over = made()
    held = Subscribers(volume, MARK)
    assert held.readable and held.version == 4 and held.over.count == OVERLAID
    most = 0
    for n in range(0, COUNT, 37):
        for key, there in ((key_of(n), n not in (40, 7777)), (absent(n), False)):
            volume.reads = 0
            found = held.find(key)
            assert (found is not None) == there, n
            assert not there or (found.key == key and found.user == "u")
            most = max(most, volume.reads)
    for key in over[::7]:
        volume.reads = 0
        assert held.find(key).user == "over"
        most = max(most, volume.reads)
    assert held.find(key_of(40)) is None and held.find(key_of(7777)) is None
    assert held.find(b"\x00" * 12) is None and held.find(b"\xff" * 12) is None
    assert 3 < most <= MOST_READS, most
    release()


def test_looking_up_takes_no_heap():
    if not hasattr(gc, "mem_alloc"):
        return
    volume, over = made()
    held = Subscribers(volume, MARK)
    held.find(key_of(5))
    gc.collect()
    before = gc.mem_alloc()
    for n in range(0, COUNT, 101):
        held.find(key_of(n))
        held.find(absent(n))
    gc.collect()
    assert gc.mem_alloc() - before <= 64, gc.mem_alloc() - before
    release()
