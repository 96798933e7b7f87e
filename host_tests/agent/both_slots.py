"""The later of two generations counts, also past the highest number that a slot can hold."""

import binascii
import struct

from agent.slots import Slots
from hal.mock.volume import MemoryVolume


def slot(generation, state):
    data = struct.pack("<IB", generation, len(state)) + state
    return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def test_the_later_generation_counts():
    volume = MemoryVolume()
    for n in range(5):
        Slots(volume, "s").save(bytes([n]))
        assert Slots(volume, "s").state == bytes([n])


def test_after_the_highest_number_comes_zero():
    volume = MemoryVolume()
    volume.overwrite("s/1", slot(0xFFFFFFFF, b"old"))
    slots = Slots(volume, "s")
    for state in (b"zero", b"one", b"two"):
        slots.save(state)
        assert Slots(volume, "s").state == state
    assert Slots(volume, "s").generation == 2
