"""The session over a stream in memory and a time of its own."""

import gc

import umqtt_desk  # noqa: F401  (first: it makes umqtt importable under CPython)
from stream import Stream, opening, packets, publish

from firmware.mqtt.errors import LinkError
from firmware.mqtt.session import Session
from firmware.mqtt.ticks import ticks_add

START = (1 << 30) - 4000  # a board's ticks wrap in the middle of every test


class Bench:
    """A session that is connected at once; `at(ms)` polls at that time since the start."""

    def __init__(self, connected=True, **options):
        self.got = []
        self.dropped = []
        self.session = Session(
            b"CH-1",
            lambda topic, payload: self.got.append((topic, payload)),
            lambda topic, size: self.dropped.append((topic, size)),
            **options,
        )
        self.stream = Stream()
        self.session.start(self.stream, self.time(0), (b"ppm/v1/CH-1/status", b"off"))
        if connected:
            self.stream.put(b"\x20\x02\x00\x00")
            self.at(0)
            assert self.session.connected

    def time(self, ms):
        return ticks_add(START, ms)

    def at(self, ms):
        return self.session.poll(self.time(ms))

    def lost(self, ms):
        try:
            self.at(ms)
        except LinkError as error:
            return str(error)
        return ""

    def publish(self, payload, ms=0, qos=1, retain=False):
        self.session.publish(b"t/x", payload, qos, retain, self.time(ms))


def test_connect_packet():
    bench = Bench(connected=False, keepalive_s=300, user=b"me", password=b"secret")
    bench.at(0)
    head, body = packets(bench.stream.sent)[0]
    assert head == 0x10
    assert body[:10] == b"\x00\x04MQTT\x04\xee\x01\x2c"
    assert body[10:] == (
        b"\x00\x04CH-1\x00\x12ppm/v1/CH-1/status\x00\x03off\x00\x02me\x00\x06secret"
    )
    assert not bench.session.can_publish()


def test_publish_packets():
    bench = Bench()
    bench.stream.sent = bytearray()
    bench.publish(b"p" * 500, retain=True)
    bench.publish(b"", qos=0)
    bench.at(1)
    assert bench.session.in_flight == 1
    assert packets(bench.stream.sent) == [
        (0x33, b"\x00\x03t/x\x00\x01" + b"p" * 500),
        (0x30, b"\x00\x03t/x"),
    ]
    bench.stream.put(b"\x40\x02\x00\x01")
    bench.at(2)
    assert bench.session.in_flight == 0


def test_partial_writes_lose_nothing():
    bench = Bench()
    bench.at(1)
    sent = bench.stream.sent = bytearray()
    bench.stream.takes = 7
    for number in range(8):
        bench.publish(bytes([number]) * 300)
    for ms in range(2000):
        bench.stream.takes = (0, 1, 7, 100)[ms % 4]
        bench.at(2 + ms)
    got = packets(sent)
    assert [body[5:] for _, body in got] == [
        (n + 1).to_bytes(2, "big") + bytes([n]) * 300 for n in range(8)
    ]


def test_ids_wrap_and_pass_over_those_under_way():
    bench = Bench()
    bench.publish(b"held")
    bench.session._codec.pid = 65533
    for number in range(4):
        bench.publish(b"%d" % number)
    bench.at(1)
    ids = [int.from_bytes(body[5:7], "big") for head, body in packets(bench.stream.sent)[1:]]
    assert ids == [1, 65534, 65535, 2, 3]


def test_window_and_queue_are_bounds():
    bench = Bench(window=3)
    for _ in range(3):
        assert bench.session.can_publish()
        bench.publish(b"x")
    assert not bench.session.can_publish()
    bench.at(1)
    bench.stream.put(b"\x40\x02\x00\x02")
    bench.at(2)
    assert bench.session.can_publish() and bench.session.in_flight == 2
    bench.stream.takes = 0
    bench.publish(b"x" * 5000, qos=0)
    assert not bench.session.can_publish()


def test_subscribe_granted_and_refused():
    bench = Bench()
    bench.session.subscribe(b"a/b", bench.time(1))
    assert not bench.session.subscribed
    bench.at(1)
    head, body = packets(bench.stream.sent)[-1]
    assert head == 0x82 and body[2:] == b"\x00\x03a/b\x01"
    bench.stream.put(b"\x90\x03" + body[:2] + b"\x00")
    bench.at(2)
    assert bench.session.subscribed
    bench.session.subscribe(b"a/c", bench.time(3))
    bench.at(3)
    bench.stream.put(b"\x90\x03" + packets(bench.stream.sent)[-1][1][:2] + b"\x80")
    assert bench.lost(4) == "subscribe_refused: a/c"


