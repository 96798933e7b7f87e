"""MFRC522 at the far end of SPI: registers, FIFO, timer, and cards that answer bit by bit.

Its time is the world's, and within a turn, in which that stands still, 25 us an access and 8 us a byte.
"""

from hal.mock.chips.reader import ReaderChip

_COM_IRQ = 0x04
_ERROR = 0x06
_FIFO = 0x09
_LEVEL = 0x0A
_CONTROL = 0x0C
_FRAMING = 0x0D
_COLL = 0x0E

_ACCESS_US = 25
_BYTE_US = 8
_BIT_NS = 9440


def _crc(data):
    crc = 0x6363
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return bytes((crc & 0xFF, crc >> 8))


def _bits(data):
    return [byte >> bit & 1 for byte in data for bit in range(8)]


class Mfrc522Chip(ReaderChip):
    """hanging: registers stand, and nothing ever ends. version: of the chip."""

    def __init__(self, world, field, version=0x92):
        self.version = version
        self.accesses = 0
        self.calls = 0  # WUPA or REQA
        super().__init__(world, field)

    def _forget(self):
        self.registers = bytearray(64)
        self.registers[0x11] = 0x3F
        self.registers[0x14] = 0x80
        self.registers[0x37] = self.version
        self.registers[_COLL] = 0x80
        self._fifo = b""
        self._due_us = -1
        self._outcome = None
        self._register = None
        self._spent_us = 0
        self._spent_at_ms = -1

    # ---- SPI

    def select(self, on):
        """Its select line."""
        if on:
            self.accesses += 1
            self._register = None
            self._spend(_ACCESS_US)

    def transfer(self, byte):
        """One byte each way: an address, then data, or the next address to read."""
        if not self._powered or self._low:
            return 0xFF
        self._spend(_BYTE_US)
        if self._register is None:
            self._register = byte
            return 0
        if self._register & 0x80:
            value = self._read(self._register >> 1 & 0x3F)
            self._register = byte
            return value
        self._write(self._register >> 1 & 0x3F, byte)
        return 0

    def _spend(self, us):
        if self._spent_at_ms != self._world.now_ms:
            self._spent_at_ms = self._world.now_ms
            self._spent_us = 0
        self._spent_us += us

    def _now_us(self):
        self._spend(0)
        return self._world.now_ms * 1000 + self._spent_us

    # ---- registers

    def _read(self, register):
        if 0 <= self._due_us <= self._now_us() and not self.hanging:
            self._end()
        if register == _FIFO:
            value = self._fifo[0] if self._fifo else 0
            self._fifo = self._fifo[1:]
            return value
        if register == _LEVEL:
            return len(self._fifo)
        return self.registers[register]

    def _write(self, register, value):
        if register == 0x01:
            if value & 15 == 15:
                self._forget()
                self._field.drop()
                return
            if value & 15 == 0:
                self._due_us = -1
        elif register == _COM_IRQ:
            if value & 0x80:
                self.registers[_COM_IRQ] |= value & 0x7F
            else:
                self.registers[_COM_IRQ] &= ~value & 0x7F
            return
        elif register == _FIFO:
            if len(self._fifo) < 64:
                self._fifo += bytes((value,))
            return
        elif register == _LEVEL:
            if value & 0x80:
                self._fifo = b""
            return
        elif register == 0x37:
            return
        elif register == _COLL:
            value &= 0x80
        self.registers[register] = value
        if register == _FRAMING and value & 0x80 and self.registers[0x01] & 15 == 0x0C:
            self._exchange()

    def _exchange(self):
        """Send what is in the FIFO; the answer is there when it has been on the air."""
        sent, self._fifo = self._fifo, b""
        framing = self.registers[_FRAMING]
        self.registers[_ERROR] = 0
        self._outcome = None
        air_bits = 9 * len(sent)
        if self.registers[0x14] & 3 == 3:
            self._outcome = self._ask_cards(sent, framing & 7, framing >> 4 & 7)
        registers = self.registers
        if self._outcome:
            wait_us = 86 + (air_bits + 9 * len(self._outcome[0])) * _BIT_NS // 1000
        elif registers[0x2A] & 0x80:
            # (prescaler * 2 + 1) / 13.56 MHz a tick
            ticks = registers[0x2C] << 8 | registers[0x2D]
            prescaler = (registers[0x2A] & 15) << 8 | registers[0x2B]
            wait_us = air_bits * _BIT_NS // 1000 + ticks * (2 * prescaler + 1) * 100 // 1356
        else:
            return
        self._due_us = self._now_us() + wait_us

    def _end(self):
        self._due_us = -1
        registers = self.registers
        if self._outcome is None:
            registers[_COM_IRQ] |= 0x01
            return
        self._fifo, last_bits, collision = self._outcome
        registers[_CONTROL] = last_bits
        registers[_COLL] = registers[_COLL] & 0x80 | 0x20
        if collision:
            registers[_ERROR] |= 0x08
            registers[_COLL] = registers[_COLL] & 0x80 | (
                collision & 31 if collision <= 32 else 0x20
            )
            registers[_COM_IRQ] |= 0x02
        registers[_COM_IRQ] |= 0x30

    # ---- the air

    def _ask_cards(self, sent, tx_bits, align):
        """(bytes, bits of the last one, position of the first collision or 0), None for silence."""
        cards = self._field.cards()
        if tx_bits == 7 and sent in (b"\x26", b"\x52"):
            self.calls += 1
            answers = [card.call(sent == b"\x52") for card in cards]
            return _merged([_bits(a) for a in answers if a], 0, 0)
        if len(sent) < 2:
            return None
        if sent[:2] == b"\x50\x00" and not tx_bits:
            for card in cards:
                if card.state == 2 and sent[2:] == _crc(sent[:2]):
                    card.state = 3
            return None
        level = (sent[0] - 0x93) >> 1
        if sent[1] == 0x70:
            if len(sent) != 9 or sent[7:] != _crc(sent[:7]):
                return None
            saks = [card.select(level, sent[2:7]) for card in cards]
            found = [bytes((sak,)) for sak in saks if sak is not None]
            return _merged([_bits(sak + _crc(sak)) for sak in found], 0, 0)
        known = ((sent[1] >> 4) - 2) * 8 + (sent[1] & 15)
        prefix = _bits(sent[2:])[:known]
        if len(prefix) < known:
            return None
        answers = []
        for card in cards:
            if card.state == 1 and card.level == level:
                bits = _bits(card.block())
                if bits[:known] == prefix:
                    answers.append(bits[known:])
        return _merged(answers, align, known)


def _merged(answers, align, known):
    """What the reader hears when all `answers` (lists of bits) come at once."""
    if not answers:
        return None
    collision = 0
    bits = [0] * align
    for i in range(max([len(answer) for answer in answers])):
        here = [answer[i] for answer in answers if i < len(answer)]
        if not collision and min(here) != max(here):
            collision = known + i + 1
        bits.append(0 if collision else here[0])
    out = bytearray((len(bits) + 7) // 8)
    for i in range(len(bits)):
        out[i >> 3] |= bits[i] << (i & 7)
    return bytes(out), len(bits) & 7, collision
