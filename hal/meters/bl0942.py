"""BL0942: a single-phase meter that is asked, UART 8N1, little-endian, 4800 baud unless strapped faster.

Read: `58|address`, register -> 3 bytes, sum. Write: `A8|address`, register, 3 bytes, sum. Packet: register AA
-> 23 bytes. The sum is the inverse of the low byte of all bytes (of the packet: not of the AA).
Its counter of energy has 24 bits, is never cleared and begins at 0 with the chip's supply.

One question a turn, in turn: the packet, then MODE. MODE is written once and is not what a chip has
that began anew, so a packet is believed only when the MODE read after it still is what was written.
Both take four turns: 31 bytes, 71 ms on the wire at 4800 baud.
Sources: the captured frames in host_tests/hal/data, and the register lists and formulas of the public drivers.
"""

from hal.meters.counter import LOST, Counter
from hal.meters.counting import DARK_MA, LATE_MS, LEAST_MV, MOST_MV, CountingMeter
from hal.opening import constants_of, most_w, need

PACKET = 0xAA
PACKET_SIZE = 23
REG_MODE = 0x19
REG_PROTECT = 0x1D
MODE_DEFAULT = 0x87
MODE = (
    0x8F  # b7 counts both directions up, b3 RMS every 800 ms (and: not the default), b2 counter on
)
MODE_60HZ = 0x20
_WRAP = 1 << 24
_WAIT_MS = 200
_LEAST_PERIOD = 15385  # FREQ is microseconds a period: 65 Hz
_MOST_PERIOD = 22222  # 45 Hz
_DARK_MW = 5000
_REVERSE = 1  # STATUS b0: the direction of the last pulse


def uj_per_count(pref_milli):
    """Energy of one count, uJ, that follows from PREF (thousandths): 1638.4 * 256 / PREF Ws."""
    return 419430400000000 // pref_milli


