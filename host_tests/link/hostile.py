"""A broker that does what a test tells it, connection by connection."""

import asyncio
import contextlib
import threading

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ = 0x10, 0x30, 0x40, 0x80, 0xC0


def length(count):
    """The MQTT remaining length field."""
    field = bytearray()
    while count > 0x7F:
        field.append(count & 0x7F | 0x80)
        count >>= 7
    field.append(count)
    return bytes(field)


def publish(topic, payload, packet_id=0, retain=False):
    head = 0x30 | (0x02 if packet_id else 0) | retain
    body = len(topic).to_bytes(2, "big") + topic.encode()
    if packet_id:
        body += packet_id.to_bytes(2, "big")
    body += payload
    return bytes([head]) + length(len(body)) + body


class Peer:
    """One connection of a charger. `acked`: packet ids it has acknowledged."""

    def __init__(self, broker, reader, writer):
        self.broker = broker
        self.reader = reader
        self.writer = writer
        self.acked = []
        self.subscribed = []

    async def packet(self):
        """(first byte, body); EOF raises asyncio.IncompleteReadError."""
        head = (await self.reader.readexactly(1))[0]
        size = shift = 0
        while True:
            digit = (await self.reader.readexactly(1))[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
        return head, await self.reader.readexactly(size)

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def accept(self, code=0):
        head, body = await self.packet()
        assert head == CONNECT
        self.broker.connects.append(body)
        await self.send(bytes([0x20, 2, 0, code]))

    async def grant(self, code=1):
        """Answer the four subscriptions."""
        for _ in range(4):
            head, body = await self.packet()
            assert head == SUBSCRIBE | 2, hex(head)
            size = int.from_bytes(body[2:4], "big")
            self.subscribed.append((body[4 : 4 + size].decode(), body[4 + size]))
            await self.send(b"\x90\x03" + body[:2] + bytes([code]))

    async def serve(self, puback=True, pingresp=True, until=None):
        """Behave, but for what is switched off, until the charger leaves or until() is true."""
        while until is None or not until():
            head, body = await self.packet()
            if head & 0xF0 == PUBLISH:
                size = int.from_bytes(body[:2], "big")
                packet_id = int.from_bytes(body[2 + size : 4 + size], "big")
                self.broker.published.append((packet_id, body[4 + size :], bool(head & 8)))
                if puback:
                    await self.send(b"\x40\x02" + packet_id.to_bytes(2, "big"))
            elif head == PUBACK:
                self.acked.append(int.from_bytes(body, "big"))
                self.broker.acked.append(self.acked[-1])
            elif head == PINGREQ:
                self.broker.pings += 1
                if pingresp:
                    await self.send(b"\xd0\x00")


class HostileBroker:
    """`script(peer, number)` is awaited for every connection, counted from 0. Use as a context."""

    def __init__(self, script):
        self.script = script
        self.connects = []
        self.published = []
        self.acked = []
        self.pings = 0
        self.errors = []
        self.connections = 0
        self._tasks = set()

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self.port = start.result(10)
        return self

    def __exit__(self, *exc_info):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        number = self.connections
        self.connections += 1
        try:
            await self.script(Peer(self, reader, writer), number)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Exception as error:
            self.errors.append(repr(error))
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()
