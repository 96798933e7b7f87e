"""A charger asks about a card that its list does not know. The answer is a signed order, at once.

The charger never tells a card's number: it sends the number's keyed reference, which this service reckons
for every card it knows. A card that is wanted on the charger's list, and has not arrived there yet, is
answered as the list would; one of a subscriber at another charger is `not_subscribed`; else `unknown`.
"""

import logging
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import jws, keys, orders, schemas, store, subscribers
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError, Refused
from tools.cloud.models import Ask, Charger, Entry

log = logging.getLogger("tools.cloud.asks")

ANSWER_TTL_S = 60  # no charger waits longer than 30 s
OLD_S = 60  # a question that waited so long at the broker is nobody's any more


class Answer(NamedTuple):
    """What is said about a card: the entry under which it may charge, or the reason why not."""

    entry: Entry | None
    reason: str


def take(session: Session, charger: Charger, message: bytes, now: int) -> list[Downlink]:
    """Take one message from the topic `ask`; answered by one order `authorize`."""
    try:
        question = jws.verify(
            message, keys.UP, jws.ASK, lambda n: store.master_key(session, charger.id, n)
        )
        schemas.check("ask", question)
        if question["charger"] != charger.id:
            raise Refused("wrong_charger", "the question names another charger than its topic")
    except Refused as refused:
        log.error("%s: a message on `ask` was not taken: %s", charger.id, refused)
        return []
    asked_s = question["at"]["t"]
    if session.get(Ask, (charger.id, question["id"])) is not None:
        return []  # the broker says it twice; the first answer stands
    if asked_s is not None and now - asked_s > OLD_S:
        log.warning("%s: question %s is too old to be answered", charger.id, question["id"])
        return []
    answer = judge(session, charger, question, now)
    return [_reply(session, charger, question, answer, max(now, asked_s or 0), now)]


def judge(session: Session, charger: Charger, question: dict, now: int) -> Answer:
    """Whether the card of a question may charge at this charger."""
    master = store.master_key(session, charger.id, 1)
    if master is None:
        log.error("%s: its first key is not known, so no card can be recognised", charger.id)
        return Answer(None, "unknown")

    def is_it(entry: Entry) -> bool:
        if entry.type != question["type"]:
            return False
        ref = keys.card_ref(master, entry.type, bytes.fromhex(entry.uid))
        return ref == question["ref"].lower()

    for entry in subscribers.at_version(session, charger, charger.list_version):
        if is_it(entry):
            reason = refusal(entry, now)
            return Answer(None if reason else entry, reason)
    elsewhere = select(Entry).where(Entry.charger != charger.id, Entry.gone.is_(None))
    if any(is_it(entry) for entry in session.scalars(elsewhere)):
        return Answer(None, "not_subscribed")
    return Answer(None, "unknown")


def refusal(entry: Entry, now: int) -> str:
    """Why an entry lets nobody in, "" when it does."""
    if entry.status in ("blocked", "pending"):
        return entry.status
    if entry.status != "active" or (entry.until is not None and entry.until <= now):
        return "subscription_expired"
    return ""


def token(session: Session, charger: Charger, uid: str) -> dict:
    """The token of a card, as a charger names it in its records."""
    master = store.master_key(session, charger.id, 1)
    if master is None:
        raise CloudError(
            f"The first key of {charger.id} is not known, so no card can be named to it."
        )
    card = bytes.fromhex(subscribers.parse_uid(uid))
    return {"type": "ISO14443", "ref": keys.card_ref(master, "ISO14443", card)}


def _reply(
    session: Session, charger: Charger, question: dict, answer: Answer, at_s: int, now: int
) -> Downlink:
    members = {"ask": question["id"], "connector": question["connector"]}
    if answer.entry is None:
        members |= {"result": "refused", "reason": answer.reason}
    else:
        names = ("user", "contract", "group", "billing")
        members |= {"result": "accepted"} | {name: getattr(answer.entry, name) for name in names}
    order, signed = orders.make(session, charger, "authorize", at_s, ANSWER_TTL_S, **members)
    session.add(
        Ask(
            charger=charger.id,
            ask_id=question["id"],
            ref=question["ref"].lower(),
            asked_at=question["at"]["t"],
            answered_at=now,
            result=members["result"],
            reason=answer.reason,
            user=answer.entry.user if answer.entry else "",
            order_id=order.order_id,
        )
    )
    who = answer.entry.user if answer.entry else answer.reason
    log.info("%s: question %s: %s, %s", charger.id, question["id"], members["result"], who)
    return Downlink("order", signed, False)
