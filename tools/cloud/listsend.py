"""Getting the list to a charger: what it lacks, part by part, from the part on that it waits for.

A few parts are on their way at a time; each answer lets the next ones go. The charger's word decides
where an update goes on, after a lost part and after its reboot too, so nothing is sent anew that it holds.
"""

import json
from collections import OrderedDict
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from tools.cloud import jws, keys, listing, orders, store, subscribers
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError
from tools.cloud.models import Charger

IN_FLIGHT_S = 10
WINDOW = 16  # parts on their way at a time
CONFIRM_AFTER_S = 43200  # a list unchanged for half a day is confirmed; chargers refuse at 7 days
OVERLAY_PARTS = 25  # about what a charger takes without a new base
_KEPT = 4  # updates whose parts are kept ready, per database
_ready: WeakKeyDictionary = WeakKeyDictionary()


def send(session: Session, charger: Charger, now: int) -> list[Downlink]:
    """The list parts that the charger lacks; nothing while some are on their way."""
    if not charger.list_version or charger.list_applied == charger.list_version:
        return []
    if in_flight(charger.list_sent_at, now):
        return []
    if not _under_way(charger):
        _begin(session, charger)
    charger.list_next = charger.list_part
    return _window(session, charger, now)


def told(session: Session, charger: Charger, waits: dict | None, now: int) -> list[Downlink]:
    """A status says which update the charger has under way; None: none. Gives the parts that it lets go."""
    flying = in_flight(charger.list_sent_at, now)
    if not _is_ours(charger, waits):
        if not flying:
            charger.list_part = 1
        return []
    part = waits["part"] if waits else None
    if part is not None and not flying:
        charger.list_part = part  # send() goes on there
        return []
    return _goes_on(session, charger, part, now)


def answered(session: Session, charger: Charger, reply: dict, now: int) -> list[Downlink]:
    """The charger's answer to a list part. Gives what is to be sent now."""
    charger.list_reply = json.dumps(reply)
    waits = reply.get("waits")
    if reply["result"] == "applied":
        confirmed(charger, reply.get("version") or charger.list_sent)
        return send(session, charger, now)
    if reply["result"] == "waiting":
        return _goes_on(session, charger, waits["part"], now) if _is_ours(charger, waits) else []
    if reply["reason"] == "list_part":
        return _lost(session, charger, waits["part"] if _is_ours(charger, waits) else 1, now)
    if reply["reason"] in ("list_hash", "list_unsorted") and not charger.list_whole:
        return _anew(session, charger, now, whole=True)
    if reply["reason"] == "list_base" and not charger.list_whole:
        # Based on what is not in force there: on what is, then. On what is: that one is damaged.
        damaged = reply.get("version") == charger.list_base
        charger.list_applied = reply.get("version") or 0
        return _anew(session, charger, now, whole=damaged)
    return []


def confirm(session: Session, charger: Charger, age_s: int | None, now: int) -> list[Downlink]:
    """Tell a charger that its list is still the wanted one, before it grows too old to be believed.

    age_s: of the list as the charger says it; None: it does not know.
    """
    held = charger.list_version and charger.list_applied == charger.list_version
    if not held or (age_s is not None and age_s < CONFIRM_AFTER_S):
        return []
    lines = subscribers.lines(session, charger, charger.list_version)
    version = charger.list_version
    (payload,) = listing.parts(
        charger.id, version, version, lines, lines, card_key(session, charger)
    )
    return [_signed(session, charger, payload, now)]


def confirmed(charger: Charger, version: int) -> None:
    """The charger has this list version in force."""
    charger.list_applied = version
    if version == charger.list_sent:
        charger.list_whole = False
        charger.list_sent_at = None


def in_flight(sent_at: int | None, now: int) -> bool:
    """Whether something was sent so lately that an answer may still be on its way."""
    return sent_at is not None and 0 <= now - sent_at < IN_FLIGHT_S


def card_key(session: Session, charger: Charger) -> bytes:
    """The key that the refs of a charger's cards are made with: of its first master key, for ever."""
    master = store.master_key(session, charger.id, 1)
    if master is None:
        raise CloudError(
            f"The first key of {charger.id} is not known, so no list can be made for it."
        )
    return keys.derive(master, keys.CARD)


