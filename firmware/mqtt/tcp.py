"""A TCP stream that never blocks, and the addresses that need no resolver.

`open_tcp` is one way to open a stream; another one (TLS) takes the same arguments and gives an
object with the same three methods, so that nothing else has to change.
"""

import errno
import select
import socket

from agent.const import const
from firmware.mqtt.errors import LinkError
from firmware.mqtt.ticks import sleep_ms, ticks_diff, ticks_ms

_STEP_MS = const(5)
# 118, 119: EALREADY/EINPROGRESS as lwIP on ESP32 numbers them
_UNDER_WAY = (errno.EINPROGRESS, errno.EAGAIN, errno.EALREADY, 118, 119)
_FAILED = select.POLLERR | select.POLLHUP


async def resolve_literal(host, port):
    """The address of an IPv4 or IPv6 literal or `localhost`, without asking anybody.

    Raises LinkError("resolve") for any other name: getaddrinfo would stop the whole loop until a
    name server has answered, so names need a resolver of their own."""
    if host == "localhost":
        host = "127.0.0.1"
    if ":" in host:
        literal = all(sign in "0123456789abcdefABCDEF:." for sign in host)
    else:
        parts = host.split(".")
        literal = len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)
    if not literal:
        raise LinkError("resolve", host)
    try:
        return socket.getaddrinfo(host, port)[0][-1]
    except OSError:
        raise LinkError("resolve", host)


async def open_tcp(address, host, limit_ms, wanted):
    """A connected stream to `address` (as getaddrinfo gives it), within `limit_ms`.

    host: the name a certificate would have to bear; not used without TLS. wanted(): False gives up
    at once. Raises LinkError: connect, connect_timeout, network_down."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    opened = False
    try:
        sock.setblocking(False)
        try:
            sock.connect(address)
        except OSError as error:
            if error.errno not in _UNDER_WAY:
                raise LinkError("connect", "errno %s" % error.errno)
        _no_delay(sock)
        stream = _stream(sock)
        await _connected(sock, stream, limit_ms, wanted)
        opened = True
        return stream
    finally:
        if not opened:
            sock.close()


async def _connected(sock, stream, limit_ms, wanted):
    poller = select.poll()
    poller.register(sock, select.POLLOUT)
    began = ticks_ms()
    while True:
        ready = poller.poll(0)
        if ready:
            if ready[0][1] & _FAILED:
                raise LinkError("connect", _why(stream))
            return
        if not wanted():
            raise LinkError("network_down")
        if ticks_diff(ticks_ms(), began) > limit_ms:
            raise LinkError("connect_timeout", "%d ms" % limit_ms)
        await sleep_ms(_STEP_MS)


def _why(stream):
    # boards have no getsockopt(SO_ERROR); a read tells the same
    try:
        stream.readinto(bytearray(1))
    except OSError as error:
        return "errno %s" % error.errno
    return ""


def _no_delay(sock):
    # Nagle and delayed ACK together cost 40 ms a round; not every port can switch it off
    try:
        sock.setsockopt(getattr(socket, "IPPROTO_TCP", 6), getattr(socket, "TCP_NODELAY", 1), 1)
    except (OSError, ValueError, NotImplementedError):
        pass


class _SocketStream:
    """CPython's socket with the three methods that MicroPython's has by itself."""

    def __init__(self, sock):
        self._sock = sock
        self.close = sock.close

    def readinto(self, buf):
        try:
            return self._sock.recv_into(buf)
        except BlockingIOError:
            return None

    def write(self, buf):
        try:
            return self._sock.send(buf)
        except BlockingIOError:
            return None


def _stream(sock):
    return sock if hasattr(sock, "readinto") else _SocketStream(sock)
