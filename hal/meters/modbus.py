"""Energy meters on Modbus RTU (RS485): the charger is the only master, and asks one meter.

Wiring, timing and what is lost at a power cut: docs/hardware/modbus.md. Source of the framing: "MODBUS over
Serial Line" V1.02. One request is on the line at a time; each turn sends one, or looks at what has come:

    silent --(3.5 characters without a byte)--> asking --(answer, refusal or no answer)--> silent

Requests go round: serial number, register, values, register, values... An answer carries no number, so two
requests that follow each other differ in length or function: an answer that comes too late fits no other
request and is dropped, like one of another meter.
"""

from hal.elapsed import passed_ms
from hal.meters import modbus_table as table
from hal.ports import Meter, Reading

ANSWER_MS = 300  # a meter begins its answer within this time
FRESH_MS = 1000  # see hal.ports.Meter.read
OWN_MS = 1000  # allowed for the meter's own round: how often it counts is in no table
GARBLED = 3  # so many bad answers one after another to the same request are a complaint
SERIAL_EVERY = 256  # rounds after which the serial number is asked for again: meters are exchanged
NOT_THERE = (1, 2, 3)  # exceptions: no such function, register, or number of registers
HOLDING = 3
ENERGY, VALUES, SERIAL = 0, 1, 2
NONE = tuple(bytes(3))
_WORDS = 2  # registers of the register and of the serial number
_BUFFER = 128  # twice the longest answer and more
_LATER_MS = 5  # a transmitter that is still busy this long after its time is switched off

_CRC = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


def crc16(data, start, end):
    """CRC of data[start:end], 0..65535; its low byte goes first on the line."""
    crc = 0xFFFF
    for i in range(start, end):
        crc ^= data[i]
        crc = crc >> 4 ^ _CRC[crc & 15]
        crc = crc >> 4 ^ _CRC[crc & 15]
    return crc


def find_answer(data, count, unit, function, size):
    """Where the answer's values begin in data[:count]; 0: it is not there; -code: it was refused.

    size: bytes of values that were asked for. Whole frames that are not the answer are stepped over.
    """
    at = 0
    while at + 5 <= count:
        code = data[at + 1]
        if code & 0x80:
            end = at + 3
        elif code in (3, 4):
            end = at + 3 + data[at + 2]
        else:
            end = count
        if end + 2 > count or crc16(data, at, end) != data[end] | data[end + 1] << 8:
            at += 1
            continue
        if data[at] == unit:
            if code == function and data[at + 2] == size:
                return at + 3
            if code == function | 0x80:
                return -data[at + 2]
        at = end + 2
    return 0


