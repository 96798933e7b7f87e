"""Cards of any kind and length: nobody charges who is not listed, and no number of a card leaves."""

import binascii
import json

from host_tests.fuzz.stand import Stand
from host_tests.fuzz.targets.signed import ANNA, BO, CARL, EVENTS, FIRST, Signed

LISTED = {ANNA: "accepted", CARL: "accepted", BO: "blocked"}
_KINDS = (b"ISO14443", b"ISO15693", b"", b"Central", b"none")


class CardStand(Stand):
    """Watches every card, and what leaves after it."""

    def __init__(self, *given):
        self._shown = []
        super().__init__(*given)

    def card(self, kind, uid):
        charger = self.charger
        text = binascii.hexlify(uid).decode().upper()
        if len(uid) >= 4:
            self._shown.append(text)
        before = charger.session, charger.permit_ma, self.house.ledger.last
        running = charger.session and charger.connector.state != "finishing"
        reason = charger.on_card(self.up_ms, kind, bytes(uid))
        self.said.append("card %s %s" % (kind in ("ISO14443", "ISO15693") and kind, reason))
        if reason == "accepted":
            assert running or (kind == "ISO14443" and LISTED.get(text) == "accepted"), (kind, text)
        elif reason != "debounced":
            assert (charger.session, charger.permit_ma) == before[:2], reason
            assert self.house.ledger.last <= before[2] + 1, "more than one record of a card"
        self.settle()

    def watch(self, leaf, payload):
        text = payload
        if leaf == "record":
            text = decoded(payload)
        for word, is_number in words(json.loads(text)):
            for uid in self._shown:
                found = uid == word if is_number else uid in word
                assert not found, "law 17: %s in a %s" % (uid, leaf)


def words(value):
    """What a message says: (text in upper case, whether it is a number), names too.

    A card of 00000000 is no news in the milliseconds 300000000.
    """
    if isinstance(value, dict):
        value = [part for member in value.items() for part in member]
    if isinstance(value, list):
        for part in value:
            yield from words(part)
    else:
        yield str(value).upper(), not isinstance(value, str)


def decoded(token):
    """The payload of a token, unverified."""
    part = bytes(token).split(b".")[1].replace(b"-", b"+").replace(b"_", b"/")
    return binascii.a2b_base64(part + b"=" * (-len(part) % 4))


class Card(Signed):
    name = "card"
    kind = CardStand
    words = Signed.words + ("unknown", "blocked")
    lines = EVENTS + tuple(b"card " + kind + b" " + ANNA.encode() for kind in _KINDS)

    def seeds(self):
        return [
            b"card ISO14443 " + ANNA.encode() + b"\nplug\nrun 60\ncard ISO14443 " + ANNA.encode(),
            b"card ISO14443 " + BO.encode(),
            b"card ISO14443 "
            + CARL.encode()
            + b"\nrun 4000\nrun 4000\ncard ISO14443 "
            + CARL.encode(),
            b"card ISO14443 08010203\ncard ISO14443 01020304\ncard ISO14443 ",
            b"card ISO15693 E004010203040506\ncard  " + ANNA.encode(),
            b"\n".join(b"card ISO14443 0000000%d" % n for n in range(10)) + b"\nrun 3700\nrun 5",
            b"card ISO14443 \xff\xfe\x00\x01\x02\x03\x04",
            FIRST[1] + b"\ncard ISO14443 " + b"00" * 10,
        ]


make = Card
