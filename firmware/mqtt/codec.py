"""umqtt.simple as a codec: its socket is memory, so that nothing it does can wait.

It encodes PUBLISH, SUBSCRIBE and PINGREQ and decodes PUBLISH with its PUBACK. Where it waits for an
answer it finds one at once, made here: the packet it has just encoded is complete, and the broker's
own answer is the session's matter. CONNECT is written here, since umqtt opens its socket inside
`connect`. Works with umqtt.simple 1.3.4 and 1.6 to 1.8.
"""

import gc

from umqtt.simple import MQTTClient

from firmware.mqtt.errors import LinkError


class _Wire:
    """The socket that umqtt sees: writes go to `outgoing`, reads come from what was loaded."""

    def __init__(self, outgoing):
        self.write = outgoing.write
        self._packet = None
        self._at = 0

    def load(self, packet):
        self._packet = packet
        self._at = 0

    def read(self, count):
        end = self._at + count
        if end > len(self._packet):
            raise LinkError("malformed", "short publish")
        part = self._packet[self._at : end]
        self._at = end
        try:
            return bytes(part)
        except MemoryError:
            gc.collect()
        try:
            return bytes(part)
        except MemoryError:
            raise LinkError("no_memory", "%d bytes" % count)

    def setblocking(self, flag):
        pass


class Codec(MQTTClient):
    """Packets to and from `outgoing`. `on_publish(topic, payload)` gets bytes, before the PUBACK
    is queued: what it raises leaves the message unacknowledged."""

    def __init__(self, client_id, outgoing, on_publish, keepalive_s):
        super().__init__(client_id, "", keepalive=keepalive_s)
        self.sock = _Wire(outgoing)
        self.set_callback(on_publish)
        self._answer = 0

    def wait_msg(self):
        """Called by umqtt when it wants an answer; not for use from outside."""
        return self._answer or super().wait_msg()

    def decode_publish(self, packet):
        """Deliver one whole PUBLISH (memoryview) and queue its PUBACK."""
        self.sock.load(packet)
        try:
            self.wait_msg()
        finally:
            self.sock.load(None)

    def encode_connect(self, will, user, password):
        """Queue CONNECT with a clean session. will: (topic, payload) bytes, QoS 1 retained, or
        None; user, password: bytes or None. MQTT 3.1.1 section 3.1."""
        flags = 0x02
        fields = [self.client_id]
        if will is not None:
            flags |= 0x2C
            fields.extend(will)
        if user is not None:
            flags |= 0x80
            fields.append(user)
            if password is not None:
                flags |= 0x40
                fields.append(password)
        packet = bytearray(b"\x00\x04MQTT\x04")
        packet.append(flags)
        packet.extend(self.keepalive.to_bytes(2, "big"))
        for field in fields:
            packet.extend(len(field).to_bytes(2, "big"))
            packet.extend(field)
        length = len(packet)
        head = bytearray(b"\x10")
        while length > 0x7F:
            head.append(length & 0x7F | 0x80)
            length >>= 7
        head.append(length)
        self.sock.write(head)
        self.sock.write(packet)

    def encode_publish(self, topic, payload, qos, retain):
        """Queue PUBLISH; with QoS 1 its packet id is `pid + 1` as it was before the call."""
        self._pretend(0x40, b"\x02", b"")
        try:
            self.publish(topic, payload, retain, qos)
        finally:
            self._answer = 0

    def encode_subscribe(self, topic, qos):
        """Queue SUBSCRIBE for one topic (at most 120 bytes); packet id as with a publish."""
        self._pretend(0x90, b"\x03", b"\x01")
        try:
            self.subscribe(topic, qos)
        finally:
            self._answer = 0

    def _pretend(self, kind, length, code):
        # No exception to break out of umqtt's wait: MicroPython adds a traceback entry to one made
        # beforehand each time it is raised and never drops them, until the heap is full.
        self._answer = kind
        self.sock.load(length + (self.pid + 1).to_bytes(2, "big") + code)
