"""The `Volume` port over a mounted file system, and the one for a volume that cannot be mounted.

Made for LittleFS, where a closed file is durable and a rename replaces. Nothing here mounts or
formats: a board does that, once, by its own rules.
"""

import os

from hal.ports import Volume

_ENOENT = 2
_EIO = 5
_ENOSPC = 28
_DIR = 0x4000
_TMP = ".tmp"


def lookahead(blocks):
    """VfsLfs2's `lookahead` for so many blocks: a bit a block, in bytes, a multiple of 8, 32 at least.

    When what it knows of is used up, LittleFS looks through the whole volume for free blocks: thousands of
    flash reads, and with less than a bit a block that comes the more often.
    """
    return max(32, (blocks + 63) // 64 * 8)


def _files(folder):
    """Names of the files in a folder that are not empty, in one pass over it."""
    if hasattr(os, "ilistdir"):
        return [e[0] for e in os.ilistdir(folder) if not e[1] & _DIR and e[-1]]
    return [e.name for e in os.scandir(folder) if e.is_file() and e.stat().st_size]


class VfsVolume(Volume):
    """Files below `root`, a mount point such as "/data" or any folder."""

    def __init__(self, root):
        self._root = root.rstrip("/") + "/"

    def read(self, path):
        try:
            with open(self._root + path, "rb") as f:
                return f.read() or None
        except OSError as exc:
            if exc.errno == _ENOENT:
                return None
            raise

    def write(self, path, data):
        full = self._root + path
        # The temporary file has no value before the rename, so `with` may close a half-written one.
        self._put(full + _TMP, "wb", data)
        os.rename(full + _TMP, full)

    def overwrite(self, path, data):
        # LittleFS commits at close; the temporary file and the rename of `write` cost three times as
        # many erases.
        self._put(self._root + path, "wb", data)

    def append(self, path, data):
        self._put(self._root + path, "ab", data)

    def open(self, path):
        if self.size(path) < 0:
            raise OSError(_ENOENT, "ENOENT")
        return open(self._root + path, "rb")

    def rename(self, old, new):
        try:
            os.rename(self._root + old, self._root + new)
        except OSError as exc:
            if exc.errno != _ENOENT or self.size(old) < 0:
                raise
            self._make_parents(self._root + new)
            os.rename(self._root + old, self._root + new)

    def remove(self, path):
        try:
            os.remove(self._root + path)
        except OSError as exc:
            if exc.errno != _ENOENT:
                raise

    def names(self, folder):
        try:
            found = _files((self._root + folder).rstrip("/") or "/")
        except OSError as exc:
            if exc.errno == _ENOENT:
                return []
            raise
        return sorted(name for name in found if not name.endswith(_TMP))

    def size(self, path):
        try:
            st = os.stat(self._root + path)
        except OSError as exc:
            if exc.errno == _ENOENT:
                return -1
            raise
        return -1 if st[0] & _DIR or not st[6] else st[6]

    def free_bytes(self):
        st = os.statvfs(self._root.rstrip("/") or "/")
        return st[0] * st[3]

    def _put(self, full, mode, data):
        try:
            f = open(full, mode)
        except OSError as exc:
            if exc.errno != _ENOENT:
                raise
            self._make_parents(full)
            f = open(full, mode)
        with f:
            if f.write(data) != len(data):
                raise OSError(_ENOSPC, "ENOSPC")

    def _make_parents(self, full):
        at = len(self._root)
        while True:
            at = full.find("/", at)
            if at < 0:
                return
            try:
                os.mkdir(full[:at])
            except OSError as exc:
                if exc.errno != 17:  # EEXIST
                    raise
            at += 1


class BrokenVolume(Volume):
    """Stands in for a volume that could not be mounted: every call raises OSError(EIO).

    reason: why, in words for a person.
    """

    def __init__(self, reason):
        self.reason = reason

    def _fail(self, *_):
        raise OSError(_EIO, "EIO")

    read = write = append = open = rename = remove = names = size = free_bytes = _fail
