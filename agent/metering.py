"""Which readings are believed, and energy as a register difference (law 3).

The most energy a connection can carry bounds what is believed: three phases at the limit, 10 % over
230 V (EN 50160) and a tenth for tolerance. A register that moved more than that, or backwards, or
belongs to another meter, is an anomaly: a flag and both raw values, never a number made from it.
"""

from .const import const

LOST_MS = const(5000)  # without an answer for this long, the meter is lost
_LATE_MS = const(1000)
_SLACK_WH = const(100)  # resolution and start-up of the coarsest meters
_FROZEN_WH = const(100)  # this much by the power reading, nothing in the register: frozen
_WS_PER_WH = const(3600)


def most_wh(seconds, limit_ma):
    """The most a connection of limit_ma can have delivered in `seconds`, in Wh."""
    return max(limit_ma, 6000) * 3 * 278 * seconds // (1000 * _WS_PER_WH) + _SLACK_WH


def energy_wh(reg_begin_wh, serial_begin, reg_end_wh, serial_end, seconds, limit_ma):
    """(energy in Wh or None, flag or ""): the difference of two registers of one meter."""
    if reg_begin_wh is None or reg_end_wh is None:
        return None, "meter_missing"
    if serial_begin != serial_end:
        return None, "meter_replaced"
    if reg_end_wh < reg_begin_wh:
        return None, "meter_backward"
    taken_wh = reg_end_wh - reg_begin_wh
    if taken_wh > most_wh(seconds, limit_ma):
        return None, "meter_implausible"
    return taken_wh, ""


def dark_flag(before_wh, serial, reading):
    """The flag of a meter that is not where it was left before a power cut, "" when it is.

    before_wh: the register last kept; serial: the meter's then; reading: the first one after. What
    can have flowed after the last checkpoint is a minute's worth or 100 Wh, whichever is more.
    """
    if reading.serial != serial:
        return "meter_replaced"
    if reading.register_wh < before_wh:
        return "meter_backward"
    if reading.register_wh - before_wh > most_wh(120, 80000):
        return "meter_implausible"
    return ""


class MeterWatch:
    """Follows the meter's answers. `ok` says whether its register can be believed now.

    `last` is the newest believed Reading (None before the first), `last_ms` when it was taken; `raw`
    is the newest answer of all, believed or not.
    """

    def __init__(self):
        self.raw = None
        self.last = None
        self.last_ms = 0
        self.anomaly = ""
        self._heard_ms = None
        self._frozen_mws = 0

    def ok(self, up_ms):
        """Whether the newest answer was believed and is fresh."""
        return self._heard_ms is not None and not self.anomaly and up_ms - self._heard_ms < LOST_MS

    def fault(self, up_ms):
        """The word for what is wrong now, "" when nothing is."""
        if self.anomaly:
            return self.anomaly
        if self._heard_ms is None or up_ms - self._heard_ms >= LOST_MS:
            return "meter_missing"
        return ""

    def due_ms(self, up_ms):
        """The up_ms at which a meter that is silent now has to be looked at again."""
        silent = self._heard_ms is None or up_ms - self._heard_ms > _LATE_MS
        return up_ms + (_LATE_MS if silent else LOST_MS * 12)

    def take(self, up_ms, reading, limit_ma):
        """Judge one answer (None: no answer). Returns the flag of an anomaly that begins now, else "".

        While an anomaly lasts, `last` stays at the last believed reading; it ends when the answers
        fit that reading again.
        """
        if reading is None:
            return ""
        self.raw = reading
        self._heard_ms = up_ms
        if self.last is None:
            self.last, self.last_ms = reading, up_ms
            return ""
        flag = self._judge(up_ms, reading, limit_ma)
        news = flag if flag != self.anomaly else ""
        self.anomaly = flag
        if not flag:
            self.last, self.last_ms = reading, up_ms
        return news

    def heard_since(self, since_ms):
        """Whether the meter has answered at or after `since_ms`."""
        return self._heard_ms is not None and self._heard_ms >= since_ms

    def accept(self, up_ms):
        """Take the newest answer as the new truth, between sessions: a replaced meter starts here."""
        self.last, self.last_ms = self.raw, up_ms
        self.anomaly = ""
        self._frozen_mws = 0

    def _judge(self, up_ms, reading, limit_ma):
        last = self.last
        if reading.serial != last.serial:
            return "meter_replaced"
        if reading.register_wh < last.register_wh:
            return "meter_backward"
        seconds = (up_ms - self.last_ms) // 1000
        taken_wh = reading.register_wh - last.register_wh
        if taken_wh > most_wh(seconds, max(limit_ma, 32000)):
            return "meter_implausible"
        if taken_wh:
            self._frozen_mws = 0
        else:
            self._frozen_mws += reading.power_w * (up_ms - self.last_ms)
            if self._frozen_mws > _FROZEN_WH * _WS_PER_WH * 1000:
                return "meter_frozen"
        return ""