def test_publish_is_delivered_as_bytes_then_acknowledged():
    bench = Bench()
    bench.stream.put(publish(b"a/b", b"\x00\xff" * 4096, 513) + publish(b"a/c", b""))
    bench.stream.sent = bytearray()
    for ms in range(1, 12):
        bench.at(ms)
    assert bench.got == [(b"a/b", b"\x00\xff" * 4096), (b"a/c", b"")]
    assert isinstance(bench.got[0][1], bytes)
    assert bytes(bench.stream.sent) == b"\x40\x02\x02\x01"


def test_not_acknowledged_when_the_receiver_fails():
    bench = Bench()

    def fails(topic, payload):
        raise OSError(5, "input/output")

    bench.session._codec.set_callback(fails)
    bench.stream.put(publish(b"a/b", b"x", 5))
    try:
        bench.at(1)
    except OSError as error:
        assert error.errno == 5
    else:
        raise AssertionError("the receiver's failure was swallowed")
    assert bench.session._tx.size == 0


def test_oversized_is_reported_and_acknowledged():
    bench = Bench()
    bench.stream.put(opening(b"a/b", 20000, 5))
    bench.stream.sent = bytearray()
    for ms in range(1, 21):
        bench.stream.put(b"x" * 1000)
        bench.at(ms)
    bench.stream.put(publish(b"a/c", b"next", 6))
    for ms in range(21, 25):
        bench.at(ms)
    assert bench.dropped == [(b"a/b", 20000)] and bench.got == [(b"a/c", b"next")]
    assert packets(bench.stream.sent) == [(0x40, b"\x00\x05"), (0x40, b"\x00\x06")]


def test_one_poll_is_bounded():
    bench = Bench()
    for number in range(1, 50):
        bench.stream.put(publish(b"a/b", b"x" * 40, number))
    bench.at(1)
    assert len(bench.got) == 1
    bench = Bench()
    bench.stream.put(opening(b"a/b", 10000) + b"x" * 8000)
    bench.at(1)
    assert len(bench.stream.incoming) > 8000 - 4 * 1024
    for _ in range(8):
        bench.publish(b"y" * 1000, qos=0)
    del bench.stream.offers[:]
    bench.at(2)
    assert len(bench.stream.offers) == 4


def test_ping_and_its_answer():
    bench = Bench(keepalive_s=30)
    bench.at(15000)
    assert packets(bench.stream.sent)[1:] == []
    bench.at(15001)
    bench.at(15002)
    assert packets(bench.stream.sent)[1:] == [(0xC0, b"")]
    bench.stream.put(b"\xd0\x00")
    bench.at(20000)
    bench.at(35000)
    assert packets(bench.stream.sent)[1:] == [(0xC0, b"")]
    # nothing was written for half the keep-alive since the first ping
    bench.at(35003)
    bench.at(35004)
    assert packets(bench.stream.sent)[1:] == [(0xC0, b"")] * 2


def test_silent():
    bench = Bench(keepalive_s=30)
    bench.at(15001)
    bench.at(15002)
    assert bench.lost(30000) == ""
    assert bench.lost(30002) == "silent"


def test_bytes_without_pingresp():
    bench = Bench(keepalive_s=30)
    bench.at(15001)
    for ms in range(16000, 45001, 1000):
        bench.stream.put(b"\x40\x02\x77\x77")
        assert bench.lost(ms) == ""
    assert bench.lost(45100) == "no_pingresp"


def test_no_connack_no_suback_no_puback():
    bench = Bench(connected=False)
    assert bench.lost(10000) == "" and bench.lost(10001) == "no_connack"
    bench = Bench()
    bench.session.subscribe(b"a", bench.time(100))
    assert bench.lost(10100) == "" and bench.lost(10101) == "no_suback"
    bench = Bench(keepalive_s=300)
    bench.publish(b"x", 100)
    bench.publish(b"y", 5000)
    assert bench.lost(20100) == ""
    bench.stream.put(b"\x40\x02\x00\x01")
    assert bench.lost(20101) == "" and bench.lost(25000) == ""
    assert bench.lost(25001) == "no_puback"


def streamed(bench):
    """60 kB on a line of 1 kB/s, for which nothing is lost."""
    bench.stream.put(opening(b"a/b", 60000, 9))
    for second in range(1, 61):
        bench.stream.put(b"z" * 1000)
        assert bench.lost(second * 1000) == ""
    assert bench.dropped == [(b"a/b", 60000)]


