"""PN532 at the far end of a UART, of I2C or of SPI (NXP UM0701-02, PN532/C1 data sheet).

It acknowledges a command after 1 ms and answers when it has done it; it sends its last frame again for a
NACK, drops what it does for an ACK, and says 7F to what it does not know. What is read past a frame
is junk, as on a real chip.
"""

from hal.mock.chips.cards import ACTIVE, IDLE
from hal.mock.chips.reader import ReaderChip

_ACK = b"\x00\x00\xff\x00\xff\x00"
_NACK = b"\x00\x00\xff\xff\x00\x00"
_JUNK = b"\x02\x2a\x01\x06\x07\xe8"
_ACK_MS = 1
_TRY_MS = 6  # one call for cards without an answer


class Pn532Chip(ReaderChip):
    """The chip behind its transport.

    hanging: it does nothing. deaf_ms: how much later than usual it answers. commands: codes it has carried out.
    """

    def __init__(self, world, field):
        self.deaf_ms = 0
        self.commands = []
        self.naks = 0
        super().__init__(world, field)

    def _forget(self):
        self.asleep = True
        self.retries = 0xFF  # MxRtyPassiveActivation: for ever
        self.queue = []  # (due_ms, frame) in order
        self._last = b""
        self._targets = []

    @property
    def alive(self):
        """Whether it does anything at all."""
        return self._powered and not self._low and not self.hanging

    def hear(self, frame):
        """A whole frame from the host: bytes from 00 00 FF on."""
        if not self.alive:
            return
        if frame[:5] == _ACK[:5]:
            self.queue = []
        elif frame[:5] == _NACK[:5]:
            self.naks += 1
            if self._last:
                self.queue = [(self._world.now_ms + _ACK_MS, self._last)]
        else:
            size = frame[3]
            body = frame[5 : 5 + size]
            if (size + frame[4]) & 0xFF or (sum(body) + frame[5 + size]) & 0xFF or body[0] != 0xD4:
                return
            due_ms = self._world.now_ms + _ACK_MS + self.deaf_ms
            self.queue = [(due_ms, _ACK)]
            answer, took_ms = self._carry_out(body[1], body[2:])
            if answer is not None:
                self.queue.append((due_ms + took_ms, _frame(answer)))

    def due(self):
        """The frame that is ready now, None when none is."""
        if self.alive and self.queue and self.queue[0][0] <= self._world.now_ms:
            return self.queue[0][1]
        return None

    def taken(self):
        """The frame that was ready has been read."""
        self._last = self.queue.pop(0)[1]

    # ---- commands

    def _carry_out(self, code, data):
        """(TFI and data of the answer, or None for never; how many ms it takes)"""
        self.commands.append(code)
        if len(self.commands) > 64:
            self.commands.pop(0)
        if code == 0x02:
            return b"\xd5\x03\x32\x01\x06\x07", 1
        if code == 0x14:
            return b"\xd5\x15", 1
        if code == 0x32:
            if data[0] == 5:
                self.retries = data[3]
            return b"\xd5\x33", 1
        if code == 0x4A and data[1] == 0:
            return self._list(data[0], data[2:])
        if code == 0x40 and 0 < data[0] <= len(self._targets):
            card = self._targets[data[0] - 1]
            if card not in self._field.cards() or card.state != ACTIVE:
                return b"\xd5\x41\x01", 10
            return b"\xd5\x41\x00" + card.apdu(data[1:]), 8
        if code == 0x52:
            self._targets = []
            return b"\xd5\x53\x00", 2
        return b"\x7f", 1

    def _list(self, most, uid):
        found = []
        for card in self._field.cards():
            if len(found) < most and (not uid or uid == _tagged(card.uid)):
                found.append(card)
        self._targets = found
        if not found and self.retries == 0xFF:
            return None, 0
        answer = b"\xd5\x4b" + bytes((len(found),))
        number = 0
        for card in found:
            number += 1
            card.state = IDLE
            card.call(True)
            card.state = ACTIVE
            answer += (
                bytes((number, card.atqa[1], card.atqa[0], card.sak, len(card.uid))) + card.uid
            )
            if card.sak & 0x20:
                answer += b"\x06\x77\x77\x71\x02\x80"  # ATS
        return answer, _TRY_MS * (1 + self.retries) if len(found) < most else 10


