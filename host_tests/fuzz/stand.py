"""A charger that lives a case, line by line, and what must hold after every line. Runs on MicroPython too.

    config {...}          a message of that topic, signed as the service signs; also list, order, ack
    head {...}            the next message has this text for its header, and a signature that fits
    raw LEAF bytes        a message as it is
    card KIND HEX         a card; what is no hex is taken as it is
    plug, unplug, run SECONDS, cut, link up|down, clock UNIX, silent, fault WORD

Any other line is a message of the topic `config` that nobody signed. In a list message "@" stands for the
right sha256.
"""

import binascii
import json

from agent import jws
from agent.charger import Charger
from agent.counters import Counters
from agent.reasons import REASONS
from hal.mock.volume import MemoryVolume
from hal.ports import FAULT_WORDS, Reading
from host_tests.fuzz.listmodel import ListModel

CHARGER = "CH-1"
MASTER = bytes(range(32))
START_S = 1614556800  # 2021-03-01T00:00:00Z
LEAVES = ("config", "list", "order", "ack")
LONGEST_S = 100000
MOST_MESSAGES = 400
# An order that was refused for one of these may have used up its number: it was looked at, and can
# never come to life again.
_AFTER_COUNTER = (
    "bad_value unknown_order not_supported no_session not_plugged no_record busy locked meter_fault "
    "store_full store_fault faulted expired"
).split(" ")


