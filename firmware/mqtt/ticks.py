"""Ticks for transport deadlines, in ms. They wrap (at 2**30 on a board), so they are compared only
with `ticks_diff` and never over more than a few minutes."""

from hal.aio import sleep_ms, ticks_diff, ticks_ms

try:
    from time import ticks_add
except ImportError:

    def ticks_add(ticks, delta_ms):
        return ticks + delta_ms


__all__ = ("sleep_ms", "ticks_add", "ticks_diff", "ticks_ms")
