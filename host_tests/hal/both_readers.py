"""Cards through both chips and every transport: told right, told once, told of when there are two."""

import binascii

from hal.mock.chips.cards import ndef_file
from hal.ports import TWO_CARDS
from hal.readers import pn532_frame
from hal.readers.iso14443 import Cascade, check_fits, crc_a, crc_fits, tagged, with_crc
from hal.readers.mfrc522 import worst_turn_bytes as mfrc522_bytes
from hal.readers.ndef import url
from hal.readers.pn532 import worst_turn_bytes as pn532_bytes
from hal.readers.pn532_i2c import LEAST_HZ
from host_tests.hal.data import rfid
from host_tests.hal.reader_rig import ALL, PN532, Rig

UID4 = b"\xde\xad\xbe\xef"
UID7 = b"\x04\x12\x34\x56\x78\x9a\xbc"
UID10 = b"\x04\x88\x02\x03\x88\x05\x06\x07\x08\x09"
UIDS = (UID4, UID7, UID10, b"\x88\x04\x05\x06", b"\x08\x11\x22\x33", b"\x00" * 4, b"\xff" * 7)


def ready(how, **options):
    rig = Rig(how, **options)
    assert rig.run(1000) == []
    assert rig.reader.healthy(), how
    return rig


def test_frames_are_those_of_the_manual():
    for data, frame in rfid.COMMANDS:
        assert pn532_frame.build(data) == binascii.unhexlify(frame)
    for data, frame in rfid.ANSWERS:
        frame = binascii.unhexlify(frame)
        kind, start, end = pn532_frame.find(frame, len(frame))
        assert kind == pn532_frame.FRAME and frame[start : end - 1] == binascii.unhexlify(data)
        for size in range(4, end):
            assert pn532_frame.find(frame, size)[0] in (pn532_frame.MORE, pn532_frame.NOTHING)
    assert pn532_frame.ACK_FRAME == binascii.unhexlify(rfid.ACK)
    assert pn532_frame.NACK_FRAME == binascii.unhexlify(rfid.NACK)


def test_every_flipped_bit_in_an_answer_is_seen():
    for data, frame in rfid.ANSWERS:
        data = binascii.unhexlify(data)
        for place in range(8 * (len(frame) // 2 - 1)):
            bad = bytearray(binascii.unhexlify(frame))
            bad[place >> 3] ^= 1 << (place & 7)
            kind, start, end = pn532_frame.find(bad, len(bad))
            # the leading zero is no part of the frame
            assert kind != pn532_frame.FRAME or bad[start : end - 1] == data, place


def test_what_is_read_past_an_acknowledgement_is_no_frame():
    read = binascii.unhexlify(rfid.I2C_READ)[1:]
    kind, _, end = pn532_frame.find(read, len(read))
    assert kind == pn532_frame.ACK
    rest = read[end:]
    assert pn532_frame.find(rest, len(rest))[0] == pn532_frame.NOTHING


def test_targets_are_parsed_in_every_byte_or_not_at_all():
    answer = b"\x01\x01\x00\x04\x08\x04" + UID4
    assert pn532_frame.targets(answer, 0, len(answer)) == [(1, 8, UID4)]
    assert pn532_frame.targets(b"\x00", 0, 1) == []
    for bad in (answer[:-1], answer + b"\x00", b"\x02" + answer[1:], b"\x03" + answer[1:], b"",
                answer[:5] + b"\x05" + UID4 + b"\x00", b"\x02" + answer[1:] + answer[1:]):  # fmt: skip
        assert pn532_frame.targets(bad, 0, len(bad)) is None


def test_crc_a():
    for text in rfid.CRC_A:
        data = binascii.unhexlify(text)
        assert with_crc(data[:-2]) == data and crc_fits(data, len(data))
        assert crc_a(data, len(data) - 2) == data[-2] | data[-1] << 8
    assert not crc_fits(b"\x08\xb6\xdc", 3) and not crc_fits(b"\x63\x63", 2)


def blocks(uid):
    full = tagged(uid)
    parts = [full[i : i + 4] for i in range(0, len(full), 4)]
    return [part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],)) for part in parts]


def test_the_sak_decides_about_the_cascade():
    for uid in UIDS:
        cascade = Cascade()
        codes = []
        parts = blocks(uid)
        for block in parts[:-1]:
            codes.append(cascade.select_code())
            assert cascade.add(block, 0x04) is None
        codes.append(cascade.select_code())
        assert cascade.add(parts[-1], 0x08) == uid
        assert codes == [0x93, 0x95, 0x97][: len(parts)]
    for bad in ((b"\x01\x02\x03\x04\x04", 0x04), (b"\x88\x02\x03\x04\x00", 0x04)):
        try:
            Cascade().add(*bad)
            raise AssertionError(bad)
        except ValueError:
            pass
    assert check_fits(b"\xde\xad\xbe\xef\x22")


def test_every_uid_through_every_reader():
    for how in ALL:
        rig = ready(how)
        for uid in UIDS:
            rig.world.tap(uid)
            told = rig.run(1000)
            assert told == [("ISO14443", uid)], (how, uid, told)
            assert rig.reader.proof == b""


def test_a_tap_at_any_instant_is_told_within_its_300_ms():
    for how in ALL:
        rig = ready(how)
        for n in range(12):
            rig.world.step(rig.world.now_ms + 7 * n)
            rig.world.tap(UID10 if n & 1 else UID7)
            told = rig.run(300)
            assert len(told) == 1, (how, n, told)
            rig.run(700)


