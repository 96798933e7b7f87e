"""LittleFS on CPython: the file system calls that `hal.volume` makes, over littlefs-python.

`hal.volume` itself runs over it, unchanged: a copy of the module is given these calls in the place
of `os` and `open`, as MicroPython gives it those of `VfsLfs2`. So both make the same flash operations.
"""

import importlib.util
import io
from os import strerror

from littlefs import LittleFSError, lfs

_DIR = 2
_BLOCK_CYCLES = 100  # as MicroPython sets it
_FLAGS = {"r": 1, "w": 2 | 0x100 | 0x400, "a": 2 | 0x100 | 0x800}  # as MicroPython's VfsLfs2


def configured(flash, geometry):
    """The lfs configuration that MicroPython would make for `flash`."""
    read, prog = geometry["readsize"], geometry["progsize"]
    return lfs.LFSConfig(
        _Context(flash),
        block_size=flash.block_size,
        block_count=flash.blocks,
        read_size=read,
        prog_size=prog,
        block_cycles=_BLOCK_CYCLES,
        cache_size=min(flash.block_size, 4 * max(read, prog)),
        lookahead_size=geometry["lookahead"],
    )


def make(flash, geometry):
    """Format `flash`. OSError where it cannot be."""
    _checked(lfs.format, lfs.LFSFilesystem(), configured(flash, geometry))


def mount(flash, geometry):
    """A `VfsVolume` over the file system on `flash`. OSError where it cannot be mounted."""
    calls = Calls(flash, geometry)
    spec = importlib.util.find_spec("hal.volume")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.os = calls
    module.open = calls.open
    return module.VfsVolume("")


class _Context:
    """What littlefs-python calls. It takes no error from a read, so a dead flash still reads."""

    def __init__(self, flash):
        self._flash = flash

    def read(self, config, block, offset, size):
        data = bytearray(size)
        self._flash.readblocks(block, data, offset)
        return data

    def prog(self, config, block, offset, data):
        return self._flash.writeblocks(block, data, offset) or 0

    def erase(self, config, block):
        return self._flash.ioctl(6, block) or 0

    def sync(self, config):
        return 0


class Calls:
    """`os` and `open` of one mounted file system. Errors are OSError(errno, text)."""

    def __init__(self, flash, geometry):
        self._flash = flash
        self._config = configured(flash, geometry)
        self._fs = lfs.LFSFilesystem()
        _checked(lfs.mount, self._fs, self._config)

    def open(self, path, mode):
        flags = _FLAGS[mode[0]]
        if "+" in mode:
            flags |= 3
        return File(self._fs, _checked(lfs.file_open, self._fs, path, lfs.LFSFileFlag(flags)))

    def rename(self, old, new):
        _checked(lfs.rename, self._fs, old, new)

    def remove(self, path):
        _checked(lfs.remove, self._fs, path)

    def mkdir(self, path):
        _checked(lfs.mkdir, self._fs, path)

    def ilistdir(self, path):
        folder = _checked(lfs.dir_open, self._fs, path)
        found = []
        try:
            entry = _checked(lfs.dir_read, self._fs, folder)
            while entry:
                if entry.name not in (".", ".."):
                    found.append((entry.name, _mode(entry), 0, entry.size))
                entry = _checked(lfs.dir_read, self._fs, folder)
        finally:
            lfs.dir_close(self._fs, folder)
        return found

    def stat(self, path):
        found = _checked(lfs.stat, self._fs, path)
        return (_mode(found), 0, 0, 0, 0, 0, found.size, 0, 0, 0)

    def statvfs(self, path):
        size, blocks = self._flash.block_size, self._flash.blocks
        used = _checked(lfs.fs_size, self._fs) + 2 * self._folders("")
        free = blocks - used  # MicroPython counts the two blocks of each folder twice
        return (size, size, blocks, free, free, 0, 0, 0, 0, 255)

    def _folders(self, path):
        inside = [name for name, mode, _, _ in self.ilistdir(path or "/") if mode == 0x4000]
        return len(inside) + sum(self._folders(path + "/" + name) for name in inside)


class File(io.RawIOBase):
    """An open file without a buffer of its own, as on MicroPython; closing makes it durable."""

    def __init__(self, fs, handle):
        super().__init__()
        self._fs = fs
        self._handle = handle

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def read(self, size=-1):
        if size < 0:
            here = lfs.file_tell(self._fs, self._handle)
            size = lfs.file_size(self._fs, self._handle) - here
        return bytes(_checked(lfs.file_read, self._fs, self._handle, size))

    def readinto(self, buf):
        data = _checked(lfs.file_read, self._fs, self._handle, len(buf))
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        return _checked(lfs.file_write, self._fs, self._handle, bytes(data))

    def seek(self, offset, whence=0):
        return _checked(lfs.file_seek, self._fs, self._handle, offset, whence)

    def flush(self):
        pass  # RawIOBase calls it when it closes, which makes the content durable already

    def close(self):
        if not self.closed:
            handle, self._handle = self._handle, None
            super().close()
            _checked(lfs.file_close, self._fs, handle)


def _mode(entry):
    return 0x4000 if entry.type == _DIR else 0x8000


def _checked(call, *args):
    try:
        return call(*args)
    except LittleFSError as error:
        raise OSError(-error.code, strerror(-error.code)) from None
