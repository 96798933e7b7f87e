"""Run by MicroPython: the volume over LittleFS, its promises and a cut at every flash operation."""

import vfs
from ram_flash import RamFlash
from volume_checks import CHECKS

from hal.volume import VfsVolume

OLD = b"o" * 300
NEW = b"n" * 700
WAYS = (
    ("write", lambda v: v.write("f", NEW), {OLD, NEW}),
    ("append", lambda v: v.append("f", NEW), {OLD, OLD + NEW}),
    ("rename", lambda v: v.rename("g", "f"), {OLD, b"g" * 40}),
    ("remove", lambda v: v.remove("f"), {OLD, None}),
)


def mounted(flash, fresh=False):
    if fresh:
        vfs.VfsLfs2.mkfs(flash, progsize=32)
    vfs.mount(vfs.VfsLfs2(flash, progsize=32, readsize=32, lookahead=32), "/data")
    return VfsVolume("/data")


def cut_everywhere(name, change, allowed):
    base = RamFlash()
    volume = mounted(base, True)
    volume.write("f", OLD)
    volume.write("g", b"g" * 40)
    vfs.umount("/data")
    cuts = 0
    while True:
        flash = RamFlash(bytearray(base.memory))
        volume = mounted(flash)
        flash.operations = 0
        flash.cut_at = cuts
        try:
            change(volume)
            failed = False
        except OSError:
            failed = True
        done = flash.operations <= cuts
        vfs.umount("/data")
        flash.cut_at = -1
        volume = mounted(flash)
        found = volume.read("f")
        assert found in allowed, (name, cuts, found and len(found))
        assert failed or found != OLD, (name, cuts)
        volume.write("after", b"still writable")
        vfs.umount("/data")
        if done:
            return cuts
        cuts += 1


for check in CHECKS:
    check(mounted(RamFlash(), True))
    vfs.umount("/data")
total = sum(cut_everywhere(*way) for way in WAYS)
assert total > 10, total
print("cuts", total)
