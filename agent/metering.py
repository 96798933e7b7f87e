"""Which readings are believed, and energy as a register difference (law 3).

The most energy that a connection can carry while energy may flow bounds what is believed: 80 A on three
phases at 10 % over 230 V (EN 50160). A register that moved more than that, or backwards, or
belongs to another meter, is an anomaly: a flag and both raw values, never a number made from it.
"""

from .const import const

LOST_MS = const(5000)  # without an answer for this long, the meter is lost
_LATE_MS = const(1000)
_SLACK_WH = const(100)  # resolution and start-up of the coarsest meters
_FROZEN_WH = const(100)  # this much by the power reading, nothing in the register: frozen
_WS_PER_WH = const(3600)
_MOST_MA = const(80000)  # IEC 61851-1: the pilot cannot offer more
_DARK_S = const(120)
_DARK_WH = const(400)  # more than flows between two pulses (keeper.py) and one reading
_SETTLE_MS = const(86400000)


def most_wh(seconds):
    """The most that any connection can have delivered in `seconds` (80 A, three phases), in Wh."""
    return _MOST_MA * 3 * 253 * seconds // (1000 * _WS_PER_WH) + _SLACK_WH


def energy_wh(reg_begin_wh, serial_begin, reg_end_wh, serial_end, seconds):
    """(energy in Wh or None, flag or ""): the difference of two registers of one meter."""
    if reg_begin_wh is None or reg_end_wh is None:
        return None, "meter_missing"
    if serial_begin != serial_end:
        return None, "meter_replaced"
    if reg_end_wh < reg_begin_wh:
        return None, "meter_backward"
    taken_wh = reg_end_wh - reg_begin_wh
    if taken_wh > most_wh(seconds + _DARK_S):
        return None, "meter_implausible"
    return taken_wh, ""


def sound(reading):
    """`reading`, or None where it is no answer: its register or power is no whole number (a NaN), or below 0
    in the register. What is compared with a NaN is never an anomaly, so it must not come that far.
    """
    if reading is None or not isinstance(reading.register_wh, int):
        return None
    return reading if isinstance(reading.power_w, int) and reading.register_wh >= 0 else None


class MeterWatch:
    """Follows the meter's answers. `ok` says whether its register can be believed now.

    `last` is the newest believed Reading (None before the first), `last_ms` when it was taken; `raw`
    is the newest answer of all, believed or not; `anomaly` the flag while it is not believed.
    """

    def __init__(self):
        self.raw = None
        self.last = None
        self.last_ms = 0
        self.anomaly = ""
        self._heard_ms = None
        self._as_of_ms = -1  # what the newest answer tells of: meters on slow buses tell late
        self._asked_ms = 0
        self._live_ms = 0  # how long energy could flow since the last believed reading
        self._frozen_mws = 0
        self._settled_ms = None  # until then, a meter accepted anew is told of in its sessions
        self._dark_wh = 0
        self._before = None  # (register_wh, serial) left in flash by the boot before

    def expect(self, register_wh, serial, unbounded):
        """What the meter showed when it was last kept, before this boot; None, "" when nothing was.

        unbounded: energy may have flowed since that nothing was kept of. The first answer is judged against it: a meter that begins with a zero is not believed.
        """
        if register_wh is not None:
            self._before = (register_wh, serial)
            self._dark_wh = 1 << 40 if unbounded else _DARK_WH

    @property
    def left_wh(self):
        """The last believed register, of this boot or the one before; None when there is none."""
        if self.last is not None:
            return self.last.register_wh
        return self._before[0] if self._before else None

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

    def heard_since(self, since_ms):
        """Whether the meter has answered at or after `since_ms`."""
        return self._heard_ms is not None and self._heard_ms >= since_ms

    def tells_of(self, since_ms):
        """Whether the meter's newest answer counts what flowed until `since_ms`."""
        return self._heard_ms is not None and self._as_of_ms >= since_ms

    def unsettled(self, up_ms):
        """Whether a reset or replaced meter was accepted less than a day ago."""
        return self._settled_ms is not None and up_ms < self._settled_ms

    def take(self, up_ms, reading, live):
        """Judge one answer (None: no answer). Returns the flag of an anomaly that begins now, else "".

        live: whether energy could flow since the last call. While an anomaly lasts, `last` stays at the
        last believed reading and the allowance stands still; it ends when an answer fits again.
        """
        if live and not self.anomaly:
            self._live_ms += up_ms - self._asked_ms
        passed_ms, self._asked_ms = up_ms - self._asked_ms, up_ms
        if reading is None:
            return ""
        self.raw = reading
        self._heard_ms = up_ms
        self._as_of_ms = up_ms - reading.age_ms
        flag = self._judge(reading, passed_ms)
        news = flag if flag != self.anomaly else ""
        self.anomaly = flag
        if not flag:
            self.last, self.last_ms = reading, up_ms
            self._live_ms = 0
        return news

    def accept(self, up_ms):
        """Take the newest answer as the new truth, between sessions: a replaced meter starts here."""
        self.last, self.last_ms = self.raw, up_ms
        self.anomaly = ""
        self._live_ms = self._frozen_mws = 0
        self._settled_ms = up_ms + _SETTLE_MS

    def _judge(self, reading, passed_ms):
        if self.last is not None:
            register_wh, serial = self.last.register_wh, self.last.serial
            seconds = self._live_ms // 1000
        elif self._before is not None:
            register_wh, serial = self._before
            seconds = self._live_ms // 1000
        else:
            return ""
        if serial and reading.serial != serial:
            return "meter_replaced"
        if reading.register_wh < register_wh:
            return "meter_backward"
        taken_wh = reading.register_wh - register_wh
        if taken_wh > most_wh(seconds) + (self._dark_wh if self.last is None else 0):
            return "meter_implausible"
        if taken_wh or self.last is None:
            self._frozen_mws = 0
        else:
            self._frozen_mws += reading.power_w * passed_ms
            if self._frozen_mws > _FROZEN_WH * _WS_PER_WH * 1000:
                return "meter_frozen"
        return ""
