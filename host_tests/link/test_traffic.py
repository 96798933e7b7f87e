"""What passes over a session that stands: order, packet ids, lengths, odd packets."""

import asyncio

from host_tests.link.hostile import HostileBroker, length, publish

CONFIG = "ppm/v1/CH-1/config"
ORDER = "ppm/v1/CH-1/order"


def standing(then):
    """A broker that lets every charger in and then does `then(peer, number)`."""

    async def script(peer, number):
        await peer.accept()
        await peer.grant()
        await then(peer, number)

    return HostileBroker(script)


def records(broker):
    """The numbers of the records that arrived, in order of arrival."""
    return [int(payload[:5]) for _, payload, _ in broker.published]


async def behave(peer, number):
    await peer.serve()


def test_300_records_in_order(runner):
    with standing(behave) as broker:
        ran = runner.run(broker.port, {"taken": 300, "idle": 1}, count=300, size=700)
    assert records(broker) == list(range(300))
    assert not any(again for _, _, again in broker.published)
    assert not ran.losses() and ran.end["strays"] == 0
    first = ran.of("link")[0]["ms"]
    print("300 QoS 1 records of 705 bytes in %d ms" % (ran.end["ms"] - first))


def test_packet_ids_wrap(runner):
    with standing(behave) as broker:
        ran = runner.run(broker.port, {"taken": 40, "idle": 1}, count=40, size=20, first_id=65524)
    ids = [packet_id for packet_id, _, _ in broker.published]
    # four ids went to the subscriptions
    assert ids == [*range(65529, 65536), *range(1, 34)]
    assert records(broker) == list(range(40)) and ran.end["strays"] == 0


def test_window_is_kept(runner):
    most = []

    async def then(peer, number):
        held = []
        while True:
            head, body = await peer.packet()
            size = int.from_bytes(body[:2], "big")
            held.append(body[2 + size : 4 + size])
            peer.broker.published.append((0, body[4 + size :], False))
            most.append(len(held))
            if len(held) == 8 or len(peer.broker.published) == 40:
                await asyncio.sleep(0.1)  # a ninth would come now
                for packet_id in reversed(held):  # answers in any order
                    await peer.send(b"\x40\x02" + packet_id)
                held.clear()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"taken": 40, "idle": 1}, count=40)
    assert max(most) == 8
    assert records(broker) == list(range(40)) and ran.end["strays"] == 0


def test_oversized_publish_streams_by(runner):
    async def then(peer, number):
        await peer.send(publish(CONFIG, b"A" * 100_000, 11, retain=True))
        await peer.send(publish(ORDER, b"B" * 8193, 12))
        await peer.send(publish(ORDER, b"C" * 8192, 13))
        await peer.send(publish(ORDER, b"normal", 14))
        await peer.send(publish(ORDER, b"D" * 9000))
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 2, "oversized": 3}, linger_ms=200)
    assert [(one["leaf"], one["size"]) for one in ran.of("oversize")] == [
        ("config", 100_000),
        ("order", 8193),
        ("order", 9000),
    ]
    assert [(one["text"][:6], one["size"]) for one in ran.of("message")] == [
        ("CCCCCC", 8192),
        ("normal", 6),
    ]
    assert broker.acked == [11, 12, 13, 14]
    assert len(ran.of("log")) == 1 + 3 and ran.end["was_up"] and ran.end["losses"] == 0


def test_byte_at_a_time(runner):
    async def then(peer, number):
        for byte in publish(ORDER, b"slow", 7) + b"\xd0\x00" + publish(ORDER, b"quick", 8):
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.005)
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 2}, linger_ms=200)
    assert [one["text"] for one in ran.of("message")] == ["slow", "quick"]
    assert broker.acked == [7, 8] and not ran.losses()


def test_a_long_packet_is_no_silence(runner):
    # keep-alive 1 s; an oversized packet trickles for 3 s, and answers can only come behind it
    async def then(peer, number):
        packet = publish(CONFIG, b"A" * 30_000, 3)
        for at in range(0, len(packet), 1000):
            await peer.send(packet[at : at + 1000])
            await asyncio.sleep(0.1)
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(
            broker.port,
            {"oversized": 1, "idle": 1},
            count=3,
            options={"keepalive_s": 2, "puback_ms": 600},
            linger_ms=300,
        )
    assert not ran.of("log")[2:] and ran.end["losses"] == 0
    assert records(broker) == [0, 1, 2]


def test_answers_to_nothing(runner):
    async def then(peer, number):
        await peer.send(b"\x40\x02\x12\x34" + b"\x90\x03\x23\x45\x01" + b"\xd0\x00")
        await peer.send(publish(ORDER, b"after", 9))
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 1}, linger_ms=100)
    assert ran.end["strays"] == 2 and not ran.losses() and broker.acked == [9]


def test_same_message_twice(runner):
    async def then(peer, number):
        packet = bytearray(publish(ORDER, b"again", 5))
        await peer.send(bytes(packet))
        packet[0] |= 8
        await peer.send(bytes(packet))
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 2}, linger_ms=100)
    assert broker.acked == [5, 5] and not ran.losses()


def test_foreign_topic_is_acknowledged_and_dropped(runner):
    async def then(peer, number):
        await peer.send(publish("ppm/v1/CH-2/order", b"not mine", 4))
        await peer.send(publish("ppm/v1/CH-1/orders", b"nor this", 5))
        await peer.send(publish(ORDER, b"mine", 6))
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 1}, linger_ms=100)
    assert broker.acked == [4, 5, 6] and [one["text"] for one in ran.of("message")] == ["mine"]


MALFORMED = [
    (b"\x30\xff\xff\xff\xff\x01", "remaining length"),
    (b"\x32\x01\x00", "topic length 0 in 1"),
    (b"\x32\x05\x00\x00\x00\x01x", "topic length 0 in 5"),
    (b"\x32\x05\x00\x09abc", "topic length 9 in 5"),
    (b"\x30" + length(400) + b"\x01\x00", "topic length 256"),
    (b"\x32\x05\x00\x01a\x00\x00", "packet id 0"),
    (b"\x34\x05\x00\x01a\x00\x01", "QoS of a publish 0x34"),
    (b"\x36\x05\x00\x01a\x00\x01", "QoS of a publish 0x36"),
    (b"\x40\x03\x00\x01\x00", "length 3 of packet 0x40"),
    (b"\x42\x02\x00\x01", "packet type 0x42"),
    (b"\x50\x02\x00\x01", "packet type 0x50"),
    (b"\x00\x00", "packet type 0x00"),
    (b"\xf0\x00", "packet type 0xf0"),
    (b"\xd0\x01\x00", "length 1 of packet 0xd0"),
    (b"\x20\x02\x00\x00", "second CONNACK"),
]


def test_malformed_packets_close_by_name(runner):
    async def then(peer, number):
        if number < len(MALFORMED):
            await peer.send(MALFORMED[number][0])
        else:
            await peer.send(publish(ORDER, b"well", 1))
        await peer.serve()

    with standing(then) as broker:
        ran = runner.run(broker.port, {"received": 1, "links": 1}, options={"retry_ms": [5, 5]})
    assert ran.losses() == ["malformed: " + words for _, words in MALFORMED]
    assert not broker.errors
