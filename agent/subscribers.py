"""The subscriber list in flash: fixed-size entries in the order of (type, UID), found by halving.

    file list:   head, then entries
    head:        magic "PPM1" | version u32 | crc32 u32 of the 8 bytes before
    entry:       key 12 | status u8 | billing u8 | until u32
                 user 24 | contract 24 | group 24 | crc32 u32
    key:         type u8 | UID padded with zeros to 10 | UID length u8

A key sorts as "type|UID in upper-case hex" does, so the list, its updates and its hash share one
order. A look-up reads 94 bytes a step and never the whole list.
"""

import binascii
import struct

from .const import const

PATH = "list"
MAGIC = b"PPM1"
TYPES = ("ISO14443", "ISO15693")
STATUSES = ("active", "pending", "blocked", "expired")
BILLINGS = ("ppm", "free", "none")

HEAD = "<4sII"
HEAD_SIZE = const(12)
ENTRY = "<12sBBI24s24s24sI"
ENTRY_SIZE = const(94)
_CRC_AT = const(90)
KEY_SIZE = const(12)
assert struct.calcsize(ENTRY) == ENTRY_SIZE


class Entry:
    """One person's card: status, billing ("none": known, without pay per month), until (Unix second or None), user, contract, group."""

    def __init__(self, data):
        """data: the 94 bytes of an entry. ValueError when they are damaged."""
        key, status, billing, until_s, user, contract, group, crc = struct.unpack(ENTRY, data)
        if crc != binascii.crc32(memoryview(data)[:_CRC_AT]) & 0xFFFFFFFF:
            raise ValueError("entry: damaged")
        self.key = key
        self.status = STATUSES[status]
        self.billing = BILLINGS[billing]
        self.until_s = until_s or None
        self.user = _text(user)
        self.contract = _text(contract)
        self.group = _text(group)

    def line(self):
        """The line that the list's hash is taken over (design section 4)."""
        uid = binascii.hexlify(self.key[1 : 1 + self.key[11]]).decode().upper()
        until = "" if self.until_s is None else str(self.until_s)
        parts = (TYPES[self.key[0]], uid, self.user, self.contract, self.group)
        return ("|".join(parts + (self.status, until, self.billing)) + "\n").encode()


def key_of(kind, uid):
    """The 12-byte key of a card, or None for a type or UID length that no list can hold."""
    if kind not in TYPES or len(uid) not in (4, 7, 8, 10):
        return None
    return bytes((TYPES.index(kind),)) + uid + b"\x00" * (10 - len(uid)) + bytes((len(uid),))


def pack_entry(key, status, billing, until_s, user, contract, group):
    """The 94 bytes of an entry; references must be ASCII of at most 24 characters."""
    data = struct.pack(
        ENTRY,
        key,
        STATUSES.index(status),
        BILLINGS.index(billing),
        until_s or 0,
        user.encode(),
        contract.encode(),
        group.encode(),
        0,
    )[:_CRC_AT]
    return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def pack_head(version):
    """The 12 bytes before the entries."""
    data = struct.pack("<4sI", MAGIC, version)
    return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


class Subscribers:
    """The list in force. `version` and `count` are 0 without one; `readable` tells damage from absence."""

    def __init__(self, volume):
        self._volume = volume
        self._entry = bytearray(ENTRY_SIZE)
        self.load()

    def load(self):
        """Read the head of the list in flash; OSError where the volume gives one."""
        self.version = self.count = 0
        self.readable = True
        size = self._volume.size(PATH)
        if size <= 0:
            return
        head = bytearray(HEAD_SIZE)
        with self._volume.open(PATH) as file:
            file.readinto(head)
        magic, version, crc = struct.unpack(HEAD, head)
        whole = crc == binascii.crc32(head[:8]) & 0xFFFFFFFF
        if magic != MAGIC or not whole or (size - HEAD_SIZE) % ENTRY_SIZE:
            self.readable = False
            return
        self.version, self.count = version, (size - HEAD_SIZE) // ENTRY_SIZE

    def find(self, kind, uid):
        """The Entry of a card, or None. kind: "ISO14443"; uid: bytes as the card gave them."""
        key = key_of(kind, uid)
        if key is None or not self.count:
            return None
        low, high = 0, self.count
        entry = self._entry
        with self._volume.open(PATH) as file:
            while low < high:
                middle = (low + high) // 2
                file.seek(HEAD_SIZE + middle * ENTRY_SIZE)
                if file.readinto(entry) != ENTRY_SIZE:
                    return None
                found = bytes(entry[:KEY_SIZE])
                if found == key:
                    return self._entry_of(entry)
                if found < key:
                    low = middle + 1
                else:
                    high = middle
        return None

    def at(self, index):
        """The Entry at 0..count-1 in the order of the list, None when it is damaged."""
        with self._volume.open(PATH) as file:
            file.seek(HEAD_SIZE + index * ENTRY_SIZE)
            if file.readinto(self._entry) != ENTRY_SIZE:
                return None
        return self._entry_of(self._entry)

    def _entry_of(self, data):
        try:
            return Entry(data)
        except (ValueError, UnicodeError):
            # Nobody is billed on a damaged entry; without a list the service sends it anew.
            self.readable = False
            self.version = self.count = 0
            return None


def _text(padded):
    return padded.rstrip(b"\x00").decode()
