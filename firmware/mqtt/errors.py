"""Why a connection could not be made or did not last."""

REASONS = (
    "resolve",  # the broker's name has no address
    "connect",  # TCP refused or unreachable; the detail is the errno
    "connect_timeout",  # TCP did not answer within the bound
    "closed",  # the peer closed the stream
    "io",  # the stream failed; the detail is the errno
    "no_connack",  # no answer to CONNECT within the bound
    "refused",  # CONNACK with a return code; the detail names it
    "no_suback",  # no answer to SUBSCRIBE within the bound
    "subscribe_refused",  # SUBACK 0x80; the detail is the topic
    "no_puback",  # a QoS 1 publish stayed unanswered
    "no_pingresp",  # bytes come, the answer to PINGREQ does not
    "silent",  # half-open: nothing at all came for a keep-alive
    "stalled",  # half-open: nothing could be written for a keep-alive
    "slow_packet",  # one packet took longer than the bound to stream by
    "malformed",  # bytes that are not MQTT 3.1.1; the detail says which
    "no_memory",  # the heap could not hold one packet
    "network_down",  # the network port said so
)


class LinkError(Exception):
    """The connection is to be closed. `reason` is one of `REASONS`, `detail` a short text."""

    def __init__(self, reason, detail=""):
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self):
        return self.reason + ": " + self.detail if self.detail else self.reason
