"""The gate: turns a presented card or an order into a grant, or into a recorded refusal."""

from . import access
from .refusals import Refusals
from .session import Grant
from .subscribers import ref_of


class Gate:
    """house: the charger's parts; number: the connector's."""

    def __init__(self, house, number):
        self._house = house
        self._number = number
        self._refusals = Refusals()

    def look_up(self, up_ms, kind, uid):
        """(reason, ref, Entry or None) of a card: reason is "" when it could be looked up."""
        if len(uid) not in (4, 7, 10) or (len(uid) == 4 and uid[0] == 8):
            return "bad_card", "", None  # 08: a random UID (ISO 14443-3 section 6.5.4)
        house = self._house
        if not house.store_ok:
            return "store_fault", "", None  # what is not durable would be undone by the next boot
        try:
            key = house.card_key(kind, uid)
            return "", ref_of(key), house.subscribers.find(key)
        except OSError:
            house.store_failed(up_ms)
            return "store_fault", "", None

    def card(self, up_ms, kind, ref, entry, socket):
        """(reason, Grant or None) for a card at a socket that could begin.

        socket: dict of access.Facts members that only the connector knows.
        """
        reason, unbilled = self._decide(access.decide, self._facts(up_ms, entry, socket))
        if reason != "accepted":
            return reason, None
        billing = entry.billing if self._house.config.current.enabled else "none"
        grant = Grant("rfid_list", ref, entry.user, entry.contract, entry.group, billing, kind)
        grant.unbilled = unbilled
        return reason, self._stamp(up_ms, grant)

    def order(self, up_ms, user, contract, group, billing, socket):
        """(reason, Grant or None) for a user that the service vouches for."""
        facts = self._facts(up_ms, None, socket)
        reason, unbilled = self._decide(access.decide_ordered, facts)
        if reason != "accepted":
            return reason, None
        ref = self._house.card_ref("Central", user.encode())
        grant = Grant("app_cloud", ref, user, contract, group, billing, "Central")
        grant.unbilled = unbilled
        return reason, self._stamp(up_ms, grant)

    def free(self, up_ms):
        """The grant of a charger that is open to everybody: no identity, billed to nobody."""
        grant = Grant("none", "")
        grant.unbilled = self._house.room.full
        return self._stamp(up_ms, grant)

    def revoked(self, card):
        """Whether the list does not let the card (its key) of a running session charge any more."""
        entry = self._house.subscribers.find(card)
        return entry is None or entry.status != "active"

    def refuse(self, up_ms, ref, reason):
        """Record a refusal, or count it with others like it. Returns the reason."""
        if self._refusals.note(up_ms, ref, reason):
            self._tell(up_ms, ref, reason, 1)
        return reason

    def tick(self, up_ms):
        """Tell what was counted when its window ends."""
        due_ms = self._refusals.due_ms
        if due_ms is not None and up_ms >= due_ms:
            for ref, reason, count in self._refusals.close():
                self._tell(up_ms, ref, reason, count)

    def _decide(self, decide, facts):
        """(reason, whether it is accepted without a record because the store is full)"""
        reason = decide(facts)
        house = self._house
        if reason == "store_full" and house.store_ok:
            if house.config.current.store_full == "unbilled":
                return "accepted", True
        return reason, False

    def _stamp(self, up_ms, grant):
        grant.offline = not self._house.online
        grant.t_auth = self._house.time.now(up_ms)
        return grant

    def _facts(self, up_ms, entry, socket):
        house = self._house
        house.look_for_room(up_ms)  # near the limit, what was measured last may not hold any more
        config = house.config.current
        return access.Facts(
            entry=entry,
            online=house.online,
            offline=config.offline,
            unix_s=house.time.unix_s(up_ms),
            quality=house.time.quality,
            floor_s=house.time.floor_s,
            list_version=house.subscribers.version,
            list_fresh_s=house.counters.list_fresh_s,
            list_max_age_s=config.list_max_age_s,
            store_ok=house.has_room(),
            **socket,
        )

    def _tell(self, up_ms, ref, reason, count):
        token = (("type", "ISO14443"), ("ref", ref), ("method", "rfid_list"))
        body = (
            ("token", token),
            ("reason", reason),
            ("count", count),
            ("offline", not self._house.online),
        )
        self._house.write(up_ms, "access_refused", body, self._number)
