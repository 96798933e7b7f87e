"""CSE7766 and HLW8032: a single-phase meter that only speaks, 24 bytes about every 55 ms, 4800 baud 8E1.

Give the pin a UART with rxbuf of 256 or more: a turn can come late by a long flash job.

    0     55 all well; AA not calibrated; Fx: b3 voltage, b2 current, b1 power out of range, b0 store bad
    1     5A
    2-19  coefficient and cycle of voltage, current, power; 24 bits each, big-endian
    20    b7 toggles when the counter wraps; b6 b5 b4: voltage, current, power measured
    21-22 counter of energy pulses
    23    sum of bytes 2..22

V = coefficient / cycle with 1 MOhm, A with 1 mOhm, W with both. A pulse is worth `coefficient of power`
uJ exactly. Counter and toggle together wrap after 131,072 pulses (195 Wh, 95 s at 7.4 kW). A stream that
was lost for longer than the connection needs for that has no one meaning: see `Counter`.
There is nothing to write, so a chip that began anew shows only as a counter that cannot be, or, when the
stream was away for more than DOUBT_MS, as one that may have wrapped: then only what it shows is counted.
Sources: the captured frames in host_tests/hal/data, and the formulas of the public drivers.
"""

from hal.meters.counter import LOST, Counter
from hal.meters.counting import LATE_MS, LEAST_MV, MOST_MV, CountingMeter
from hal.opening import constants_of, most_w, need

SIZE = 24
DOUBT_MS = 5000
_WRAP = 1 << 17
_CHUNK = 64  # bytes taken from the UART at a time
_CHUNKS = 8
_PART = 1000000  # per mille of voltage by per mille of current


class Cse7766(CountingMeter):
    """uart: opened with 4800 baud 8E1. constants: dict, None without calibration:

    "voltage_permille", "current_permille": what this board's divider and shunt make of 1 V and 1 A as
        the chip counts them, 1000 with 1 MOhm and 1 mOhm and no correction; 1..100000.
    most_w: the most power that the connection can carry, W.
    """

    def __init__(self, uart, clock, serial, constants, most_w):
        CountingMeter.__init__(self, clock, serial, constants is not None)
        self._uart = uart
        self._voltage = constants["voltage_permille"] if constants else 1000
        self._current = constants["current_permille"] if constants else 1000
        self._counter = Counter(_WRAP, most_w * 1000, doubt_ms=DOUBT_MS)
        self._coef = 0  # of power; the same for the chip's whole life
        self._odd = 0  # frames in a row with another one
        self._rest = 0  # of an uJ, in millionths
        self._mv = 0
        self._uncalibrated = False
        self._chunk = bytearray(_CHUNK)
        self._frame = bytearray(SIZE)  # the newest whole frame
        self._part = bytearray(SIZE)
        self._have = 0
        self._turn_ms = 0

    def complaint(self):
        """See hal.ports.Driver."""
        return "meter_uncalibrated" if self._uncalibrated else CountingMeter.complaint(self)

    def _turn(self):
        late = self._now_ms - self._turn_ms > LATE_MS
        self._turn_ms = self._now_ms
        found = False
        for _ in range(_CHUNKS):
            if not self._uart.any():
                break
            count = self._uart.readinto(self._chunk)
            for i in range(count or 0):
                if self._push(self._chunk[i]):
                    found = True
        if late:  # how old is what waited in the UART nobody knows
            self._have = 0
        elif found:  # the newest of them: what came before it has been told by it
            self._take(self._frame)

    def _push(self, byte):
        """Whether `byte` completes a frame whose sum is right."""
        part = self._part
        part[self._have] = byte
        self._have += 1
        if self._have <= 2:
            self._seek()
            return False
        if self._have < SIZE:
            return False
        if checksum(part) == byte:
            self._frame, self._part = part, self._frame
            self._have = 0
            return True
        self._garbled()
        self._seek(1)
        return False

    def _seek(self, start=0):
        """Move the first possible beginning of a frame, at `start` or later, to the front."""
        part, have = self._part, self._have
        while start < have:
            if is_head(part[start]) and (start + 1 == have or part[start + 1] == 0x5A):
                break
            start += 1
        for i in range(start, have):
            part[i - start] = part[i]
        self._have = have - start

    def _take(self, frame):
        head = frame[0]
        # without its coefficients the chip's numbers mean nothing
        self._uncalibrated = head == 0xAA or (head >= 0xF0 and head & 1 == 1)
        if self._uncalibrated:
            return
        mv, ma, mw = values(frame)
        mv = mv * self._voltage // 1000
        if head >= 0xF0 and head & 8:
            mv = 0  # no mains at the divider
        elif not frame[20] & 0x40:
            mv = self._mv
        elif not LEAST_MV <= mv <= MOST_MV:
            self._garbled()
            return
        if not self._same_chip(_u24(frame, 14)):
            self._garbled()
            return
        self._mv = mv
        self._count(_u16(frame, 21) | (frame[20] & 0x80) << 9)
        if not self._counter.agrees:
            self._garbled()
        elif self._counter.based:
            ma = ma * self._current // 1000
            mw = mw * self._voltage * self._current // _PART
            self._heard(mw, (ma, 0, 0), (mv, 0, 0))

    def _same_chip(self, coef):
        """Whether the coefficient of power is what it was; another is believed the third time."""
        if coef == self._coef and coef:
            self._odd = 0
            return True
        self._odd += 1
        if self._odd < 3 or not coef:
            return False
        if self._coef:
            self._unknown()
        self._coef = coef
        self._counter.forget()
        self._counter.uj = max(1, coef * self._voltage * self._current // _PART)
        self._odd = 0
        return True

    def _count(self, value):
        counts = self._counter.take(value, self._now_ms)
        if counts == LOST or self._counter.doubted:
            self._unknown()
        if counts > 0:
            total = counts * self._coef * self._voltage * self._current + self._rest
            self._rest = total % _PART
            self._register.add(total // _PART)


def is_head(byte):
    """Whether a frame can begin with `byte`."""
    return byte == 0x55 or byte == 0xAA or byte >= 0xF0


def checksum(frame):
    """The last byte that a frame should have."""
    total = 0
    for i in range(2, SIZE - 1):
        total += frame[i]
    return total & 0xFF


def values(frame):
    """(mV, mA, mW) with 1 MOhm and 1 mOhm; 0 for what the chip could not measure."""
    head, adj = frame[0], frame[20]
    over = head & 0xF if head >= 0xF0 else 0
    mv = 0 if over & 8 else _ratio(frame, 2)
    ma = _ratio(frame, 8) if adj & 0x20 and not over & 4 else 0
    mw = _ratio(frame, 14) if adj & 0x10 and not over & 2 else 0
    return mv, ma, mw


def _ratio(frame, at):
    cycle = _u24(frame, at + 3)
    return _u24(frame, at) * 1000 // cycle if cycle else 0


def _u16(frame, at):
    return frame[at] << 8 | frame[at + 1]


def _u24(frame, at):
    return frame[at] << 16 | frame[at + 1] << 8 | frame[at + 2]


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: serial, calibrated, constants. objects: bus, limits."""
    return Cse7766(
        need(objects, "bus"),
        clock,
        need(chip, "serial"),
        constants_of(chip, ("voltage_permille", "current_permille")),
        most_w(objects),
    )
