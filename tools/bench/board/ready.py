"""From power to ready with a full journal, and how fast it drains. Arguments: image, sessions, drain.

image: what fill.py left, changed here; sessions: how many lie in it; drain: 0 to leave it at the boot.
"""

import gc
import time

from tools.bench.board.report import calibrate, heap, say
from tools.bench.board.stand import Stand
from tools.bench.board.volumes import open_counted


def main(image, sessions, drain):
    """Boot, take a session to show that it is ready, then let everything go."""
    volume, device = open_counted(image)
    stand = Stand(volume, sessions)
    unit = calibrate()
    device.reset_counters()
    began = time.ticks_us()
    stand.boot(False)
    boot_us = time.ticks_diff(time.ticks_us(), began)
    facts = {"reads": device.reads, "read_bytes": device.read_bytes, "high": gc.mem_alloc()}
    facts["heap"] = heap()
    unsent = stand.charger.unsent
    device.reset_counters()
    stand.begin(1000)
    facts["begin_reads"] = device.reads
    if drain:
        device.reset_counters()
        began = time.ticks_us()
        stand.link(True)
        facts["drain_us"] = time.ticks_diff(time.ticks_us(), began)
        facts["drain_erases"] = device.erases
        facts["drained"] = stand.records
        facts["left"] = stand.charger.unsent
        facts["drain_heap"] = heap()
    say(unit_us=unit, boot_us=boot_us, unsent=unsent, **facts)
