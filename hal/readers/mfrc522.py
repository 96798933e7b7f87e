"""MFRC522 card reader on SPI (NXP MFRC522 data sheet rev. 3.9): mode 0, highest bit first, 10 MHz or less.

An exchange with a card is begun in one turn and looked at in the next; only the answer to an
anticollision, 0.7 ms, is waited for, so that a UID of ten bytes takes five turns. Without a card the chip's timer ends the
call after 5 ms, long before the next turn looks: a poll costs eight accesses.

    reset -> start -> call -> anticollision -> select -> (next level) -> told -> halt -> call ...
                                  `-> branch_1 -> branch_0: both answered, so there are two cards

A UID is told only after the card has answered a select with exactly that UID, so an error on SPI,
which has no check of its own, cannot make one up.
"""

from hal.opening import need, turned
from hal.ports import TWO_CARDS

from .attended import REFRESH_POLLS, AttendedReader
from .iso14443 import KIND, Cascade, check_fits, crc_fits, with_crc

_RESET_MS = 20
_START_MS = 50  # oscillator, after NRSTPD or the reset command
_RETRY_MS = 500
_STUCK_MS = 150  # an exchange that neither ends nor times out
_ODD_MOST = 3  # polls in a row in which the chip has not the mode it was given
_LOOKS = 24  # at an anticollision in its own turn: 1.2 ms at 50 us an access

_COMMAND = 0x01
_COM_IRQ = 0x04
_ERROR = 0x06
_FIFO = 0x09
_FIFO_LEVEL = 0x0A
_CONTROL = 0x0C
_BIT_FRAMING = 0x0D
_COLL = 0x0E
_MODE = 0x11
_VERSION = 0x37

_IDLE = 0x00
_TRANSCEIVE = 0x0C
_SOFT_RESET = 0x0F

_IRQ_ENDED = 0x30  # received, or idle
_IRQ_TIMER = 0x01
_ERR_COLLISION = 0x08
_ERR_BAD = 0x13  # overflow, parity, protocol

_MODE_VALUE = 0x3D  # CRC preset 6363

_SETUP = (
    (0x12, 0x00),  # TxMode: 106 kbit/s, no CRC by the chip
    (0x13, 0x00),  # RxMode
    (0x24, 0x26),  # ModWidth
    (0x2A, 0x80),  # TMode: the timer starts when a transmission ends
    (0x2B, 0xA9),  # TPrescaler: 25 us a tick
    (0x2C, 0x00),  # TReload: 5 ms
    (0x2D, 0xC8),
    (0x15, 0x40),  # TxASK: 100 %
    (_MODE, _MODE_VALUE),
    (_COLL, 0x00),  # bits behind a collision read as 0
    (0x14, 0x83),  # TxControl: antenna on
)

_WAKE_UP = b"\x52"  # WUPA, 7 bits: cards that were halted answer too
_HALT = b"\x50\x00\x57\xcd"

# How an exchange ended.
_NONE = 0
_ANSWER = 1
_SILENCE = 2


