"""The laws in what the charger says: records (4, 5, 6, 11, 12, 14, 17, 18), status and replies (8, 9, 10)."""

import hashlib

from host_tests.years.sessions import Broken, need

EARLIEST_S = 1546300800
MOST_SET_ASIDE = 64  # a charger keeps no more; beyond, its count means little
TIMES = ("connected", "charging", "ev_suspended", "evse_suspended", "outage")
TERMS = (
    "session token user contract group billing tariff meter reg_begin_wh list_version offline "
    "t_auth t_plug t_start"
).split(" ")


class Books:
    """access: Access; secret: text that every card number holds and no message may; remember: how many
    records' bytes are known (a power of two); drift_ppm: of the charger's clock."""

    def __init__(self, charger, access, secret, remember, drift_ppm):
        self._charger = charger
        self._access = access
        self._secret = (secret.upper().encode(), secret.lower().encode())
        self._mask = remember - 1
        self._digests = bytearray(8 * remember)
        self._numbers = [0] * remember
        self.drift_ppm = drift_ppm
        self.honest_clock = True
        self.stays = {}
        self.ghosts = []
        self._number = 0
        self.newest = 0  # the highest record number ever offered
        self.named = 0  # as far as an acknowledgement was delivered
        self._chain = 0  # offered without a gap up to here, since the charger started over
        self.resent = []  # [from, to] of resend orders
        self.rewound = False
        self.counts = {}
        self.energy_wh = 0
        self.unbilled = 0
        self.month = 0  # the newest one closed: years * 12 + month - 1
        self._month_from = 1
        self._sums = self._nothing()
        self.order_replies = {}
        self.rejected = 0
        self.list_age = None  # (age in s as a status said, the world's second of it)
        self.wall_s = None  # gives the true time
        self.on_stop = None  # called when a stop was obeyed
        self.on_answer = None  # called with its note when an answer about a card was

    # -- on the way up

    def secrets(self, payload):
        """Law 17 for any message."""
        for form in self._secret:
            need(17, form not in payload, "a card number in %s", payload)

    def restarted(self):
        """The charger has to offer everything that is not named again."""
        self.rewound = True

    def offered(self, seq):
        """A record is on its way (law 6)."""
        for span in self.resent:
            if span[0] <= seq <= span[1]:
                self.newest = max(self.newest, seq)
                return
        if self.rewound:
            self.rewound = False
            self._chain = self.named
        reach = max(self._chain, self.named)
        need(6, seq <= reach + 1, "record %d is offered, %d..%d were not", seq, reach + 1, seq - 1)
        self._chain = max(self._chain, seq)
        self.newest = max(self.newest, seq)

    def drained(self):
        """The charger has nothing more to offer now."""
        if self.rewound and self.newest > self.named:
            raise Broken(6, "records %d..%d are not offered again" % (self.named + 1, self.newest))

    def same_bytes(self, seq, token):
        """Law 5. Returns True when the record is new to the desk."""
        at = seq & self._mask
        digest = hashlib.sha256(token).digest()[:8]
        known = self._numbers[at]
        if known == seq:
            held = self._digests[8 * at : 8 * at + 8]
            need(5, held == digest, "record %d has other bytes", seq)
            return False
        if known > seq:
            return False  # too old to know
        self._numbers[at] = seq
        self._digests[8 * at : 8 * at + 8] = digest
        return True

    # -- records, each once

    def record(self, seq, record):
        """A record, whole and signed, in the order of the numbers, once."""
        kind = record["kind"]
        need(
            5, record["charger"] == self._charger and record["seq"] == seq, "another's: %r", record
        )
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._instants(record, record)
        if kind == "session_begin":
            self._begin(record)
        elif kind == "session_end":
            self._end(record)
            self._tally(record)
        elif kind == "month_closed":
            self._month_closed(record)
        elif kind == "store_full":
            self.unbilled += record["unbilled_sessions"]

    def _instants(self, record, value):
        """Law 12: nothing is dated before 2019; a time is null exactly when its quality is U."""
        for key in value:
            inner = value[key]
            if not isinstance(inner, dict):
                continue
            if "q" in inner:
                t, q = inner["t"], inner["q"]
                need(12, q in "UISR" and (t is None) == (q == "U"), "%s in %r", key, record)
                need(12, t is None or t >= EARLIEST_S, "%s in %r", key, record)
            else:
                self._instants(record, inner)

    def _begin(self, record):
        name = record["session"]
        stay = self.stays.get(name)
        if stay is None:
            stay = self._ghost(record)
        need(
            4,
            stay is not None,
            "a begin that the world does not know, or a second one: %r",
            record,
        )
        need(4, stay.terms is None, "a second begin of %s", name)
        stay.terms = {key: record[key] for key in TERMS}
        grant = _grant_of(record)
        need(1, _granted(grant, stay.grants), "%s began with %s, possible were %s", name, grant,
             stay.grants)  # fmt: skip
        tariff = record["tariff"] and (record["tariff"]["id"], record["tariff"]["version"])
        need(11, tariff in stay.tariffs, "%s has tariff %s, not %s", name, tariff, stay.tariffs)
        need(11, record["list_version"] in stay.lists, "%s has list %d, not %s", name,
             record["list_version"], sorted(stay.lists))  # fmt: skip
        start = record["t_start"]["t"]
        if start is not None and self.honest_clock and not stay.hidden:
            need(
                12,
                abs(start - stay.begin_s) <= 90,
                "%s began at %d, not %d",
                name,
                stay.begin_s,
                start,
            )

    def _nothing(self):
        return {"sessions": 0, "energy_wh": 0, "unknown": 0, "seconds": [0] * 5}

    def _tally(self, record):
        sums = self._sums
        sums["sessions"] += 1
        sums["energy_wh"] += record["energy_wh"] or 0
        sums["unknown"] += record["energy_wh"] is None
        for i in range(5):
            sums["seconds"][i] += record["seconds"][TIMES[i]]

    def _month_closed(self, record):
        """Law 18: a range of records without a gap to the one before, and what they add up to."""
        year, month = record["month"].split("-")
        number = int(year) * 12 + int(month) - 1
        need(
            18,
            not self.month or number == self.month + 1,
            "%s follows %d",
            record["month"],
            self.month,
        )
        self.month = number
        sums, self._sums = self._sums, self._nothing()
        sums["seconds"] = {TIMES[i]: sums["seconds"][i] for i in range(5)}
        for key in sums:
            need(18, record[key] == sums[key], "%s of %s is %r, the records say %r", key,
                 record["month"], record[key], sums[key])  # fmt: skip
        first, last = self._month_from, record["seq"] - 1
        need(18, (record["first_seq"], record["last_seq"]) == (first, last),
             "%s is of %s..%s, not %d..%d", record["month"], record["first_seq"],
             record["last_seq"], first, last)  # fmt: skip
        self._month_from = record["seq"]

    def _ghost(self, record):
        """A session that a power cut hid: begun in the very call in which the power went."""
        for i, stay in enumerate(self.ghosts):
            same = stay.begin_wh == record["reg_begin_wh"] or stay.odd
            if same and _granted(_grant_of(record), stay.grants):
                self.ghosts.pop(i)
                stay.name = record["session"]
                self.stays[stay.name] = stay
                return stay
        return None

    def _end(self, record):
        name = record["session"]
        stay = self.stays.get(name)
        need(4, stay is not None, "a second end, or one without a begin: %r", record)
        need(4, stay.away_ms >= 0, "%s has ended, but it runs", name)
        for key in TERMS:
            same = record[key] == stay.terms[key]
            if key in ("t_auth", "t_plug", "t_start"):
                was, now = stay.terms[key], record[key]
                same = was["t"] is None or was == now
            need(11, same, "%s: %s was %r and is %r", name, key, stay.terms[key], record[key])
        stay.check_end(record, self.drift_ppm)
        del self.stays[name]
        self.energy_wh += record["energy_wh"] or 0

    # -- status and replies

    def status(self, status):
        """What the charger says of itself."""
        if not status["online"] or "store_fault" in status["faults"]:
            return  # without its flash it knows nothing, and is locked
        flag = status["monthly_payment"]
        access = self._access
        access.config.said(flag["version"])
        enabled = access.config.values[flag["version"]]["enabled"]
        need(
            9, flag["enabled"] == enabled, "the flag of version %(version)d is %(enabled)s" % flag
        )
        held = status["list"]
        access.lists.said(held["version"])
        cards = access.lists.values[held["version"]]
        need(8, held["count"] == len(cards), "list %d has %d entries, not %d", held["version"],
             held["count"], len(cards))  # fmt: skip
        age_s = held["age_s"]
        self.list_age = None if age_s is None or not held["version"] else (age_s, self.wall_s())
        t = status["time"]
        need(12, t is None or t >= EARLIEST_S, "status at %s", t)
        rejected = status.get("rejected", 0)
        if self.rejected <= MOST_SET_ASIDE:
            need(
                7, rejected <= self.rejected, "%d set aside, %d rejected", rejected, self.rejected
            )

    def reply(self, reply, note):
        """An answer; note: what the desk knows of the message, None for an unknown one."""
        applied = reply["result"] == "applied"
        need(10, applied or reply["reason"], "no reason: %r", reply)
        if note is None or not applied:
            return
        need(10, note["good"], "obeyed, though %s: %r", note.get("why"), reply)
        if reply["for"] == "config":
            self._access.config.said(reply["version"])
        elif reply["for"] == "list":
            self._access.lists.said(reply["version"])
        elif reply["for"] == "order":
            n = reply["n"]
            need(9, n not in self.order_replies, "order %d was obeyed twice", n)
            self.order_replies[n] = True
            if note["do"] == "stop":
                self.on_stop()
            if note["do"] == "authorize":
                self.on_answer(note)
            if note["do"] in ("lock", "unlock"):
                self._access.locked = {note["do"] == "lock"}


def _grant_of(record):
    """The identity that a begin record names, as in Stay.grants."""
    token = record["token"]
    grant = (token["method"], record["user"], record["contract"], record["group"])
    return grant + (record["billing"], token["type"])


def _granted(grant, grants):
    """Whether it is one of them; a store that is full may let it charge unbilled."""
    if grant in grants:
        return True
    for one in grants:
        if grant[4] == "none" and one[:4] + ("none",) + one[5:] == grant:
            return True
    return False
