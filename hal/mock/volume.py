"""A flash volume in RAM, with what can go wrong with one."""

from hal.ports import Volume

_EIO = 5
_ENOENT = 2
_ENOSPC = 28
CUT_MODES = ("before", "torn", "after")


class PowerCut(BaseException):
    """The supply failed inside a call of the volume; no code of the charger may catch it."""


class _File:
    """An open file: reads from the volume's bytes without a copy of them all."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def seek(self, offset):
        self._at = offset
        return offset

    def read(self, size=-1):
        end = len(self._data) if size < 0 else self._at + size
        found = bytes(self._data[self._at : end])
        self._at += len(found)
        return found

    def readinto(self, buf):
        found = self.read(len(buf))
        buf[: len(found)] = found
        return len(found)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class MemoryVolume(Volume):
    """Dict of files.

    capacity: bytes of all contents together, None without end. fail_next: errno that the next call
    raises, once; io_error: while True every call raises EIO.

    Power cut: `cut_after(n, mode)` lets n changes (write, append, rename, remove) pass and cuts in
    the next one: "before" it, "torn" (an append leaves half of its bytes, the others the old
    content) or "after" it. It raises `PowerCut`, and so does every later call until `revive`.

    changes: how many changes were made; bytes_written: how much they wrote.
    """

    def __init__(self, capacity=None):
        self.files = {}
        self.capacity = capacity
        self.fail_next = 0
        self.io_error = False
        self.changes = 0
        self.bytes_written = 0
        self._cut_at = -1
        self._mode = "before"
        self._dead = False

    def cut_after(self, changes, mode="before"):
        self._cut_at = self.changes + changes
        self._mode = mode

    def revive(self):
        self._cut_at = -1
        self._dead = False

    def copy(self):
        """Return another volume with the same files and capacity, and no faults."""
        other = MemoryVolume(self.capacity)
        for path in self.files:
            other.files[path] = bytearray(self.files[path])
        return other

    def read(self, path):
        self._check()
        return bytes(self.files.get(path, b"")) or None

    def write(self, path, data):
        self._check()
        self._room(len(data) - len(self.files.get(path, b"")))
        mode = self._change()
        if mode in ("", "after"):
            self.files[path] = bytearray(data)
            self.bytes_written += len(data)
        self._end(mode)

    def overwrite(self, path, data):
        self._check()
        self._room(len(data) - len(self.files.get(path, b"")))
        mode = self._change()
        if mode == "torn":
            self.files[path] = bytearray()
        elif mode in ("", "after"):
            self.files[path] = bytearray(data)
            self.bytes_written += len(data)
        self._end(mode)

    def append(self, path, data):
        self._check()
        self._room(len(data))
        mode = self._change()
        if mode != "before":
            part = len(data) // 2 if mode == "torn" else len(data)
            if path not in self.files:
                self.files[path] = bytearray()
            self.files[path].extend(memoryview(data)[:part])
            self.bytes_written += part
        self._end(mode)

    def open(self, path):
        self._check()
        if not self.files.get(path):
            raise OSError(_ENOENT, "ENOENT")
        return _File(self.files[path])

    def rename(self, old, new):
        self._check()
        if not self.files.get(old):
            raise OSError(_ENOENT, "ENOENT")
        mode = self._change()
        if mode in ("", "after"):
            self.files[new] = self.files.pop(old)
        self._end(mode)

    def remove(self, path):
        self._check()
        if path not in self.files:
            return
        mode = self._change()
        if mode in ("", "after"):
            del self.files[path]
        self._end(mode)

    def names(self, folder):
        self._check()
        prefix = folder + "/" if folder else ""
        n = len(prefix)
        return sorted(
            p[n:]
            for p in self.files
            if p.startswith(prefix) and "/" not in p[n:] and self.files[p]
        )

    def size(self, path):
        self._check()
        return len(self.files.get(path, b"")) or -1

    def free_bytes(self):
        self._check()
        return (1 << 20 if self.capacity is None else self.capacity) - self._used()

    def _used(self):
        return sum(len(data) for data in self.files.values())

    def _room(self, more):
        if self.capacity is not None and more > 0 and self._used() + more > self.capacity:
            raise OSError(_ENOSPC, "ENOSPC")

    def _check(self):
        if self._dead:
            raise PowerCut()
        if self.io_error:
            raise OSError(_EIO, "EIO")
        if self.fail_next:
            errno = self.fail_next
            self.fail_next = 0
            raise OSError(errno, "as told")

    def _change(self):
        mode = self._mode if self.changes == self._cut_at else ""
        self.changes += 1
        self._dead = mode != ""
        return mode

    def _end(self, mode):
        if mode:
            raise PowerCut()