class Bl0942(CountingMeter):
    """uart: opened, 8N1. constants: dict, None without calibration; every one is of this very board:

    "uref_milli", "iref_milli", "pref_milli": counts a V, A, W, in thousandths.
    "eref_milli": counts a kWh, in thousandths; without it, what follows from PREF.
    "reversed": True where the conductor passes the other way, so that import shows as export.
    most_w: the most power that the connection can carry, W. address: 0..3. mains_hz: 50 or 60.
    """

    def __init__(self, uart, clock, serial, constants, most_w, address=0, mains_hz=50):
        CountingMeter.__init__(self, clock, serial, constants is not None)
        self._uart = uart
        self._constants = constants
        self._uj = 0
        if constants:
            eref = constants.get("eref_milli")
            pref = constants["pref_milli"]
            self._uj = 3600000000000000 // eref if eref else uj_per_count(pref)
        self._counter = Counter(_WRAP, most_w * 1000, self._uj)
        self._address = address
        self._mode = MODE | (MODE_60HZ if mains_hz == 60 else 0)
        self._mode_ours = False  # the chip has had our MODE since the boot
        self._odd = 0  # times in a row that MODE was not ours
        self._writes = 0  # registers still to be written
        self._asked = 0  # the register whose answer is awaited, 0: none
        self._asked_ms = 0
        self._turn_to = REG_MODE
        self._packet = bytearray(PACKET_SIZE)
        self._answer = bytearray(4)
        self._scrap = bytearray(64)
        self._ask = bytearray(2)
        self._order = bytearray(6)

    def _turn(self):
        if self._asked:
            self._listen()
        if not self._asked:
            if self._writes:
                self._write_next()
            else:
                self._question(self._turn_to)

    def _question(self, register):
        while self._uart.any():  # what came too late belongs to no question
            self._uart.readinto(self._scrap)
        self._ask[0] = 0x58 | self._address
        self._ask[1] = register
        self._uart.write(self._ask)
        self._asked = register
        self._asked_ms = self._now_ms

    def _listen(self):
        into = self._packet if self._asked == PACKET else self._answer
        waited_ms = self._now_ms - self._asked_ms
        if self._uart.any() >= len(into) and waited_ms <= LATE_MS:
            register, self._asked = self._asked, 0
            count = self._uart.readinto(into)
            seed = 0x58 | self._address
            if register != PACKET:
                seed += register
            if count == len(into) and checksum(seed, into) == into[-1]:
                self._answered(register)
            else:
                self._garbled()
                self._turn_to = PACKET if self._mode_ours else REG_MODE
        elif waited_ms >= _WAIT_MS:
            if self._uart.any() and waited_ms <= LATE_MS:
                self._garbled()
            self._asked = 0
            self._turn_to = PACKET if self._mode_ours else REG_MODE

    def _answered(self, register):
        if register == PACKET:
            if is_plausible(self._packet, self._constants):
                self._turn_to = REG_MODE
            else:
                self._garbled()
            return
        mode = _u24(self._answer, 0)
        if mode == self._mode:
            self._odd = 0
            if self._mode_ours:
                self._believe()
            self._mode_ours = True
            self._turn_to = PACKET
            return
        # Not ours: once can be an error on the line, the factory's twice is a chip that began anew.
        if self._mode_ours and mode != MODE_DEFAULT:
            self._garbled()
            return
        self._odd += 1
        if self._odd < 2:
            return
        self._odd = 0
        if self._mode_ours:
            self._mode_ours = False
            self._counter.restarted()
            self._tell()
        self._writes = 3

    def _believe(self):
        packet = self._packet
        counts = self._counter.take(_u24(packet, 13), self._now_ms)
        backward = bool(packet[19] & _REVERSE) != bool(self._constants.get("reversed"))
        if counts == LOST:
            self._unknown()
        elif counts and not backward:
            self._register.add(counts * self._uj)
        if not self._counter.agrees:
            self._garbled()
        elif self._counter.based:
            mv, ma, mw = values(packet, self._constants)
            self._heard(mw, (ma, 0, 0), (mv, 0, 0))

    def _write_next(self):
        register, value = (
            (REG_PROTECT, 0),
            (REG_MODE, self._mode),
            (REG_PROTECT, 0x55),
        )[self._writes - 1]
        order = self._order
        order[0] = 0xA8 | self._address
        order[1] = register
        order[2] = value
        order[5] = checksum(0, order)
        self._uart.write(order)
        self._writes -= 1
        self._turn_to = REG_MODE


def checksum(seed, frame):
    """The inverse sum of `seed` and all bytes of `frame` but the last (also of BL0939 and BL0940)."""
    total = seed
    for i in range(len(frame) - 1):
        total += frame[i]
    return ~total & 0xFF


def is_plausible(packet, constants):
    """Whether a packet with the right sum can be true: its head, its zeros, mains voltage and frequency,
    or nothing at all when the mains have just gone and the capacitors hold the chip.
    """
    if packet[0] != 0x55 or packet[18] or packet[21]:
        return False
    mv, ma, mw = values(packet, constants)
    if mv < LEAST_MV:
        return ma <= DARK_MA and -_DARK_MW <= mw <= _DARK_MW
    period = packet[16] | packet[17] << 8
    return mv <= MOST_MV and _LEAST_PERIOD <= period <= _MOST_PERIOD


def values(packet, constants):
    """(mV, mA, mW) of a packet; mW is negative for export."""
    mv = _u24(packet, 4) * 1000000 // constants["uref_milli"]
    ma = _u24(packet, 1) * 1000000 // constants["iref_milli"]
    watt = _u24(packet, 10)
    if watt & 0x800000:
        mw = -((0x1000000 - watt) * 1000000 // constants["pref_milli"])
    else:
        mw = watt * 1000000 // constants["pref_milli"]
    return mv, ma, -mw if constants.get("reversed") else mw


def _u24(data, at):
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: serial, calibrated, constants. objects: bus, limits."""
    return Bl0942(
        need(objects, "bus"),
        clock,
        need(chip, "serial"),
        constants_of(chip, ("uref_milli", "iref_milli", "pref_milli")),
        most_w(objects),
    )
