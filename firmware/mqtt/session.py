"""One MQTT session over a stream that never blocks: what to call is `poll`, often.

Clean session, on purpose: with a kept one the broker would hold a second queue, of old orders and
of publishes the charger has long replaced, and the charger would have to hold eight payloads in
RAM to send them again with DUP. The agent's outbox holds every record in flash until the billing
service has named it, and the service reconciles at every status: so nothing rests on the broker, a
PUBACK is only transport, and a new connection starts empty.
"""

import errno

from agent.const import const
from firmware.mqtt import frame
from firmware.mqtt.codec import Codec
from firmware.mqtt.errors import LinkError
from firmware.mqtt.outgoing import Outgoing
from firmware.mqtt.ticks import ticks_add, ticks_diff

MAX_PAYLOAD = const(8192)
MAX_TOPIC = const(128)

# Most work in one poll: chunks of 1 KiB out, reads of 1 KiB in, small packets; and one message to
# the agent.
_CHUNKS = const(4)
_READS = const(4)
_PACKETS = const(32)
_QUEUED = const(4096)  # with more than this waiting to be written, no message is added
_CHOKED = const(16384)  # with more than this, nothing is read: no answers for a peer that is deaf

_PACKET_MS = const(300_000)

_REFUSED = (
    "protocol version",
    "client id",
    "server unavailable",
    "user or password",
    "not authorised",
)


