"""A charger for the billing service's tests: it numbers and signs records with joserfc.

It knows nothing of the service's code, so what both agree on is the published wire format.
"""

import hashlib
import hmac
import json

from joserfc import jws
from joserfc.jwk import OctKey

MASTER = bytes(range(32))
START_S = 1614593000  # 2021-03-01 10:03:20Z
SECONDS = {"connected": 0, "charging": 0, "ev_suspended": 0, "evse_suspended": 0, "outage": 0}


def derived(master, label):
    return OctKey.import_key(hmac.digest(master, label.encode(), hashlib.sha256))


def compact(payload, master=MASTER, label="ppm/v1/up", kid="up-1", typ="record+jws"):
    """A signed message with anything that a test wants wrong."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    header = {"alg": "HS256", "kid": kid, "typ": typ}
    key = derived(master, label)
    return jws.serialize_compact(header, body, key, algorithms=["HS256"]).encode()


def opened(token, master=MASTER):
    """The payload of a downlink message, checked as a charger checks it."""
    found = jws.deserialize_compact(token, derived(master, "ppm/v1/down"), algorithms=["HS256"])
    assert found.headers()["kid"] == "down-1"
    return found.headers()["typ"], json.loads(found.payload)


def ref(uid, master=MASTER, kind="ISO14443"):
    """What stands for a card in the charger's flash, and orders its list."""
    key = hmac.digest(master, b"ppm/v1/card", hashlib.sha256)
    return hmac.digest(key, kind.encode() + b"|" + bytes.fromhex(uid), "sha256")[:12].hex()


def instant(unix_s, quality="S"):
    return {"t": unix_s, "q": quality}


class FakeCharger:
    """One charger's records. `seq`, `counter` and `register_wh` rise as they would on a charger."""

    def __init__(self, name="CH-1", master=MASTER, serial="M1"):
        self.name = name
        self.master = master
        self.serial = serial
        self.seq = 0
        self.counter = 0
        self.register_wh = 1000
        self.now_s = START_S
        self.closed_to = 0  # last record number of the range that was closed last
        self.ends = []  # session_end payloads since then

    def payload(self, kind, at=None, **body):
        self.seq += 1
        common = {"charger": self.name, "connector": 1, "seq": self.seq, "boot": 3, "kind": kind}
        common |= {"up_ms": self.seq * 1000, "at": at or instant(self.now_s)}
        return common | body

    def record(self, kind="fault", at=None, **body):
        """A signed record; a fault when nothing else is asked for."""
        if kind == "fault" and not body:
            body = {"fault": "rcd", "on": True}
        return compact(self.payload(kind, at, **body), self.master)

    def terms(self, **changed):
        self.counter += 1
        terms = {
            "session": f"{self.name}-{self.counter}",
            "token": {"type": "ISO14443", "ref": "00112233445566aa", "method": "rfid_list"},
            "user": "anna",
            "contract": "c-1",
            "group": "g-1",
            "billing": "ppm",
            "tariff": {"id": "T-1", "version": 1},
            "meter": {"serial": self.serial, "source": "mid"},
            "reg_begin_wh": self.register_wh,
            "list_version": 1,
            "offline": False,
            "t_auth": instant(self.now_s),
            "t_plug": instant(self.now_s),
            "t_start": instant(self.now_s),
        }
        return terms | changed

    def session(self, wh=10000, begin=None, end=None, **seconds):
        """Begin and end of a session as payloads. begin, end: members to change in each."""
        terms = self.terms(**(begin or {}))
        times = SECONDS | seconds
        times["connected"] = sum(times.values())
        first = self.payload("session_begin", **terms)
        self.register_wh += wh
        self.now_s += times["connected"]
        body = terms | {
            "reg_end_wh": terms["reg_begin_wh"] + wh,
            "energy_wh": wh,
            "seconds": times,
            "samples": [[0, terms["reg_begin_wh"], "begin"]],
            "t_stop": instant(self.now_s),
            "t_unplug": instant(self.now_s),
            "stop_reason": "EVDisconnected",
            "flags": [],
        }
        last = self.payload("session_end", **(body | (end or {})))
        self.ends.append(last)
        self.now_s += 60
        return first, last

    def month_closed(self, month="2021-03", **changed):
        """The payload that closes a month over every record since the last closing.

        changed: members to lie about; seconds only those that are given.
        """
        known = [end["energy_wh"] for end in self.ends if end["energy_wh"] is not None]
        sums = {name: sum(end["seconds"][name] for end in self.ends) for name in SECONDS}
        body = {
            "month": month,
            "sessions": len(self.ends),
            "energy_wh": sum(known),
            "unknown": len(self.ends) - len(known),
            "seconds": sums | changed.pop("seconds", {}),
            "first_seq": self.closed_to + 1,
            "last_seq": self.seq,
        }
        self.closed_to, self.ends = self.seq, []
        return self.payload("month_closed", **(body | changed))

    def signed_session(self, *args, **kwargs):
        return [compact(payload, self.master) for payload in self.session(*args, **kwargs)]

    def status(self, config=0, listed=0, boot=3, enabled=None, tariff=None, age_s=60, **changed):
        status = {
            "v": 1,
            "online": True,
            "boot": boot,
            "fw": "0.1.0",
            "state": "available",
            "vehicle": "A",
            "monthly_payment": {
                "enabled": bool(config) if enabled is None else enabled,
                "version": config,
            },
            "tariff": tariff,
            "list": {"version": listed, "count": 0, "age_s": age_s if listed else None},
            "unsent": 0,
            "free_kib": 800,
            "clock": "S",
            "time": self.now_s,
            "faults": [],
        }
        return json.dumps(status | changed).encode()
