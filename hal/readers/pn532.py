"""PN532 card reader (NXP UM0701-02), over one of the transports in pn532_hsu.py, pn532_i2c.py, pn532_spi.py.

One command is under way at a time: sent in one turn, its answer looked for in the next. A turn with an
answer sends the next command too, so a poll takes one turn, 50 ms, and a card is told after two:

    reset -> wake -> sam -> version -> retries -> list -> confirm -> release -> list ...
                                                   `-> app -> file -> read -' (a card that proves itself)

`list` asks for up to two cards. The sum that guards a frame does not see two errors that cancel, so a
UID is told after the chip has found a card by exactly that UID (`confirm`).
"""

from hal.opening import need, turned
from hal.ports import TWO_CARDS

from . import ndef
from .attended import REFRESH_POLLS, AttendedReader
from .iso14443 import KIND, tagged
from .pn532_frame import (
    ACK,
    ACK_FRAME,
    ACK_SIZE,
    AROUND,
    BAD,
    FRAME,
    FROM_CHIP,
    MORE,
    NACK,
    NACK_FRAME,
    build,
    find,
    speaks_apdus,
    targets,
)

_RESET_MS = 20  # RSTPDN low
_START_MS = 20  # from RSTPDN high until the chip listens
_RETRY_MS = 500  # between two attempts to wake a silent chip
_ACK_MS = 100
_REPLY_MS = 400  # the longest command, a list with two cards, takes 60 ms
_REPEATS = 2  # of one answer that came garbled
_RESET_AFTER = 3  # attempts

_IC = 0x32
_SHORT = 30  # bytes fetched of an answer whose size is not known yet

_SAM = build(b"\x14\x01\x14\x01")
_VERSION = build(b"\x02")
_RETRIES = build(b"\x32\x05\xff\x01\x01")
_LIST = build(b"\x4a\x02\x00")
_RELEASE = build(b"\x52\x00")
_CODE_AT = 6  # of the command in a frame

_APP = b"\x00\xa4\x04\x00\x07\xd2\x76\x00\x00\x85\x01\x01\x00"
_FILE = b"\x00\xa4\x00\x0c\x02\xe1\x04"


