"""The framing by itself: however the bytes are cut, the same packets come out."""

from stream import publish, remaining

from firmware.mqtt import frame
from firmware.mqtt.errors import LinkError


def fed(framer, data, step):
    """Every packet of `data`, given in pieces of `step` bytes: (kind, what it is)."""
    found = []
    at = 0
    while at < len(data):
        room = framer.room()
        count = min(step, len(room), len(data) - at)
        room[:count] = data[at : at + count]
        framer.took(count)
        at += count
        while framer.next():
            if framer.kind == frame.OVERSIZED:
                found.append((framer.kind, (framer.topic, framer.size, framer.qos, framer.pid)))
            else:
                found.append((framer.kind, bytes(framer.packet)))
    return found


def test_same_packets_however_cut():
    parts = [
        b"\x20\x02\x00\x00",
        publish(b"a/b", b"", 1),
        publish(b"a/b", b"x" * 200, 65535),
        b"\x40\x02\x00\x01",
        publish(b"t", b"y" * 300),
        b"\x90\x03\x00\x01\x01",
        b"\xd0\x00",
        publish(b"a/b", b"z" * 199, 7),
    ]
    expected = [(part[0] & 0xF0, part) for part in parts]
    framer = frame.Framer(300, 8)
    for step in (1, 2, 3, 7, 64, 300, 1024):
        assert fed(framer, b"".join(parts) * 3, step) == expected * 3
        assert not framer.partial


def test_oversized_is_named_and_passed_by():
    data = (
        publish(b"a/b", b"x" * 300, 1)
        + publish(b"a/b", b"x" * 301, 2)
        + publish(b"a/c", b"x" * 5000)
        + publish(b"a/b", b"ok", 3)
    )
    framer = frame.Framer(300, 8)
    for step in (1, 5, 310, 1024):
        kinds = fed(framer, data, step)
        assert [kind for kind, _ in kinds] == [
            frame.PUBLISH,
            frame.OVERSIZED,
            frame.OVERSIZED,
            frame.PUBLISH,
        ]
        assert kinds[1][1] == (b"a/b", 301, 1, 2)
        assert kinds[2][1] == (b"a/c", 5000, 0, 0)


def test_longest_length_is_only_a_number():
    framer = frame.Framer(300, 8)
    head = b"\x32" + remaining(268435455) + b"\x00\x03a/b\x00\x09"
    assert fed(framer, head, 1) == []
    assert framer.partial
    left = 268435455 - 7
    while left:
        count = min(left, 1 << 28 if left > 1 << 20 else len(framer.room()))
        framer.took(count)
        left -= count
        if framer.next():
            break
    assert framer.kind == frame.OVERSIZED and framer.size == 268435455 - 7
    assert left == 0 and not framer.partial


def test_no_mqtt_is_found_at_the_first_wrong_byte():
    for data, words in (
        (b"H", "packet type 0x48"),
        (b"\x00", "packet type 0x00"),
        (b"\x10", "packet type 0x10"),
        (b"\x41", "packet type 0x41"),
        (b"\x34", "QoS of a publish 0x34"),
        (b"\x40\x03", "length 3 of packet 0x40"),
        (b"\x30\x80\x80\x80\x80", "remaining length"),
        (b"\x30\x01", "topic length 0 in 1"),
        (b"\x30\x14\x00\x09", "topic length 9"),
    ):
        framer = frame.Framer(300, 8)
        try:
            fed(framer, data, 1)
        except LinkError as error:
            assert error.reason == "malformed" and error.detail == words
        else:
            raise AssertionError(words)


def test_any_bytes_end_by_name():
    # a fixed linear congruential generator: the same bytes on every interpreter
    state = 1
    named = 0
    for _ in range(400):
        data = bytearray()
        for _ in range(40):
            state = (state * 75 + 74) % 65537
            data.append(state & 0xFF)
        data[0] = (0x20, 0x30, 0x32, 0x40, 0x90, 0xD0)[state % 6]
        framer = frame.Framer(300, 8)
        try:
            fed(framer, bytes(data), 1 + state % 9)
        except LinkError as error:
            assert error.reason == "malformed" and error.detail
            named += 1
    assert named > 300
