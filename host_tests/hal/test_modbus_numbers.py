"""Every pattern of bits against exact fractions."""

import struct
from fractions import Fraction
from math import isfinite

from hypothesis import example, given
from hypothesis import strategies as st

from hal.meters import modbus, modbus_table
from hal.mock.chips import modbus_slave

SDM = modbus_table.Model("sdm630")
EM = modbus_table.Model("em340")


@given(st.integers(0, 2**32 - 1))
@example(0x80000000)
@example(0x7F800000)
@example(0x00000001)
@example(0x4BBEBC20)
def test_float32_kwh_are_whole_wh_rounded_down_or_refused(bits):
    data = struct.pack(">I", bits)
    value = struct.unpack(">f", data)[0]
    found = modbus_table.energy_wh(data, 0, SDM)
    if not isfinite(value) or bits >> 31 or Fraction(value) * 1000 >= modbus_table.MOST_WH + 1:
        assert found is None
    else:
        assert found == int(Fraction(value) * 1000)


@given(st.integers(0, 2**32 - 1))
@example(0x7FFFFFFF)
@example(0x80000000)
def test_int32_with_the_low_word_first(bits):
    data = struct.pack(">HH", bits & 0xFFFF, bits >> 16)
    value = struct.unpack(">i", struct.pack(">I", bits))[0]
    found = modbus_table.energy_wh(data, 0, EM)
    wrong = value < 0 or value == 0x7FFFFFFF or value * 100 > modbus_table.MOST_WH
    assert found == (None if wrong else value * 100)


@given(st.binary(max_size=64))
def test_both_ends_have_the_same_crc(data):
    assert modbus.crc16(data, 0, len(data)) == modbus_slave.crc(data)


@given(st.binary(max_size=128), st.sampled_from((4, 36)))
def test_noise_is_no_answer_and_raises_nothing(noise, size):
    at = modbus.find_answer(noise, len(noise), 1, 4, size)
    if at > 0:  # by chance it has the right sum
        end = at + size
        assert modbus_slave.crc(noise[at - 3 : end]) == noise[end] | noise[end + 1] << 8


# bytes that are no function code and no exception
NOISE = st.lists(st.integers(0x10, 0x7F), max_size=40)


@given(NOISE, st.binary(min_size=4, max_size=4))
def test_an_answer_is_found_behind_noise(noise, data):
    frame = bytes([1, 4, 4]) + data
    crc = modbus_slave.crc(frame)
    line = bytes(noise) + frame + bytes([crc & 0xFF, crc >> 8])
    assert modbus.find_answer(line, len(line), 1, 4, 4) == len(noise) + 3
