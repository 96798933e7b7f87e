"""A list of 10,000 taken in parts, or what one costs that is there.

Arguments: image, messages to take (0: the list lies in the image), taps. What the messages are:
tools/bench/listing.py.
"""

import gc
import time

from tools.bench.board.pace import taps_to_permit
from tools.bench.board.report import calibrate, heap, say, spread
from tools.bench.board.stand import Stand
from tools.bench.board.subscribing import UID, uid_of
from tools.bench.board.volumes import open_counted

BLOCKS = 768
LOOKED_UP = 300


def main(image, messages, taps):
    """Take the list, or look cards up in it and tap one."""
    volume, device = open_counted(image, BLOCKS)
    stand = Stand(volume)
    stand.boot()
    if messages:
        stand.commission(1)
        _take(stand, device, messages)
        return
    unit = calibrate()
    facts = _look_up(stand, device)
    if taps:
        facts.update(taps_to_permit(stand, device, taps))
    held = stand.charger._house.subscribers
    say(unit_us=unit, taps=taps, entries=held.count, overlaid=held.over.count, **facts)


def _take(stand, device, messages):
    charger = stand.charger
    charger.has_worker = True  # what follows is it
    parts, slices = [], []
    before = heap()
    erases = device.erases
    with open(messages, "rb") as file:
        while True:
            size = file.read(2)
            if not size:
                break
            token = file.read(int.from_bytes(size, "little"))
            began = time.ticks_us()
            charger.on_message(stand.now_ms(), "list", token)
            parts.append(time.ticks_diff(time.ticks_us(), began))
            token = None
            stand.pump()
            while charger.busy:
                began = time.ticks_us()
                charger.work(stand.now_ms())
                slices.append(time.ticks_diff(time.ticks_us(), began))
            stand.pump()
            if stand.refused:
                raise RuntimeError(stand.refused)
            if len(parts) > 400:
                del parts[:200]
            if len(slices) > 400:
                del slices[:200]
    held = charger._house.subscribers
    erases = device.erases - erases
    part_us, slice_us = spread(parts), spread(slices)
    parts = slices = None
    grown = heap() - before
    say(
        entries=held.count,
        version=held.version,
        overlaid=held.over.count if held.over else 0,
        erases=erases,
        grown=grown,
        part_us=part_us,
        slice_us=slice_us,
        unit_us=calibrate(),
    )


class _Counting:
    """A volume that counts the entries that are read."""

    def __init__(self, volume):
        self._volume = volume
        self.reads = 0

    def open(self, path):
        """See hal.ports.Volume."""
        return _CountingFile(self, self._volume.open(path))


class _CountingFile:
    def __init__(self, counts, file):
        self._counts = counts
        self._file = file
        self.seek = file.seek

    def readinto(self, data):
        """As a file's."""
        self._counts.reads += 1
        return self._file.readinto(data)

    def close(self):
        """As a file's."""
        self._file.close()


def _look_up(stand, device):
    """The most entry reads, flash reads and bytes that finding a card takes, there or not."""
    house = stand.charger._house
    held = house.subscribers
    volume = _Counting(held._volume)
    for run in (held.base, held.over):
        run.close()
        run._volume = volume
    held.find(b"\x00" * 12)  # opens them again, as they stay
    most = [0, 0, 0]
    sums = [0, 0, 0]
    looked = 0
    grown = heap()
    for n in range(LOOKED_UP):
        for uid in (uid_of(n * 33), b"\x05" + uid_of(n)[1:], UID):
            key = house.card_key("ISO14443", uid)
            volume.reads = 0
            device.reset_counters()
            held.find(key)
            counts = (volume.reads, device.reads, device.read_bytes)
            for i in range(3):
                most[i] = max(most[i], counts[i])
                sums[i] += counts[i]
            looked += 1
        if n == 0:
            grown = heap()
    grown = heap() - grown
    for run in (held.base, held.over):
        run.close()
        run._volume = held._volume
    gc.collect()
    mean = [total // looked for total in sums]
    return {"most": most, "mean": mean, "look_up_grown": grown}