class ModbusMeter(Meter):
    """uart: machine.UART with timeout=0, 8N1. baud: its speed. unit: the meter's address, 1..247.

    model: a name in modbus_table.MODELS. serial: for a meter that tells none, or "". source: "mid" or
    "internal", as the board description says. de: the pin that switches the RS485 transmitter on, None
    for a transceiver that does it by itself; later(ms, call): a one-shot timer, needed with `de`.
    """

    def __init__(self, uart, clock, model, unit=1, serial="", source="internal", baud=9600,
                 de=None, later=None):  # fmt: skip
        self._uart = uart
        self._clock = clock
        self._model = table.Model(model)
        self._unit = unit
        self._given = serial
        self._source = source
        self._baud = baud
        self._de = de
        self._later = later
        if de:
            if later is None:
                raise ValueError("meter: a de pin needs a timer")
            de.value(0)
        # 3.5 characters of 11 bits, and 1.75 ms above 19200 baud; one more for the clock's own step
        self._silence_ms = (3 if baud > 19200 else 38500 // baud + 1) + 1
        self._request = bytearray(8)
        self._buf = bytearray(_BUFFER)
        self._view = memoryview(self._buf)
        self._count = 0
        self._heard = clock.ticks_ms()
        self._asked = self._heard
        self._asking = None  # ENERGY, VALUES or SERIAL while its answer is awaited
        self._spoke = False  # something has come since the request
        self._limit_ms = 0
        self._next = ENERGY if self._model.number is None else SERIAL
        self._rounds = 0
        self._bad = [0, 0, 0]
        self._tries = 0
        self._serial = "" if self._next == SERIAL else serial
        self._wh = None
        self._since = None  # when the register was asked for first without an answer since
        self._wh_at = self._values_at = self._heard
        self._power_w = 0
        self._ma = self._v = NONE
        self._sent = (
            self._transmitted
        )  # a bound method made once: the timer's handler allocates nothing

    # ---- hal.ports.Meter

    def attend(self):
        self._forget_old()
        try:
            self._turn()
        except OSError:  # the UART of the port failed: nothing has come
            self._count = 0

    def read(self):
        if self._wh is None or not self._serial:
            return None
        age_ms = passed_ms(self._clock, self._wh_at)
        if age_ms > FRESH_MS:
            return None
        return Reading(
            self._wh, self._serial, self._power_w, self._ma, self._v, self._source, age_ms + OWN_MS
        )

    def complaint(self):
        if max(self._bad) >= GARBLED:
            return "meter_bus"
        return ""

    # ---- a turn

    def _turn(self):
        came = self._listen()
        if self._asking is None:
            self._count = 0  # nothing was asked: an answer that comes now is too late
            if not came and passed_ms(self._clock, self._heard) >= self._silence_ms:
                self._ask(self._next)
            return
        if came:
            self._spoke = True
            found = find_answer(self._buf, self._count, self._unit, self._request[1], self._size())
            if found:
                self._answered(found)
                return
        if passed_ms(self._clock, self._asked) >= self._limit_ms:
            self._end(bad=self._spoke)

    def _listen(self):
        """Take what has come into the buffer; whether something had."""
        waiting = self._uart.any()
        if not waiting:
            return False
        if self._count > _BUFFER // 2:  # longer than any answer: what is old is noise
            keep = _BUFFER // 2
            self._view[:keep] = bytes(self._view[self._count - keep : self._count])
            self._count = keep
        room = min(waiting, _BUFFER - self._count)
        got = self._uart.readinto(self._view[self._count : self._count + room]) or 0
        self._count += got
        self._heard = self._clock.ticks_ms()
        return got > 0

    def _ask(self, what):
        model = self._model
        register, words, function = model.energy, _WORDS, model.function
        if what == VALUES:
            register, words = model.values[:2]
        elif what == SERIAL:
            register, function = model.number, HOLDING
        request = self._request
        request[0] = self._unit
        request[1] = function
        request[2] = register >> 8
        request[3] = register & 0xFF
        request[4] = 0
        request[5] = words
        crc = crc16(request, 0, 6)
        request[6] = crc & 0xFF
        request[7] = crc >> 8
        self._asking = what
        self._spoke = False
        self._asked = self._clock.ticks_ms()
        if what == ENERGY and self._since is None:
            self._since = self._asked
        send_ms = 80000 // self._baud + 1
        self._limit_ms = ANSWER_MS + send_ms + (2 * words + 5) * 11000 // self._baud
        if self._de:
            self._de.value(1)
            self._tries = 0
        self._uart.write(request)
        if self._de:
            self._later(send_ms, self._sent)

    def _transmitted(self, _=None):
        """The timer's: let go of the line, before the meter answers on it."""
        self._tries += 1
        if self._tries < _LATER_MS and not self._uart.txdone():
            self._later(1, self._sent)
        else:
            self._de.value(0)

    # ---- what came

    def _size(self):
        return 2 * self._request[5]

    def _answered(self, found):
        if found < 0:
            self._refused(-found)
            return
        if self._asking == ENERGY:
            good = self._take_energy(found)
        elif self._asking == VALUES:
            good = self._take_values(found)
        else:
            good = self._take_serial(found)
        self._end(bad=not good)

    def _refused(self, code):
        # A meter without a serial number says so; a register that is not there means the wrong model.
        if self._asking == SERIAL and code in NOT_THERE:
            if not self._serial or self._bad[SERIAL] + 1 >= GARBLED:
                self._change_serial(self._given)
        self._end(bad=self._asking != SERIAL or not self._given or self._serial != self._given)

    def _take_energy(self, at):
        wh = table.energy_wh(self._buf, at, self._model)
        if wh is None:
            return False
        self._wh = wh
        # It may be the late answer to an earlier request, so it is as old as the first without one.
        self._wh_at = self._since
        self._since = None
        return True

    def _take_values(self, at):
        model = self._model
        _, _, volts, amperes, watts = model.values
        rows = []
        for scale, place in enumerate((volts, amperes, watts)):
            row = [0, 0, 0]
            for phase in range(model.phases):
                value = table.number(self._buf, at + 2 * place + 4 * phase, model, scale)
                if value is None:
                    return False
                row[phase] = value
            rows.append(row)
        self._v = tuple(rows[0])
        self._ma = tuple(rows[1])
        self._power_w = sum(rows[2])
        self._values_at = self._asked
        return True

    def _take_serial(self, at):
        number = 0
        for i in range(4):
            number = number << 8 | self._buf[at + i]
        self._change_serial("%d" % number if number else self._given)
        return self._serial != ""

    def _change_serial(self, serial):
        if serial != self._serial:
            self._wh = None  # the register in hand may be the other meter's
            self._serial = serial

    def _end(self, bad):
        """The request is over; the next one is another one, whatever became of this one."""
        what = self._asking
        self._asking = None
        self._count = 0
        if self._de:
            self._de.value(0)  # should the timer have been lost
        self._bad[what] = min(self._bad[what] + 1, GARBLED) if bad else 0
        self._rounds += 1
        if what == ENERGY:
            self._next = VALUES
        else:
            self._next = ENERGY
        if self._model.number is None:
            return
        if what == ENERGY and (not self._serial or self._rounds >= SERIAL_EVERY):
            self._next = SERIAL
        if what == SERIAL:
            self._rounds = 0

    def _forget_old(self):
        """What is not asked for again soon is no longer known; ticks differ for half a period only."""
        if self._wh is not None and passed_ms(self._clock, self._wh_at) > FRESH_MS:
            self._wh = None
        if passed_ms(self._clock, self._values_at) > 2 * FRESH_MS:
            self._values_at = self._clock.ticks_ms()
            self._power_w = 0
            self._ma = self._v = NONE


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: model, unit, serial, source. objects: bus, settings, de, later."""
    return ModbusMeter(
        objects["bus"],
        clock,
        chip["model"],
        chip.get("unit", 1),
        chip.get("serial", ""),
        chip.get("source", "internal"),
        objects["settings"]["baud"],
        objects.get("de"),
        objects.get("later"),
    )
