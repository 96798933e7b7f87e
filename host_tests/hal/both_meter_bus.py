"""Meter chips on a bad bus: nothing is invented, it is told, and it passes (law 3)."""

from hal.energy import UJ_PER_WH
from host_tests.hal.meter_rig import Rig, each

SECOND_UJ = 7360 * 1000000  # at 32 A on one phase


def faults(lines):
    """Each fault of a bus in turn, as something to switch it on."""
    for every in (1, 2, 3, 4, 7, 8, 10, 16, 23, 24, 97):
        for bit in (0, 3, 7):
            yield "flip %d of %d" % (bit, every), {"flip_every": every, "flip_bit": bit}
    for every in (2, 23, 24, 31):
        yield "drop %d" % every, {"drop_every": every}
    yield "low", {"stuck": 0x00}
    yield "high", {"stuck": 0xFF}
    yield "cut", {"cut": True}


def test_a_bad_bus_never_invents_is_told_and_passes():
    """Four seconds of each fault under load. `look` holds every reading against the truth."""

    def check(rig):
        lines = rig.bus.lines
        for name, switched in faults(lines):
            rig.name = name
            rig.load()
            rig.run(1000)
            for switch in switched:
                setattr(lines, switch, switched[switch])
            noticed = False
            for _ in range(4):
                rig.run(1000)
                noticed = noticed or rig.newest is None or rig.meter.complaint() != ""
            lines.flip_every = lines.drop_every = 0
            lines.stuck, lines.cut = None, False
            if switched.get("flip_every", 9) < 4 or "stuck" in switched or "cut" in switched:
                assert noticed, (rig.kind, name)
            rig.run(8000)
            assert rig.newest is not None, (rig.kind, name)
            assert rig.missing_uj() >= 0, (rig.kind, name)
        rig.run(80000)
        assert rig.meter.complaint() == "", rig.kind

    each(check)


def test_what_a_bad_bus_garbled_is_had_again():
    """Errors that come and go lose nothing: clear-on-read energies are asked for again, counters stand."""

    def check(rig):
        rig.load()
        for every in (13, 29, 53, 97):
            rig.bus.lines.flip_every = every
            rig.bus.lines.flip_bit = every % 8
            rig.run(20000)
        rig.bus.lines.flip_every = 0
        rig.run(20000)
        rig.settle()

    each(check)


def test_a_short_silence_of_the_bus_loses_nothing():
    def check(rig):
        rig.load()
        for ms in (700, 3000, 20000):
            rig.bus.lines.cut = True
            rig.run(ms)
            rig.bus.lines.cut = False
            rig.run(9000)
        assert rig.meter._silent_until_ms == 0
        rig.settle()

    each(check)


def test_a_reading_is_never_older_than_a_second():
    def check(rig):
        rig.bus.lines.cut = True
        rig.turn(1000)
        assert rig.look() is None
        rig.bus.lines.cut = False
        rig.run(3000)
        assert rig.newest is not None

    each(check)


def test_an_energy_register_at_its_end_is_told_and_not_filled_up():
    rig = Rig("atm90e32")
    rig.load()
    rig.bus.lines.cut = True
    rig.run(3000)
    rig.turn(20 * 60000)
    rig.bus.lines.cut = False
    rig.run(2000)
    assert rig.chip.saturated == 3
    assert rig.newest is None and rig.meter.complaint() == "meter_bus"
    rig.run(70000)
    assert rig.newest is not None and rig.meter.complaint() == ""
    assert rig.missing_uj() > 400 * UJ_PER_WH


def test_a_stream_lost_for_less_than_two_wraps_loses_nothing_and_more_is_not_guessed():
    rig = Rig("cse7766")
    rig.load()
    rig.run(5000)
    rig.chip.speaking = False
    rig.run(80000)
    rig.chip.speaking = True
    rig.run(2000)
    assert rig.newest is not None
    rig.settle()
    rig.load()
    rig.run(5000)
    before_uj = rig.register_uj()
    rig.chip.speaking = False
    rig.run(200000)
    rig.chip.speaking = True
    rig.run(2000)
    assert rig.newest is None and rig.meter.complaint() == "meter_bus"
    assert rig.register_uj() - before_uj < 5 * SECOND_UJ
    rig.run(70000)
    assert rig.newest is not None and rig.meter.complaint() == ""


def test_a_stream_that_comes_back_lower_has_wrapped_or_begun_anew():
    for begun_anew in (False, True):
        rig = Rig("cse7766")
        rig.chip.reset(120000)
        rig.meter._counter.forget()
        rig.run(3000)
        rig.load()
        rig.run(3000)
        before_uj = rig.register_uj()
        rig.chip.speaking = False
        rig.run(15000)
        if begun_anew:
            rig.chip.reset()
        rig.run(15000)
        rig.chip.speaking = True
        rig.run(2000)
        assert rig.newest is None and rig.meter.complaint() == "meter_bus"
        assert rig.missing_uj() >= 0 and rig.register_uj() - before_uj > 15 * SECOND_UJ


def test_an_energy_that_was_garbled_while_it_cleared_is_had_again():
    """From the very access that clears the register until the turn's end, every byte has an error."""
    rig = Rig("atm90e32")
    fetch = rig.chip._fetch
    lines = rig.bus.lines
    garbled = [0]

    def garbling(phase):
        if rig.world.now_ms % 3000 < 400 and phase == garbled[0] % 3:
            lines.flip_every = 1
            lines.flip_bit = garbled[0] % 8
            garbled[0] += 1
        return fetch(phase)

    rig.chip._fetch = garbling
    rig.load()
    for _ in range(60000 // 50):
        rig.turn()
        lines.flip_every = 0
    assert garbled[0] >= 16
    rig.chip._fetch = fetch
    rig.run(3000)
    assert rig.newest is not None and rig.meter._silent_until_ms == 0
    rig.settle()