class Mfrc522(AttendedReader):
    """spi, select: like machine.SPI and machine.Pin. reset: None or the pin of NRSTPD."""

    def __init__(self, spi, select, clock, reset=None, reverse=False):
        super().__init__(clock, reset, reverse)
        self._spi = spi
        self._select = select
        self._cascade = Cascade()
        self._two = bytearray(2)
        self._got = bytearray(2)
        self._out = memoryview(bytearray(18))
        self._in = memoryview(bytearray(18))
        self._block = bytearray(5)
        self._count = 0
        self._collision = 0  # position of the first bit that collided, 1..32; -1 unknown; 0 none
        self._odd = 0
        self._ended = False  # an exchange has, since the last reset
        self._place = 0  # position of the collision that is being looked into
        self._pull_reset()

    def _turn(self):
        step = self._step
        if step == "reset" or step == "start":
            if self._waited_ms() < self._pause_ms:
                return
            if step == "start":
                self._set_up()
                self._call()
                return
            if self._reset is not None:
                self._reset.value(1)
            self._write(_COMMAND, _SOFT_RESET)
            self._go("start", _START_MS)
            return
        if step == "halt":  # no card answers it
            self._call()
            return
        ended = self._look()
        if ended == _NONE:
            if self._waited_ms() >= _STUCK_MS:
                raise OSError(5, "EIO")
            return
        self._ended = True
        self._advance(ended)
        if self._step == "anticollision":
            for _ in range(_LOOKS):
                ended = self._look()
                if ended != _NONE:
                    self._advance(ended)
                    break

    # ---- the chip's life

    def _pull_reset(self):
        self.resets += 1
        self._ended = False
        if self._reset is not None:
            self._reset.value(0)
        self._go("reset", _RESET_MS)

    def _stumbled(self):
        self._odd = 0
        self._attempts += 1
        self._pull_reset()
        if self._attempts > 1:
            self._pause_ms = _RETRY_MS

    def _set_up(self):
        self._polls = 0
        version = self._read(_VERSION)
        if version == 0x00 or version == 0xFF:
            raise OSError(19, "ENODEV")
        for register, value in _SETUP:
            self._write(register, value)

    def _call(self):
        """Begin a poll, if the chip still is what it was set up to be."""
        if self._read(_MODE) == _MODE_VALUE:
            self._odd = 0
            if self._ended:  # registers stand in a chip that hangs, too
                self._attempts = 0
                self._heard()
        else:
            self._odd += 1
            if self._odd >= _ODD_MOST:
                raise OSError(5, "EIO")
            self._set_up()  # it lost its supply, or the bus lied
        self._polls += 1
        if self._polls >= REFRESH_POLLS:
            self._set_up()
        self._cascade.restart()
        self._begin("call", _WAKE_UP, 1, 7)

    # ---- steps of a poll

    def _advance(self, ended):
        step = self._step
        if ended == _SILENCE:
            if step == "call":
                self._presence.nobody()
                self._call()
            else:
                self._finish()  # the card has left on the way, or an error made another UID of its own
            return
        good = self._receive()
        if step == "call":
            if self._collision or (good and self._count == 2):
                self._anticollide()
            else:
                self._finish()
        elif step == "anticollision":
            if self._collision > 0:
                self._branch("branch_1", 1)
            elif good and self._count == 5 and check_fits(self._in):
                self._choose()
            else:
                self._finish()
        elif step == "select":
            self._selected(good)
        elif not self._branch_holds(good):
            self._finish()
        elif step == "branch_1":
            self._branch("branch_0", 0)
        else:
            if self._presence.two():
                self._told = TWO_CARDS
            self._finish()

    def _anticollide(self):
        out = self._out
        out[0] = self._cascade.select_code()
        out[1] = 0x20
        self._begin("anticollision", out, 2, 0)

    def _branch(self, step, bit):
        """Call the cards whose UID has `bit` where two bits collided: with both, there are two cards."""
        block = self._block
        if step == "branch_1":
            block[:] = self._in[:5]
            self._place = self._collision
        known = self._place
        whole, rest = known >> 3, known & 7
        at = (known - 1) >> 3
        mask = 1 << ((known - 1) & 7)
        block[at] = (block[at] & (mask - 1)) | (mask if bit else 0)
        out = self._out
        out[0] = self._cascade.select_code()
        out[1] = (2 + whole) << 4 | rest
        out[2:6] = block[:4]
        self._begin(step, out, 2 + whole + (1 if rest else 0), rest | rest << 4)

    def _branch_holds(self, good):
        """Whether a card answered the branch: its check byte fits, or more than one answered at once."""
        whole = self._place >> 3
        if self._count != 5 - whole:
            return False
        if not good:
            return self._collision > 0
        block = bytearray(self._block)
        rest = self._place & 7
        mask = (1 << rest) - 1
        block[whole] = (block[whole] & mask) | (self._in[0] & ~mask)
        block[whole + 1 :] = bytes(self._in[1 : 5 - whole])
        return check_fits(block)

    def _choose(self):
        self._block[:] = self._in[:5]
        asked = with_crc(bytes((self._cascade.select_code(), 0x70)) + bytes(self._block))
        self._begin("select", asked, 9, 0)

    def _selected(self, good):
        if not (good and self._count == 3 and crc_fits(self._in, 3)):
            self._finish()
            return
        try:
            uid = self._cascade.add(self._block, self._in[0])
        except ValueError:
            self._finish()
            return
        if uid is None:
            self._anticollide()
            return
        if self._presence.fresh(uid):
            self._presence.hold(uid)
            self._told = (KIND, self._ordered(uid))
        self._finish()

    def _finish(self):
        self._begin("halt", _HALT, 4, 0)

    # ---- one exchange

    def _begin(self, step, data, size, framing):
        """Begin to send `size` bytes. framing: valid bits of the last one, and where the answer begins << 4."""
        self._write(_COMMAND, _IDLE)
        self._write(_COM_IRQ, 0x7F)
        self._write(_FIFO_LEVEL, 0x80)
        select = self._select
        self._two[0] = _FIFO << 1
        select.value(0)
        self._spi.write(memoryview(self._two)[:1])
        self._spi.write(memoryview(data)[:size])
        select.value(1)
        self._write(_COMMAND, _TRANSCEIVE)
        self._write(_BIT_FRAMING, 0x80 | framing)
        self._go(step)

    def _look(self):
        irq = self._read(_COM_IRQ)
        if irq & _IRQ_ENDED:
            return _ANSWER
        return _SILENCE if irq & _IRQ_TIMER else _NONE

    def _receive(self):
        """Fetch the answer: whether it came without an error."""
        error = self._read(_ERROR)
        self._collision = 0
        if error & _ERR_COLLISION:
            place = self._read(_COLL)
            self._collision = -1 if place & 0x20 else (place & 0x1F) or 32
        count = self._read(_FIFO_LEVEL)
        last_bits = self._read(_CONTROL) & 7
        if count > 16:
            self._count = 0
            return False
        self._count = count
        if count:
            out = self._out
            for i in range(count):
                out[i] = 0x80 | _FIFO << 1
            out[count] = 0
            select = self._select
            select.value(0)
            # the first byte that comes belongs to no register
            self._spi.write_readinto(out[: count + 1], self._in[: count + 1])
            select.value(1)
            for i in range(count):
                self._in[i] = self._in[i + 1]
        return not error & (_ERR_BAD | _ERR_COLLISION) and not last_bits

    def _write(self, register, value):
        self._two[0] = register << 1
        self._two[1] = value
        self._select.value(0)
        self._spi.write(self._two)
        self._select.value(1)

    def _read(self, register):
        self._two[0] = 0x80 | register << 1
        self._two[1] = 0
        self._select.value(0)
        self._spi.write_readinto(self._two, self._got)
        self._select.value(1)
        return self._got[1]


def worst_turn_bytes():
    """SPI bytes of the worst turn: the end of a select, an anticollision that is waited for, and the next."""
    access = 2
    begin = 5 * access + 1
    receive = 4 * access + 1
    ends = access + receive + 3  # the SAK
    waits = begin + 2 + _LOOKS * access + receive + 5
    return ends + waits + begin + 9


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: transport (spi), uid_order. objects: bus, cs, reset."""
    if chip.get("transport", "spi") != "spi":
        raise ValueError("transport: %s, spi only" % chip["transport"])
    reset = objects.get("reset")
    return Mfrc522(need(objects, "bus"), need(objects, "cs"), clock, reset, turned(chip))
