"""Readers on bad buses: nothing is raised, no wrong UID is told, `healthy()` falls and comes back by itself."""

from hal.mock.chips.cards import ndef_file
from hal.ports import TWO_CARDS
from hal.readers.iso14443 import with_crc
from hal.readers.mfrc522 import worst_turn_bytes as mfrc522_bytes
from hal.readers.pn532 import worst_turn_bytes as pn532_bytes
from hal.readers.pn532_spi import turn_round
from host_tests.hal.reader_rig import ALL, PN532, Rig

UID7 = b"\x04\x12\x34\x56\x78\x9a\xbc"
UID10 = b"\x04\x88\x02\x03\x88\x05\x06\x07\x08\x09"
TRUE = (("ISO14443", UID7), ("ISO14443", UID10))


def quiet(rig):
    """Let every fault of the bus end."""
    lines = rig.bus.lines
    lines.flip_every = lines.drop_every = 0
    lines.stuck = None
    lines.cut = False


def works(rig, why):
    """Within five seconds of the last fault a tap is told."""
    rig.clear()
    rig.run(5000)
    assert rig.reader.healthy(), why
    rig.world.tap(UID10)
    assert rig.run(1000) == [("ISO14443", UID10)], why


def test_flipped_and_lost_bytes():
    for how in ALL:
        rig = Rig(how)
        rig.run(500)
        for fault in ("flip_every", "drop_every"):
            for every in (1, 2, 3, 4, 5, 7, 11, 13, 29, 101):
                for bit in (0, 2, 5, 7) if fault == "flip_every" else (0,):
                    rig.bus.lines.flip_bit = bit
                    setattr(rig.bus.lines, fault, every)
                    told = []
                    for uid in (UID7, UID10):
                        rig.hold(uid)
                        told += rig.run(700)
                        rig.clear()
                        told += rig.run(300)
                    quiet(rig)
                    for card in told:
                        assert card in TRUE, (how, fault, every, bit, card)
        works(rig, how)


def test_a_bad_bus_makes_no_turn_longer_than_is_stated():
    for how in ALL:
        rig = Rig(how, **({"proves": True} if how in PN532 else {}))
        rig.run(500)
        for every in (7, 11, 23, 41, 97, 160):
            rig.bus.lines.flip_every = every
            for bit in (0, 6):
                rig.bus.lines.flip_bit = bit
                rig.hold(UID10, ndef_file(b"x.example/" + b"x" * 100))
                rig.run(1500)
                rig.clear()
                rig.run(500)
        stated = mfrc522_bytes() if how == "mfrc522" else pn532_bytes(rig.transport)
        # a UART's bytes pass beside the turn: what piles up there may be of several answers
        assert how == "hsu" or rig.worst <= stated, (how, rig.worst, stated)


def test_two_cards_are_not_seen_where_there_is_one():
    for how in ALL:
        rig = Rig(how)
        rig.run(500)
        rig.hold(UID7)
        for every in range(2, 40):
            rig.bus.lines.flip_every = every
            rig.bus.lines.flip_bit = every & 7
            assert TWO_CARDS not in rig.run(500), (how, every)


def test_stuck_and_cut_lines():
    for how in ALL:
        for stuck in (0x00, 0xFF, None):
            rig = Rig(how)
            rig.run(500)
            if stuck is None:
                rig.bus.lines.cut = True
            else:
                rig.bus.lines.stuck = stuck
            rig.hold(UID7)
            assert rig.run(58000) == [], (how, stuck)
            assert rig.reader.healthy(), (how, stuck, "60 s are not over")
            assert rig.run(5000) == []
            assert not rig.reader.healthy(), (how, stuck)
            quiet(rig)
            works(rig, (how, stuck))


def test_a_reader_that_is_not_there_and_comes_later():
    for how in ALL:
        rig = Rig(how)
        rig.chip.power(False)
        rig.run(62000)
        assert not rig.reader.healthy()
        rig.chip.power(True)
        works(rig, how)


def test_a_reader_that_loses_its_supply_for_a_moment():
    for how in ALL:
        for pin in (True, False):
            rig = Rig(how, pin)
            rig.run(500)
            for dark_ms in (0, 50, 400, 3000):
                rig.chip.power(False)
                rig.run(dark_ms)
                rig.chip.power(True)
                works(rig, (how, pin, dark_ms))


