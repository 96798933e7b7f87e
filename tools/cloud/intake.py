"""A record: verified, stored once, acknowledged. What cannot be taken is set aside with its reason.

The acknowledgement is cumulative: every number up to `upto` is stored or set aside. Only a message
with the charger's own signature can set a number aside, or an outsider could make a charger give up
a record that the service never had.
"""

import json
import logging
from typing import NamedTuple

from sqlalchemy.orm import Session

from tools.cloud import jws, keys, orders, rotation, schemas, store
from tools.cloud.downlink import Downlink
from tools.cloud.errors import Refused
from tools.cloud.models import Charger, Record

log = logging.getLogger("tools.cloud.intake")

NAMED_REJECTIONS = 32  # in one acknowledgement, which must stay below 8192 bytes
ASK_AGAIN_S = 60


class Taken(NamedTuple):
    """What came of one message: what to publish, and the payload when it is a new stored record."""

    down: list[Downlink]
    payload: dict | None


def take(session: Session, charger: Charger, message: bytes, now: int) -> Taken:
    """Take one message from the topic `record`; answered by an ack and, on a gap, by an order."""
    try:
        payload = jws.verify(
            message, keys.UP, jws.RECORD, lambda n: store.master_key(session, charger.id, n)
        )
        schemas.check("common.json#/$defs/seq", payload.get("seq"))
        generation = jws.generation(message, keys.UP)
        rotation.check_signer(session, charger.id, payload["seq"], generation)
    except Refused as refused:
        _set_unvouched_aside(session, charger, message, refused, now)
        return Taken([], None)
    stored = _keep(session, charger, message, payload, now)
    store.advance(session, charger)
    asked = ask_for(session, charger, store.holes(session, charger), now)
    down = [ack(session, charger), *asked]
    if stored and payload["kind"] == rotation.CHANGED:
        down += rotation.done(session, charger, payload, generation, now)
    return Taken(down, payload if stored else None)


def ack(session: Session, charger: Charger) -> Downlink:
    """The acknowledgement of everything the service holds of this charger."""
    rejected = [
        {"seq": entry.seq, "reason": entry.reason}
        for entry in store.newest_rejections(session, charger.id, NAMED_REJECTIONS)
    ]
    payload = {"aud": charger.id, "upto": charger.upto, "rejected": rejected}
    return Downlink("ack", orders.sign(session, charger, jws.ACK, payload), False)


def ask_for(
    session: Session, charger: Charger, missing: list[tuple[int, int]], now: int
) -> list[Downlink]:
    """One signed `resend` for the first of these gaps, if there is one; not again for the same one
    within ASK_AGAIN_S.
    """
    if not missing:
        return []
    first, last = missing[0]
    asked_at = charger.resend_at
    recently = asked_at is not None and 0 <= now - asked_at < ASK_AGAIN_S
    asked = charger.resend_from is not None and charger.resend_to is not None
    if recently and asked and charger.resend_from <= first and last <= charger.resend_to:
        return []
    charger.resend_from, charger.resend_to, charger.resend_at = first, last, now
    log.warning("%s: records %d to %d are missing, asking for them", charger.id, first, last)
    _, signed = orders.make(session, charger, "resend", now, from_=first, to=last)
    return [Downlink("order", signed, False)]


def rejudge(session: Session, charger: Charger, now: int) -> int:
    """Look at everything set aside once more, with today's schemas. Returns how many were taken."""
    taken = 0
    for entry in store.newest_rejections(session, charger.id, limit=100000):
        if not entry.jws:
            continue
        try:
            payload = jws.verify(
                entry.jws, keys.UP, jws.RECORD, lambda n: store.master_key(session, charger.id, n)
            )
            _check(charger, payload)
        except Refused:
            continue
        _add(session, charger, entry.jws, payload, now)
        session.delete(entry)
        taken += 1
    store.advance(session, charger)
    return taken


def _keep(session: Session, charger: Charger, message: bytes, payload: dict, now: int) -> bool:
    seq = payload["seq"]
    known = store.record(session, charger.id, seq)
    aside = store.rejection(session, charger.id, seq)
    held = known.jws if known else aside.jws if aside else None
    if held == message:
        log.debug("%s: record %d came again", charger.id, seq)
        if aside:
            aside.times += 1
        return False
    if held is not None and (known or held):
        detail = f"record {seq} came again with other bytes; what came first stands"
        log.error("%s: ALTERED RECORD: %s", charger.id, detail)
        store.set_aside(session, charger, message, "altered", detail, now, seq)
        return False
    try:
        _check(charger, payload)
    except Refused as refused:
        log.error("%s: record %d set aside: %s", charger.id, seq, refused)
        store.set_aside(
            session, charger, message, refused.reason, refused.detail, now, seq, named=True
        )
        return False
    if aside:  # a number that was written off turned up after all
        session.delete(aside)
    _add(session, charger, message, payload, now)
    return True


def _check(charger: Charger, payload: dict) -> None:
    if payload.get("charger") != charger.id:
        raise Refused("wrong_charger", "the record names another charger than its topic")
    schemas.check("record", payload)


def _add(session: Session, charger: Charger, message: bytes, payload: dict, now: int) -> None:
    session.add(
        Record(
            charger=charger.id,
            seq=payload["seq"],
            kind=payload["kind"],
            session=payload.get("session"),
            at=payload["at"]["t"],
            received_at=now,
            jws=message,
            payload=json.dumps(payload),
        )
    )
    session.flush()
    log.info("%s: record %d %s stored", charger.id, payload["seq"], payload["kind"])


def _set_unvouched_aside(
    session: Session, charger: Charger, message: bytes, refused: Refused, now: int
) -> None:
    new = store.set_aside(
        session, charger, message[: jws.MAX_UP_BYTES], refused.reason, refused.detail, now
    )
    if new:
        log.error("%s: a message on `record` was set aside: %s", charger.id, refused)
