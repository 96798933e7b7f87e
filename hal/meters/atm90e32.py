"""ATM90E32AS: a three-phase meter on SPI (mode 3, 200 kHz is ample), 16-bit registers, no checksum.

An access is 4 bytes under one select: b7 read, address 9:0, data. LastSPIData (78) repeats the data of the
access before it: it is how an answer is checked, and how an energy register that clears when it is
read is had again after its answer was garbled on the line.

Energy is the sum of the forward registers of the phases (the total's register is said to disagree). One
count is 0.1 or 0.01 CF by bit 9 of MMode0, 1 CF is 8 uJ * PLconst: with 3200 pulses a kWh, 112,500,000
uJ a count. The driver derives it from what it writes. A register stands at 65535: 460 s at 63 A.

Every POLL_MS, in three turns: are the settings still what was written, then the energies; voltages and
currents; powers. A turn takes 20 accesses at most, 3.2 ms at 200 kHz.
Sources: the register lists and open drivers of the chip, and of the ATM90E36A's data sheet what both share.
"""

from hal.meters.counting import CountingMeter
from hal.opening import constants_of, most_w, need

POLL_MS = 400
PLCONST = 140625000  # 450e9 / 3200 pulses a kWh

_METER_EN = 0x00
_PL_LOW = 0x32
_MMODE0 = 0x33
_RESET = 0x70
_LAST = 0x78
_UNLOCK = 0x7F
_ENERGY = 0x81
_POWER = 0xB1
_POWER_LOW = 0xC1
_VOLTAGE = 0xD9
_CURRENT = 0xDD

_MMODE0_50HZ = 0x0087  # four wires, all three phases
_60HZ = 0x1000
_LSB_001 = 0x0200
_PL_LOW_DEFAULT = 0xC468
_FULL = 0xFFFF
_RESET_MS = 50
_AT_ONCE = 6  # words of the settings in one turn
_SLACK_COUNTS = 4
_STRANGE = 5

# The states: settings compared after a boot, chip told to reset, settings being written, measuring.
_LOOK, _CLEAR, _SET, _RUN = range(4)


def uj_per_count(plconst, mmode0, current_factor=1):
    """Energy of one count, uJ, that follows from the settings."""
    return 8 * plconst * current_factor // (100 if mmode0 & _LSB_001 else 10)


