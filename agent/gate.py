"""The gate: turns a presented card or an order into a grant, or into a recorded refusal."""

from . import access
from .access import ACCEPTED
from .lockout import Lockout
from .refusals import Refusals
from .session import Grant
from .subscribers import ref_of

_METHODS = {access.CARD: "rfid_list", access.ORDER: "app_cloud"}


class Gate:
    """house: the charger's parts; number: the connector's."""

    def __init__(self, house, number):
        self._house = house
        self._number = number
        self._refusals = Refusals()
        self._lockout = Lockout()

    def look_up(self, up_ms, kind, uid, proof=b""):
        """(what the reader gave: access.GOOD .. TWO, ref, Entry or None) of a card.

        proof: what the card proves itself with, if its entry asks for that (Entry.proof "sun").
        """
        if kind == access.TWO:
            return access.TWO, "", None
        if len(uid) not in (4, 7, 10):
            return access.BAD, "", None
        if len(uid) == 4 and uid[0] == 8:
            return access.RANDOM, "", None
        house = self._house
        if not house.store_ok:
            return access.GOOD, "", None  # what is not durable would be undone by the next boot
        try:
            key = house.card_key(kind, uid)
            entry = house.subscribers.find(key)
            good = access.GOOD
            if entry is not None and entry.proof == "sun":
                if not house.proven(uid, proof):
                    good = access.UNPROVEN
            return good, ref_of(key), entry
        except OSError:
            house.store_failed(up_ms)
            return access.GOOD, "", None

    def card(self, up_ms, kind, card, ref, entry, socket):
        """(reason, Grant or None) for a card at a socket that could begin; a refusal is recorded.

        card, ref, entry: from look_up; socket: members of access.Facts that only the connector knows.
        """
        facts = self._facts(up_ms, access.CARD, entry, socket)
        facts.card = card
        facts.locked_out = self._lockout.holds(up_ms, ref)
        rule, reason = access.decide(facts)
        method = "rfid_list"
        if entry is None and reason == ACCEPTED:
            method = "rfid_guest"
        self.note(up_ms, rule, method, ref)
        if reason in ("debounced", access.ASK):
            return reason, None
        if reason != ACCEPTED:
            if rule in access.HELD_AGAINST:
                self._lockout.refused(up_ms, ref)
            return self.refuse(up_ms, ref, rule), None
        self._lockout.forget(ref)
        if entry is None:
            grant = Grant(method, ref, billing=access.billing(rule, ""), kind=kind)
        else:
            billing = access.billing(rule, entry.billing)
            grant = Grant(method, ref, entry.user, entry.contract, entry.group, billing, kind)
        return reason, self._stamp(up_ms, grant)

    def could(self, up_ms, socket):
        """(rule, reason) of whether an identity that the service vouches for could begin."""
        return access.decide(self._facts(up_ms, access.ORDER, None, socket))

    def order(self, up_ms, grant, socket):
        """(rule, reason, the Grant or None) for an identity that the service vouches for."""
        rule, reason = self.could(up_ms, socket)
        self.note(up_ms, rule, grant.method, grant.ref)
        if reason != ACCEPTED:
            return rule, reason, None
        grant.billing = access.billing(rule, grant.billing)
        return rule, reason, self._stamp(up_ms, grant)

    def stands(self, up_ms, grant, card, socket):
        """Whether the list lets the card (its key) of a grant in under the same terms as before."""
        entry = self._house.subscribers.find(card)
        if entry is None:
            return grant.method == "rfid_online" and self.could(up_ms, socket)[1] == ACCEPTED
        rule, reason = access.decide(self._facts(up_ms, access.CARD, entry, socket))
        terms = entry.user, entry.contract, entry.group, access.billing(rule, entry.billing)
        return reason == ACCEPTED and terms == grant.terms()

    def free(self, up_ms, socket):
        """The Grant of a vehicle whose socket is open to everybody: no identity, billed to nobody; or None."""
        rule, reason = access.decide(self._facts(up_ms, access.VEHICLE, None, socket))
        if reason != ACCEPTED:
            return None
        self.note(up_ms, rule, "none", "")
        return self._stamp(up_ms, Grant("none", "", billing=access.billing(rule, "")))

    def stop(self, up_ms, facts, ref):
        """(reason, whether to stop) of access.StopFacts; a refusal of a card is recorded."""
        rule, reason = access.decide_stop(facts)
        if facts.asks != access.CHANGE or reason != ACCEPTED:
            self.note(up_ms, rule, _METHODS.get(facts.asks, "none"), ref)
        if facts.asks == access.CARD and reason not in (ACCEPTED, "debounced"):
            self.refuse(up_ms, ref, rule)
        return reason, rule in access.STOPS

    def mate(self, entry, group):
        """Whether an entry is an active one of a session's group."""
        return bool(group) and entry is not None and _is_active(entry) and entry.group == group

    def rules_changed(self):
        """Configuration or list are others now."""
        self._lockout.clear()

    def refuse(self, up_ms, ref, rule):
        """Record a refusal, or count it with others like it. Returns the reason."""
        if self._refusals.note(up_ms, ref, rule):
            self._tell(up_ms, ref, rule, 1)
        return access.reason_of(rule)

    def note(self, up_ms, rule, method, ref):
        """Keep a decision for whoever asks for the trace."""
        house = self._house
        now = house.time.now(up_ms)
        house.trace.note(now, rule, method, ref, house.subscribers.version, not house.online)

    def tell(self, up_ms, token, rule, reason, count):
        """Record refusals. token: a body of type, ref and method."""
        house = self._house
        body = (
            ("token", token),
            ("reason", reason),
            ("count", count),
            ("offline", not house.online),
            ("rule", rule),
            ("list_version", house.subscribers.version),
        )
        house.write(up_ms, "access_refused", body, self._number)

    def tick(self, up_ms):
        """Tell what was counted when its window ends."""
        due_ms = self._refusals.due_ms
        if due_ms is not None and up_ms >= due_ms:
            for ref, rule, count in self._refusals.close():
                self._tell(up_ms, ref, rule, count)

    def _stamp(self, up_ms, grant):
        grant.unbilled = self._house.room.full
        grant.offline = not self._house.online
        grant.t_auth = self._house.time.now(up_ms)
        return grant

    def _facts(self, up_ms, asks, entry, socket):
        house = self._house
        house.look_for_room(up_ms)  # near the limit, what was measured last may not hold any more
        config = house.config.current
        facts = access.Facts(
            asks=asks,
            entry=entry,
            enabled=config.enabled,
            guests=config.guests,
            groups=config.groups,
            offline=config.offline,
            store_full=config.store_full,
            list_max_age_s=config.list_max_age_s,
            online=house.online,
            unix_s=house.time.unix_s(up_ms),
            quality=house.time.quality,
            floor_s=house.time.least_s(up_ms),
            list_version=house.subscribers.version,
            list_fresh_s=house.counters.list_fresh_s,
            full=house.room.full,
            **socket,
        )
        if not house.store_ok:
            facts.lock = access.STORE  # looking for room may have found it broken
        return facts

    def _tell(self, up_ms, ref, rule, count):
        token = (("type", "ISO14443"), ("ref", ref), ("method", "rfid_list"))
        self.tell(up_ms, token, rule, access.reason_of(rule), count)


def _is_active(entry):
    return entry.status == "active"
