"""Time for drivers: differences of a `hal.ports.Clock`'s ticks, which wrap."""


def passed_ms(clock, since):
    """Milliseconds from the ticks `since` until now; right for less than half a period (6.2 days)."""
    passed = (clock.ticks_ms() - since) % clock.period_ms
    return passed if passed < clock.period_ms >> 1 else 0
