"""The charger's volume on real flash: mounted at /data, formatted only where the flash is blank."""

from hal.volume import BrokenVolume, VfsVolume, lookahead

ROOT = "/data"
# As on the simulator (boards/sim/flash.py): small state stays in its folder's own block.
_SIZES = {"progsize": 32, "readsize": 32}
_COUNT_OP, _SIZE_OP = 4, 5
_BLANK = 0xFF


def flash_of(description):
    """The block device that the description's "flash" names. OSError when there is none."""
    wanted = description["flash"]
    if description["mcu"].startswith("rp"):
        import rp2  # type: ignore[import-not-found]

        return rp2.Flash(start=wanted["start"], len=wanted["length"])
    import esp32

    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=wanted["partition"])
    if not found:
        raise OSError(19, "no partition %s" % wanted["partition"])
    return found[0]


def blank(device):
    """Whether every byte of the device is erased: a volume that is damaged never looks like that."""
    buf = bytearray(device.ioctl(_SIZE_OP, 0))
    erased = bytes([_BLANK]) * len(buf)
    for block in range(device.ioctl(_COUNT_OP, 0)):
        device.readblocks(block, buf)
        if buf != erased:
            return False
    return True


def mounted(device, vfs, root=ROOT):
    """The `Volume` on `device`; a `BrokenVolume` where it cannot be mounted. vfs: the module.

    What it did is said on the console. Nothing is formatted unless every byte is erased.
    """
    sizes = dict(_SIZES)
    sizes["lookahead"] = lookahead(device.ioctl(_COUNT_OP, 0))
    try:
        vfs.mount(vfs.VfsLfs2(device, mtime=False, **sizes), root)
        return VfsVolume(root)
    except OSError as error:
        reason = "volume: cannot be mounted: %s" % error
    try:
        if not blank(device):
            print(reason)
            return BrokenVolume(reason)
        vfs.VfsLfs2.mkfs(device, **sizes)
        vfs.mount(vfs.VfsLfs2(device, mtime=False, **sizes), root)
    except OSError as error:
        reason = "volume: blank, cannot be formatted: %s" % error
        print(reason)
        return BrokenVolume(reason)
    print("volume: was blank, formatted")
    return VfsVolume(root)


def open_volume(description):
    """The `Volume` of a described board."""
    try:
        import vfs

        return mounted(flash_of(description), vfs)
    except (ImportError, OSError, ValueError) as error:
        reason = "volume: %s: %s" % (type(error).__name__, error)
        print(reason)
        return BrokenVolume(reason)
