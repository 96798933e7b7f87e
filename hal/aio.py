"""The few calls that asyncio and time name differently on CPython and MicroPython."""

import asyncio
import time

try:
    sleep_ms = asyncio.sleep_ms
except AttributeError:

    def sleep_ms(ms):
        return asyncio.sleep(ms / 1000)


try:
    ticks_ms = time.ticks_ms
    ticks_diff = time.ticks_diff
except AttributeError:

    def ticks_ms():
        return time.monotonic_ns() // 1000000

    def ticks_diff(later, earlier):
        return later - earlier
