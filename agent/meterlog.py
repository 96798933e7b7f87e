"""What is recorded about a meter that cannot be believed, and when a new truth is accepted."""

from . import metering
from .const import const

_REPLACED_MS = const(60000)  # an idle meter that differs for this long has been replaced or reset


class MeterLog:
    """house: the charger's parts; meter: MeterWatch; number: the connector's."""

    def __init__(self, house, meter, number):
        self._house = house
        self._meter = meter
        self._number = number
        self._since_ms = 0

    def take(self, up_ms, reading, session):
        """Judge an answer (None: none came), and record an anomaly when one begins."""
        meter = self._meter
        flag = meter.take(up_ms, reading, self._house.config.current.limit_ma)
        if flag:
            self._since_ms = up_ms
            self._tell(up_ms, flag, meter.last.register_wh, reading)
        elif meter.anomaly and session is None and up_ms - self._since_ms >= _REPLACED_MS:
            meter.accept(up_ms)

    def compare(self, up_ms, before_wh, session):
        """Hold the first register after the dark against the last one before it.

        before_wh: the register last kept, None when there is none; session: the open one, or None.
        """
        reading = self._meter.raw
        if reading is None or before_wh is None:
            return
        serial = reading.serial if session is None else session.serial
        flag = metering.dark_flag(before_wh, serial, reading)
        if flag:
            if session is not None:
                session.flag(flag)
            self._tell(up_ms, flag, before_wh, reading)

    def _tell(self, up_ms, flag, before_wh, after):
        body = (
            ("flag", flag),
            ("serial", after.serial),
            ("before_wh", before_wh),
            ("after_wh", after.register_wh),
        )
        self._house.write(up_ms, "meter_anomaly", body, self._number)