def test_answers_wait_behind_a_long_packet():
    bench = Bench(keepalive_s=30)
    streamed(bench)
    # the ping went out while the packet came; from its end there is half a keep-alive to answer
    assert bench.lost(75000) == "" and bench.lost(75001) == "silent"
    bench = Bench(keepalive_s=300)
    bench.publish(b"x", 0)
    streamed(bench)
    assert bench.lost(79000) == "" and bench.lost(79001) == "no_puback"


def test_answers_wait_behind_our_own_queue():
    bench = Bench(keepalive_s=300)
    bench.stream.takes = 0
    bench.publish(b"x" * 4000, 0)
    for second in range(1, 41):
        bench.stream.takes = 25
        assert bench.lost(second * 1000) == ""
    bench.stream.takes = None
    bench.at(41000)
    assert bench.lost(60000) == "" and bench.lost(61000) == "no_puback"


def test_trickle_for_ever_is_ended():
    bench = Bench(keepalive_s=30)
    bench.stream.put(opening(b"a/b", 60000, 9))
    ms = 0
    words = ""
    while not words and ms < 400000:
        bench.stream.put(b"z")
        ms += 1000
        words = bench.lost(ms)
    assert words == "slow_packet" and 300000 < ms < 303000


def test_deaf_peer_is_bounded_and_ended():
    bench = Bench(keepalive_s=30)
    bench.stream.takes = 0
    most = 0
    ms = words = 0
    packet_id = 0
    while not words and ms < 60000:
        while len(bench.stream.incoming) < 4096:
            packet_id = packet_id % 65535 + 1
            bench.stream.put(publish(b"a/b", b"", packet_id))
        ms += 5
        words = bench.lost(ms)
        del bench.got[:]
        del bench.stream.offers[:]
        most = max(most, bench.session._tx.size)
    assert words == "stalled" and 30000 <= ms < 30100
    assert most <= 16384 + 8


def test_after_a_long_stop_of_the_loop_answers_are_read_first():
    bench = Bench(keepalive_s=30)
    bench.publish(b"x", 0)
    bench.at(1)
    for number in range(1, 30):
        bench.stream.put(publish(b"a/b", b"q" * 900, number))
    bench.stream.put(b"\x40\x02\x00\x01")
    for step in range(60):
        assert bench.lost(100000 + step) == ""
    assert len(bench.got) == 29 and bench.session.in_flight == 0


def test_stream_ends_and_errors_are_named():
    bench = Bench()
    bench.stream.ended = True
    assert bench.lost(1) == "closed"
    bench = Bench(connected=False)
    bench.stream.ended = True
    assert bench.lost(1) == "closed: before CONNACK"
    bench = Bench()
    bench.stream.error = OSError(104, "reset")
    assert bench.lost(1) == "closed: errno 104"
    bench = Bench()
    bench.stream.error = OSError(113, "unreachable")
    assert bench.lost(1) == "io: errno 113"
    bench.session.stop()
    assert bench.stream.closed and not bench.session.connected
    bench.session.stop()


def test_a_new_connection_starts_empty():
    bench = Bench()
    bench.publish(b"x" * 3000)
    bench.session.subscribe(b"a", bench.time(1))
    bench.stream.put(opening(b"a/b", 60000, 9) + b"z" * 4000)
    bench.at(1)
    bench.session.stop()
    bench.stream = Stream()
    bench.session.start(bench.stream, bench.time(100))
    bench.stream.put(b"\x20\x02\x01\x00")
    bench.at(100)
    assert bench.session.connected and bench.session.subscribed
    assert bench.session.in_flight == 0 and bench.session.can_publish()
    assert [head for head, _ in packets(bench.stream.sent)] == [0x10]


def test_heap_is_flat_over_thousands_of_packets():
    def carry(count):
        for number in range(count):
            bench.publish(b"%05d" % number + b"x" * 300, number % 9000)
            packet_id = bench.session._codec.pid
            bench.stream.put(bytes((0x40, 2, packet_id >> 8, packet_id & 0xFF)))
            bench.stream.put(publish(b"a/b", b"y" * 300, packet_id))
            bench.at(number % 9000)
            bench.at(number % 9000)
            bench.stream.sent = bytearray()
            del bench.got[:]
            del bench.stream.offers[:]
        gc.collect()
        return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0

    bench = Bench()
    after_100 = carry(100)
    after_2100 = carry(2000)
    assert abs(after_2100 - after_100) < 512, (after_100, after_2100)
