"""A LittleFS volume in an image file, on a flash that counts; geometry and driver are the sim board's."""

from array import array

from boards.sim import flash as sim


def open_counted(image, blocks=sim.BLOCKS):
    """Mount `image`, made first with `blocks` where there is none. Return (volume, device).

    device: hal.mock.flash.Flash with its counters, the erases by block too. Raises RuntimeError.
    """
    volume, device = sim.open_volume(image, blocks)
    reason = getattr(volume, "reason", "")
    if reason:
        raise RuntimeError(reason)
    if device is None:
        raise RuntimeError("this interpreter has no VfsLfs2")
    device.erases_of = array("I", bytes(4 * device.blocks))
    return volume, device


def copy(source, target):
    """Copy an image while nothing is being written to it."""
    with open(source, "rb") as old, open(target, "wb") as new:
        buf = bytearray(4096)
        while True:
            n = old.readinto(buf)
            if not n:
                return
            new.write(buf)
