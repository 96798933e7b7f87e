"""LittleFS on the simulated flash: old or new after every cut, under every interpreter."""

import binascii

from hal.mock.flash import CUT_MODES
from hal.mock.volume import PowerCut
from host_tests.flash.volumes import fresh, geometry, reopen
from host_tests.hal.volume_checks import CHECKS

BLOCKS = 16
OLD = b"o" * 300
NEW = b"n" * 700
SMALL = b"s" * 40  # LittleFS keeps it in the directory entry


def test_it_keeps_what_a_volume_promises():
    for shape in (geometry(32), geometry(128)):
        for check in CHECKS:
            volume, flash = fresh(BLOCKS, shape)
            check(volume)
            assert flash.violations == 0


def test_flash_operations_are_what_the_geometry_says():
    for progsize in (32, 64, 128, 256):
        volume, flash = fresh(BLOCKS, geometry(progsize))
        volume.write("f", bytes(50))
        assert flash.programmed_bytes % progsize == 0 and flash.erases == 0
        assert flash.programmed_bytes >= progsize


def test_a_cut_call_raises_power_cut_and_so_do_all_behind_it():
    volume, flash = fresh(BLOCKS)
    volume.write("f", OLD)
    flash.cut_after(1)
    for call in (
        lambda: volume.write("f", NEW),
        lambda: volume.read("f"),
        lambda: volume.names(""),
        lambda: volume.size("f"),
        lambda: volume.open("f"),
        lambda: volume.free_bytes(),
        lambda: volume.remove("f"),
    ):
        assert is_cut(call)
    assert reopen(flash).read("f") == OLD


def test_errors_other_than_the_power_are_os_errors():
    volume, flash = fresh(BLOCKS)
    volume.write("f", OLD)
    flash.broken = True
    assert errno(lambda: volume.write("f", NEW)) == 5
    flash.broken = False
    assert errno(lambda: volume.write("f", bytes(100000))) == 28
    assert volume.read("f") == OLD
    assert errno(lambda: volume.open("g")) == 2


def test_a_write_is_old_or_new():
    for old in (OLD, SMALL):
        cut_everywhere(lambda v: v.write("f", NEW), old, (old, NEW))
        cut_everywhere(lambda v: v.write("f", b"t" * 60), old, (old, b"t" * 60))


def test_an_append_keeps_what_was_there():
    for old in (OLD, SMALL):
        for more in (b"m" * 20, b"m" * 700):
            allowed = (old, old + more)  # the port promises less: any part of it
            cut_everywhere(lambda v, more=more: v.append("f", more), old, allowed)


def test_a_rename_is_old_or_new():
    cut_everywhere(lambda v: v.rename("other", "f"), OLD, (OLD, b"other" * 9))
    cut_everywhere(lambda v: v.rename("f", "folder/g"), OLD, (OLD, None))


def test_a_remove_is_old_or_nothing():
    cut_everywhere(lambda v: v.remove("f"), OLD, (OLD, None))
    cut_everywhere(lambda v: v.remove("f"), SMALL, (SMALL, None))


def test_an_overwrite_is_old_or_new_or_nothing():
    for old in (OLD, SMALL):
        cut_everywhere(lambda v: v.overwrite("f", b"t" * 60), old, (old, None, b"t" * 60))
    cut_everywhere(lambda v: v.overwrite("new", SMALL), OLD, (OLD,))


def test_flipped_bits_are_seen_by_who_checks():
    content = bytes(range(256)) * 8
    crc = binascii.crc32(content)
    seen = 0
    volume, flash = fresh(BLOCKS)
    volume.write("f", content)
    image = flash.image()
    for seed in range(6):
        flash.load(image)
        flash.flip_some(200, seed)
        try:
            found = reopen(flash).read("f")
        except OSError:
            found = None
        seen += found is None or binascii.crc32(found) != crc
        assert found is None or (found == content) == (binascii.crc32(found) == crc)
    assert seen, "200 flips of 524288 bits, six times, and not one in 2048 bytes"


def test_worn_blocks_are_passed_over_and_then_an_error():
    volume, flash = fresh(BLOCKS)
    volume.write("keep", OLD)
    flash.endurance = 40
    flash.worn = "dirty"
    for n in range(1500):
        try:
            volume.write("f", bytes([n & 255]) * 300)
        except OSError:
            break
    else:
        raise AssertionError("flash that lasts for ever")
    assert n > 100, n
    volume = reopen(flash)
    assert volume.read("keep") == OLD


def cut_everywhere(change, old, allowed):
    """Cut in every operation of `change`, in every mode."""
    volume, flash = fresh(BLOCKS)
    volume.write("f", old)
    volume.write("other", b"other" * 9)
    image = flash.image()
    for mode in CUT_MODES:
        cuts = 0
        while True:
            flash.load(image)
            volume = reopen(flash)
            start = flash.operations
            flash.cut_after(cuts, mode)
            cut = is_cut(lambda volume=volume: change(volume))
            assert cut == (flash.operations - start > cuts)
            volume = reopen(flash)
            found = volume.read("f")
            assert found in allowed, (mode, cuts, found and len(found))
            assert cut or found == allowed[-1]
            volume.write("after", b"still writable")
            assert volume.read("after") == b"still writable" and flash.violations == 0
            if not cut:
                break
            cuts += 1
        assert cuts


def is_cut(call):
    try:
        call()
    except PowerCut:
        return True
    return False


def errno(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return 0