class Atm90e32(CountingMeter):
    """spi, cs: the bus and the select pin. constants: dict, None without calibration:

    "ugain", "igain": gains of the three phases, 0..65535.
    "uoffset", "ioffset", "phi", "pqgain": likewise, two's complement, 0 when absent.
    "current_factor": 2 where the gains of current were halved for more than 65 A; 1 when absent.
    "mmode1": amplification, 0 when absent. "lsb_001": True for the finer count; for fast polls only.
    "plconst": PLCONST when absent.
    most_w: the most power that the connection can carry on one phase, W. mains_hz: 50 or 60.
    """

    def __init__(self, spi, cs, clock, serial, constants, most_w, mains_hz=50):
        CountingMeter.__init__(self, clock, serial, constants is not None)
        self._spi = spi
        self._cs = cs
        self._most_uj_ms = most_w * 1000
        self._words = settings(constants, mains_hz) if constants else ()
        self._factor = constants.get("current_factor", 1) if constants else 1
        words = dict(self._words)
        self._mmode0 = words.get(_MMODE0, 0)
        self._pl_low = words.get(_PL_LOW, 0)
        plconst = words.get(0x31, 0) << 16 | self._pl_low
        self._uj = uj_per_count(plconst, self._mmode0, self._factor) if constants else 1
        self._state = _LOOK
        self._at = 0  # next word of the settings
        self._step = 0  # of the poll: energies, voltages and currents, powers
        self._poll_ms = self._now_ms
        self._reset_ms = 0
        self._read_ms = [
            -1,
            -1,
            -1,
        ]  # when the energy of each phase was last read; -1: nobody knows
        self._latch_ms = 0
        self._phase = 0  # whose energy is next
        self._latched = False  # it was read, and what came is not believed yet
        self._strange = 0  # times in a row that it was more than the connection allows
        self._mv = [0, 0, 0]
        self._ma = [0, 0, 0]
        self._out = bytearray(4)
        self._in = bytearray(4)

    def keep(self):
        """Read the energies once more, then keep: see CountingMeter."""
        self._pass()
        if self._calibrated and self._state == _RUN:
            try:
                if self._settings_stand():
                    self._energies()
            except OSError:
                self._garbled()
        CountingMeter.keep(self)

    def _turn(self):
        if self._state == _RUN:
            self._poll()
        elif self._state == _LOOK:
            self._look()
        elif self._state == _CLEAR:
            self._write(_RESET, 0x789A)
            self._reset_ms = self._now_ms
            self._at = -1
            self._state = _SET
        elif self._now_ms - self._reset_ms >= _RESET_MS:
            self._set()

    # ---- settings

    def _look(self):
        """Compare the settings, some a turn: a processor that began anew finds its chip still counting."""
        words = self._words
        for _ in range(_AT_ONCE):
            if self._at == len(words):
                self._start()
                return
            address, value = words[self._at]
            if self._read(address) != value:
                self._judge(address, value)
                return
            self._at += 1

    def _set(self):
        words = self._words
        if self._at < 0:
            if not self._put(_UNLOCK, 0x55AA):
                return
            self._at = 0
        for _ in range(_AT_ONCE):
            if self._at == len(words):
                if not self._put(_UNLOCK, 0):
                    return
                for phase in range(3):  # counted by the settings of the factory: not to be shown
                    self._read(_ENERGY + phase)
                    self._read_ms[phase] = self._now_ms
                self._at = 0
                self._state = _LOOK
                return
            if not self._put(words[self._at][0], words[self._at][1]):
                return
            self._at += 1

    def _put(self, address, value):
        self._write(address, value)
        if self._read(_LAST) == value:
            return True
        self._garbled()
        self._state = _CLEAR
        return False

    def _start(self):
        self._state = _RUN
        self._at = self._step = self._phase = 0
        self._latched = False
        self._poll_ms = self._now_ms

    def _judge(self, address, value):
        """A setting is not what was written: an error on the line, or a chip that began anew?"""
        if self._read(_PL_LOW) in (self._pl_low, _PL_LOW_DEFAULT):
            found = self._read(address)
            again = self._read(_LAST)
            if found == again != value and self._read(address) == found:
                if self._state == _RUN:
                    self._tell()
                self._state = _CLEAR
                return
        self._garbled()

    def _settings_stand(self):
        """Whether the chip answers and still has its settings: three that tell, and one more in turn."""
        words = self._words
        self._at = self._at + 1 if self._at + 1 < len(words) else 0
        for address, value in (
            (_PL_LOW, self._pl_low),
            (_MMODE0, self._mmode0),
            (_METER_EN, 1),
            words[self._at],
        ):
            if self._read(address) != value:
                self._judge(address, value)
                return False
        return True

    # ---- the poll

    def _poll(self):
        if self._now_ms < self._poll_ms:
            return
        if self._step == 0:
            # What is latched is gone with the next other access, so it comes first.
            if self._latched or self._settings_stand():
                if self._energies():
                    self._step = 1
        elif self._step == 1:
            self._step = 2 if self._volts_and_amps() else 0
        else:
            self._step = 0
            power = self._powers()
            if power is not None:
                self._heard(power, tuple(self._ma), tuple(self._mv))
            self._poll_ms = max(self._poll_ms + POLL_MS, self._now_ms)

    def _energies(self):
        """Read and count the energy of each phase; False when one is not certain yet."""
        while self._phase < 3:
            if not self._latched:
                first = self._read(_ENERGY + self._phase)
                self._latched = True
                self._latch_ms = self._now_ms
            else:
                first = self._read(_LAST)
            counts = self._agreed(first)
            if counts is None or not self._take(counts):
                self._garbled()
                return False
            self._latched = False
            self._read_ms[self._phase] = self._latch_ms
            self._phase += 1
        self._phase = 0
        return True

    def _agreed(self, first):
        second = self._read(_LAST)
        if first == second:
            return first
        third = self._read(_LAST)
        return third if third == first or third == second else None

    def _take(self, counts):
        """Count, if it can be; False when it has to be read again."""
        read_ms = self._read_ms[self._phase]
        if read_ms < 0:
            most = _FULL  # since before the boot
        else:
            passed = self._latch_ms - read_ms
            most = passed * self._most_uj_ms // self._uj + _SLACK_COUNTS
        if counts > most:
            self._strange += 1
            if counts == _FULL or self._strange < _STRANGE:
                return False
            self._strange = 0
            self._unknown()  # the chip says it again and again, and it cannot be
            return True
        self._strange = 0
        if counts == _FULL and self._read(_PL_LOW) != self._pl_low:
            self._unknown()  # it was the line that stood high, and what was read is gone
            return True
        if counts == _FULL or most > _FULL:
            self._unknown()  # it stood at its end, or may have begun again: that much it was at least
        self._register.add(counts * self._uj)
        return True

    def _volts_and_amps(self):
        for phase in range(3):
            volts = self._checked(_VOLTAGE + phase)
            amps = self._checked(_CURRENT + phase)
            if volts < 0 or amps < 0:
                return False
            self._mv[phase] = volts * 10
            self._ma[phase] = amps * self._factor
        return True

    def _powers(self):
        """Power of all phases in mW, None when it was garbled. One count is 0.32 mW."""
        total = 0
        for phase in range(3):
            high = self._checked(_POWER + phase)
            low = self._checked(_POWER_LOW + phase)
            if high < 0 or low < 0:
                return None
            total += (high << 16 | low) - (high >> 15 << 32)
        power = abs(total) * self._factor * 32 // 100
        return power if total >= 0 else -power

    # ---- the bus

    def _checked(self, address):
        """A register's value that LastSPIData repeats, -1 when it does not."""
        value = self._read(address)
        if self._read(_LAST) == value:
            return value
        self._garbled()
        return -1

    def _read(self, address):
        self._exchange(0x80 | address >> 8, address & 0xFF, 0)
        return self._in[2] << 8 | self._in[3]

    def _write(self, address, value):
        self._exchange(address >> 8, address & 0xFF, value)

    def _exchange(self, first, second, value):
        out = self._out
        out[0] = first
        out[1] = second
        out[2] = value >> 8
        out[3] = value & 0xFF
        self._cs.value(0)
        try:
            self._spi.write_readinto(out, self._in)
        finally:
            self._cs.value(1)