def test_a_hanging_reader_is_reset_by_its_line():
    for how in ALL:
        rig = Rig(how)
        rig.run(500)
        resets = rig.reader.resets
        rig.chip.hanging = True
        works(rig, how)
        assert rig.reader.resets > resets and not rig.chip.hanging


def test_a_hanging_reader_without_a_reset_line_is_told_of():
    for how in ALL:
        rig = Rig(how, pin=False)
        rig.run(500)
        rig.chip.hanging = True
        rig.run(63000)
        assert not rig.reader.healthy(), how
        rig.chip.power(True)  # somebody pulled the plug
        works(rig, how)


def test_a_clock_that_is_held_too_long():
    rig = Rig("i2c")
    rig.run(500)
    rig.wire.stretch_us = 60000
    rig.run(62000)
    assert not rig.reader.healthy()
    rig.wire.stretch_us = 1000
    works(rig, "i2c")


def test_an_answer_that_comes_late_is_no_answer_to_what_follows():
    for how in PN532:
        for deaf_ms in (60, 90, 200, 350, 700):
            rig = Rig(how)
            rig.run(500)
            rig.chip.deaf_ms = deaf_ms
            rig.hold(UID7)
            told = rig.run(3000)
            rig.clear()
            rig.hold(UID10)
            told += rig.run(3000)
            rig.chip.deaf_ms = 0
            for card in told:
                assert card in TRUE, (how, deaf_ms, card)
            works(rig, (how, deaf_ms))


def test_a_garbled_answer_is_asked_for_again():
    for how in PN532:
        rig = Rig(how)
        rig.run(500)
        rig.bus.lines.flip_every = 23
        rig.run(3000)
        assert rig.chip.naks
        quiet(rig)
        works(rig, how)


def test_a_card_that_stays_through_a_silence_is_not_told_again():
    for how in ALL:
        rig = Rig(how)
        rig.run(500)
        rig.hold(UID7)
        assert rig.run(500) == [("ISO14443", UID7)]
        rig.bus.lines.cut = True
        assert rig.run(70000) == [] and not rig.reader.healthy()
        rig.bus.lines.cut = False
        assert rig.run(5000) == [] and rig.reader.healthy()


def test_the_pn532_is_configured_again_now_and_then():
    for how in PN532:
        rig = Rig(how)
        rig.run(500)
        rig.chip.commands = []
        rig.run(3000)
        assert 1 <= rig.chip.commands.count(0x14) <= 3 and rig.chip.retries == 1


def swap(rig, pairs):
    """From now on the bus says the second of each pair of byte strings where the chip says the first."""
    carry = rig.bus.lines.carry
    if rig.how == "spi":
        pairs = [(turned(good), turned(bad)) for good, bad in pairs]

    def lie(data):
        data = carry(data)
        for good, bad in pairs:
            data = data.replace(good, bad)
        return data

    rig.bus.lines.carry = lie


def turned(data):
    out = bytearray(data)
    turn_round(out, len(out))
    return bytes(out)


def test_two_errors_that_cancel_in_the_sum_make_no_other_uid():
    for how in PN532:
        rig = Rig(how)
        rig.run(500)
        swap(rig, [(UID7, b"\x04\x13\x33\x56\x78\x9a\xbc")])
        rig.hold(UID7)
        assert rig.run(2000) == [], how
        assert rig.reader.healthy()


def test_a_sak_is_believed_with_its_crc_only():
    rig = Rig("mfrc522")
    rig.run(500)
    more = with_crc(b"\x04")
    swap(rig, [(more, b"\x00" + more[1:])])
    rig.hold(UID7)
    assert rig.run(2000) == []  # not 88 and the first three bytes


def test_a_collision_that_is_none_makes_no_second_card():
    rig = Rig("mfrc522")
    rig.run(500)
    read = rig.chip._read
    lies = {0x04: 0x20, 0x06: 0x08}  # always received, always collided

    def lie(register):
        value = read(register)
        if register == 0x0E:
            return 5  # at the fifth bit
        return value | lies.get(register, 0) if rig.chip.calls > calls else value

    rig.hold(UID7)
    calls = rig.chip.calls
    rig.chip._read = lie
    assert rig.run(2000) == []
    del lies[0x04]
    assert rig.run(2000) == []
