"""What is recorded about a meter that cannot be believed, and when a new truth is accepted."""

from .const import const
from .metering import sound
from .reasons import REGISTER_GAP, flag_bit
from .refusals import Budget

_REPLACED_MS = const(600000)  # an idle meter that differs for this long has been replaced or reset


class MeterLog:
    """house: the charger's parts; meter: MeterWatch; number: the connector's."""

    def __init__(self, house, meter, number):
        self._house = house
        self._meter = meter
        self._number = number
        self._since_ms = 0
        self._budget = Budget()

    def take(self, up_ms, reading, session, live):
        """Judge an answer (None: none came), and record an anomaly when one begins.

        live: whether energy could flow since the last answer. An answer settles what a power cut left
        of an unbilled session.
        """
        meter = self._meter
        reading = sound(reading)
        before_wh, before = meter.left_wh, meter.anomaly
        flag = meter.take(up_ms, reading, live)
        if flag:
            self._since_ms = up_ms
            self._tell(up_ms, flag, before_wh, reading)
        elif meter.anomaly and session is None and up_ms - self._since_ms >= _REPLACED_MS:
            meter.accept(up_ms)
        if session is not None and meter.anomaly != before:
            self._note(up_ms, session, before)
        if reading is not None and not meter.anomaly and session is None:
            self._house.end_unbilled(up_ms, reading.register_wh)

    def gap(self, up_ms, before_wh, reading):
        """Record that the register is not where the last session left it: energy of nobody."""
        if before_wh is not None and reading.register_wh != before_wh:
            self._tell(up_ms, REGISTER_GAP, before_wh, reading)

    def _note(self, up_ms, session, before):
        """An anomaly stands in the running session's flags, also over a power cut, until it has passed.

        One that froze stays: nothing that comes later says how much went by meanwhile.
        """
        if before and before != "meter_frozen":
            session.flags &= ~flag_bit(before)
        if self._meter.anomaly:
            session.flag(self._meter.anomaly)
        self._house.keep(up_ms, session)

    def _tell(self, up_ms, flag, before_wh, after):
        if not self._budget.allows(up_ms):
            return
        body = (
            ("flag", flag),
            ("serial", after.serial),
            ("before_wh", before_wh),
            ("after_wh", after.register_wh),
        )
        self._house.write(up_ms, "meter_anomaly", body, self._number)
