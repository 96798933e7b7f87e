"""The installer's proof that a meter's energy is its power: the register held against a short load.

Public drivers of the same chip differ tenfold in what they take a count for. Whatever the constants are,
watts integrated over time are watt-hours: a register that moved otherwise has the wrong constant. The
check takes one reading a second with a load of LEAST_W or more and needs `least_wh` by the
power. The register is whole Wh and both ends are cut down, so with LEAST_WH the error of the method
is 1 Wh, one count, and one second's change of the load: below 2 %, where 5 % is refused.

A driver falls silent when its chip counts faster than the connection allows, so whoever commissions
gives it MARGIN times the connection's power: then a tenfold constant is seen, and not silence.
"""

MARGIN = 16
LEAST_W = 500
LEAST_WH = 100  # 50 s at 7.4 kW, 17 s at 22 kW; 12 min at 500 W
LEAST_POSSIBLE_WH = 40  # below it, 1 Wh and a count would be more than half of what is refused
MOST_PERMILLE = 50
_LATE_MS = 2000
_MWS_PER_WH = 3600000  # W ms

WAIT, PASSED, FAILED = "wait", "passed", "failed"


class EnergyCheck:
    """Feed it with `take`; `verdict` says how it stands. ValueError for a least_wh below 40."""

    def __init__(self, least_wh=LEAST_WH):
        if least_wh < LEAST_POSSIBLE_WH:
            raise ValueError("least_wh: %d, at least %d" % (least_wh, LEAST_POSSIBLE_WH))
        self._least_wms = least_wh * _MWS_PER_WH
        self._reason = "no_load"
        self._first = None
        self._last = None
        self._last_ms = 0
        self._wms = 0

    def take(self, now_ms, reading):
        """Take a reading (None: there was none), about every second. now_ms: rising, no wrap."""
        if reading is None:
            self._begin(None, "no_reading")
        elif reading.power_w < LEAST_W:
            self._begin(None, "no_load")
        elif self._last is None:
            self._begin(reading, "too_little")
        elif reading.serial != self._last.serial:
            self._begin(reading, "serial_changed")
        elif reading.register_wh < self._last.register_wh:
            self._begin(reading, "went_back")
        elif now_ms - self._last_ms > _LATE_MS:
            self._begin(reading, "interrupted")
        elif self._wms < self._least_wms:
            passed_ms = now_ms - self._last_ms
            self._wms += (reading.power_w + self._last.power_w) * passed_ms // 2
            self._last = reading
        self._last_ms = now_ms

    def verdict(self):
        """(word, ratio, reason): WAIT, PASSED or FAILED; register by power in permille, None while it
        waits; why it waits, or "" or "energy_constant".
        """
        if self._first is None or self._wms < self._least_wms:
            return WAIT, None, self._reason
        moved_wh = self._last.register_wh - self._first.register_wh
        ratio = (moved_wh * _MWS_PER_WH * 1000 + self._wms // 2) // self._wms
        if abs(ratio - 1000) > MOST_PERMILLE:
            return FAILED, ratio, "energy_constant"
        return PASSED, ratio, ""

    def _begin(self, reading, reason):
        if self._wms >= self._least_wms:
            return  # it has its verdict
        self._first = self._last = reading
        self._wms = 0
        self._reason = reason
