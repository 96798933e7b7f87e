"""Who may charge at a charger: changes, and every version of the list. listsend.py sends it."""

import re
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tools.cloud import listing, mask, schemas
from tools.cloud.errors import CloudError
from tools.cloud.models import Charger, Entry

_QUICK = {"user": "reference_given", "contract": "reference", "group": "reference"}


class WrongMember(CloudError):
    """A subscription is not valid: `member` and `why` say where and what."""

    def __init__(self, member: str, why: str):
        why = mask.cards(why)  # a card may stand in the wrong column
        super().__init__(f"The subscription is not valid: {member}: {why}")
        self.member = member
        self.why = why


class WrongCard(CloudError):
    """A card is not one, or is somebody else's."""


def parse_uid(text: str) -> str:
    """A card's UID as upper-case hex of 4, 7 or 10 bytes; separators are taken out."""
    uid = re.sub(r"[\s:.-]", "", text).upper()
    if not schemas.pattern("uid").match(uid):
        raise WrongCard(
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
    """Add or change entries: uid, user, contract, group, billing, status, until, proof. One new version.

    Returns how many entries changed; nothing that is already so makes a new version.
    """
    now_there = {entry.uid: entry for entry in at_version(session, charger, charger.list_version)}
    version = max(charger.list_version, charger.list_applied) + 1
    changed: dict[str, dict] = {}
    for entry in entries:
        line = _line(entry)
        known = changed.get(line["uid"]) or _as_line(now_there.get(line["uid"]))
        if known and known["user"] != line["user"]:
            raise WrongCard(
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


def lines(session: Session, charger: Charger, version: int) -> list[listing.Line]:
    """The list as it was in a version, as it travels."""
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
        "proof": entry.get("proof") or "uid",
    }
    for member in listing.MEMBERS[1:]:
        quick = _QUICK.get(member)
        if quick and schemas.pattern(quick).match(line[member]):
            continue
        why = _problem(member, line[member])
        if why:
            raise WrongMember(member, why)
    return line


@lru_cache(maxsize=1024)
def _problem(member: str, value: object) -> str:
    return schemas.problem(f"list.json#/properties/put/items/properties/{member}", value)
