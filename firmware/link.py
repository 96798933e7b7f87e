"""The cloud task: keeps one MQTT connection and carries messages between it and the charger.

It never waits for the network while it holds the loop, and it shares nothing with the control
task but the `charger`. One step is bounded: at most 4 KiB written and 4 KiB read, one message
given to the charger, one taken from it.
"""

from agent.const import const
from firmware.mqtt.backoff import Backoff
from firmware.mqtt.errors import LinkError
from firmware.mqtt.session import Session
from firmware.mqtt.tcp import open_tcp, resolve_literal
from firmware.mqtt.ticks import sleep_ms, ticks_diff, ticks_ms

_LEAVES = ("config", "list", "order", "ack")
_HELD_MS = const(10_000)  # a connection this old counts as one that worked


def _quiet(text):
    pass


class Link:
    """One charger's way to the cloud. Make it once, then `await run()` for ever.

    board: its `network` port (`up()`, `host_port()`) is used, nothing else.
    charger: the agent (`on_link`, `on_message`, `on_oversize`, `has_messages`, `take_message`,
    `will`). What it raises is not caught: a broken agent is the supervisor's, not the network's.
    charger_id: str, 1..32 of [A-Za-z0-9_-]; also the MQTT client id.
    uptime(): `up_ms` for the charger's events; it may be virtual, the transport's time never is.
    resolve(host, port): coroutine, gives an address or raises LinkError("resolve").
    open_stream(address, host, limit_ms, wanted): coroutine, see `mqtt.tcp.open_tcp`.
    user, password: str or None. keepalive_s: 2..65535. window: QoS 1 publishes in flight, 1..64.
    open_ms: bound for TCP (and TLS); answer_ms, puback_ms: see `mqtt.session.Session`.
    idle_ms: pause after a step without work, bounds the delay of a message that comes up or down;
    busy_ms: pause after a step with work.
    retry_ms: first and longest wait between attempts.
    log(text): one line for every connection and every loss; None for none.

    `up`: the session stands. `last_loss`: text of the last LinkError, "" before.
    `connections`, `losses`: counters since boot.
    """

    def __init__(
        self,
        board,
        charger,
        charger_id,
        uptime,
        resolve=resolve_literal,
        open_stream=open_tcp,
        user=None,
        password=None,
        keepalive_s=30,
        window=8,
        open_ms=10000,
        answer_ms=10000,
        puback_ms=20000,
        idle_ms=20,
        busy_ms=1,
        retry_ms=(1000, 60000),
        log=None,
    ):
        self._network = board.network
        self._charger = charger
        self._uptime = uptime
        self._resolve = resolve
        self._open_stream = open_stream
        self._open_ms = open_ms
        self._idle_ms = idle_ms
        self._busy_ms = busy_ms
        self._log = log or _quiet
        self._backoff = Backoff(retry_ms[0], retry_ms[1])
        self._prefix = ("ppm/v1/%s/" % charger_id).encode()
        self.session = Session(
            charger_id.encode(),
            self._message,
            self._oversize,
            keepalive_s,
            window,
            _bytes(user),
            _bytes(password),
            answer_ms,
            puback_ms,
        )
        self.up = False
        self.last_loss = ""
        self.connections = 0
        self.losses = 0

    async def run(self):
        """Connect, carry, lose, wait, again. Ends only by cancellation or by what the charger
        raises; either way the connection is closed first."""
        while True:
            while not self._network.up():
                await sleep_ms(self._idle_ms)
            try:
                await self._connection()
            except LinkError as error:
                self.losses += 1
                self.last_loss = str(error)
                self._log("link: " + self.last_loss)
                if error.reason == "network_down":
                    self._backoff.reset()
            await self._wait(self._backoff.next_ms())

    async def _connection(self):
        """One connection from the first packet to its loss; always raises."""
        leaf, payload = self._charger.will()
        host, port = self._network.host_port()
        address = await self._resolve(host, port)
        stream = await self._open_stream(address, host, self._open_ms, self._network.up)
        session = self.session
        charger = self._charger
        began = ticks_ms()
        try:
            session.start(stream, began, (self._topic(leaf), payload))
            while not session.connected:
                await self._step()
            for leaf in _LEAVES:
                session.subscribe(self._topic(leaf), ticks_ms())
            while not session.subscribed:
                await self._step()
            self.up = True
            self.connections += 1
            self._log("link: up, %s:%d" % (host, port))
            charger.on_link(self._uptime(), True)
            while True:
                await self._step()
        finally:
            session.stop()
            if self.up:
                self.up = False
                if ticks_diff(ticks_ms(), began) > _HELD_MS:
                    self._backoff.reset()
                charger.on_link(self._uptime(), False)

    async def _step(self):
        if not self._network.up():
            raise LinkError("network_down")
        worked = self.session.poll(ticks_ms())
        if self.up:
            worked = self._publish() or worked
        await sleep_ms(self._busy_ms if worked else self._idle_ms)

    def _publish(self):
        charger = self._charger
        up_ms = self._uptime()
        if not (self.session.can_publish() and charger.has_messages(up_ms)):
            return False
        message = charger.take_message(up_ms)
        if message is None:
            return False
        leaf, payload, qos, retain = message
        self.session.publish(self._topic(leaf), payload, qos, retain, ticks_ms())
        return True

    async def _wait(self, wait_ms):
        began = ticks_ms()
        while ticks_diff(ticks_ms(), began) < wait_ms and self._network.up():
            await sleep_ms(min(self._idle_ms, wait_ms))

    def _topic(self, leaf):
        return self._prefix + leaf.encode()

    def _leaf(self, topic):
        if topic.startswith(self._prefix):
            leaf = topic[len(self._prefix) :]
            for known in _LEAVES:
                if leaf == known.encode():
                    return known
        return None

    def _message(self, topic, payload):
        leaf = self._leaf(topic)
        if leaf is None:
            self._log("link: not asked for: %s" % _plain(topic))
        else:
            self._charger.on_message(self._uptime(), leaf, payload)

    def _oversize(self, topic, size):
        leaf = self._leaf(topic)
        self._log("link: %d bytes on %s dropped" % (size, leaf))
        if leaf is not None:
            self._charger.on_oversize(self._uptime(), leaf, size)


def _plain(topic):
    """A topic for the console: a broker may send any bytes for one."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in topic)


def _bytes(text):
    return None if text is None else text.encode()


async def run(board, charger, charger_id, uptime, **options):
    """`Link(...).run()` for callers that need no handle on it; options as in `Link`."""
    await Link(board, charger, charger_id, uptime, **options).run()
