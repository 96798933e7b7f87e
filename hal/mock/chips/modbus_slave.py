"""A Modbus RTU meter at the other end of a UART: registers in a dict, over a `World`, with faults.

Made from the meters' own protocol descriptions and not from hal/meters: what it says is worked out with
floats and `struct`, as the meters do it. Its register outlives every power cut, like theirs.
"""

import struct

from hal.mock.world import MAINS_V, UJ_PER_WH

EASTRON = ("sdm630", "sdm72dm_v2", "sdm120")


def crc(data):
    """CRC-16 of Modbus, bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


class ModbusSlave:
    """kind: "em340" or one of EASTRON. serial: u32 of an Eastron meter, None for one that tells none.

    bus: the UART it answers on, set by whoever makes it. Times in ms. Faults, 0 or False for none:
    crc_every, silent_every, late_every, foreign_every: every n-th answer is damaged, left out, comes
        late_ms after the request, or is preceded by one of another meter.
    foreign_only: other meters answer in its place. refuse: the exception code for everything.
    overflow: the register reads 7FFFFFFF, or NaN where it is a float.
    requests: what it was asked. hurried: requests without 3.5 characters of silence before them.
    """

    def __init__(self, world, kind, unit=1, serial=12345678, baud=9600):
        self.world = world
        self.kind = kind
        self.unit = unit
        self.serial = serial
        self.bus = None
        self.answer_ms = 20
        self.crc_every = self.silent_every = self.late_every = self.foreign_every = 0
        self.late_ms = 400
        self.foreign_only = False
        self.refuse = 0
        self.overflow = False
        self.requests = []
        self.hurried = 0
        self._baud = baud
        self._asked = 0
        self._heard_ms = 0
        self._quiet_ms = 0  # when its last answer was over

    def poll(self, now_ms):
        """It never speaks by itself."""

    def receive(self, data, now_ms):
        """A request is over on the line."""
        if not self.world.mains or len(data) != 8 or crc(data[:6]) != data[6] | data[7] << 8:
            return
        began_ms = now_ms - len(data) * 11000 // self._baud
        if began_ms < self._quiet_ms + 38500 // self._baud:
            self.hurried += 1
        if data[0] != self.unit:
            return
        self._heard_ms = now_ms
        function, register, count = struct.unpack(">BHH", data[1:6])
        self.requests.append((function, register, count))
        if len(self.requests) > 64:
            self.requests.pop(0)
        self._answer(self._frame(function, register, count))

    # ---- what it says

    def _frame(self, function, register, count):
        code = self.refuse
        if not code and count > (50 if self.kind == "em340" else 80):
            code = 3
        if not code:
            words = self._holding() if function == 3 else self._inputs()
            data = b""
            for i in range(register, register + count):
                if i not in words:
                    # gaps inside the map read 0, places outside of it do not exist
                    if not words or i > max(words) or i < min(words):
                        code = 2
                        break
                    data += b"\x00\x00"
                else:
                    data += struct.pack(">H", words[i])
        if code:
            return bytes([self.unit, function | 0x80, code])
        return bytes([self.unit, function, len(data)]) + data

    def _answer(self, frame):
        self._asked += 1
        n = self._asked
        if self.silent_every and n % self.silent_every == 0:
            return
        after_ms = self.answer_ms
        if self.late_every and n % self.late_every == 0:
            after_ms = self.late_ms
        if self.foreign_only or (self.foreign_every and n % self.foreign_every == 0):
            other = bytes([self.unit + 1]) + frame[1:3] + b"\x41" * len(frame[3:])
            self._send(other, after_ms, False)
        if not self.foreign_only:
            self._send(frame, after_ms, self.crc_every and n % self.crc_every == 0)

    def _send(self, frame, after_ms, damaged):
        value = crc(frame) ^ (0x0100 if damaged else 0)
        frame += bytes([value & 0xFF, value >> 8])
        self.bus.send(frame, after_ms)
        self._quiet_ms = self._heard_ms + after_ms + len(frame) * 11000 // self._baud

    # ---- its registers

    def _holding(self):
        if self.kind not in EASTRON or self.serial is None:
            return self._inputs() if self.kind == "em340" else {}
        return {0xFC00: self.serial >> 16, 0xFC01: self.serial & 0xFFFF}

    def _inputs(self):
        world = self.world
        live = [MAINS_V if i < (1 if self.kind == "sdm120" else 3) else 0 for i in range(3)]
        amperes = [world.current_ma() / 1000 if i < world.phases else 0 for i in range(3)]
        watts = [live[i] * amperes[i] for i in range(3)]
        words = {}
        if self.kind in EASTRON:
            kwh = (world.meter_base_wh + world.energy_uj / UJ_PER_WH) / 1000
            self._floats(words, 0x00, live)
            self._floats(words, 0x06, amperes)
            self._floats(words, 0x0C, watts)
            for at in (0x48, 0x156):
                self._floats(words, at, [float("nan") if self.overflow else kwh])
        else:
            self._ints(words, 0x00, [v * 10 for v in live])
            self._ints(words, 0x0C, [a * 1000 for a in amperes])
            self._ints(words, 0x12, [w * 10 for w in watts])
            tenths = 0x7FFFFFFF if self.overflow else world.register_wh() // 100
            self._ints(words, 0x34, [tenths])
        return words

    @staticmethod
    def _floats(words, at, values):
        for i, value in enumerate(values):
            high, low = struct.unpack(">HH", struct.pack(">f", value))
            words[at + 2 * i] = high
            words[at + 2 * i + 1] = low

    @staticmethod
    def _ints(words, at, values):
        for i, value in enumerate(values):
            high, low = struct.unpack(">HH", struct.pack(">i", int(value + 0.5)))
            words[at + 2 * i] = low
            words[at + 2 * i + 1] = high
