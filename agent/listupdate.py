"""Changing the subscriber list whole or not at all, in parts, in bounded memory and bounded steps.

The parts of an update come in order, and their entries ascend by key across all parts. Each part is
appended to a staging file, and one small slot says how far that file counts: after a power cut the
update goes on with the part after the last whole one. When all parts are there, `work` merges them with
the list in force, a slice a call (listmerge.py), and the result takes its place if its hash is the
service's.

    slot `listing`   phase u8 | whole u8 | parts u16 | part u16 | version u32 | base u32 | entries u32
                     at u32 | sha256 32 | last key 12
    list.parts       head as of a base, then the entries of all parts so far; GONE for a deletion
"""

import binascii
import struct

from .checks import array, bad, integer, reference, text, word
from .const import const
from .listmerge import NEW_BASE, NEW_OVER, PARTS, Merge
from .reasons import Refused
from .slots import Slots
from .subscribers import (
    BILLINGS,
    ENTRY_SIZE,
    FOOT_SIZE,
    HEAD_SIZE,
    KEY_SIZE,
    OVER,
    PROOFS,
    STATUSES,
    TYPES,
    pack_entry,
    pack_gone,
    pack_head,
)
from .timekeeping import LATEST_S

_SLOT = "<BBHHIIII32s12s"
_SLOT_SIZE = const(66)
assert struct.calcsize(_SLOT) == _SLOT_SIZE
_NONE, _TAKING, _MERGING = 0, 1, 2
_PARTS = const(4096)
_PART_ENTRIES = const(64)
_BLOCK = const(4096)
_MEASURE_BYTES = const(65536)  # between two looks at the room: each walks the whole volume
_TRIES = const(3)
_ENOSPC = const(28)


