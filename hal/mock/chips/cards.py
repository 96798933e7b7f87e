"""Contactless cards in the field of a simulated reader, as ISO/IEC 14443 has them.

A tap (`World.tap`) is a card that is in the field for 300 ms; a test puts cards into `held` for longer.
"""

TAP_MS = 300

IDLE = 0
READY = 1
ACTIVE = 2
HALTED = 3

_APP = b"\x00\xa4\x04\x00\x07\xd2\x76\x00\x00\x85\x01\x01"
_FILE = b"\x00\xa4\x00\x0c\x02\xe1\x04"


def ndef_file(text):
    """The NDEF file that holds an https URL: bytes."""
    record = b"\xd1\x01" + bytes((len(text) + 1,)) + b"\x55\x04" + text
    return bytes((0, len(record))) + record


class Card:
    """uid: 4, 7 or 10 bytes. file: the NDEF file of an NTAG 424 DNA, None for a plain card."""

    def __init__(self, uid, file=None):
        self.uid = uid
        self.file = file
        self.state = IDLE
        self.level = 0
        self._was_halted = False
        self._open = ""
        if file:
            self.atqa, self.sak = b"\x44\x03", 0x20
        else:
            self.atqa, self.sak = (b"\x04\x00", 8) if len(uid) == 4 else (b"\x44\x00", 0)

    def block(self):
        """The four bytes of the level that is being asked, and their check byte."""
        uid = self.uid
        last = (len(uid) - 4) // 3
        at = 3 * self.level
        part = uid[at : at + 4] if self.level == last else b"\x88" + uid[at : at + 3]
        return part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],))

    def call(self, halted_too):
        """REQA or WUPA: the card's ATQA, None when it keeps silent."""
        if self.state in (READY, ACTIVE):
            self.state = HALTED if self._was_halted else IDLE
            return None
        if self.state == HALTED and not halted_too:
            return None
        self._was_halted = self.state == HALTED
        self.state = READY
        self.level = 0
        return self.atqa

    def select(self, level, block):
        """A select of this level: the SAK, None when another card was meant."""
        if self.state != READY or level != self.level or block != self.block():
            if self.state != HALTED:
                self.state = HALTED if self._was_halted else IDLE
            return None
        if 4 + 3 * level < len(self.uid):
            self.level += 1
            return 0x04
        self.state = ACTIVE
        self._open = ""
        return self.sak

    def apdu(self, data):
        """An ISO/IEC 7816-4 command: its answer."""
        if not self.file:
            return b"\x6d\x00"
        if data[: len(_APP)] == _APP:
            self._open = "app"
            return b"\x90\x00"
        if data == _FILE and self._open:
            self._open = "file"
            return b"\x90\x00"
        if data[:2] == b"\x00\xb0" and self._open == "file":
            at = data[2] << 8 | data[3]
            return (self.file + bytes(256 - len(self.file)))[at : at + data[4]] + b"\x90\x00"
        return b"\x6a\x82"


class Field:
    """What is in the field now. files: the NDEF file by UID, for taps of the world."""

    def __init__(self, world, files=None):
        self.held = []
        self.files = files or {}
        self._world = world
        self._taps = []  # (end_ms, Card)

    def cards(self):
        """The cards in the field."""
        now_ms = self._world.now_ms
        while self._world.cards:
            uid = self._world.cards.pop(0)[1]
            if len(uid) in (4, 7, 10):
                self._taps.append((now_ms + TAP_MS, Card(uid, self.files.get(uid))))
        self._taps = [tap for tap in self._taps if tap[0] > now_ms]
        return self.held + [tap[1] for tap in self._taps]

    def drop(self):
        """The field went off: every card forgets its state."""
        for card in self.cards():
            card.state = IDLE