def progress(session: Session, charger: Charger) -> tuple[int, int]:
    """(parts sent so far, parts) of the update under way; (0, 0) without one."""
    if charger.list_applied == charger.list_version or not _under_way(charger):
        return 0, 0
    return charger.list_next - 1, len(_payloads(session, charger))


def _under_way(charger: Charger) -> bool:
    """Whether the update that was begun last can still be taken."""
    if charger.list_sent != charger.list_version or not charger.list_part:
        return False
    if charger.list_base is None:
        return True
    return not charger.list_whole and charger.list_base == charger.list_applied


def _is_ours(charger: Charger, waits: dict | None) -> bool:
    ours = waits is not None and waits["version"] == charger.list_sent
    return ours and charger.list_sent == charger.list_version


def _begin(session: Session, charger: Charger) -> None:
    charger.list_sent = charger.list_version
    charger.list_part = charger.list_next = 1
    charger.list_lost = 0
    charger.list_base = charger.list_applied
    if charger.list_whole or not 0 < charger.list_applied < charger.list_version:
        charger.list_base = None
    elif _is_much(len(_payloads(session, charger)), _parts_of_whole(session, charger)):
        charger.list_base = None


def _anew(session: Session, charger: Charger, now: int, whole: bool) -> list[Downlink]:
    charger.list_whole = charger.list_whole or whole
    charger.list_sent_at = None
    charger.list_part = 0
    return send(session, charger, now)


def _goes_on(session: Session, charger: Charger, part: int | None, now: int) -> list[Downlink]:
    """The charger has all before `part` (None: all)."""
    if part is None:
        charger.list_sent_at = now
    elif part > charger.list_part:
        charger.list_part = part
        charger.list_next = max(charger.list_next, part)
        return _window(session, charger, now)
    return []


def _lost(session: Session, charger: Charger, part: int | None, now: int) -> list[Downlink]:
    """The charger waits for a part that was sent: once for each part that is so, it is sent again."""
    if part is None or charger.list_lost == part or not _under_way(charger):
        return []
    charger.list_lost = charger.list_part = charger.list_next = part
    return _window(session, charger, now)


def _window(session: Session, charger: Charger, now: int) -> list[Downlink]:
    payloads = _payloads(session, charger)
    first = charger.list_next
    end = min(len(payloads), charger.list_part + WINDOW - 1)
    charger.list_next = max(first, end + 1)
    charger.list_sent_at = now
    return [_signed(session, charger, payload, now) for payload in payloads[first - 1 : end]]


def _signed(session: Session, charger: Charger, payload: dict, now: int) -> Downlink:
    # at: the charger counts the list's age from there
    return Downlink("list", orders.sign(session, charger, jws.LIST, payload | {"at": now}), False)


def _payloads(session: Session, charger: Charger) -> list[dict]:
    """The parts of the update under way. A version's list never changes, so they can be kept."""
    key = card_key(session, charger)
    wanted = (charger.id, charger.list_version, charger.list_base, key)
    kept = _ready.setdefault(session.get_bind(), OrderedDict())
    if wanted not in kept:
        new = subscribers.lines(session, charger, charger.list_version)
        old = None
        if charger.list_base is not None:
            old = subscribers.lines(session, charger, charger.list_base)
        kept[wanted] = listing.parts(
            charger.id, charger.list_version, charger.list_base, new, old, key
        )
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    kept.move_to_end(wanted)
    return kept[wanted]


def _is_much(parts: int, parts_of_whole: int) -> bool:
    """Whether a difference is so large that the whole list costs the charger less."""
    # Above what its overlay holds it makes a new base anyway, and needs room for the difference besides.
    return parts > parts_of_whole or (parts > OVERLAY_PARTS and 2 * parts > parts_of_whole)


def _parts_of_whole(session: Session, charger: Charger) -> int:
    lines = len(subscribers.at_version(session, charger, charger.list_version))
    return max(1, -(-lines // listing.ENTRIES_A_PART))
