"""What a broker may send: bytes cut anywhere, through the framing, the session and the link.

first byte       how the rest is cut: pieces of 1 + its lower half, a charger that publishes if 0x80
the rest         the stream; it begins behind the charger's CONNECT
"""

from host_tests.link import umqtt_desk  # noqa: F401, I001  (first: it makes umqtt importable on CPython)

from firmware.link import Link
from firmware.mqtt import frame
from firmware.mqtt.errors import REASONS, LinkError
from host_tests.fuzz.targets import Target
from host_tests.link.stream import Stream, opening, publish

LEAVES = (b"config", b"list", b"order", b"ack")
CONNACK = b"\x20\x02\x00\x00"
PREFIX = b"ppm/v1/CH-1/"
_MOST_POLLS = 4000
_MOST_QUEUED = 16384 + 1024


class Ear:
    """The charger and the board, as far as the link needs them."""

    def __init__(self):
        self.network = self
        self.heard = []

    def up(self):
        return True

    def on_message(self, up_ms, leaf, payload):
        assert leaf.encode() in LEAVES and isinstance(payload, bytes) and len(payload) <= 8192
        self.heard.append((leaf, len(payload)))

    def on_oversize(self, up_ms, leaf, size):
        assert leaf.encode() in LEAVES and size > 8192
        self.heard.append((leaf, size))


def framed(data, step):
    """(packets, the error's text) of a stream in pieces of `step` bytes."""
    framer = frame.Framer(8192, 128)
    found = []
    at = 0
    try:
        while at < len(data):
            room = framer.room()
            assert len(room) > 0
            count = min(step, len(room), len(data) - at)
            room[:count] = data[at : at + count]
            framer.took(count)
            at += count
            while framer.next():
                if framer.kind == frame.OVERSIZED:
                    found.append((framer.topic, framer.size, framer.qos, framer.pid))
                else:
                    found.append((framer.kind, bytes(framer.packet)))
    except LinkError as error:
        return found, str(error)
    return found, ""


class Mqtt(Target):
    name = "mqtt"
    packages = ("firmware",)

    def seeds(self):
        suback = b"".join(b"\x90\x03\x00%c\x01" % n for n in range(1, 5))
        order = publish(PREFIX + b"order", b"e30.e30.e30", 7)
        return [
            b"\x00" + CONNACK + suback + order,
            b"\x7f"
            + CONNACK
            + suback
            + order
            + publish(PREFIX + b"ack", b"x" * 300)
            + b"\xd0\x00",
            b"\x20" + CONNACK + suback + opening(PREFIX + b"list", 9000, 9) + b"y" * 9000 + order,
            b"\xff" + CONNACK + suback + b"\x40\x02\x00\x05" + b"\x40\x02\x00\x06" + order,
            b"\x05\x20\x02\x00\x05",
            b"\x05" + CONNACK + b"\x90\x03\x00\x01\x80",
            b"\x05" + CONNACK + publish(b"ppm/v1/CH-1/\xff\xfe", b"x", 1) + publish(b"other", b""),
            b"\x05HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\x05" + CONNACK + b"\x32\xff\xff\xff\x7f\x00\x03a/b\x00\x09",
        ]

    def run(self, case):
        cut = case[0] if case else 0
        data = case[1:]
        step = 1 + (cut & 0x7F)
        whole = framed(data, 1024)
        assert framed(data, step) == whole, "other packets when cut into pieces of %d" % step
        return self._session(data, step * 8, cut & 0x80)

    def _session(self, data, gives, talks):
        ear = Ear()
        log = []
        link = Link(ear, ear, "CH-1", lambda: 0, log=log.append)
        session = link.session
        stream = Stream()
        stream.put(data)
        stream.gives = gives
        session.start(stream, 0, (PREFIX + b"status", b"off"))
        said = "open"
        asked = False
        now = 0
        try:
            for now in range(_MOST_POLLS):
                if session.connected and not asked:
                    asked = True
                    for leaf in LEAVES:
                        session.subscribe(PREFIX + leaf, now)
                if talks and session.can_publish():
                    session.publish(PREFIX + b"record", b"r" * 200, 1, False, now)
                worked = session.poll(now)
                assert session._tx.size <= _MOST_QUEUED, "memory grows with what a broker sends"
                assert session.in_flight <= 8
                if not worked and not stream.incoming:
                    break
            else:
                raise AssertionError("it does not come to rest")
        except LinkError as error:
            assert error.reason in REASONS, error.reason
            said = error.reason
        for text in log:
            assert len(text) < 400
            for sign in text:
                assert 32 <= ord(sign) < 127, "a broker writes %r to the console" % sign
        session.stop()
        assert stream.closed
        self._again(link, now)
        return ["%s %d" % (said, len(ear.heard))] + [text.split(" ")[1] for text in log]

    def _again(self, link, now):
        """Whatever came before, the next connection works."""
        stream = Stream()
        link.session.start(stream, now, None)
        stream.put(CONNACK + publish(PREFIX + b"order", b"good", 1))
        heard = len(link._charger.heard)
        for _ in range(4):
            link.session.poll(now)
        assert link.session.connected and link._charger.heard[heard:] == [("order", 4)]
        link.session.stop()


make = Mqtt