def _tagged(uid):
    if len(uid) == 4:
        return uid
    return b"\x88" + (uid if len(uid) == 7 else uid[:3] + b"\x88" + uid[3:])


def _frame(body):
    size = len(body)
    return bytes((0, 0, 0xFF, size, -size & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


class Pn532OnUart:
    """HSU: for SimUart, whose `send` is given to `line` afterwards. It sleeps until it hears 55."""

    def __init__(self, chip):
        self.line = None
        self._chip = chip
        self._heard = b""

    def receive(self, data, now_ms):
        """Bytes from the host."""
        chip = self._chip
        if chip.alive and chip.asleep:
            at = data.find(b"\x55\x55")
            if at < 0:
                return
            chip.asleep = False
            self._heard = b""
            data = data[at + 2 :]
        self._heard += data
        while True:
            at = self._heard.find(b"\x00\x00\xff")
            if at < 0:
                self._heard = self._heard[-2:]
                return
            heard = self._heard[at:]
            if len(heard) < 6:
                return
            size = 6 if heard[3] in (0, 0xFF) else heard[3] + 7
            if len(heard) < size:
                return
            self._heard = heard[size:]
            chip.hear(heard[:size])

    def poll(self, now_ms):
        """Send what is ready."""
        while True:
            frame = self._chip.due()
            if frame is None:
                return
            due_ms = self._chip.queue[0][0]
            self._chip.taken()
            self.line.send(frame, due_ms - now_ms)  # it has been on its way since then


class Pn532OnI2c:
    """I2C: for SimI2c, whose `timeout_us` it is held against when it holds the clock for `stretch_us`."""

    def __init__(self, chip):
        self.bus = None
        self.stretch_us = 500
        self._chip = chip

    def wrote(self, data):
        """A write to its address."""
        self._answer()
        self._chip.hear(data)

    def asked(self, size):
        """A read from its address."""
        self._answer()
        frame = self._chip.due()
        if frame is None:
            return b"\x00" * size
        if size == 1:
            return b"\x01"
        self._chip.taken()
        return (b"\x01" + frame + _JUNK * 30)[:size]

    def _answer(self):
        chip = self._chip
        if chip.hanging or self.stretch_us > self.bus.timeout_us:
            raise OSError(110, "ETIMEDOUT")
        if not chip.alive:
            raise OSError(19, "ENODEV")


class Pn532OnSpi:
    """SPI: for SimSpi, which sends the highest bit first; the chip takes the lowest first."""

    def __init__(self, chip):
        self._chip = chip
        self._heard = None
        self._given = b""
        self._what = 0

    def select(self, on):
        """Its select line."""
        if on:
            self._heard = b""
            self._what = 0
        elif self._what == 1:
            self._chip.hear(self._heard)
            self._what = 0

    def transfer(self, byte):
        """One byte each way."""
        if not self._chip.alive:
            return 0xFF
        byte = _turned(byte)
        if not self._what:
            self._what = byte
            if byte == 3:
                frame = self._chip.due()
                self._given = b""
                if frame is not None:
                    self._chip.taken()
                    self._given = frame
                self._at = 0
            return 0xFF
        if self._what == 1:
            self._heard += bytes((byte,))
            return 0xFF
        if self._what == 2:
            return _turned(0 if self._chip.due() is None else 1)
        at = self._at
        self._at += 1
        return _turned(self._given[at] if at < len(self._given) else _JUNK[at % len(_JUNK)])


def _turned(byte):
    turned = 0
    for bit in range(8):
        turned |= (byte >> bit & 1) << (7 - bit)
    return turned