class Stand:
    """volume: what the charger boots from; entries: its list, see ListModel.

    said: words of what the case came to, one or more a line.
    """

    def __init__(self, volume=None, entries=()):
        self.volume = volume or MemoryVolume(1 << 20)
        self.keys = jws.Keys(MASTER)
        self.register_wh = 1000
        self.silent = False
        self.unix_s = START_S
        self.vehicle = "A"
        self.online = True
        self.header = None
        self.model = ListModel(self.keys.key(jws.CARD), entries)
        self.records = {}
        self.replies = []
        self.said = []
        self.boot()
        self._first = self.look()[0]

    # ---- the charger's life

    def boot(self, settle=True):
        """Power on."""
        self.up_ms = 0
        self.charger = Charger(self.volume, CHARGER, MASTER, "test")
        self.house = self.charger.connector._house
        self.charger.boot(0, self.vehicle, self.reading())
        self.charger.on_contactor(0, False)
        self.charger.on_time(0, self.unix_s * 1000, "S", "sntp")
        if settle:
            self.charger.on_link(0, self.online)
            self.settle()

    def reading(self):
        if self.silent:
            return None
        power_w = 3600 if self.charger.permit_ma and self.vehicle == "C" else 0
        return Reading(self.register_wh, "M-1", power_w, (power_w * 4, 0, 0))

    def settle(self):
        """Let what is due happen, and take what the charger has to say."""
        charger = self.charger
        charger.on_contactor(self.up_ms, charger.permit_ma > 0 and self.vehicle == "C")
        charger.on_reading(self.up_ms, self.reading())
        charger.tick(self.up_ms)
        self.drain()
        house = self.house
        if house.config.current.enabled or house.config.current.when_off == "locked":
            assert not charger.permit_ma or charger.session, "law 1: permit without a session"

    def drain(self):
        for _ in range(MOST_MESSAGES):
            message = self.charger.take_message(self.up_ms)
            if message is None:
                return
            self.receive(message[0], bytes(message[1]))
        raise AssertionError("the charger does not stop talking")

    def receive(self, leaf, payload):
        self.watch(leaf, payload)
        if leaf == "record":
            record = self.keys.verify("up", "record+jws", payload)
            seq = record["seq"]
            assert self.records.get(seq, payload) == payload, "law 5: record %d changed" % seq
            self.records[seq] = payload
        elif leaf == "reply":
            self.replies.append(json.loads(payload))
        else:
            assert json.loads(payload)["v"] == 1

    def watch(self, leaf, payload):
        """For a target that looks at what leaves the charger."""

    def look(self):
        """What a refused message must leave as it is."""
        house = self.house
        files = {path: bytes(data) for path, data in self.volume.files.items()}
        return files, (
            self.charger.permit_ma,
            self.charger.session,
            self.charger.connector.state,
            house.config.current.version,
            house.config.readable,
            house.subscribers.version,
            house.subscribers.count,
            house.subscribers.readable,
            house.counters.acked,
            house.ordered_lock,
            house.reset_ordered,
            house.time.unix_s(self.up_ms),
            house.ledger.last,
            house.outbox.rejected,
        )

    # ---- a case

    def live(self, case):
        """Every line of a case, and a boot at its end. Words of what it came to."""
        for line in case.split(b"\n"):
            self.line(line)
        self.check_list()
        if self.look()[0] == self._first:
            return self.said  # nothing was written: the boot would be the one of the beginning
        versions = self.house.config.current.version, self.house.subscribers.version
        last = self.house.ledger.last
        self.boot(False)
        assert (self.house.config.current.version, self.house.subscribers.version) == versions
        assert self.house.config.readable and self.house.subscribers.readable
        assert self.house.ledger.last >= last, "law 5: numbers went back"
        self.check_list()
        return self.said

    def line(self, line):
        """One line."""
        word, _, rest = _cut(line, b" ")
        try:
            word = word.decode()
        except ValueError:
            word = ""
        if word in LEAVES:
            self.message(word, rest)
        elif word == "head":
            self.header = rest
        elif word == "raw":
            leaf, _, token = _cut(rest, b" ")
            leaf = plain(leaf)
            self.send(leaf if leaf in LEAVES else "config", token)
        elif word == "card":
            kind, _, uid = _cut(rest, b" ")
            try:
                uid = binascii.unhexlify(uid)
            except ValueError:
                pass
            self.card(plain(kind), uid)
        elif word in self.EVENTS:
            self.EVENTS[word](self, plain(rest))
            self.settle()
        else:
            self.send("config", line)

    def card(self, kind, uid):
        reason = self.charger.on_card(self.up_ms, kind, uid)
        assert reason in REASONS, reason
        self.said.append("card " + reason)
        self.settle()

    def message(self, leaf, payload):
        """Sign a payload, and send it."""
        payload = self.model.with_hash(leaf, payload)
        if self.header is None:
            token = self.keys.sign("down", leaf + "+jws", payload)
        else:
            token = signed(self.keys, self.header, payload)
            self.header = None
        before = self.house.subscribers.version
        result = self.send(leaf, bytes(token))
        if leaf == "list":
            self.model.take(payload, result, self.house.subscribers.version != before)

    def send(self, leaf, token):
        """Give the charger a message, and hold it to the laws. Its reply's result."""
        self.settle()
        self.replies = []
        files, facts = self.look()
        before_n = self.house.counters.order_n
        self.charger.on_message(self.up_ms, leaf, token)
        self.drain()
        replies = self.replies
        if leaf == "ack" and not replies:
            self.said.append("ack applied")
            return "applied"
        assert len(replies) == 1, "law 10: %d replies to one %s" % (len(replies), leaf)
        reply = replies[0]
        assert reply["for"] == leaf
        check_reply(reply)
        name, found, _ = reply["detail"].partition(":")
        name = name if found else ""  # the member that was refused, never a number that varies
        self.said.append("%s %s %s" % (leaf, reply["reason"], name))
        now_files, now = self.look()
        if reply["result"] == "refused":
            assert now == facts, "law 10: refused, and changed: %r" % ((facts, now),)
            self._unchanged(leaf, reply, files, now_files, before_n)
        for i in (3, 5, 8):
            assert now[i] >= facts[i], "law 9: something went back: %r" % ((facts, now),)
        self.settle()
        return reply["result"]

    def _unchanged(self, leaf, reply, files, now_files, before_n):
        changed = [p for p in set(files) | set(now_files) if files.get(p) != now_files.get(p)]
        allowed = []
        if leaf == "list":
            allowed += ["list.parts", "listing/0", "listing/1"]  # an update that is given up
        after_n = self.house.counters.order_n
        if after_n != before_n:
            assert leaf == "order" and reply["reason"] in _AFTER_COUNTER, reply
            assert after_n == reply["n"] > before_n, reply
            assert _counters(files)[:1] + _counters(files)[2:] == (
                _counters(now_files)[:1] + _counters(now_files)[2:]
            )
            allowed += ["counters/0", "counters/1"]
        changed = [path for path in changed if path not in allowed]
        assert not changed, "refused (%s), and changed %r" % (reply["reason"], changed)

    def check_list(self):
        """The list in flash is the one that the messages add up to."""
        held = self.house.subscribers
        expected = self.model.entries
        assert held.count == len(expected), "list: %d held, %d sent" % (held.count, len(expected))
        for key in expected:
            entry = held.find(key)
            assert entry is not None and line(key, entry) == expected[key]

    # ---- events

    def _plug(self, _):
        self._vehicle("C")

    def _unplug(self, _):
        self._vehicle("A")

    def _vehicle(self, state):
        self.vehicle = state
        self.charger.on_vehicle(self.up_ms, state)

    def _run(self, text):
        seconds = min(LONGEST_S, int(text)) if text.isdigit() else 1
        for part in range(4):
            passed = seconds * (part + 1) // 4 - seconds * part // 4
            self.up_ms += passed * 1000
            self.unix_s += passed
            if self.charger.permit_ma and self.vehicle == "C":
                self.register_wh += passed
            self.settle()

    def _power_cut(self, _):
        self.boot()

    def _link(self, text):
        self.online = text != "down"
        self.charger.on_link(self.up_ms, self.online)

    def _clock(self, text):
        if text.isdigit():
            self.charger.on_time(self.up_ms, int(text) * 1000, "S", "sntp")

    def _silent(self, _):
        self.silent = not self.silent

    def _fault(self, text):
        self.charger.on_fault(self.up_ms, text if text in FAULT_WORDS else "")

    EVENTS = {
        "plug": _plug,
        "unplug": _unplug,
        "run": _run,
        "cut": _power_cut,
        "link": _link,
        "clock": _clock,
        "silent": _silent,
        "fault": _fault,
    }


