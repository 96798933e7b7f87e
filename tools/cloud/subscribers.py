"""Who may charge at a charger: changes, every version of the list, and sending what is missing."""

import json
import re
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tools.cloud import jws, listing, mask, orders, schemas
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError
from tools.cloud.models import Charger, Entry

IN_FLIGHT_S = 10
CONFIRM_AFTER_S = 43200  # a list unchanged for half a day is confirmed; chargers refuse at 7 days
_WHOLE_AFTER = ("list_base", "list_hash", "list_unsorted")


def parse_uid(text: str) -> str:
    """A card's UID as upper-case hex of 4, 7 or 10 bytes; separators are taken out."""
    uid = re.sub(r"[\s:.-]", "", text).upper()
    if schemas.problem("common.json#/$defs/uid", uid):
        raise CloudError(
            f"{mask.card(text)} is not a card UID: it needs 8, 14 or 20 hex digits. "
            "The number printed on a card is usually another one: read the card with a reader."
        )
    return uid


def at_version(session: Session, charger: Charger, version: int) -> list[Entry]:
    """The list as it was in a version, sorted."""
    query = select(Entry).where(
        Entry.charger == charger.id,
        Entry.since <= version,
        or_(Entry.gone.is_(None), Entry.gone > version),
    )
    return sorted(session.scalars(query), key=lambda entry: (entry.type, entry.uid))


def subscribe(session: Session, charger: Charger, entries: Iterable[dict]) -> int:
    """Add or change entries: uid, user, contract, group, billing, status, until. One new version.

    Returns how many entries changed; nothing that is already so makes a new version.
    """
    now_there = {entry.uid: entry for entry in at_version(session, charger, charger.list_version)}
    version = max(charger.list_version, charger.list_applied) + 1
    changed: dict[str, dict] = {}
    for entry in entries:
        line = _line(entry)
        known = changed.get(line["uid"]) or _as_line(now_there.get(line["uid"]))
        if known and known["user"] != line["user"]:
            raise CloudError(
                f"Card {mask.card(line['uid'])} belongs to {known['user']}. "
                f"Unsubscribe {known['user']} first if it was handed on."
            )
        if known != line:
            changed[line["uid"]] = line
    for uid, line in changed.items():
        if uid in now_there:
            now_there[uid].gone = version
        session.add(Entry(charger=charger.id, since=version, gone=None, **line))
    if changed:
        charger.list_version = version
        session.flush()
    return len(changed)


def unsubscribe(session: Session, charger: Charger, user: str, uid: str | None) -> int:
    """Take a user's cards off the list, or one of them. Returns how many; CloudError when none."""
    wanted = parse_uid(uid) if uid else None
    gone = [
        entry
        for entry in at_version(session, charger, charger.list_version)
        if entry.user == user and wanted in (None, entry.uid)
    ]
    if not gone:
        raise CloudError(f"{user} has no such card at {charger.id}.")
    version = max(charger.list_version, charger.list_applied) + 1
    for entry in gone:
        entry.gone = version
    charger.list_version = version
    session.flush()
    return len(gone)


def renew(session: Session, charger: Charger) -> None:
    """Give the list a new version and have it sent whole: for a charger that differs."""
    if charger.list_version:
        charger.list_version = max(charger.list_version, charger.list_applied) + 1
        charger.list_whole = True
        charger.list_sent_at = None


def send(session: Session, charger: Charger, now: int) -> list[Downlink]:
    """The list parts that the charger lacks; nothing while an update is under way."""
    if not charger.list_version or charger.list_applied == charger.list_version:
        return []
    if in_flight(charger.list_sent_at, now):
        return []
    base = charger.list_applied
    whole = charger.list_whole or not 0 < base < charger.list_version
    new = _lines(session, charger, charger.list_version)
    old = None if whole else _lines(session, charger, base)
    charger.list_sent, charger.list_sent_at = charger.list_version, now
    return _publish(session, charger, None if whole else base, new, old, now)


def confirm(session: Session, charger: Charger, age_s: int | None, now: int) -> list[Downlink]:
    """Tell a charger that its list is still the wanted one, before it grows too old to be believed.

    age_s: of the list as the charger says it; None: it does not know.
    """
    held = charger.list_version and charger.list_applied == charger.list_version
    if not held or (age_s is not None and age_s < CONFIRM_AFTER_S):
        return []
    lines = _lines(session, charger, charger.list_version)
    return _publish(session, charger, charger.list_version, lines, lines, now)


def _publish(
    session: Session, charger: Charger, base: int | None, new: list, old: list | None, now: int
) -> list[Downlink]:
    payloads = listing.parts(charger.id, charger.list_version, base, new, old, now)
    return [
        Downlink("list", orders.sign(session, charger, jws.LIST, payload), False)
        for payload in payloads
    ]


def answered(charger: Charger, reply: dict) -> None:
    """Note the charger's answer to a list part. Its version is the one in force there."""
    charger.list_reply = json.dumps(reply)
    if reply["result"] == "applied":
        confirmed(charger, reply.get("version") or charger.list_sent)
    elif reply["reason"] in _WHOLE_AFTER and not charger.list_whole:
        charger.list_whole = True
        charger.list_sent_at = None
    elif reply["result"] == "refused" and reply["reason"] == "list_part":
        charger.list_sent_at = None  # a part was lost: the status that follows starts it anew


def confirmed(charger: Charger, version: int) -> None:
    """The charger has this list version in force."""
    charger.list_applied = version
    if version == charger.list_sent:
        charger.list_whole = False
        charger.list_sent_at = None


def in_flight(sent_at: int | None, now: int) -> bool:
    """Whether something was sent so lately that an answer may still be on its way."""
    return sent_at is not None and 0 <= now - sent_at < IN_FLIGHT_S


def _lines(session: Session, charger: Charger, version: int) -> list[listing.Line]:
    return [_as_line(entry) for entry in at_version(session, charger, version)]


def _as_line(entry: Entry | None) -> listing.Line:
    return {member: getattr(entry, member) for member in listing.MEMBERS} if entry else {}


def _line(entry: dict) -> listing.Line:
    line = {
        "uid": parse_uid(entry["uid"]),
        "type": "ISO14443",
        "user": entry["user"],
        "contract": entry.get("contract") or "",
        "group": entry.get("group") or "",
        "status": entry.get("status") or "active",
        "until": entry.get("until"),
        "billing": entry.get("billing") or "ppm",
    }
    why = schemas.problem("list.json#/properties/put/items", line)
    if why:
        raise CloudError(f"The subscription is not valid: {mask.cards(why)}")
    return line
