"""Old list and staged changes flow together, some entries a call, into the list that is to be.

The hash of the result is taken on the way: nothing takes the old list's place before it has been
compared. A whole list needs no copy, what was staged is the new base. A difference becomes an overlay
while that stays small, else a new base. The one rename in `commit` is the change; a cut before it
leaves the old list, and the merge begins anew.
"""

import hashlib

from .const import const
from .subscribers import (
    ENTRY_SIZE,
    GONE,
    HEAD_SIZE,
    KEY_SIZE,
    OVER,
    PATH,
    STATUS_AT,
    line_of,
    pack_foot,
    pack_head,
    read_entry,
)

PARTS = "list.parts"
NEW_BASE = "list.new"
NEW_OVER = "list.over.new"
_BATCH = const(20)  # entries written at once: half a flash block


class Source:
    """A file's entries, one after the other: `entry` holds the next, `key` its key, None at the end."""

    def __init__(self, volume, path, skip, count):
        self._volume = volume
        self._path = path
        self._at = skip
        self._left = count
        self._file = None
        self.entry = bytearray(ENTRY_SIZE)
        self.key = None

    def open(self):
        """Go on where `close` was called."""
        if self._left:
            self._file = self._volume.open(self._path)
            self._file.seek(self._at)

    def close(self):
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def next(self):
        """Step on. ValueError when the entry is damaged."""
        if not self._left:
            self.key = None
            return
        read_entry(self._file, self.entry)
        self.key = bytes(memoryview(self.entry)[:KEY_SIZE])
        self._at += ENTRY_SIZE
        self._left -= 1


class Merge:
    """volume: hal volume; held: Subscribers; version: of the result; staged: entries in PARTS; whole:
    whether they are the whole list; over_most: entries that an overlay may have.

    sha: the hash of what has flowed by; count: its entries.
    """

    def __init__(self, volume, held, version, staged, whole, over_most):
        self._volume = volume
        self._held = held
        self._version = version
        self._whole = whole
        base, over = held.base, held.over
        held_over = over.count if over else 0
        self._as_over = base is not None and held_over + staged <= over_most
        self._changes = Source(volume, PARTS, HEAD_SIZE, staged)
        self._base = None
        self._sources = [self._changes]  # the newest first
        if not whole:
            if over:
                self._sources.append(Source(volume, OVER, 0, over.count))
            if base:
                self._base = Source(volume, PATH, HEAD_SIZE, base.count)
                self._sources.append(self._base)
        self._batch = bytearray()
        self._begun = False
        self.sha = hashlib.sha256()
        self.count = 0

    def step(self, most):
        """Carry on by at most `most` entries; True when all have flowed by.

        ValueError: an entry is damaged. OSError from the volume goes through.
        """
        if not self._begun:
            self._begin()
        try:
            for source in self._sources:
                source.open()
            if not self._begun:
                for source in self._sources:
                    source.next()
                self._begun = True
            while most:
                if not self._next():
                    break
                most -= 1
        finally:
            for source in self._sources:
                source.close()
        if most:
            self._flush()
        return most > 0

    def commit(self):
        """The result takes the old list's place."""
        volume, held = self._volume, self._held
        held.close()
        if not self._whole and self._as_over:
            foot = pack_foot(self._version, self.count, held.base_crc, held.base.count)
            volume.append(NEW_OVER, foot)
            volume.rename(NEW_OVER, OVER)
            return
        volume.rename(PARTS if self._whole else NEW_BASE, PATH)
        volume.remove(OVER)  # names another base: it counts for nothing already

    def _begin(self):
        if not self._whole:
            self._volume.remove(NEW_OVER)
            self._volume.remove(NEW_BASE)
            if not self._as_over:
                self._volume.write(NEW_BASE, pack_head(self._version, self._held.mark))

    def _next(self):
        key = None
        for source in self._sources:
            if source.key is not None and (key is None or source.key < key):
                key, newest = source.key, source
        if key is None:
            return False
        in_base = self._base is not None and self._base.key == key
        entry = newest.entry
        gone = entry[STATUS_AT] == GONE
        if not gone:
            self.sha.update(line_of(entry))
            self.count += 1
        if not self._whole:
            if not self._as_over:
                wanted = not gone
            else:
                wanted = newest is not self._base and (in_base or not gone)
            if wanted:
                self._batch.extend(entry)
                if len(self._batch) >= _BATCH * ENTRY_SIZE:
                    self._flush()
        for source in self._sources:
            if source.key == key:
                source.next()
        return True

    def _flush(self):
        if self._batch:
            self._volume.append(NEW_OVER if self._as_over else NEW_BASE, bytes(self._batch))
            self._batch = bytearray()