class Session:
    """Used again for every connection; its buffers are made once.

    client_id, user, password: bytes (user and password None for none). keepalive_s: 2..65535.
    window: most QoS 1 publishes that wait for their PUBACK, 1..64.
    on_message(topic, payload): one PUBLISH, both bytes; it is acknowledged when this returned.
    on_oversize(topic, size): a PUBLISH whose payload of `size` bytes was dropped as it streamed
    by; it is acknowledged, so that the broker does not send it for ever.
    answer_ms: bound for CONNACK and SUBACK; puback_ms: for PUBACK.

    A stream has `readinto(buf)` and `write(buf)`, which return a count, None when they would
    block, readinto 0 at the end; both may raise OSError; and `close()`.

    `start`, then `poll(now)` (ticks in ms) until it raises LinkError, then `stop`. Counters since
    the object was made: `strays` (answers to nothing), `received`, `sent`.
    """

    def __init__(
        self,
        client_id,
        on_message,
        on_oversize,
        keepalive_s=30,
        window=8,
        user=None,
        password=None,
        answer_ms=10000,
        puback_ms=20000,
    ):
        self._tx = Outgoing()
        self._framer = frame.Framer(MAX_PAYLOAD, MAX_TOPIC)
        self._codec = Codec(client_id, self._tx, on_message, keepalive_s)
        self._on_oversize = on_oversize
        self._half_ms = keepalive_s * 500
        self._window = window
        self._user = user
        self._password = password
        self._answer_ms = answer_ms
        self._puback_ms = puback_ms
        self._stream = None
        self._sent_ids = []  # QoS 1 publishes without PUBACK, oldest first
        self._sent_at = []
        self._asked = {}  # packet id -> topic of a SUBSCRIBE without SUBACK
        self.connected = False
        self.strays = 0
        self.received = 0
        self.sent = 0

    def start(self, stream, now, will=None):
        """Begin with CONNECT. will: (topic, payload) bytes, sent at QoS 1, retained, when the
        connection ends without a goodbye; there never is one, so a reboot shows as offline."""
        self._tx.reset()
        self._framer.reset()
        self._sent_ids.clear()
        self._sent_at.clear()
        self._asked.clear()
        self._stream = stream
        self.connected = False
        self._asked_at = now
        self._last_rx = now
        self._last_tx = now
        self._ping_at = None
        self._packet_at = None  # an incomplete packet began
        self._queue_at = None  # the queue could not be written whole
        self._stuck_at = None  # not one byte could be written
        self._drained = False  # the last poll read all there was
        self._codec.encode_connect(will, self._user, self._password)

    def stop(self):
        """Close the stream and forget what was under way. May be called at any time."""
        self.connected = False
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass

    @property
    def in_flight(self):
        """QoS 1 publishes that wait for their PUBACK."""
        return len(self._sent_ids)

    @property
    def subscribed(self):
        """True when every SUBSCRIBE was granted."""
        return not self._asked

    def can_publish(self):
        """True when there is room for one more message, whatever its length."""
        return self.connected and len(self._sent_ids) < self._window and self._tx.size <= _QUEUED

    def subscribe(self, topic, now):
        """Ask for one topic (bytes, at most 120) at QoS 1."""
        packet_id = self._take_id()
        self._codec.encode_subscribe(topic, 1)
        self._asked[packet_id] = topic
        self._asked_at = now

    def publish(self, topic, payload, qos, retain, now):
        """Queue one message; only after `can_publish()`. topic, payload: bytes, qos 0 or 1."""
        if qos:
            packet_id = self._take_id()
        try:
            self._codec.encode_publish(topic, payload, qos, retain)
        except MemoryError:
            raise LinkError("no_memory", "%d bytes to send" % len(payload))
        if qos:
            self._sent_ids.append(packet_id)
            self._sent_at.append(now)
        self.sent += 1

    def poll(self, now):
        """A bounded piece of work. True when there was some. Raises LinkError, after which only
        `stop` is of use; what the callbacks raise passes through."""
        worked = self._write(now)
        worked = self._read(now) or worked
        self._watch(now)
        return worked

    def _take_id(self):
        # umqtt counts up and knows no end; the id after 65535 is 1, and none that is under way
        codec = self._codec
        while True:
            packet_id = codec.pid % 65535 + 1
            codec.pid = packet_id
            if packet_id not in self._sent_ids and packet_id not in self._asked:
                codec.pid = packet_id - 1
                return packet_id

    def _write(self, now):
        tx = self._tx
        wrote = False
        for _ in range(_CHUNKS):
            chunk = tx.offer()
            if chunk is None:
                break
            try:
                count = self._stream.write(chunk)
            except OSError as error:
                raise _io(error)
            if not count:
                if self._stuck_at is None:
                    self._stuck_at = now
                break
            tx.taken(count)
            self._last_tx = now
            self._stuck_at = None
            wrote = True
        if tx.size:
            if self._queue_at is None:
                self._queue_at = now
        elif self._queue_at is not None:
            self._excuse(self._queue_at, now)
            self._queue_at = None
        return wrote

    def _read(self, now):
        framer = self._framer
        reads = 0
        packets = 0
        self._drained = False
        while packets < _PACKETS and self._tx.size <= _CHOKED:
            if framer.next():
                if self._packet_at is not None:
                    self._excuse(self._packet_at, now)
                    self._packet_at = None
                packets += 1
                if self._handle():
                    break
                continue
            if reads == _READS:
                break
            try:
                count = self._stream.readinto(framer.room())
            except OSError as error:
                raise _io(error)
            if count is None:
                self._drained = True
                break
            if count == 0:
                raise LinkError("closed", "" if self.connected else "before CONNACK")
            framer.took(count)
            self._last_rx = now
            reads += 1
        if framer.partial and self._packet_at is None:
            self._packet_at = now
        return reads + packets > 0

    def _excuse(self, since, now):
        """Move the answer deadlines by a time in which no answer could come: while a long packet
        streamed by, or while what is to be answered was not yet written."""
        if self._ping_at is not None:
            self._ping_at = _later(self._ping_at, since, now)
        self._asked_at = _later(self._asked_at, since, now)
        for index in range(len(self._sent_at)):
            self._sent_at[index] = _later(self._sent_at[index], since, now)

    def _handle(self):
        """One packet; True when the agent was called."""
        framer = self._framer
        kind = framer.kind
        if not self.connected:
            self._handle_connack(kind)
            return False
        if kind == frame.PUBLISH:
            self.received += 1
            self._codec.decode_publish(framer.packet)
            return True
        if kind == frame.OVERSIZED:
            self._on_oversize(framer.topic, framer.size)
            if framer.qos:
                self._tx.write(bytes((0x40, 2, framer.pid >> 8, framer.pid & 0xFF)))
            return True
        if kind == frame.PINGRESP:
            self._ping_at = None
            return False
        if kind == frame.CONNACK:
            raise LinkError("malformed", "second CONNACK")
        packet_id = framer.packet[framer.body] << 8 | framer.packet[framer.body + 1]
        if kind == frame.PUBACK:
            if packet_id in self._sent_ids:
                index = self._sent_ids.index(packet_id)
                self._sent_ids.pop(index)
                self._sent_at.pop(index)
            else:
                self.strays += 1
            return False
        topic = self._asked.pop(packet_id, None)
        granted = framer.packet[framer.body + 2]
        if topic is None:
            self.strays += 1
        elif granted == 0x80:
            raise LinkError("subscribe_refused", topic.decode())
        elif granted > 1:
            raise LinkError("malformed", "SUBACK 0x%02x" % granted)
        return False

    def _handle_connack(self, kind):
        if kind != frame.CONNACK:
            raise LinkError("malformed", "0x%02x before CONNACK" % kind)
        code = self._framer.packet[self._framer.body + 1]
        if code > len(_REFUSED):
            raise LinkError("malformed", "CONNACK code %d" % code)
        if code:
            raise LinkError("refused", "%d %s" % (code, _REFUSED[code - 1]))
        self.connected = True

    def _watch(self, now):
        """The deadlines. All but that of a full queue count only when everything the peer sent was
        read: after a long stop of the loop the answers may be waiting in the socket."""
        keepalive_ms = 2 * self._half_ms
        if self._stuck_at is not None and ticks_diff(now, self._stuck_at) > keepalive_ms:
            raise LinkError("stalled")
        if not self._drained:
            return
        if not self.connected:
            if ticks_diff(now, self._asked_at) > self._answer_ms:
                raise LinkError("no_connack")
            return
        if self._ping_at is None:
            quiet_ms = max(ticks_diff(now, self._last_rx), ticks_diff(now, self._last_tx))
            if quiet_ms > self._half_ms:
                self._codec.ping()
                self._ping_at = now
                return
        if self._tx.size:
            return
        if self._ping_at is not None:
            quiet_ms = min(ticks_diff(now, self._last_rx), ticks_diff(now, self._ping_at))
            if quiet_ms > self._half_ms:
                raise LinkError("silent")
        if self._packet_at is not None:
            if ticks_diff(now, self._packet_at) > _PACKET_MS:
                raise LinkError("slow_packet")
            return
        if self._ping_at is not None and ticks_diff(now, self._ping_at) > keepalive_ms:
            raise LinkError("no_pingresp")
        if self._asked and ticks_diff(now, self._asked_at) > self._answer_ms:
            raise LinkError("no_suback")
        if self._sent_at and ticks_diff(now, self._sent_at[0]) > self._puback_ms:
            raise LinkError("no_puback")


def _later(asked_at, since, now):
    """`asked_at` moved by what of the time from `since` to `now` lies after it."""
    began = asked_at if ticks_diff(asked_at, since) > 0 else since
    return ticks_add(asked_at, ticks_diff(now, began))


def _io(error):
    if error.errno in (errno.ECONNRESET, errno.ECONNABORTED, getattr(errno, "EPIPE", 32)):
        return LinkError("closed", "errno %d" % error.errno)
    return LinkError("io", "errno %s" % error.errno)
