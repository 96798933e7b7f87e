"""The register of a chip that forgets: it only rises, and outlives chip and board (law 3)."""

from hal.energy import KEEP_WH, PATH, UJ_PER_WH, EnergyRegister
from hal.mock.volume import MemoryVolume
from hal.volume import BrokenVolume


def begun(volume, register_wh=None, serial="", own="M-1"):
    register = EnergyRegister(own)
    register.begin(volume, register_wh, serial)
    return register


def test_not_a_microjoule_is_rounded_away():
    register = begun(MemoryVolume())
    for _ in range(3600):
        register.add(1000001)
    assert (register.register_wh, register.rest_uj) == (1, 3600)


def test_what_was_counted_before_the_volume_was_there_is_added():
    volume = MemoryVolume()
    register = begun(volume)
    register.add(7 * UJ_PER_WH + 5)
    register.keep()
    register = EnergyRegister("M-1")
    register.add(2 * UJ_PER_WH + 1)
    register.begin(volume, None, "")
    assert (register.register_wh, register.rest_uj) == (9, 6)


def test_it_goes_on_from_what_the_charger_noted_and_never_adds_to_it():
    volume = MemoryVolume()
    register = begun(volume)
    register.add(500 * UJ_PER_WH)
    register.keep()
    assert begun(volume, 620, "M-1").register_wh == 620
    assert begun(volume, 480, "M-1").register_wh == 500
    assert begun(volume, 620, "another").register_wh == 500


def test_a_file_of_another_meter_or_a_damaged_one_is_none():
    volume = MemoryVolume()
    register = begun(volume)
    register.add(UJ_PER_WH)
    register.keep()
    assert begun(volume, own="M-2").register_wh == 0
    data = bytearray(volume.read(PATH))
    data[3] ^= 1
    volume.write(PATH, bytes(data))
    assert begun(volume).register_wh == 0


def test_it_is_kept_after_so_much():
    volume = MemoryVolume()
    register = begun(volume)
    register.add((KEEP_WH - 1) * UJ_PER_WH)
    register.keep_when_due()
    assert volume.read(PATH) is None
    register.add(UJ_PER_WH)
    register.keep_when_due()
    assert begun(volume).register_wh == KEEP_WH


def test_a_broken_volume_stops_nothing_and_is_said():
    register = begun(BrokenVolume("test"))
    assert register.failed
    register.add(KEEP_WH * UJ_PER_WH)
    register.keep_when_due()
    assert register.failed and register.register_wh == KEEP_WH


def test_less_than_nothing_is_refused():
    register = begun(MemoryVolume())
    try:
        register.add(-1)
    except ValueError as error:
        assert str(error) == "energy: -1 uJ"
    else:
        raise AssertionError("taken")
