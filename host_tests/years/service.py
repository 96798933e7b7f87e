"""A small billing service with bad days: it acknowledges late, twice, out of order, rejects, forgets.

mode: "prompt", "late" (each answer up to some minutes later, so out of order), "twice", "deaf" (records
arrive and nothing is answered), "lossy" (records get lost on the way). What it sends waits in `queue` as
(due_ms, leaf, token, note); the note says to the oracle what the message really is.
"""

import binascii
import hashlib
import json

from host_tests.years.sessions import need
from host_tests.years.wire import Signer, mac

PART = 6  # entries of a list part: small, so that lists have several
KEPT = 6  # old messages of a leaf, to be played again


def list_hash(entries, ref_of):
    """The hash that the last part of a list carries. ref_of(uid) -> ref, both hex."""
    state = hashlib.sha256()
    for uid in sorted(entries, key=ref_of):
        e = entries[uid]
        until = "" if e["until"] is None else str(e["until"])
        parts = (ref_of(uid), e["user"], e["contract"], e["group"], e["status"], until)
        state.update(("|".join(parts + (e["billing"], "uid")) + "\n").encode())
    return binascii.hexlify(state.digest()).decode()


class Service:
    """books: where the laws of what arrives are checked; dice: its own; ring: online.Ring. `questions`
    is set by whoever makes it."""

    def __init__(self, charger, ring, books, dice, world):
        self._charger = charger
        self._ring = ring
        self.questions = None
        self._books = books
        self._dice = dice
        self._world = world
        self.mode = "prompt"
        self.reject_next = 0
        self.queue = []
        self.upto = 0
        self._above = {}  # came before one of a lower number
        self._rejected = []
        self._old = {"config": [], "list": [], "order": [], "ack": []}
        self.config = None
        self.config_version = 0
        self._config_token = None
        self.list_version = 0
        self.cards = {}
        self._list_before = (0, {})
        self._notes = {}  # replies are matched by (for, version or n)
        self.n = 0
        self.order_ids = 0
        self._asked_ms = -1000000
        self.records = 0
        self.held_version = (0, 0)

    # -- what arrives

    def receive(self, leaf, payload):
        """One message from the charger."""
        payload = bytes(payload)
        books = self._books
        if leaf == "record":
            self._record(payload)
            return
        if leaf == "ask":
            payload, message, _ = self._ring.opened("ask+jws", payload)
            books.secrets(payload)
            self.questions.asked(message)
            return
        books.secrets(payload)
        message = json.loads(payload)
        if leaf == "status":
            books.status(message)
            self._reconcile(message)
        elif leaf == "reply":
            key = (
                (message["for"], message["n" if message["for"] == "order" else "version"])
                if (message["for"] in ("order", "config", "list"))
                and ("n" in message or "version" in message)
                else None
            )
            books.reply(message, self._notes.get(key) or self._notes.get("forged"))

    def _record(self, token):
        books = self._books
        payload, record, generation = self._ring.opened("record+jws", token)
        seq = record["seq"]
        books.offered(seq)
        books.same_bytes(seq, token)
        if self.mode == "lossy" and self._dice.chance(30):
            return
        if seq > self.upto and seq not in self._above:
            books.secrets(payload)
            self._above[seq] = (record, generation)
            if self.reject_next:
                self.reject_next -= 1
                self._rejected = self._rejected[-31:] + [seq]
                books.rejected += 1
        while self.upto + 1 in self._above:
            self.upto += 1
            self.records += 1
            record, generation = self._above.pop(self.upto)
            books.record(self.upto, record)
            if self._ring.told(record, generation) and self.config is not None:
                self.change_config(self.config)  # what the broker keeps is signed with the old key
        if self._above and self._world.now_ms - self._asked_ms > 60000 and self.mode == "prompt":
            self._asked_ms = self._world.now_ms
            self.order("resend", {"from": self.upto + 1, "to": min(self._above) - 1})
        self.acknowledge()

    def acknowledge(self):
        """Say what is held, in the way of the day."""
        if self.mode == "deaf":
            return
        message = {"aud": self._charger, "upto": self.upto}
        message["rejected"] = [
            {"seq": s, "reason": "schema"} for s in self._rejected if s <= self.upto
        ]
        delay_ms = 0
        if self.mode == "late":
            delay_ms = self._dice.below(240000)
        note = {"good": True, "upto": self.upto}
        self._send("ack", message, note, delay_ms)
        if self.mode == "twice":
            self._send("ack", message, note, self._dice.below(90000))

    def _reconcile(self, status):
        """What differs is sent again, at most once a minute."""
        if self._world.now_ms - self._asked_ms < 60000:
            return
        behind = False
        if status["key"] < self._ring.coming:
            self.rotate()
            behind = True
        if status["monthly_payment"]["version"] < self.config_version:
            self.send_config()
            behind = True
        if status["list"]["version"] < self.list_version or (status["list"]["age_s"] or 0) > 86400:
            self.send_list()
            behind = True
        if behind:
            self._asked_ms = self._world.now_ms

    # -- what is sent

    def _send(self, leaf, message, note, delay_ms=0, signer=None, typ=None):
        token = (signer or self._ring.down).sign(typ or leaf + "+jws", message)
        self.queue.append((self._world.now_ms + delay_ms, leaf, token, note))
        if note["good"]:
            old = self._old[leaf]
            old.append((token, note))
            if len(old) > KEPT:
                old.pop(self._dice.below(KEPT))
        return token

    def change_config(self, config):
        """A new version of the configuration. config: the members that the world chose."""
        self.config_version += 1
        self.config = config
        message = {
            "aud": self._charger,
            "version": self.config_version,
            "monthly_payment": {"enabled": False},
            "tariff": {
                "id": "T",
                "version": config["tariff"],
                "currency": "EUR",
                "components": [],
            },
            "access": {
                "when_off": config["when_off"],
                "offline": config["offline"],
                "list_max_age_s": config["list_max_age_s"],
                "lapse_s": config["lapse_s"],
                "guests": config["guests"],
                "groups": config["groups"],
                "autolock_s": config["autolock_s"],
                "dead_after_start_s": config["dead_after_start_s"],
                "dead_after_stop_s": config["dead_after_stop_s"],
                "unknown": config["unknown"],
                "ask_within_s": config["ask_within_s"],
            },
            "session": {"resume_within_s": config["resume_within_s"], "sample_s": 900},
            "limit_ma": config["limit_ma"],
            "store_full": config["store_full"],
            "timezone": "Europe/Stockholm",
            "utc_offset_rules": config["rules"],
        }
        if config["enabled"]:
            message["monthly_payment"] = {
                "enabled": True,
                "plan": "business",
                "actor": {"id": "u-9", "role": "superadmin"},
                "accepted_at": 1600000000,
            }
        model = dict(config)
        model["tariff"] = ("T", config["tariff"])
        note = {"good": True, "version": self.config_version, "config": model}
        self._notes[("config", self.config_version)] = note
        self._notes.pop(("config", self.config_version - 200), None)
        self._config_message = message
        self._config_note = note
        self._config_token = None
        self.send_config()

    def send_config(self):
        """The wanted configuration, always in the same bytes."""
        if self._config_token is None:
            self._config_token = self._send("config", self._config_message, self._config_note)
        else:
            self.queue.append(
                (self._world.now_ms, "config", self._config_token, self._config_note)
            )

    def change_cards(self, cards, whole, lose_part=False):
        """A new version of the list, whole or as the difference to the one before."""
        self._list_before = (self.list_version, self.cards)
        self.list_version += 1
        self.cards = cards
        note = {"good": True}
        self._notes[("list", self.list_version)] = note
        self._notes.pop(("list", self.list_version - 200), None)
        self.send_list(whole, lose_part)

    def send_list(self, whole=True, lose_part=False):
        """The wanted list, in parts."""
        base, before = self._list_before
        changes = []
        for uid in self.cards:
            if whole or self.cards[uid] != before.get(uid):
                put = {"uid": uid, "type": "ISO14443"}
                put.update(self.cards[uid])
                changes.append((uid, put))
        if not whole:
            changes.extend((uid, None) for uid in before if uid not in self.cards)
        changes.sort(key=lambda change: self._ref_of(change[0]))
        parts = max(1, (len(changes) + PART - 1) // PART)
        for part in range(1, parts + 1):
            chosen = changes[(part - 1) * PART : part * PART]
            message = {
                "aud": self._charger,
                "version": self.list_version,
                "base": None if whole else base,
                "part": part,
                "parts": parts,
                "put": [put for _, put in chosen if put is not None],
                "del": [uid for uid, put in chosen if put is None],
            }
            note = {"good": True, "version": self.list_version, "cards": None}
            if part == parts:
                message["sha256"] = list_hash(self.cards, self._ref_of)
                note["cards"] = self.cards
            if not (lose_part and part == (parts + 1) // 2):
                self._send("list", message, note)

    def _ref_of(self, uid):
        key = mac(self._ring.card_key, b"ISO14443|" + binascii.unhexlify(uid))
        return binascii.hexlify(key[:12]).decode()

    def order(self, do, members=None, delay_ms=0):
        """A signed order."""
        self.n += 1
        self.order_ids += 1
        message = {"aud": self._charger, "n": self.n, "do": do, "id": "o-%d" % self.n}
        message["exp"] = self._world.wall_ms() // 1000 + 86400
        message.update(members or {})
        note = {"good": True, "do": do, "order": message}
        self._notes[("order", self.n)] = note
        self._notes.pop(("order", self.n - 40), None)
        self._send("order", message, note, delay_ms)

    def rotate(self):
        """The next key, or the one under way once more."""
        self.order("rotate", self._ring.order())

    def replay(self, leaf):
        """Somebody plays an old message again."""
        old = self._old[leaf]
        if old:
            token, note = self._dice.pick(old)
            self.queue.append((self._world.now_ms, leaf, token, note))

    def forge(self, how):
        """Somebody without the key, or without the role, wants something."""
        stranger = Signer(bytes(32), "down", self._ring.generation)
        note = {"good": False, "why": how}
        self._notes["forged"] = note
        if how == "config key":
            message = {"aud": self._charger, "version": self.config_version + 1000}
            message["access"] = {"when_off": "open"}
            self._send("config", message, note, signer=stranger)
        elif how == "order key":
            message = {"aud": self._charger, "n": self.n + 1000, "do": "start", "id": "f"}
            message.update({"exp": 4000000000, "user": "thief"})
            self._send("order", message, note, signer=stranger)
        elif how == "role":
            message = dict(self._config_message)
            message["version"] = self.config_version + 1000
            message["monthly_payment"] = {
                "enabled": True,
                "plan": "business",
                "accepted_at": 1600000000,
            }
            message["monthly_payment"]["actor"] = {"id": "u", "role": "user"}
            self._send("config", message, note)
        elif how == "type":
            message = {"aud": self._charger, "version": self.config_version + 1000}
            message["access"] = {"when_off": "open"}
            self._send("config", message, note, typ="order+jws")
        else:
            message = {"aud": self._charger, "upto": self.upto + 5000}
            self._send("ack", message, note)

    def check_all(self):
        """At the end: everything is here."""
        need(6, not self._above, "records %s are here, %d is missing", sorted(self._above)[:5],
             self.upto + 1)  # fmt: skip