def test_a_card_that_stays_is_told_once_and_again_after_it_has_left():
    for how in ALL:
        rig = ready(how)
        for uid in UIDS[:3]:
            rig.hold(uid)
            assert rig.run(20000) == [("ISO14443", uid)], (how, uid)
            rig.clear()
            assert rig.run(1000) == []


def test_a_card_at_the_edge_of_the_field_is_told_once():
    for how in ALL:
        rig = ready(how)
        told = []
        for _ in range(20):
            card = rig.hold(UID7)
            told += rig.run(400)
            rig.clear()
            card.state = 0
            told += rig.run(100)
        assert told == [("ISO14443", UID7)], (how, told)


def test_another_card_straight_after_the_first():
    for how in ALL:
        rig = ready(how)
        rig.hold(UID4)
        assert rig.run(500) == [("ISO14443", UID4)]
        rig.clear()
        rig.hold(UID7)
        assert rig.run(500) == [("ISO14443", UID7)]


def test_two_cards_are_told_and_not_guessed():
    pairs = ((UID4, UID7), (UID7, UID7[:-1] + b"\xbd"), (UID10, UID10[:-1] + b"\x89"), (b"\x00" * 4, b"\xff" * 4),
             (UID4, b"\xdf\xad\xbe\xef"), (UID4, b"\xde\xad\xbe\x6f"))  # fmt: skip
    for how in ALL:
        for pair in pairs:
            for first, second in (pair, (pair[1], pair[0])):
                rig = ready(how)
                rig.hold(first)
                rig.hold(second)
                assert rig.run(2000) == [TWO_CARDS], (how, pair)
                rig.field.held.pop()
                assert rig.run(2000) == [], (how, "one of them is left")
                rig.clear()
                rig.run(1000)
                rig.hold(first)
                assert rig.run(1000) == [("ISO14443", first)]


def test_a_second_card_beside_the_first():
    for how in ALL:
        rig = ready(how)
        rig.hold(UID7)
        assert rig.run(1000) == [("ISO14443", UID7)]
        rig.hold(UID4)
        assert rig.run(1000) == [TWO_CARDS]


def test_uids_can_be_told_last_byte_first():
    for how in ALL:
        rig = ready(how, reverse=True)
        rig.world.tap(UID7)
        assert rig.run(500) == [("ISO14443", bytes(reversed(UID7)))]


def test_a_poll_without_a_card_costs_the_mfrc522_few_accesses():
    rig = ready("mfrc522")
    before, calls = rig.chip.accesses, rig.chip.calls
    rig.run(10000)
    polls = rig.chip.calls - calls
    assert polls == 200
    assert rig.chip.accesses - before <= 9 * polls


def test_the_bus_bytes_of_the_worst_turn_are_those_that_are_stated():
    file = ndef_file(b"x.example/t?" + rfid.SUN_URL + b"&" + b"x" * 20)
    for how in ALL:
        options = {"proves": True} if how in PN532 else {}
        rig = Rig(how, files={rfid.SUN_UID: file}, **options)
        for uid in UIDS + (rfid.SUN_UID,):
            rig.world.tap(uid)
            rig.run(1000)
        rig.hold(UID4)
        rig.hold(UID10)
        rig.run(1000)
        stated = mfrc522_bytes() if how == "mfrc522" else pn532_bytes(rig.transport)
        assert rig.worst <= stated <= 2 * rig.worst, (how, rig.worst, stated)


def test_a_turn_takes_no_more_than_three_milliseconds_of_its_bus():
    stated = {how: pn532_bytes(Rig(how).transport) for how in ("i2c", "spi")}
    assert stated["i2c"] * 9 * 1000 <= 3 * LEAST_HZ, "nine clocks a byte"
    assert stated["spi"] * 8 * 1000 <= 3 * 1000000
    assert mfrc522_bytes() * 8 * 1000 <= 3 * 1000000


def test_the_url_of_a_card_that_proves_itself():
    text = b"cards.example/t?" + rfid.SUN_URL
    for how in PN532:
        rig = ready(how, files={rfid.SUN_UID: ndef_file(text)}, proves=True)
        for n in range(5):
            rig.world.step(rig.world.now_ms + 10 * n)
            rig.world.tap(rfid.SUN_UID)
            assert rig.run(300) == [("ISO14443", rfid.SUN_UID)], (how, n)
            assert rig.reader.proof == b"https://" + text
            rig.run(500)
        rig.world.tap(UID7)
        assert rig.run(500) == [("ISO14443", UID7)] and rig.reader.proof == b""
        long = b"cards.example/" + b"x" * 100 + b"?" + rfid.SUN_URL
        rig.hold(rfid.SUN_UID, ndef_file(long))
        assert rig.run(1000) == [("ISO14443", rfid.SUN_UID)]
        assert rig.reader.proof == b"https://" + long
        rig.clear()
        rig.run(500)
        for broken in (
            b"\x00\x00",
            b"\x00\x06\xd1\x01\x02\x54\x04x",
            b"\xff" * 40,
            b"\x00\x10\xd1\x01\x50\x55\x04xxxxxxxxxxx",
        ):
            rig.hold(rfid.SUN_UID, broken)
            assert rig.run(1000) == [("ISO14443", rfid.SUN_UID)]
            assert rig.reader.proof == b""
            rig.clear()
            rig.run(500)


def test_ndef_files_that_are_cut_short():
    file = ndef_file(b"x.example/abc")
    assert url(file) == b"https://x.example/abc"
    for size in range(len(file)):
        assert url(file[:size]) == b""
