"""Flash in a file, and the LittleFS volume on it.

The image is as long as the flash: 256 blocks of 4096 bytes. It is mapped into memory, so a killed
process leaves in it exactly the programs and erases made until then, as a power cut does.
"""

import os

from hal.volume import BrokenVolume, VfsVolume

BLOCKS = 256
BLOCK_SIZE = 4096
PROG_SIZE = 32  # as on ESP32
MOUNT_POINT = "/data"

_EIO = -5
_CHUNK = b"\xff" * 1024
_READ_WRITE = 2  # open's O_RDWR
_PROTECTION = 3  # mmap's PROT_READ | PROT_WRITE
_SHARED = 1  # mmap's MAP_SHARED


class MappedFlash:
    """Block device for VfsLfs2 over `memory`, a writable memoryview of whole blocks.

    Its methods return negative errno and never raise: an exception would jump out of littlefs and
    leave it with a file open. programs, erases, programmed_bytes: counters. broken: while True
    every program and erase fails.
    """

    def __init__(self, memory):
        self._memory = memory
        self.broken = False
        self.programs = 0
        self.erases = 0
        self.programmed_bytes = 0

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK_SIZE + offset
        buf[:] = self._memory[at : at + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            failed = self._erase(block)
            if failed:
                return failed
            offset = 0
        if self.broken:
            return _EIO
        at = block * BLOCK_SIZE + offset
        self._memory[at : at + len(buf)] = buf
        self.programs += 1
        self.programmed_bytes += len(buf)
        return 0

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._memory) // BLOCK_SIZE
        if op == 5:
            return BLOCK_SIZE
        if op == 6:
            return self._erase(arg)
        return 0

    def _erase(self, block):
        if self.broken:
            return _EIO
        start = block * BLOCK_SIZE
        for at in range(start, start + BLOCK_SIZE, len(_CHUNK)):
            self._memory[at : at + len(_CHUNK)] = _CHUNK
        self.erases += 1
        return 0

    def is_blank(self):
        """Return whether every byte is erased."""
        memory = self._memory
        for at in range(0, len(memory), len(_CHUNK)):
            if memory[at : at + len(_CHUNK)] != _CHUNK:
                return False
        return True


def map_image(path):
    """Return a memoryview of the file at `path`; what is written to it is in the file at once.

    OSError where it cannot be, or is not whole blocks long.
    """
    import ffi
    import uctypes

    size = os.stat(path)[6]
    if not size or size % BLOCK_SIZE:
        raise OSError(22, "%d bytes are not whole blocks" % size)
    libc = ffi.open(None)
    handle = libc.func("i", "open", "si")(path, _READ_WRITE)
    if handle < 0:
        raise OSError(13, "cannot be opened")
    address = libc.func("p", "mmap", "pLiiil")(0, size, _PROTECTION, _SHARED, handle, 0)
    libc.func("i", "close", "i")(handle)
    if address == -1:
        raise OSError(12, "cannot be mapped")
    return memoryview(uctypes.bytearray_at(address, size))


def open_volume(image):
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
    device = None
    try:
        if not _exists(image):
            _make(vfs, image)
        device = MappedFlash(map_image(image))
        _mount(vfs, device)
    except OSError as exc:
        return BrokenVolume("%s cannot be mounted: %s" % (image, exc)), device
    return VfsVolume(MOUNT_POINT), device


def _make(vfs, image):
    # Under another name until it is formatted: a kill on the way leaves nothing half made.
    part = image + ".part"
    with open(part, "wb") as f:
        for _ in range(BLOCKS * BLOCK_SIZE // len(_CHUNK)):
            f.write(_CHUNK)
    vfs.VfsLfs2.mkfs(MappedFlash(map_image(part)), progsize=PROG_SIZE)
    os.rename(part, image)


def _mount(vfs, device):
    if device.is_blank():
        vfs.VfsLfs2.mkfs(device, progsize=PROG_SIZE)
    lfs = vfs.VfsLfs2(device, progsize=PROG_SIZE, readsize=PROG_SIZE, lookahead=32, mtime=False)
    vfs.mount(lfs, MOUNT_POINT)


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
