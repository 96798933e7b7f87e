"""One command to one charger: numbered, signed, with an end of its life."""

import json
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import jws, keys, schemas, store
from tools.cloud.errors import CloudError
from tools.cloud.models import Charger, Order

TTL_S = 300
DOS = (
    "start",
    "stop",
    "unlock",
    "lock",
    "resend",
    "reboot",
    "identify",
    "set_time",
    "trace",
    "self_test",
    "update",
    "revoke",
)


def make(
    session: Session, charger: Charger, do: str, now: int, ttl_s: int = TTL_S, **members
) -> tuple[Order, bytes]:
    """Number, sign and keep an order; it is to be published after the transaction is committed.

    members: what the order needs (user, contract, group, billing; from, to; time; connector; ...).
    CloudError names what does not fit the published schema.
    """
    charger.order_n += 1
    payload = {
        "aud": charger.id,
        "n": charger.order_n,
        "exp": now + ttl_s,
        "id": uuid.uuid4().hex,
        "do": do,
        **{name.rstrip("_"): value for name, value in members.items() if value is not None},
    }
    if do == "set_time":
        payload.setdefault("time", now)
    why = schemas.problem("order", payload)
    if why:
        raise CloudError(f"The order is not valid: {why}")
    if do == "resend" and payload["from"] > payload["to"]:
        raise CloudError("The order is not valid: from must not be above to")
    order = Order(
        charger=charger.id,
        n=charger.order_n,
        order_id=payload["id"],
        do=do,
        payload=json.dumps(payload),
        made_at=now,
        exp=payload["exp"],
    )
    session.add(order)
    return order, sign(session, charger, jws.ORDER, payload)


def sign(session: Session, charger: Charger, typ: str, payload: dict) -> bytes:
    """A downlink message for this charger, signed with its newest key."""
    key = store.newest_key(session, charger.id)
    signed = jws.sign(key.master, key.generation, keys.DOWN, typ, payload)
    if len(signed) > jws.MAX_DOWN_BYTES:
        raise CloudError(
            f"The {typ} message has {len(signed)} bytes, a charger takes at most 8192."
        )
    return signed


def answered(session: Session, charger: Charger, reply: dict, now: int) -> Order | None:
    """Note what became of an order; the first answer stands. None when the order is not known."""
    query = select(Order).where(Order.charger == charger.id, Order.order_id == reply.get("id"))
    order = session.scalars(query).one_or_none()
    if order is not None and not order.result:
        order.result = reply["result"]
        order.reason = reply["reason"]
        order.detail = reply.get("detail", "")
        order.replied_at = now
    return order
