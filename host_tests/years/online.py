"""Cards that are asked about, and new keys: the service's part, and what the oracle knows of them."""

import binascii
import json

from host_tests.years.sessions import Broken, need
from host_tests.years.wire import Signer, from_b64, mac

SLACK_MS = 1500
REMEMBERED = 32  # cards presented lately


def hexed(data):
    """Lower-case hex digits."""
    return binascii.hexlify(data).decode()


class Ring:
    """The service's keys of a charger. generation: the one that the charger has told of; down: a Signer of
    it; coming: the generation that is on its way, 0 for none."""

    def __init__(self, master, dice):
        self._dice = dice
        self.card_key = mac(master, b"ppm/v1/card")  # of the first master key, for ever
        self._master = self._next = master
        self._ups = {"up-1": Signer(master, "up")}
        self.down = Signer(master, "down")
        self.generation = 1
        self.coming = 0

    def opened(self, typ, token):
        """(payload bytes, message, generation) of what came up."""
        kid = json.loads(from_b64(token.split(b".")[0]))["kid"]
        if kid not in self._ups:
            raise Broken(5, "signed with %s, known are %s" % (kid, sorted(self._ups)))
        payload, message = self._ups[kid].opened(typ, token)
        return payload, message, int(kid.split("-")[1])

    def order(self):
        """The members of an order for the next key, always the same key until the charger has it."""
        if not self.coming:
            self.coming = self.generation + 1
            self._next = self._bytes(32)
            self._ups["up-%d" % self.coming] = Signer(self._next, "up", self.coming)
        nonce = self._bytes(16)
        pad = mac(mac(self._master, b"ppm/v1/wrap"), nonce)
        return {
            "generation": self.coming,
            "nonce": hexed(nonce),
            "wrapped": hexed(bytes([self._next[i] ^ pad[i] for i in range(32)])),
            "check": hexed(mac(self._next, b"ppm/v1/check")[:8]),
        }

    def told(self, record, generation):
        """A record, in the order of the numbers (law 5). True when it tells of the new key."""
        new = record["kind"] == "key_changed"
        wanted = self.coming if new else self.generation
        need(5, generation == wanted, "record %d is signed with generation %d, not %d",
             record["seq"], generation, wanted)  # fmt: skip
        if new:
            need(5, record["generation"] == wanted, "%r", record)
            self.generation, self.coming = wanted, 0
            self._master = self._next
            self.down = Signer(self._master, "down", wanted)
        return new

    def _bytes(self, count):
        return bytes([self._dice.below(256) for _ in range(count)])


class Questions:
    """service, access, world: see run.Stage. Answers with bad days, and tells which answer may count."""

    def __init__(self, charger, master, service, access, dice, world):
        self._charger = charger
        self._card_key = mac(master, b"ppm/v1/card")
        self._service = service
        self._access = access
        self._dice = dice
        self._world = world
        self._refs = {}  # of the cards presented lately
        self._newest = (0, 0)
        self._open = {}  # id -> (until_ms, uid), of this boot
        self._obeyed = set()
        self.count = 0

    def presented(self, uid):
        """A card is read. uid: hex."""
        data = b"ISO14443|" + binascii.unhexlify(uid)
        if len(self._refs) >= REMEMBERED:
            self._refs = {}
        self._refs[hexed(mac(self._card_key, data)[:8])] = uid

    def booted(self):
        """No question survives."""
        self._open = {}
        self._obeyed = set()

    def asked(self, message):
        """A question has come."""
        name = message["id"]
        uid = self._refs.get(message["ref"])
        need(10, uid is not None, "asked about a card that nobody presented: %r", message)
        need(10, message["charger"] == self._charger, "%r", message)
        need(10, self._access.any_config(lambda c: c["enabled"] and c["unknown"] == "ask"),
             "asked, and nobody wanted that: %r", message)  # fmt: skip
        boot, number = name.split("-")
        numbers = (int(boot), int(number))
        need(9, numbers > self._newest and numbers[0] == message["boot"], "%r follows %r",
             message, self._newest)  # fmt: skip
        self._newest = numbers
        most_s = max([config["ask_within_s"] for config in self._access.config.all()])
        self._open[name] = (self._world.now_ms + most_s * 1000 + SLACK_MS, uid)
        self.count += 1
        self._answer(name)

    def _answer(self, name):
        dice = self._dice
        how = dice.below(10)
        if how == 0:
            return
        delay_ms = dice.between(2000, 90000) if how < 4 else dice.below(3000)
        members = {"ask": name, "result": "accepted", "contract": "c-q", "group": ""}
        members["billing"] = "free" if dice.chance(10) else "ppm"
        members["user"] = "q-%d" % dice.below(5)
        if how == 9:
            members = {"ask": name, "result": "refused", "reason": "not_subscribed"}
        self._service.order("authorize", members, delay_ms)
        if dice.chance(25):
            again = dict(members)
            again.update({"result": "accepted", "user": "twice", "billing": "ppm"})
            again.update({"contract": "", "group": ""})
            self._service.order("authorize", again, delay_ms + dice.below(120000))

    def delivered(self, order, note):
        """An answer reaches the charger: (uid, grant) when it may let somebody in, else None."""
        until_ms, uid = self._open.get(order["ask"], (-1, ""))
        note["may"] = self._world.now_ms <= until_ms and order["ask"] not in self._obeyed
        if not note["may"] or order["result"] != "accepted":
            return None
        terms = (order["user"], order["contract"], order["group"], order["billing"])
        return uid, ("rfid_online",) + terms + ("ISO14443",)

    def obeyed(self, note):
        """The charger says that it took an answer."""
        need(10, note.get("may"), "an answer too late, or a second one, was taken: %r", note)
        self._obeyed.add(note["order"]["ask"])
