"""The simulated flash: what it counts, what it refuses, and how it fails."""

from hal.mock.flash import CUT_MODES, Flash

ONES = b"\xff" * 128
ERASE = 6


def of(flash, block=0, offset=0, size=128):
    buf = bytearray(size)
    assert flash.readblocks(block, buf, offset) == 0
    return bytes(buf)


def test_it_counts_by_block_and_in_all():
    flash = Flash(4)
    assert (flash.ioctl(4, 0), flash.ioctl(5, 0)) == (4, 4096)
    flash.writeblocks(1, bytes(128), 256)
    flash.writeblocks(1, bytes(64), 0)
    flash.ioctl(ERASE, 1)
    flash.ioctl(ERASE, 2)
    flash.writeblocks(3, bytes(4096))  # the plain block protocol: erase, then program
    of(flash, 2)
    assert (flash.programs, flash.programmed_bytes) == (3, 128 + 64 + 4096)
    assert (flash.erases, flash.operations) == (3, 6)
    assert list(flash.programs_of) == [0, 2, 0, 1] and list(flash.erases_of) == [0, 1, 1, 1]
    assert (flash.reads, flash.read_bytes, list(flash.reads_of)) == (1, 128, [0, 0, 1, 0])
    flash.reset_counters()
    assert flash.erases == 0 and flash.operations == 6 and flash.erases_of[1] == 1


def test_without_counts_by_block_it_still_counts_in_all():
    flash = Flash(4, per_block=False)
    flash.ioctl(ERASE, 1)
    flash.writeblocks(1, b"1" * 32, 0)
    of(flash)
    assert (flash.erases, flash.programs, flash.reads) == (1, 1, 1) and flash.erases_of is None


def test_a_cleared_bit_is_not_set_without_an_erase():
    flash = Flash(2)
    assert flash.writeblocks(1, b"\xf0" * 32, 64) == 0
    assert flash.writeblocks(1, b"\x30" * 32, 64) == 0, "clearing more bits is allowed"
    assert flash.writeblocks(1, b"\x31" * 32, 64) < 0
    assert flash.violations == 1 and flash.violation == (1, 64)
    assert of(flash, 1, 64, 32) == b"\x30" * 32
    flash.strict = False
    assert flash.writeblocks(1, b"\x11" * 32, 64) == 0
    assert of(flash, 1, 64, 32) == b"\x10" * 32 and flash.violations == 1
    flash.ioctl(ERASE, 1)
    assert of(flash, 1, 64, 32) == ONES[:32]


def test_a_cut_program_leaves_what_its_mode_says():
    data = bytes(range(128))
    for mode in CUT_MODES:
        flash = Flash(2)
        flash.cut_after(1, mode)
        assert flash.writeblocks(1, data, 0) == 0
        assert flash.writeblocks(0, data, 0) < 0 and flash.dead
        assert flash.readblocks(0, bytearray(16)) < 0
        assert flash.writeblocks(1, data, 128) < 0 and flash.ioctl(ERASE, 1) < 0
        assert flash.ioctl(3, 0) < 0 and flash.operations == 2
        flash.revive()
        found = of(flash)
        if mode == "before":
            assert found == ONES
        elif mode == "after":
            assert found == data
        elif mode == "torn":
            assert found == data[:64] + ONES[64:]
        else:
            assert found[:42] == data[:42] and found[50:] == ONES[50:]
            for i in range(42, 50):
                assert found[i] & data[i] == data[i], "a program only clears what it should"
            assert found[42:50] != data[42:50] and found[42:50] != ONES[:8]
        assert of(flash, 1) == data


def test_a_cut_erase_leaves_what_its_mode_says():
    for mode in CUT_MODES:
        flash = Flash(2)
        flash.writeblocks(0, bytes(4096), 0)
        flash.cut_after(0, mode)
        assert flash.ioctl(ERASE, 0) < 0
        flash.revive()
        found = of(flash, 0, 0, 4096)
        erased = sum(1 for byte in found if byte == 0xFF)
        low, high = {
            "before": (0, 0),
            "torn": (2048, 2048),
            "garbage": (1024, 2048),
            "after": (4096, 4096),
        }[mode]
        assert low <= erased <= high, (mode, erased)
        if mode == "garbage":
            assert any(byte not in (0, 0xFF) for byte in found)


def test_bits_flip_where_told_and_where_seeded():
    flash = Flash(2)
    flash.flip(1, 5, 3)
    assert of(flash, 1, 5, 1) == b"\xf7"
    flash.flip(1, 5, 3)
    assert flash.is_blank()
    other = Flash(2)
    flash.flip_some(9, 42)
    other.flip_some(9, 42)
    assert flash.image() == other.image() and not flash.is_blank()
    wrong = 0
    for byte in flash.image():
        while byte != 0xFF:
            byte |= byte + 1
            wrong += 1
    assert wrong == 9


def test_blocks_wear_out():
    flash = Flash(2)
    flash.endurance = 3
    for _ in range(3):
        assert flash.ioctl(ERASE, 0) == 0
    flash.writeblocks(0, bytes(32), 0)
    assert flash.ioctl(ERASE, 0) < 0 and of(flash, 0, 0, 32) == bytes(32)
    assert flash.ioctl(ERASE, 1) == 0
    flash.worn = "dirty"
    assert flash.ioctl(ERASE, 0) == 0
    assert of(flash, 0, 0, 4096) != b"\xff" * 4096


def test_a_broken_flash_reads_and_does_not_change():
    flash = Flash(2)
    flash.broken = True
    assert flash.writeblocks(0, bytes(32), 0) < 0 and flash.ioctl(ERASE, 0) < 0
    assert of(flash) == ONES and flash.operations == 0
    flash.broken = False
    assert flash.writeblocks(0, bytes(32), 0) == 0


def test_it_never_raises():
    flash = Flash(2)
    assert flash.readblocks(2, bytearray(32)) < 0
    assert flash.writeblocks(2, bytearray(32), 0) < 0
    assert flash.ioctl(ERASE, 2) < 0 and flash.ioctl(ERASE, -1) < 0


def test_it_works_on_the_memory_it_is_given():
    memory = bytearray(b"\xff" * 8192)
    flash = Flash(memory=memoryview(memory))
    assert flash.blocks == 2
    flash.writeblocks(1, b"1" * 32, 32)
    assert memory[4096 + 32 : 4096 + 64] == b"1" * 32
    image = flash.image()
    flash.ioctl(ERASE, 1)
    flash.load(image)
    assert flash.image() == image
