"""What every script of the bench does: tell its findings, count heap, and time against a fixed loop."""

import gc
import json
import time

MARK = "@@"
_ROUNDS = 20000


def say(**facts):
    """Print the findings as one marked line of JSON."""
    print(MARK + json.dumps(facts))


def heap():
    """Bytes in use after a collection."""
    gc.collect()
    return gc.mem_alloc()


def calibrate():
    """Microseconds that a fixed loop takes here and now: the unit that timings are told in."""
    best = 1 << 29
    for _ in range(5):
        began = time.ticks_us()
        _loop()
        best = min(best, time.ticks_diff(time.ticks_us(), began))
    return best


def _loop():
    x = 1
    cells = bytearray(64)
    for i in range(_ROUNDS):
        x = (x * 33 + i) & 0xFFFF
        cells[i & 63] = x & 0xFF
    return x


def spread(times_us):
    """(p50, p99, worst) of a list, which is sorted on the way."""
    times_us.sort()
    last = len(times_us) - 1
    return times_us[last // 2], times_us[last * 99 // 100], times_us[last]
