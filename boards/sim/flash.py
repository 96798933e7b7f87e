"""Flash in a file, and the LittleFS volume on it.

The image is as long as the flash: 256 blocks of 4096 bytes. A killed process leaves in it exactly
the programs and erases made until then, as a power cut does.
"""

import os

from hal.volume import BrokenVolume, VfsVolume

BLOCKS = 256
BLOCK_SIZE = 4096
PROG_SIZE = 32  # as on ESP32
MOUNT_POINT = "/data"

_EIO = -5
_ERASED = b"\xff" * 1024


class FileFlash:
    """Block device for VfsLfs2 over the open file of an image.

    Its methods return negative errno and never raise: an exception would jump out of littlefs and
    leave it with a file open. programs, erases, programmed_bytes: counters. broken: while True
    every program and erase fails.
    """

    def __init__(self, file, blocks=BLOCKS):
        self._file = file
        self._blocks = blocks
        self.broken = False
        self.programs = 0
        self.erases = 0
        self.programmed_bytes = 0

    def readblocks(self, block, buf, offset=0):
        try:
            self._file.seek(block * BLOCK_SIZE + offset)
            return 0 if self._file.readinto(buf) == len(buf) else _EIO
        except OSError:
            return _EIO

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            failed = self._erase(block)
            if failed:
                return failed
            offset = 0
        if self.broken:
            return _EIO
        try:
            self._file.seek(block * BLOCK_SIZE + offset)
            self._file.write(buf)
        except OSError:
            return _EIO
        self.programs += 1
        self.programmed_bytes += len(buf)
        return 0

    def ioctl(self, op, arg):
        if op == 4:
            return self._blocks
        if op == 5:
            return BLOCK_SIZE
        if op == 6:
            return self._erase(arg)
        return 0

    def _erase(self, block):
        if self.broken:
            return _EIO
        try:
            self._file.seek(block * BLOCK_SIZE)
            for _ in range(BLOCK_SIZE // len(_ERASED)):
                self._file.write(_ERASED)
        except OSError:
            return _EIO
        self.erases += 1
        return 0


def open_volume(image, blocks=BLOCKS):
    """Mount the image file, made first where there is none. Return (volume, device).

    Only a blank image is formatted. One that cannot be mounted is left as it is: the volume is then
    a `BrokenVolume` that says why. Without VfsLfs2 (CPython) the volume is a folder, the device None.
    """
    try:
        import vfs
    except ImportError:
        folder = image + ".d"
        if not _exists(folder):
            os.mkdir(folder)
        return VfsVolume(folder), None
    if not _exists(image):
        _make(vfs, image, blocks)
    device = FileFlash(open(image, "r+b"), blocks)
    try:
        if _is_blank(image):
            vfs.VfsLfs2.mkfs(device, progsize=PROG_SIZE)
        vfs.mount(_lfs(vfs, device), MOUNT_POINT)
    except OSError as exc:
        return BrokenVolume("the volume in %s cannot be mounted: %s" % (image, exc)), device
    return VfsVolume(MOUNT_POINT), device


def _lfs(vfs, device):
    return vfs.VfsLfs2(device, progsize=PROG_SIZE, readsize=PROG_SIZE, lookahead=32, mtime=False)


def _make(vfs, image, blocks):
    # Formatted under another name, so that a kill on the way leaves no half-formatted image.
    part = image + ".part"
    with open(part, "wb") as f:
        for _ in range(blocks * BLOCK_SIZE // len(_ERASED)):
            f.write(_ERASED)
    with open(part, "r+b") as f:
        vfs.VfsLfs2.mkfs(FileFlash(f, blocks), progsize=PROG_SIZE)
    os.rename(part, image)


def _is_blank(image):
    chunk = bytearray(len(_ERASED))
    with open(image, "rb") as f:
        while True:
            n = f.readinto(chunk)
            if not n:
                return True
            if memoryview(chunk)[:n] != memoryview(_ERASED)[:n]:
                return False


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