class Pn532(AttendedReader):
    """bus: a transport. reset: None or the pin of RSTPDN. proves: the URL of cards that speak
    ISO/IEC 14443-4 is read as well (`proof`), which takes three turns more.
    """

    def __init__(self, bus, clock, reset=None, reverse=False, proves=False):
        super().__init__(clock, reset, reverse)
        self.proof = b""
        self._bus = bus
        self._proves = proves
        self._frame = _SAM
        self._acked = False
        self._repeats = 0
        self._size = _SHORT
        self._card = None  # (number, SAK, UID) that is being asked
        self._file = b""
        self._url = b""
        self._step = "wake"
        if reset is not None:
            self._pull_reset()

    def _turn(self):
        step = self._step
        if step != "reset" and step != "wake":
            self._listen()
        elif self._waited_ms() >= self._pause_ms:
            if step == "reset":
                self._reset.value(1)
                self._go("wake", _START_MS)
            else:
                self._bus.wake()
                self._polls = 0
                self._ask("sam", _SAM)

    # ---- one command and its answer

    def _ask(self, step, frame, size=_SHORT):
        self._frame = frame
        self._size = size
        self._repeats = _REPEATS
        self._acked = False
        self._go(step)
        self._bus.send(frame)

    def _listen(self):
        bus = self._bus
        buf = bus.buf
        for _ in range(3):  # an acknowledgement, an answer that is not ours, and ours
            count = bus.fetch(self._size if self._acked else ACK_SIZE)
            if not count:
                break
            kind, start, end = find(buf, count)
            if kind == ACK:
                self._acked = True
                bus.drop(end)
            elif kind == FRAME:
                code = self._frame[_CODE_AT] + 1
                if (
                    self._acked
                    and end - start > 2
                    and buf[start] == FROM_CHIP
                    and buf[start + 1] == code
                ):
                    self._heard()
                    self._take(buf, start + 2, end - 1)
                    return
                if end - start == 2:  # 7F alone: the chip did not understand
                    return self._again()
                if bus.packets:
                    break  # what answered something else may have been long: ours in the next turn
                bus.drop(end)
            elif kind == MORE and bus.packets and self._acked:
                self._size = end
                return self._again()
            elif kind == NACK or kind == BAD or bus.packets:
                return self._again()
            else:
                break  # the rest of it is still on the line
        if self._waited_ms() >= (_REPLY_MS if self._acked else _ACK_MS):
            self._again()

    def _again(self):
        if not self._repeats:
            raise OSError(5, "EIO")
        self._repeats -= 1
        self._since = self._clock.ticks_ms()
        self._bus.send(NACK_FRAME if self._acked else self._frame)

    def _stumbled(self):
        self._attempts += 1
        if self._reset is not None and self._attempts % _RESET_AFTER == 0:
            self._pull_reset()
            return
        self._go("wake", _RETRY_MS if self._attempts > 1 else 0)
        try:
            self._bus.send(ACK_FRAME)  # ends the command that is under way
        except OSError:
            pass  # nobody there: the next attempt will tell

    def _pull_reset(self):
        self.resets += 1
        self._reset.value(0)
        self._go("reset", _RESET_MS)

    # ---- what the answers mean

    def _take(self, buf, at, end):
        step = self._step
        if step == "list":
            self._listed(targets(buf, at, end))
        elif step == "release" or step == "refresh":
            self._list()
        elif step == "confirm":
            self._confirmed(targets(buf, at, end))
        elif step == "sam":
            self._ask("version", _VERSION)
        elif step == "version":
            if end - at != 4 or buf[at] != _IC:
                raise OSError(5, "EIO")
            self._ask("retries", _RETRIES)
        elif step == "retries":
            self._attempts = 0
            self._list()
        else:
            self._read(step, buf, at, end)

    def _list(self):
        self._polls += 1
        if self._polls > REFRESH_POLLS:
            self._polls = 0
            self._ask("refresh", _SAM)
        else:
            self._ask("list", _LIST)

    def _listed(self, found):
        if not found:
            if found is not None:
                self._presence.nobody()
            self._list()
            return
        if len(found) == 2:
            if self._presence.two():
                self._tell(TWO_CARDS, b"")
        else:
            card = found[0]
            if self._presence.fresh(card[2]):
                self._card = card
                self._url = self._file = b""
                if self._proves and speaks_apdus(card[1]):
                    self._send_apdu("app", _APP)
                else:
                    self._confirm()
                return
        self._ask("release", _RELEASE)

    def _confirm(self):
        self._ask("confirm", build(b"\x4a\x01\x00" + tagged(self._card[2])))

    def _confirmed(self, found):
        uid = self._card[2]
        if found and len(found) == 1 and found[0][2] == uid:
            self._presence.hold(uid)
            self._tell((KIND, self._ordered(uid)), self._url)
        self._ask("release", _RELEASE)

    def _tell(self, card, proof):
        self._told = card
        self.proof = proof

    # ---- the file of a card that proves itself

    def _send_apdu(self, step, apdu, size=0):
        frame = build(bytes((0x40, self._card[0])) + apdu)
        self._ask(step, frame, max(_SHORT, size + 5 + AROUND))

    def _read(self, step, buf, at, end):
        good = end - at >= 3 and not buf[at] and buf[end - 2] == 0x90 and not buf[end - 1]
        if good and step == "app":
            self._send_apdu("file", _FILE)
        elif good and step == "file":
            self._read_on()
        else:
            if good:
                self._file += bytes(buf[at + 1 : end - 2])
                if end - at > 3 and len(self._file) < ndef.message_size(self._file):
                    self._read_on()
                    return
                self._url = ndef.url(self._file)
            self._confirm()

    def _read_on(self):
        size = self._bus.portion
        self._send_apdu("read", bytes((0, 0xB0, 0, len(self._file), size)), size)


def worst_turn_bytes(bus):
    """Bus bytes of the worst turn over this transport: an acknowledgement, the longest answer, and the
    confirmation of a UID of ten bytes. At 115200 baud the UART carries them beside the turn.
    """
    answer = bus.portion + 5 + AROUND
    confirm = AROUND + 4 + 12
    return bus.bytes_of(0, ACK_SIZE) + bus.bytes_of(confirm, answer)


def open_driver(chip, objects, clock):
    """See boards/drivers.py. chip: transport, uid_order, proves. objects: bus, settings, cs (of SPI), reset."""
    bus = need(objects, "bus")
    transport = chip.get("transport") or need(need(objects, "settings"), "kind")
    if transport == "uart":
        from hal.readers.pn532_hsu import Pn532Hsu

        bus = Pn532Hsu(bus)
    elif transport == "i2c":
        from hal.readers.pn532_i2c import LEAST_HZ, Pn532I2c

        hz = need(need(objects, "settings"), "baud")
        if hz < LEAST_HZ:
            raise ValueError("baud: %d, %d or more for this reader" % (hz, LEAST_HZ))
        bus = Pn532I2c(bus)
    elif transport == "spi":
        from hal.readers.pn532_spi import Pn532Spi

        bus = Pn532Spi(bus, need(objects, "cs"))
    else:
        raise ValueError("transport: %s, uart, i2c or spi" % transport)
    return Pn532(bus, clock, objects.get("reset"), turned(chip), chip.get("proves", False))
