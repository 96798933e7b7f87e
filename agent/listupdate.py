"""Changing the subscriber list whole or not at all, in parts, in bounded memory.

The parts of an update come in order, and their entries ascend by (type, UID) across all parts. So an
update is one merge: the old list and the parts flow, entry by entry, into a staging file, whose hash
is taken on the way and compared with the service's before the file takes the old one's place.
"""

import binascii
import hashlib

from .checks import array, bad, integer, reference, text, word
from .const import const
from .reasons import Refused
from .subscribers import (
    BILLINGS,
    ENTRY_SIZE,
    HEAD_SIZE,
    PATH,
    STATUSES,
    TYPES,
    Entry,
    key_of,
    pack_entry,
    pack_head,
)
from .timekeeping import LATEST_S

_STAGE = "list.new"
_BATCH = const(40)  # entries written at once: 3.8 kB, about one flash block
_UPDATE_PARTS = const(4096)
_PART_ENTRIES = const(64)


class ListUpdate:
    """The update under way. `part` is the one it waits for, 0 when there is none."""

    def __init__(self, volume, subscribers, counters):
        self._volume = volume
        self._subscribers = subscribers
        self._counters = counters
        self.part = 0
        self.version = 0
        self._forget()

    def take(self, message):
        """Take one part. Returns "applied", "waiting" (for `part`) or "confirmed" (nothing to change).

        Refused leaves the list in force untouched; a wrong part leaves the update under way, any
        other refusal ends it. OSError from the volume ends it too.
        """
        version = integer(message, "version", 1, 0x7FFFFFFF)
        parts = integer(message, "parts", 1, _UPDATE_PARTS)
        part = integer(message, "part", 1, parts)
        base = message.get("base")
        if base is not None:
            base = integer(message, "base", 0, 0x7FFFFFFF)
        held = self._subscribers
        if version == held.version:
            return "confirmed"  # the service says so again, or did not hear the first answer
        known = max(held.version, self._counters.list_version)
        if version < known or (version == known and held.readable):
            raise Refused("stale", "version: %d has been in force" % known)
        if base is not None and (base != held.version or not held.readable):
            raise Refused("list_base", "base: %d is in force" % held.version)
        if part == 1:
            self._begin(version, base, parts)
        elif (version, base, parts, part) != (self.version, self._base, self._parts, self.part):
            raise Refused("list_part", "part: %d is awaited" % (self.part or 1))
        try:
            self._merge(_changes(message))
            if part < parts:
                self.part = part + 1
                return "waiting"
            self._finish(text(message, "sha256", 64))
            return "applied"
        except (Refused, OSError):
            self._abandon()
            raise

    def _begin(self, version, base, parts):
        self._abandon()
        self.version, self._base, self._parts = version, base, parts
        self.part = 1
        self._old = 0
        self._last_key = b""
        self._hash = hashlib.sha256()
        self._batch = bytearray()
        self._volume.write(_STAGE, pack_head(version))

    def _merge(self, changes):
        """changes: [(key, 94 bytes or None to delete)] in any order within the part."""
        changes.sort(key=lambda change: change[0])
        for key, entry in changes:
            if key <= self._last_key:
                raise Refused(
                    "list_unsorted", "put, del: must ascend by type and UID across parts"
                )
            self._last_key = key
            self._copy_below(key)
            if entry is not None:
                self._put(entry)

    def _copy_below(self, key):
        """Carry over old entries below `key` (all when None), and pass over the one that equals it."""
        if self._base is None or self._old >= self._subscribers.count:
            return
        entry = bytearray(ENTRY_SIZE)
        with self._volume.open(PATH) as file:
            while self._old < self._subscribers.count:
                file.seek(HEAD_SIZE + self._old * ENTRY_SIZE)
                if file.readinto(entry) != ENTRY_SIZE:
                    raise Refused("list_base", "base: the list in flash is cut short")
                old_key = bytes(entry[:12])
                if key is not None and old_key >= key:
                    if old_key == key:
                        self._old += 1
                    return
                self._put(entry)
                self._old += 1

    def _put(self, entry):
        try:
            line = Entry(entry).line()
        except (ValueError, UnicodeError):
            raise Refused("list_base", "base: an entry in flash is damaged")
        self._hash.update(line)
        self._batch.extend(entry)
        if len(self._batch) >= _BATCH * ENTRY_SIZE:
            self._flush()

    def _flush(self):
        if self._batch:
            self._volume.append(_STAGE, bytes(self._batch))
            self._batch = bytearray()

    def _finish(self, expected):
        self._copy_below(None)
        self._flush()
        digest = binascii.hexlify(self._hash.digest()).decode()
        if digest != expected.lower():
            raise Refused("list_hash", "sha256: the resulting list has " + digest)
        self._volume.rename(_STAGE, PATH)
        self._subscribers.load()
        self._forget()

    def _abandon(self):
        if self.part:
            self._forget()
            self._volume.remove(_STAGE)

    def _forget(self):
        self.part = 0
        self._base = self._hash = self._batch = None
        self._parts = 0


def _changes(message):
    changes = []
    for put in array(message, "put", _PART_ENTRIES, []):
        if not isinstance(put, dict):
            raise bad("put", "must be a list of objects")
        until_s = put.get("until")
        if until_s is not None:
            until_s = integer(put, "put.until", 1, LATEST_S)
        entry = pack_entry(
            _key(word(put, "put.type", TYPES, "ISO14443"), put.get("uid"), "put.uid"),
            word(put, "put.status", STATUSES, "active"),
            word(put, "put.billing", BILLINGS, "ppm"),
            until_s,
            reference(put, "put.user", least=1),
            reference(put, "put.contract", ""),
            reference(put, "put.group", ""),
        )
        changes.append((entry[:12], entry))
    for uid in array(message, "del", _PART_ENTRIES, []):
        kind = "ISO14443"
        if isinstance(uid, dict):
            kind = word(uid, "del.type", TYPES)
            uid = uid.get("uid")
        changes.append((_key(kind, uid, "del.uid"), None))
    return changes


def _key(kind, uid, name):
    try:
        key = key_of(kind, binascii.unhexlify(uid)) if isinstance(uid, str) else None
    except ValueError:
        key = None
    if key is None:
        raise bad(name, "must be the hex of 4, 7, 8 or 10 bytes")
    return key
