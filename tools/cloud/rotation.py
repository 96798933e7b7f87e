"""A new master key for a charger, by a signed order.

Both keys are kept until the charger's record `key_changed` arrives, signed with the new one: only then is
it certain that the charger has it. Until then the order is sent anew at every status, each time with a
fresh nonce; then the service signs with the new key, and the configuration is made again under it.

The new key travels wrapped by the old one. Whoever has the old key and has listened has the new key too:
a rotation limits how long a key is used, it does not undo that one was taken. That takes a visit.
"""

import logging
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import keys, listsend, orders, portal, store
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError, Refused
from tools.cloud.models import Charger, Key, Order, Rotation

log = logging.getLogger("tools.cloud.rotation")

CHANGED = "key_changed"
MAX_GENERATION = 255
NONCE_BYTES = 16
_HOPELESS = ("bad_value", "unknown_order", "not_supported")  # the same order would fail again


def rotate(session: Session, charger: Charger, now: int) -> list[Downlink]:
    """Give a charger a new master key; one that is under way is sent again."""
    rotation = pending(session, charger.id)
    if rotation is None:
        newest = store.newest_key(session, charger.id).generation
        if newest >= MAX_GENERATION:
            raise CloudError(f"{charger.id} has had all {MAX_GENERATION} keys that it can have.")
        rotation = Rotation(charger=charger.id, generation=newest + 1, made_at=now)
        master = secrets.token_bytes(keys.MASTER_BYTES)
        session.add(Key(charger=charger.id, generation=newest + 1, master=master))
        session.add(rotation)
        session.flush()
    rotation.refused = ""
    return [_send(session, charger, rotation, now)]


def pending(session: Session, charger_id: str) -> Rotation | None:
    """The rotation that the charger has not told of yet, or None."""
    query = select(Rotation).where(Rotation.charger == charger_id, Rotation.done_at.is_(None))
    return session.scalars(query).one_or_none()


def missing(session: Session, charger: Charger, has: int, now: int) -> list[Downlink]:
    """The order once more, while the charger does not have the key. has: its generation by its status."""
    rotation = pending(session, charger.id)
    if rotation is None or rotation.refused or has >= rotation.generation:
        return []
    if listsend.in_flight(rotation.sent_at, now):
        return []
    return [_send(session, charger, rotation, now)]


def answered(session: Session, order: Order | None) -> None:
    """Note the charger's answer to an order, if it was one of a rotation."""
    if order is None or order.do != "rotate" or order.result != "refused":
        return
    rotation = pending(session, order.charger)
    if rotation is not None and rotation.order_id == order.order_id and order.reason in _HOPELESS:
        rotation.refused = order.reason
        log.error(
            "%s: takes no new key: %s (%s). `rotate %s` tries again",
            order.charger,
            order.reason,
            order.detail,
            order.charger,
        )


def done(
    session: Session, charger: Charger, payload: dict, generation: int, now: int
) -> list[Downlink]:
    """The charger's record `key_changed`, signed with that generation: from now on the new key signs."""
    rotation = pending(session, charger.id)
    if rotation is None or not rotation.generation == payload["generation"] == generation:
        return []
    rotation.done_at, rotation.first_seq = now, payload["seq"]
    session.flush()
    log.info(
        "%s: its key is generation %d from record %d on", charger.id, generation, payload["seq"]
    )
    if not charger.config_version:
        return []
    return portal.renew_config(session, charger, now)


def state(session: Session, charger_id: str) -> list[tuple[int, Rotation | None]]:
    """Every generation of a charger's key, with the rotation that brought it where one did."""
    generations = select(Key.generation).where(Key.charger == charger_id).order_by(Key.generation)
    return [
        (generation, session.get(Rotation, (charger_id, generation)))
        for generation in session.scalars(generations)
    ]


def check_signer(session: Session, charger_id: str, seq: int, generation: int) -> None:
    """Refused when a record's number does not belong to the generation that signed it: whoever has an
    old key can sign nothing new with it."""
    query = select(Rotation).where(Rotation.charger == charger_id, Rotation.done_at.is_not(None))
    for rotation in session.scalars(query):
        if (seq >= rotation.first_seq) != (generation >= rotation.generation):
            raise Refused("wrong_key", f"record {seq} is not signed with generation {generation}")


def _send(session: Session, charger: Charger, rotation: Rotation, now: int) -> Downlink:
    old = store.newest_key(session, charger.id).master
    new = session.get_one(Key, (charger.id, rotation.generation)).master
    nonce = secrets.token_bytes(NONCE_BYTES)
    order, signed = orders.make(
        session,
        charger,
        "rotate",
        now,
        generation=rotation.generation,
        nonce=nonce.hex(),
        wrapped=keys.wrap(old, new, nonce).hex(),
        check=keys.check(new).hex(),
    )
    rotation.sent_at, rotation.order_id = now, order.order_id
    return Downlink("order", signed, False)
