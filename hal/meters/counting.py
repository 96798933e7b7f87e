"""What all drivers of counting meter chips share: time, freshness, the register, what is told of trouble.

A driver gives `_turn` (its bus work, at most 3 ms) and calls `_heard` for each answer that it believes,
`_garbled` for each that it does not, and `_unknown` when energy may have gone by that nobody can tell.
It adds to `_register` only what its chip has counted for certain.

What a driver is unsure of is never guessed: it falls silent for longer than the agent waits for a meter
(5 s), so that the session that runs says so, and complains for a minute.
"""

from hal.elapsed import passed_ms
from hal.energy import EnergyRegister
from hal.ports import Meter, Reading

FRESH_MS = 800  # hal.ports.Meter.read allows 1 s; what is told now was on the bus up to 200 ms ago
LATE_MS = 400  # what waited for so long in a UART is not taken for new (a flash job takes that)
SILENT_MS = 6000
TOLD_MS = 60000
REST_MS = 2000  # without current for so long, the register is kept
REST_WH = 10  # and moved at least by this: less is not worth an erase of flash
REVERSE_W = 60  # less than this the wrong way is a filter's capacitors
ROUND_MS = 500  # at most this lies between the oldest and the newest part of what was heard
LEAST_MV = 80000  # a voltage outside of these is no mains (nor a frame to believe)
MOST_MV = 300000
DARK_MA = 500  # more than this without mains voltage: the chip does not see what it should measure

_BAD = 4  # one bad answer weighs as much as so many good ones
_BAD_TOLD = 12
_BAD_MOST = 40
_NONE = (0, 0, 0)


class CountingMeter(Meter):
    """serial: the meter's number, from the board's description, 1 to 24 characters. calibrated: whether
    the constants of this very board are known; without them there is no reading.
    """

    def __init__(self, clock, serial, calibrated):
        self._clock = clock
        self._register = EnergyRegister(serial)
        self._calibrated = calibrated
        self._ticks = clock.ticks_ms()
        self._now_ms = 0
        self._fresh_until_ms = 0
        self._silent_until_ms = 0
        self._told_until_ms = 0
        self._bad = 0
        self._rest_ms = -1  # since when there is no current; -1: there is, or it is kept already
        self._power_w = 0
        self._current_ma = _NONE
        self._voltage_v = _NONE

    def begin(self, volume, register_wh, serial):
        """See hal.ports.Meter."""
        self._register.begin(volume, register_wh, serial)

    def attend(self):
        """See hal.ports.Driver. The turn in which the register is kept takes what the flash takes."""
        self._pass()
        if not self._calibrated:
            return
        try:
            self._turn()
        except OSError:
            self._garbled()
        if self._rest_ms >= 0 and self._now_ms - self._rest_ms >= REST_MS:
            self._rest_ms = -1
            self._register.keep_when_due(REST_WH)
        else:
            self._register.keep_when_due()

    def keep(self):
        """Called by a board that is warned of a power cut: what is counted is in flash when it returns."""
        self._pass()
        self._register.keep()

    def read(self):
        """See hal.ports.Meter."""
        self._pass()
        if not self.healthy():
            return None
        register = self._register
        heard_ms = self._fresh_until_ms - FRESH_MS
        return Reading(
            register.register_wh,
            register.serial,
            self._power_w,
            self._current_ma,
            self._voltage_v,
            age_ms=self._now_ms - heard_ms + ROUND_MS,
        )

    def healthy(self):
        """Whether there is a believed answer not older than FRESH_MS."""
        return self._silent_until_ms <= self._now_ms < self._fresh_until_ms

    def complaint(self):
        """See hal.ports.Driver."""
        if not self._calibrated:
            return "meter_uncalibrated"
        if self._bad >= _BAD_TOLD or self._now_ms < self._told_until_ms:
            return "meter_bus"
        return ""

    # ---- for the drivers

    def _turn(self):
        raise NotImplementedError

    def _heard(self, power_mw, current_ma, voltage_mv):
        """Take a believed answer: power of all phases (positive: import), mA and mV of the three.

        Current in a phase that has no voltage is an answer that cannot be: its voltage tap is broken, and
        its energy would be 0.
        """
        for phase in range(3):
            if current_ma[phase] > DARK_MA and voltage_mv[phase] < LEAST_MV:
                self._garbled()
                return
        self._bad = max(0, self._bad - 1)
        self._fresh_until_ms = self._now_ms + FRESH_MS
        watt = (abs(power_mw) + 500) // 1000
        if power_mw < 0 and watt < REVERSE_W:
            watt = 0
        # What flows the wrong way (a transformer turned round) is no import and moves no register. Its
        # amount is shown as power all the same, so that the agent finds the register frozen under load.
        if watt:
            self._rest_ms = -1
        elif self._power_w:
            self._rest_ms = self._now_ms
        self._power_w = watt
        self._current_ma = current_ma
        self._voltage_v = tuple([(mv + 500) // 1000 for mv in voltage_mv])

    def _garbled(self):
        """Take it that the chip answered, and wrongly."""
        self._bad = min(_BAD_MOST, self._bad + _BAD)

    def _tell(self):
        """Complain for a while: what was lost is known to be little (a chip that started anew)."""
        self._told_until_ms = self._now_ms + TOLD_MS

    def _unknown(self):
        """Energy may have gone by that nobody can tell: complain, and give no reading for a while."""
        self._tell()
        self._silent_until_ms = self._now_ms + SILENT_MS

    def _pass(self):
        passed = passed_ms(self._clock, self._ticks)
        self._ticks = (self._ticks + passed) % self._clock.period_ms
        self._now_ms += passed