class ListUpdate:
    """The update under way, if any. `version`: its own; `part`: the one that it waits for, 0 when there
    is no update or nothing is waited for; `merging`: all parts are here. `awaited`: the part that a
    message refused with list_part should have been.

    key_of(kind, uid): a card's 12-byte key; has_room(size): whether so many more bytes may be written.
    """

    over_most = 512  # entries of an overlay

    def __init__(self, volume, subscribers, counters, key_of, has_room):
        self._volume = volume
        self._subscribers = subscribers
        self._counters = counters
        self._key_of = key_of
        self._has_room = has_room
        self._slots = None
        self.awaited = 1
        self._merge = None
        self._tries = self._most = self._unmeasured = 0
        self._forget()

    def resume(self):
        """After a boot: find the update that was under way. OSError from the volume goes through.

        Returns when the service wanted the list (Unix second, 0 for unknown) that took the old one's
        place just before the power went; None when there is none.
        """
        self._slots = Slots(self._volume, "listing")
        state = self._slots.state
        if self._subscribers.stale_over:
            self._volume.remove(OVER)
        if state is None or len(state) != _SLOT_SIZE or not state[0]:
            self._volume.remove(PARTS)  # a first part that a cut has left
            return None
        (
            self._phase,
            self._whole,
            self._parts,
            self.part,
            self.version,
            self._base,
            self._entries,
            self.at_s,
            self._sha,
            self._last_key,
        ) = struct.unpack(_SLOT, state)
        held = self._subscribers
        applied = self.version == held.version
        at_s = self.at_s
        cut = self._volume.size(PARTS) < HEAD_SIZE + self._entries * ENTRY_SIZE
        if applied or cut or not (self._whole or self._base == held.version):
            self.abandon()
        return at_s if applied else None

    @property
    def merging(self):
        """Whether `work` has something to do."""
        return self._phase == _MERGING

    def waits(self):
        """What the status says: the update's version and the part that is awaited; None without one."""
        if not self._phase:
            return None
        return {"version": self.version, "part": self.part or None}

    def take(self, message, at_s):
        """Take one part. Returns "waiting" (for `part`, or for `work`) or "confirmed" (nothing to change).

        at_s: Unix second at which the list is the wanted one, 0 for unknown. Refused leaves the list in
        force untouched; a part that is not awaited leaves the update under way too, any other refusal
        of one of its parts ends it.
        """
        version = integer(message, "version", 1, 0x7FFFFFFF)
        parts = integer(message, "parts", 1, _PARTS)
        part = integer(message, "part", 1, parts)
        whole = message.get("base") is None
        base = 0 if whole else integer(message, "base", 0, 0x7FFFFFFF)
        held = self._subscribers
        if version == held.version:
            return "confirmed"  # the service says so again, or did not hear the first answer
        known = max(held.version, self._counters.list_version)
        if version < known or (version == known and held.readable):
            raise Refused("stale", "version: %d has been in force" % known)
        if not whole and (base != held.version or not held.readable):
            raise Refused("list_base", "base: %d is in force" % held.version)
        own = self._phase and (version, parts, base, whole) == (
            self.version,
            self._parts,
            self._base,
            bool(self._whole),
        )
        if own and (self.merging or part < self.part):
            return "waiting"  # it came twice
        self.awaited = self.part if own else 1
        if part != self.awaited:
            raise Refused("list_part", "part: %d is awaited" % self.awaited)
        try:
            data, last_key = self._packed(message, whole, self._last_key if own else b"")
            sha = _digest(message) if part == parts else b""
            if not own:
                self._begin(version, parts, base, whole)
            self._look_for_room(len(data))
            self._stage(data)
            self._entries += len(data) // ENTRY_SIZE
            self._last_key = last_key
            self._sha, self.at_s = sha, at_s
            self.part = part + 1 if part < parts else 0
            self._phase = _TAKING if self.part else _MERGING
            self._save()
        except Refused:
            if own or self.version == version:
                self.abandon()
            raise
        except OSError as error:
            if error.errno != _ENOSPC:
                raise
            self.abandon()
            raise Refused("store_full", "list: the volume is full")
        return "waiting"

    def work(self, most):
        """Merge at most `most` entries. Returns "waiting" or "applied"; Refused: it has ended, and the old
        list stands.
        """
        held = self._subscribers
        try:
            if self._merge is None:
                self._merge = Merge(
                    self._volume, held, self.version, self._entries, self._whole, self.over_most
                )
            if not self._merge.step(most):
                return "waiting"
            digest = self._merge.sha.digest()
            if digest != self._sha:
                text = binascii.hexlify(digest).decode()
                raise Refused("list_hash", "sha256: the resulting list has " + text)
            self._merge.commit()
        except ValueError:
            self.abandon()
            raise Refused("list_base", "base: an entry in flash is damaged")
        except Refused:
            self.abandon()
            raise
        except OSError as error:
            if error.errno != _ENOSPC:
                raise
            self.abandon()
            raise Refused("store_full", "list: the volume is full")
        except MemoryError:
            self._merge = None
            self._tries += 1
            if self._tries < _TRIES:
                return "waiting"  # it begins anew, perhaps in a better moment
            self.abandon()
            raise
        held.load()
        self._drop()
        return "applied"

    def abandon(self):
        """Forget the update under way; the list in force stands."""
        if self._phase:
            self._volume.remove(NEW_BASE)
            self._volume.remove(NEW_OVER)
            self._drop()

    def _begin(self, version, parts, base, whole):
        self.abandon()
        self.version, self._parts, self._base, self._whole = version, parts, base, int(whole)

    def _look_for_room(self, size):
        """Refused where this part, those to come and the result would take what is kept for records."""
        self._most = max(self._most, size)
        self._unmeasured += size
        if self._entries and self._unmeasured < _MEASURE_BYTES:
            return
        self._unmeasured = 0
        part = self.part or 1
        coming = size + (self._parts - part) * self._most
        needed = coming
        if not self._whole:
            held = self._subscribers
            staged = self._entries + coming // ENTRY_SIZE
            over = held.over.count if held.over else 0
            if held.base and over + staged <= self.over_most:
                needed += (over + staged) * ENTRY_SIZE + FOOT_SIZE
            else:
                needed += (held.count + staged) * ENTRY_SIZE
        needed += needed // 64 + 4 * _BLOCK  # LittleFS's own share
        if not self._has_room(needed):
            raise Refused("store_full", "list: %d KiB are needed" % ((needed + 1023) // 1024))

    def _stage(self, data):
        """Append a part to what counts so far. A cut may have left the beginning of it there already."""
        if not self._phase:
            self._volume.write(PARTS, pack_head(self.version, self._subscribers.mark) + data)
            return
        counts = HEAD_SIZE + self._entries * ENTRY_SIZE
        there = self._volume.size(PARTS) - counts
        if there > 0:
            with self._volume.open(PARTS) as file:
                file.seek(counts)
                if file.read(there) != data[:there]:
                    self.awaited = 1
                    raise Refused("list_part", "part: 1 is awaited")
        if there < len(data):
            self._volume.append(PARTS, data[there:] if there > 0 else data)

    def _packed(self, message, whole, last_key):
        """(entries of a part as bytes in the order of their keys, the last key)"""
        changes = self._changes(message, whole)
        changes.sort()  # the key comes first in an entry
        for entry in changes:
            key = entry[:KEY_SIZE]
            if key <= last_key:
                raise Refused("list_unsorted", "put, del: must ascend by ref across parts")
            last_key = key
        return b"".join(changes), last_key

    def _changes(self, message, whole):
        """The entries of put and del, 96 bytes each. From a whole list there is nothing to delete."""
        changes = []
        for put in array(message, "put", _PART_ENTRIES, []):
            if not isinstance(put, dict):
                raise bad("put", "must be a list of objects")
            until_s = put.get("until")
            if until_s is not None:
                until_s = integer(put, "put.until", 1, LATEST_S)
            kind = word(put, "put.type", TYPES, "ISO14443")
            changes.append(
                pack_entry(
                    self._key(kind, put.get("uid"), "put.uid"),
                    word(put, "put.status", STATUSES, "active"),
                    word(put, "put.billing", BILLINGS, "ppm"),
                    word(put, "put.proof", PROOFS, "uid"),
                    until_s,
                    reference(put, "put.user", least=1),
                    reference(put, "put.contract", ""),
                    reference(put, "put.group", ""),
                )
            )
        for one in array(message, "del", _PART_ENTRIES, []):
            kind = "ISO14443"
            if isinstance(one, dict):
                kind = word(one, "del.type", TYPES)
                one = one.get("uid")
            key = self._key(kind, one, "del", True)
            if not whole:
                changes.append(pack_gone(key))
        return changes

    def _key(self, kind, digits, name, or_ref=False):
        try:
            data = binascii.unhexlify(digits) if isinstance(digits, str) else b""
        except ValueError:
            data = b""
        if or_ref and len(data) == KEY_SIZE:
            return data
        if len(data) not in (4, 7, 8, 10):
            what = "a ref, or the hex of" if or_ref else "the hex of"
            raise bad(name, "must be %s 4, 7, 8 or 10 bytes" % what)
        return self._key_of(kind, data)

    def _save(self):
        self._slots.save(
            struct.pack(
                _SLOT,
                self._phase,
                self._whole,
                self._parts,
                self.part,
                self.version,
                self._base,
                self._entries,
                self.at_s,
                self._sha,
                self._last_key,
            )
        )

    def _drop(self):
        # The file first, so that a full volume has room for the slot; a slot without it is none.
        self._volume.remove(PARTS)
        self._forget()
        self._save()

    def _forget(self):
        self._phase = _NONE
        self._whole = self._parts = self.part = self.version = self._base = self._entries = 0
        self.at_s = 0
        self._sha = self._last_key = b""
        self._merge = None
        self._tries = 0
        self._most = 0  # bytes of the longest part yet
        self._unmeasured = 0  # bytes since the room was looked at


def _digest(message):
    try:
        sha = binascii.unhexlify(text(message, "sha256", 64))
    except ValueError:
        sha = b""
    if len(sha) != 32:
        raise bad("sha256", "must be 64 hex digits")
    return sha
