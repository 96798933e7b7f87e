"""A stream in memory that a test holds both ends of."""


class Stream:
    """`put(data)` is what the peer sends; `sent` is what it got. `takes`: most bytes a write takes,
    None for all, 0 for a full socket; `gives`: most bytes a read gives. `offers`: every write."""

    def __init__(self):
        self.incoming = bytearray()
        self.sent = bytearray()
        self.takes = None
        self.gives = None
        self.ended = False
        self.closed = False
        self.error = None
        self.offers = []

    def put(self, data):
        self.incoming.extend(data)

    def readinto(self, buf):
        if self.error:
            raise self.error
        count = min(len(buf), len(self.incoming))
        if self.gives is not None:
            count = min(count, self.gives)
        if not count:
            return 0 if self.ended else None
        buf[:count] = bytes(self.incoming[:count])
        self.incoming = self.incoming[count:]
        return count

    def write(self, buf):
        self.offers.append(bytes(buf))
        count = len(buf) if self.takes is None else min(self.takes, len(buf))
        if not count:
            return None
        self.sent.extend(bytes(buf[:count]))
        return count

    def close(self):
        self.closed = True


def remaining(count):
    """The MQTT remaining length field."""
    field = bytearray()
    while count > 0x7F:
        field.append(count & 0x7F | 0x80)
        count >>= 7
    field.append(count)
    return bytes(field)


def opening(topic, size, packet_id=0):
    """A PUBLISH as a broker begins it, QoS 1 with a packet id; `size` bytes of payload follow."""
    head = len(topic).to_bytes(2, "big") + topic
    if packet_id:
        head += packet_id.to_bytes(2, "big")
    return bytes([0x32 if packet_id else 0x30]) + remaining(len(head) + size) + head


def publish(topic, payload, packet_id=0):
    """A whole PUBLISH."""
    return opening(topic, len(payload), packet_id) + payload


def packets(data):
    """What was sent, cut into [(first byte, body), ...]; the last may be incomplete."""
    data = bytes(data)
    found = []
    at = 0
    while at < len(data):
        head = data[at]
        at += 1
        size = shift = 0
        while True:
            digit = data[at]
            at += 1
            size |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
        found.append((head, data[at : at + size]))
        at += size
    return found
