"""Lists made without a service: keys as evenly scattered as a keyed hash, and a volume that counts."""

import binascii
import struct

from agent.subscribers import ENTRY_SIZE, OVER, PATH, pack_entry, pack_foot, pack_gone, pack_head
from hal.ports import Volume

MARK = 7
VERSION = 3


class CountingFile:
    """Counts the entries that are read from a file."""

    def __init__(self, volume, file):
        self._volume = volume
        self._file = file
        self.seek = file.seek
        self.close = file.close

    def readinto(self, data):
        if len(data) == ENTRY_SIZE:
            self._volume.reads += 1
        return self._file.readinto(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


class CountingVolume(Volume):
    """reads: how many entries were read through files of `volume`."""

    def __init__(self, volume):
        self._volume = volume
        self.reads = 0
        self.size = volume.size

    def open(self, path):
        return CountingFile(self, self._volume.open(path))


def scattered(n, seed):
    """The n-th of many keys, as good as random: 12 bytes."""
    mixed = (n * 0x9E3779B1 + seed * 0x85EBCA6B + 1) & 0xFFFFFFFF
    for _ in range(3):
        mixed ^= mixed >> 15
        mixed = mixed * 0x2C1B3C6D & 0xFFFFFFFF
        mixed ^= mixed >> 12
    return struct.pack(">II", mixed, mixed ^ 0x5A5A5A5A) + b"\x00\x00\x00\x01"


def entry(key, user="u"):
    return pack_entry(key, "active", "ppm", "uid", None, user, "c", "g")


def write_list(volume, base, over=(), gone=(), version=VERSION):
    """Write a list: the keys of its base in their order, of its overlay's puts and of its deletions.

    base: an iterable that may be long; it is held a few entries at a time.
    """
    head = pack_head(version, MARK)
    volume.write(PATH, head)
    batch, count = bytearray(), 0
    for key in base:
        batch.extend(entry(key))
        count += 1
        if len(batch) >= 40 * ENTRY_SIZE:
            volume.append(PATH, bytes(batch))
            batch = bytearray()
    if batch:
        volume.append(PATH, bytes(batch))
    if over or gone:
        changes = [entry(key, "over") for key in over] + [pack_gone(key) for key in gone]
        for change in sorted(changes):
            volume.append(OVER, change)
        crc = binascii.crc32(head[:12]) & 0xFFFFFFFF
        volume.append(OVER, pack_foot(version + 1, count + len(over), crc, count))
