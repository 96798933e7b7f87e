"""Flash in a file, and the LittleFS volume on it.

The image is as long as the flash, 256 blocks of 4096 bytes unless another size is asked for when it is
first made. It is mapped into memory, so a killed
process leaves in it exactly the programs and erases made until then, as a power cut does.
"""

import os

from hal.mock.flash import BLOCK_SIZE, Flash
from hal.volume import BrokenVolume, VfsVolume, lookahead

BLOCKS = 256
# What the volume is mounted with: VfsLfs2's own defaults on ESP32, but no times at the files, and a lookahead
# for all blocks (hal.volume.lookahead), which is these 32 bytes for BLOCKS.
# LittleFS keeps files of up to 4 * progsize bytes in their directory entry.
GEOMETRY = {"progsize": 32, "readsize": 32, "lookahead": 32, "mtime": False}
MOUNT_POINT = "/data"

_CHUNK = b"\xff" * 1024
_READ_WRITE = 2  # open's O_RDWR
_PROTECTION = 3  # mmap's PROT_READ | PROT_WRITE
_SHARED = 1  # mmap's MAP_SHARED


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


def open_volume(image, blocks=BLOCKS):
    """Mount the image file, made first with `blocks` where there is none. Return (volume, device).

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
            _make(vfs, image, blocks)
        device = Flash(memory=map_image(image), per_block=False)
        _mount(vfs, device)
    except OSError as exc:
        return BrokenVolume("%s cannot be mounted: %s" % (image, exc)), device
    return VfsVolume(MOUNT_POINT), device


def _make(vfs, image, blocks):
    # Under another name until it is formatted: a kill on the way leaves nothing half made.
    part = image + ".part"
    with open(part, "wb") as f:
        for _ in range(blocks * BLOCK_SIZE // len(_CHUNK)):
            f.write(_CHUNK)
    _format(vfs, Flash(memory=map_image(part), per_block=False))
    os.rename(part, image)


def _mount(vfs, device):
    if device.is_blank():
        _format(vfs, device)
    vfs.mount(vfs.VfsLfs2(device, **_geometry(device)), MOUNT_POINT)


def _format(vfs, device):
    options = _geometry(device)
    options.pop("mtime")
    vfs.VfsLfs2.mkfs(device, **options)


def _geometry(device):
    options = dict(GEOMETRY)
    options["lookahead"] = lookahead(device.blocks)
    return options


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