def settings(constants, mains_hz):
    """((address, value), ..) in the order in which they are written."""
    plconst = constants.get("plconst", PLCONST)
    mmode0 = _MMODE0_50HZ | (_60HZ if mains_hz == 60 else 0)
    if constants.get("lsb_001"):
        mmode0 |= _LSB_001
    words = [
        (_METER_EN, 1),
        (0x05, 0x143F),  # sag and peak
        (0x31, plconst >> 16),
        (_PL_LOW, plconst & 0xFFFF),
        (0x07, 0xD654),  # zero crossing
        (_MMODE0, mmode0),
        (0x34, constants.get("mmode1", 0)),
    ]
    for address in (0x35, 0x36, 0x37):  # power to start at: 0.00032 W
        words.append((address, 0x1D4C))
    for address in (0x38, 0x39, 0x3A):
        words.append((address, 0x02EE))
    none = (0, 0, 0)
    for name, address, distance in (
        ("pqgain", 0x47, 2),
        ("phi", 0x48, 2),
        ("ugain", 0x61, 4),
        ("igain", 0x62, 4),
        ("uoffset", 0x63, 4),
        ("ioffset", 0x64, 4),
    ):
        values = constants.get(name, none)
        for phase in range(3):
            words.append((address + distance * phase, values[phase] & 0xFFFF))
    return tuple(words)


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: serial, calibrated, constants. objects: bus, cs, limits."""
    return Atm90e32(
        need(objects, "bus"),
        need(objects, "cs"),
        clock,
        need(chip, "serial"),
        constants_of(chip, ("ugain", "igain")),
        most_w(objects),
    )
