"""Frames that people captured from real chips decode to what their meters showed; absurd ones are refused."""

import binascii

from hal.meters import bl0942, cse7766
from hal.mock.buses import SimUart
from hal.mock.ports import MockClock
from hal.mock.world import World
from host_tests.hal.data import meter_frames

LAMP = {
    "uref_milli": 15187000,
    "iref_milli": 251213000,
    "pref_milli": 596000,
    "reversed": False,
}
PLAIN = {"voltage_permille": 1000, "current_permille": 1000}


class Player:
    """A chip that says the same frame again and again, or answers every packet with it."""

    def __init__(self, frame, mode=0):
        self.frame = frame
        self.mode = mode
        self.uart = None
        self._due_ms = 0

    def poll(self, now_ms):
        if not self.mode and now_ms >= self._due_ms:
            self._due_ms = now_ms + 60
            self.uart.send(self.frame)

    def receive(self, data, now_ms):
        if data[1] == 0xAA:
            self.uart.send(self.frame)
        elif data[0] == 0x58:
            answer = bytes([self.mode, 0, 0])
            self.uart.send(answer + bytes([~(0x58 + data[1] + sum(answer)) & 0xFF]))


def played(frame, make, mode=0):
    """What a driver makes of a frame that is said for two seconds."""
    world = World()
    player = Player(frame, mode)
    player.uart = SimUart(lambda: world.now_ms, player, 4800)
    meter = make(player.uart, MockClock(world))
    for _ in range(40):
        world.step(world.now_ms + 50)
        meter.attend()
    return meter


def make_bl(uart, clock):
    return bl0942.Bl0942(uart, clock, "M-1", LAMP, 8000)


def make_cse(uart, clock):
    return cse7766.Cse7766(uart, clock, "M-1", PLAIN, 8000)


def near(found, given, most=1):
    assert abs(found - given) <= most, (found, given)


def test_bl0942_packets():
    for text, count, mv, ten_ua, mw in meter_frames.BL0942:
        frame = binascii.unhexlify(text)
        assert bl0942.checksum(0x58, frame) == frame[22]
        assert bl0942.is_plausible(frame, LAMP)
        found = bl0942.values(frame, LAMP)
        near(found[0], mv)
        near(found[1] * 100, ten_ua, 100)
        near(found[2], mw)
        assert frame[13] | frame[14] << 8 | frame[15] << 16 == count
        reading = played(frame, make_bl, bl0942.MODE).read()
        near(reading.voltage_v[0] * 1000, mv, 500)
        assert reading.register_wh == 0 and reading.power_w == 0  # 44 W the wrong way


def test_a_lamp_wired_backwards_is_right_when_the_board_says_so():
    LAMP["reversed"] = True
    try:
        for text, _, _, _, mw in meter_frames.BL0942:
            reading = played(binascii.unhexlify(text), make_bl, bl0942.MODE).read()
            near(reading.power_w * 1000, -mw, 500)
    finally:
        LAMP["reversed"] = False


def test_bl0942_constants():
    near(bl0942.uj_per_count(596060) // 1000, 703671, 2)  # 0.19546 Wh


def test_bl0939_and_bl0940_have_the_same_sum():
    for text, seed in meter_frames.BL0940_BL0939:
        frame = binascii.unhexlify(text)
        assert len(frame) == 35 and bl0942.checksum(seed, frame) == frame[34]


def test_cse7766_frames():
    for text, count, mv, ten_ua, tenth_mw, uj, odd in meter_frames.CSE7766:
        frame = binascii.unhexlify(text)
        assert cse7766.checksum(frame) == frame[23]
        found = cse7766.values(frame)
        near(found[0], mv)
        near(found[1] * 100, ten_ua, 100)
        near(found[2], 0 if odd in ("no_power", "power_invalid", "absurd") else tenth_mw // 10)
        near(cse7766._ratio(frame, 14), tenth_mw // 10)
        assert cse7766._u24(frame, 14) == uj and cse7766._u16(frame, 21) == count
        meter = played(frame, make_cse)
        if odd == "absurd":
            assert meter.read() is None and meter.complaint() == "meter_bus"
            continue
        reading = meter.read()
        near(reading.voltage_v[0] * 1000, mv, 500)
        near(reading.power_w * 1000, 0 if odd else tenth_mw // 10, 500)
        assert reading.register_wh == 0


def test_a_damaged_frame_is_refused():
    frame = bytearray(binascii.unhexlify(meter_frames.CSE7766[2][0]))
    frame[9] ^= 4
    assert played(bytes(frame), make_cse).read() is None
    frame = bytearray(binascii.unhexlify(meter_frames.BL0942[0][0]))
    frame[9] ^= 4
    assert played(bytes(frame), make_bl, bl0942.MODE).read() is None


def test_a_frame_is_found_in_a_stream_that_begins_anywhere():
    frame = binascii.unhexlify(meter_frames.CSE7766[2][0])
    for start in range(24):
        assert played(frame[start:] + frame[:start], make_cse).read() is not None
