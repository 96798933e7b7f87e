"""A card that the list does not know, asked of the service: one question at a time, for some seconds.

What is asked carries the card's keyed reference, never its number. Only the answer to the open question
counts: it names the question, and a question's name holds the boot, so none survives one. What the list
says by then goes before the answer. A card that was refused is not asked about again for a minute, and
there is a most for an hour: a stranger with many cards keeps neither the link nor the service busy.
"""

import json

from . import access, jws
from .checks import bad, reference, text, word
from .const import const
from .reasons import Refused
from .refusals import Budget, Refusals
from .session import Grant
from .subscribers import BILLINGS

MOST_AN_HOUR = const(30)
_AGAIN_MS = const(60000)
_REMEMBERED = const(8)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_METHOD = "rfid_online"


class Asking:
    """house: the charger's parts; gate: the socket's Gate; number: the connector's."""

    def __init__(self, house, gate, number):
        self._house = house
        self._gate = gate
        self._number = number
        self._asked = 0
        self._id = ""  # of the open question
        self._card = None  # (kind, uid) of it
        self._ref = ""
        self._until_ms = 0
        self._budget = Budget(MOST_AN_HOUR)
        self._refused = []  # [(ref, up_ms until when it is not asked about again, reason)]
        self._refusals = Refusals()

    @property
    def open(self):
        """Whether a question waits for its answer."""
        return bool(self._id)

    @property
    def due_ms(self):
        """The up_ms at which the answer is late."""
        return self._until_ms

    @property
    def wanted(self):
        """Whether unknown cards are asked about now."""
        config = self._house.config.current
        return config.enabled and config.unknown == "ask" and self._house.online

    def card(self, up_ms, card, ref, socket):
        """A (kind, uid) that the list does not know. Returns "asking", or the reason for not asking.

        socket: see Gate.card.
        """
        if self._id:
            if ref == self._ref:
                return "debounced"
            return self._gate.refuse(up_ms, ref, "A1")
        reason = self._lately(up_ms, ref)
        if reason:
            return self._refuse(up_ms, ref, "A5", reason)
        house = self._house
        if house.time.unix_s(up_ms) is None:
            return self._gate.refuse(up_ms, ref, "A2")
        rule, reason = self._gate.could(up_ms, socket)
        if reason != access.ACCEPTED:
            return self._gate.refuse(up_ms, ref, rule)
        if not self._budget.allows(up_ms):
            return self._gate.refuse(up_ms, ref, "A3")
        self._asked += 1
        self._id = "%d-%d" % (house.counters.boot, self._asked)
        self._card, self._ref = card, ref
        self._until_ms = up_ms + house.config.current.ask_within_s * 1000
        house.mailbox.ask(bytes(house.keys.sign(jws.UP, "ask+jws", self._question(up_ms))))
        return "asking"

    def answered(self, up_ms, order, socket):
        """The service's `authorize`: (Grant, the card's key) when a session may begin, (None, None) when it
        refuses. Refused: not an answer, or not now; the latter closes the question."""
        named = text(order, "ask", 24)
        result = word(order, "result", ("accepted", "refused"))
        why = _reason(order) if result == "refused" else ""
        user = reference(order, "user", "", 0 if why else 1)
        contract = reference(order, "contract", "")
        group = reference(order, "group", "")
        billing = word(order, "billing", BILLINGS[:2], "ppm")
        if not self._id or named != self._id:
            raise Refused("no_question", "ask: no such question is open")
        card, ref = self._card, self._ref
        kind, uid = card
        self.close()
        if why:
            self._refused = self._refused[1 - _REMEMBERED :] + [(ref, up_ms + _AGAIN_MS, why)]
            self._gate.note(up_ms, "A5", _METHOD, ref)
            self._show_refused(up_ms, ref, "A5", why)
            return None, None
        good, _, entry = self._gate.look_up(up_ms, kind, uid)
        if entry is not None or not self.wanted:
            reason, grant = self._gate.card(up_ms, kind, good, ref, entry, socket)
            if grant is None:
                self._house.indicate(up_ms, "refused")
                raise Refused(reason)
        else:
            grant = Grant(_METHOD, ref, user, contract, group, billing, kind)
            rule, reason, grant = self._gate.order(up_ms, grant, socket)
            if grant is None:
                self._show_refused(up_ms, ref, rule, reason)
                raise Refused(reason)
        self._house.indicate(up_ms, "authorized")
        return grant, self._house.card_key(kind, uid)

    def tick(self, up_ms):
        """Time passed: a late answer is none."""
        if self._id and up_ms >= self._until_ms:
            self.close()
            self._gate.note(up_ms, "A4", _METHOD, self._ref)
            self._show_refused(up_ms, self._ref, "A4", "no_answer")
        due_ms = self._refusals.due_ms
        if due_ms is not None and up_ms >= due_ms:
            for ref, why, count in self._refusals.close():
                rule, _, reason = why.partition(":")
                self._tell(up_ms, ref, rule, reason or "unknown", count)

    def close(self):
        """Nobody waits for the answer any more."""
        self._id = ""
        self._house.mailbox.ask(None)

    def _question(self, up_ms):
        house = self._house
        now = house.time.now(up_ms)
        return json.dumps(
            {
                "charger": house.charger_id,
                "connector": self._number,
                "id": self._id,
                "type": self._card[0],
                "ref": self._ref,
                "boot": house.counters.boot,
                "list_version": house.subscribers.version,
                "at": {"t": now.unix_s, "q": now.quality},
            }
        ).encode()

    def _lately(self, up_ms, ref):
        for known, until_ms, reason in self._refused:
            if known == ref and up_ms < until_ms:
                return reason
        return ""

    def _show_refused(self, up_ms, ref, rule, reason):
        self._house.indicate(up_ms, "refused")
        self._refuse(up_ms, ref, rule, reason)

    def _refuse(self, up_ms, ref, rule, reason):
        if self._refusals.note(up_ms, ref, rule + ":" + reason):
            self._tell(up_ms, ref, rule, reason, 1)
        return reason

    def _tell(self, up_ms, ref, rule, reason, count):
        token = (("type", "ISO14443"), ("ref", ref), ("method", _METHOD))
        self._gate.tell(up_ms, token, rule, reason, count)


def _reason(order):
    """The service's word for why not: it may know more reasons than the charger."""
    reason = text(order, "reason", 32)
    for char in reason:
        if char not in _LETTERS and char not in "0123456789_":
            raise bad("reason", "must be a word of a-z, 0-9 and _")
    if not reason or reason[0] not in _LETTERS:
        raise bad("reason", "must begin with a letter")
    return reason
