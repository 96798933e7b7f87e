"""A LittleFS volume on a simulated flash, under every interpreter.

    volume, flash = fresh(64)          # formatted, empty
    volume.write("f", b"1")
    flash.cut_after(0, "torn")         # the next program or erase is cut: PowerCut
    volume = reopen(flash)             # power is back: mounted anew

GEOMETRY is what the board uses. On MicroPython one volume is mounted at a time; the one before is
let go.
"""

from boards.sim.flash import GEOMETRY
from hal.mock.cutvolume import CutVolume
from hal.mock.flash import Flash
from host_tests.flash.memory import erased

try:
    import vfs
except ImportError:
    vfs = None

MOUNT_POINT = "/flash"
_mounted = []


def geometry(progsize=32, readsize=None):
    """Arguments for VfsLfs2, with another program size (and read size, the same unless given)."""
    changed = dict(GEOMETRY)
    changed.update({"progsize": progsize, "readsize": readsize or progsize})
    return changed


def fresh(blocks=64, shape=GEOMETRY, per_block=True, block_size=4096):
    """(volume, flash): a new flash, formatted, with its counters at zero."""
    flash = Flash(memory=erased(blocks * block_size), block_size=block_size, per_block=per_block)
    make(flash, shape)
    flash.reset_counters()
    return reopen(flash, shape), flash


def of_image(image, shape=GEOMETRY):
    """(volume, flash): from an image as `flash.image()` gives it."""
    flash = Flash(memory=erased(len(image)))
    flash.load(image)
    return reopen(flash, shape), flash


def reopen(flash, shape=GEOMETRY):
    """The power comes back: the volume mounted anew. OSError where it cannot be."""
    flash.revive()
    return CutVolume(mount(flash, shape), flash)


def make(flash, shape=GEOMETRY):
    """Format."""
    if vfs is None:
        from host_tests.flash import lfs

        lfs.make(flash, shape)
    else:
        options = dict(shape)
        options.pop("mtime", None)
        vfs.VfsLfs2.mkfs(flash, **options)


def mount(flash, shape=GEOMETRY):
    """A VfsVolume over what is on the flash."""
    if vfs is None:
        from host_tests.flash import lfs

        return lfs.mount(flash, shape)
    from hal.volume import VfsVolume

    release()
    vfs.mount(vfs.VfsLfs2(flash, **shape), MOUNT_POINT)
    _mounted.append(flash)
    return VfsVolume(MOUNT_POINT)


def release():
    """Let go of what is mounted (MicroPython; elsewhere nothing is held)."""
    while _mounted:
        _mounted.pop()
        vfs.umount(MOUNT_POINT)