def line(key, entry):
    """The line that a list's hash has of an Entry that was found by its key."""
    until = "" if entry.until_s is None else str(entry.until_s)
    words = (binascii.hexlify(key).decode(), entry.user, entry.contract, entry.group)
    return ("|".join(words + (entry.status, until, entry.billing, entry.proof)) + "\n").encode()


def signed(keys, header, payload):
    """A token of any header text with a signature that fits."""
    data = jws.encode_b64(header) + b"." + jws.encode_b64(payload)
    return data + b"." + jws.encode_b64(jws.hmac_sha256(keys.key("down"), data))


def check_reply(reply):
    """What docs/wire/schemas/reply.json asks of an answer."""
    assert reply["v"] == 1 and reply["reason"] in REASONS, reply
    assert reply["result"] in ("applied", "refused", "waiting"), reply
    assert (reply["result"] == "applied") == (reply["reason"] == "ok"), reply
    assert reply["id"] is None or (isinstance(reply["id"], str) and len(reply["id"]) <= 64)
    assert len(reply["detail"]) <= 256, "detail of %d characters" % len(reply["detail"])
    for name, low, high in (("version", 0, 0xFFFFFFFF), ("n", 0, 0xFFFFFFFF), ("part", 1, 65535)):
        value = reply.get(name)
        assert value is None or (isinstance(value, int) and low <= value <= high), reply


def _counters(files):
    volume = MemoryVolume()
    for path in ("counters/0", "counters/1"):
        if path in files:
            volume.files[path] = bytearray(files[path])
    c = Counters(volume)
    return (
        c.boot,
        c.order_n,
        c.acked,
        c.time_floor_s,
        c.list_fresh_s,
        c.config_version,
        c.list_version,
    )


def _cut(data, mark):
    at = data.find(mark)
    return (data, b"", b"") if at < 0 else (data[:at], mark, data[at + len(mark) :])


def plain(data):
    """Bytes as text, what is no printable ASCII as "?"."""
    return "".join(chr(b) if 32 <= b < 127 else "?" for b in data)
