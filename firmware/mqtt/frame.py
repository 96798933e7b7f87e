"""Cuts the received byte stream into MQTT packets, in one buffer made once.

A packet is looked at as soon as its first bytes are there: what is no MQTT is found at the first
wrong byte, and a PUBLISH whose payload is too long is let stream by without being stored.
Source: MQTT 3.1.1 (OASIS, 2014) sections 2.2, 3.2, 3.3, 3.4, 3.9, 3.13.
"""

from agent.const import const
from firmware.mqtt.errors import LinkError

CONNACK = const(0x20)
PUBLISH = const(0x30)
PUBACK = const(0x40)
SUBACK = const(0x90)
PINGRESP = const(0xD0)
OVERSIZED = const(0x100)  # no MQTT type: a PUBLISH that was let stream by

_READ = const(1024)

# Remaining length of every packet that is not a PUBLISH; each SUBSCRIBE of ours has one topic.
_LENGTHS = {CONNACK: 2, PUBACK: 2, SUBACK: 3, PINGRESP: 0}


class Framer:
    """Feed with `room()` and `took(n)`; take packets with `next()`.

    max_payload: longest PUBLISH payload that is stored, bytes; longer ones become OVERSIZED.
    max_topic: longest topic accepted, bytes; a longer one is malformed.

    After `next()` returned True: `kind` is one of the constants above; `packet` is a memoryview of
    the whole packet and `body` where its variable header starts in it (valid until the next call
    of any method). For OVERSIZED: `topic` (bytes), `size` (payload bytes), `qos` and `pid` (0 with
    QoS 0) instead.
    """

    def __init__(self, max_payload, max_topic):
        self._max_payload = max_payload
        self._max_topic = max_topic
        self._view = memoryview(bytearray(max_payload + max_topic + 9))
        self.reset()

    def reset(self):
        """Forget everything received; the buffer is kept."""
        self._start = 0
        self._end = 0
        self._skip = 0
        self._streamed = False
        self.kind = 0
        self.packet = None
        self.body = 0
        self.topic = None
        self.size = 0
        self.qos = 0
        self.pid = 0

    @property
    def partial(self):
        """True while a packet has begun and is not complete."""
        return self._skip > 0 or self._end > self._start

    def room(self):
        """A writable memoryview for the next bytes, never empty after `next()` said False."""
        if self._skip:
            return self._view[: min(self._skip, _READ)]
        self.packet = None
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == len(self._view):
            kept = self._end - self._start
            self._view[:kept] = self._view[self._start : self._end]
            self._start = 0
            self._end = kept
        return self._view[self._end : self._end + _READ]

    def took(self, count):
        """`count` bytes were put into what `room()` gave."""
        if self._skip:
            self._skip -= count
        else:
            self._end += count

    def next(self):
        """True when a packet is ready in the attributes. Raises LinkError("malformed")."""
        if self._skip:
            return False
        if self._streamed:
            self._streamed = False
            self.kind = OVERSIZED
            return True
        view = self._view
        start = self._start
        held = self._end - start
        if held == 0:
            return False
        head = view[start]
        kind = head & 0xF0
        if kind != PUBLISH and (kind not in _LENGTHS or head & 0x0F):
            raise LinkError("malformed", "packet type 0x%02x" % head)
        if kind == PUBLISH and head & 0x06 > 0x02:
            raise LinkError("malformed", "QoS of a publish 0x%02x" % head)
        length = 0
        body = 1
        while True:
            if body == held:
                return False
            digit = view[start + body]
            length |= (digit & 0x7F) << (7 * (body - 1))
            body += 1
            if digit < 0x80:
                break
            if body > 4:
                raise LinkError("malformed", "remaining length")
        if kind == PUBLISH:
            if not self._weigh(head, length, start + body, held - body):
                return False
            if self.kind == OVERSIZED:
                return self._let_by(body + length, held)
        elif length != _LENGTHS[kind]:
            raise LinkError("malformed", "length %d of packet 0x%02x" % (length, head))
        if held < body + length:
            return False
        self.kind = kind
        self.body = body
        self._start = start + body + length
        self.packet = view[start : self._start]
        return True

    def _weigh(self, head, length, at, held):
        """Check a PUBLISH's variable header; False while it is not all there. Sets `kind`."""
        if held < 2 <= length:
            return False
        view = self._view
        topic = (view[at] << 8 | view[at + 1]) if length >= 2 else 0
        before = topic + 4 if head & 0x06 else topic + 2
        if not topic or length < before:
            raise LinkError("malformed", "topic length %d in %d" % (topic, length))
        if topic > self._max_topic:
            raise LinkError("malformed", "topic length %d" % topic)
        if held < before:
            return False
        self.qos = 1 if head & 0x06 else 0
        self.pid = view[at + before - 2] << 8 | view[at + before - 1] if self.qos else 0
        if self.qos and not self.pid:
            raise LinkError("malformed", "packet id 0")
        self.kind = PUBLISH
        if length - before > self._max_payload:
            self.kind = OVERSIZED
            self.topic = bytes(view[at + 2 : at + 2 + topic])
            self.size = length - before
        return True

    def _let_by(self, total, held):
        if held >= total:
            self._start += total
            return True
        self._start = self._end = 0
        self._skip = total - held
        self._streamed = True
        return False
