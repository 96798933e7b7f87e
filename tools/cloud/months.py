"""Is a month complete? What the charger closed it with, held against the records that are here.

A month_closed record states the exact range of record numbers that it sums up, so the check needs
no clock: every number of the range must be held, and the session ends among them must give the same
figures. Which month a session is billed in does not matter here.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tools.cloud import report, store, zones
from tools.cloud.models import Charger, Record
from tools.cloud.report import ChargerLine, Claim, Difference

CLOSED = "month_closed"
GRACE_S = 86400  # a charger has this long after the month's end before its silence is a failure


def close(
    session: Session, charger: Charger, month: str, own_zone, now: int, result: ChargerLine
) -> None:
    """Fill `closing` and `claims` of a month. own_zone: the charger's; now: Unix time."""
    closed = store.payloads(session, charger.id, CLOSED)
    bodies = [body for _, body in closed]
    for body in bodies:
        if body["month"] == month:
            result.claims.append(check(session, charger, body, bodies))
    if len(result.claims) > 1:
        _closed_twice(result.claims)
    states = [claim.state for claim in result.claims]
    for state in (report.DIFFERS, report.UNCHECKED, report.HOLDS):
        if state in states:
            result.closing = state
            return
    end = zones.month_bounds(month, own_zone)[1]
    if not _lived_before(session, charger, end):
        result.closing = report.NOTHING
    else:
        result.closing = report.NOT_YET if now < end + GRACE_S else report.OVERDUE


def check(session: Session, charger: Charger, body: dict, closed: list[dict]) -> Claim:
    """Hold one month_closed record against the records of its range.

    body: its payload; closed: the payloads of all that are held, rising.
    """
    first, last = body["first_seq"], body["last_seq"]
    figures = {name: body[name] for name in ("sessions", "energy_wh", "unknown", "seconds")}
    claim = Claim(body["seq"], body["month"], first, last, **figures)
    held = store.stored_numbers(session, charger.id, first, last)
    claim.set_aside = store.set_aside_numbers(session, charger.id, first, last)
    known = {*held, *claim.set_aside}
    claim.missing = store.missing(known, max(first, charger.first_seq), last)
    claim.order = _order(charger, body, closed, held)
    # What came before the first number to expect was never meant to be here.
    foreign = bool(store.missing(known, first, min(last, charger.first_seq - 1)))
    if not foreign:
        ends = store.payloads(session, charger.id, "session_end", first=first, last=last)
        claim.differences = _differences(claim, [end for _, end in ends])
    if claim.missing or claim.set_aside or claim.order or claim.differences:
        claim.state = report.DIFFERS
    elif foreign:
        claim.state = report.UNCHECKED
    return claim


def claimed_gaps(session: Session, charger: Charger) -> list[tuple[int, int]]:
    """Numbers up to `upto` that a closed month covers and that are neither held nor set aside.

    They were acknowledged once, so no hole above `upto` shows them.
    """
    bodies = [body for _, body in store.payloads(session, charger.id, CLOSED)]
    if not bodies:
        return []
    first = max(charger.first_seq, min(body["first_seq"] for body in bodies))
    last = min(charger.upto, max(body["last_seq"] for body in bodies))
    inside = Record.seq.between(first, last)
    count = select(func.count()).where(Record.charger == charger.id, inside)
    if session.scalar(count) == last - first + 1:
        return []
    return store.missing(store.settled(session, charger.id, first, last), first, last)


def gaps(session: Session, charger: Charger) -> list[tuple[int, int]]:
    """Every number that is known to be missing, as (first, last) pairs, rising."""
    return claimed_gaps(session, charger) + store.holes(session, charger)


def _order(charger: Charger, body: dict, closed: list[dict], held: list[int]) -> list[str]:
    first, last, wrong = body["first_seq"], body["last_seq"], []
    if body["seq"] != last + 1:
        wrong.append(f"the range ends at {last}, the record itself is {body['seq']}")
    if last < first - 1:
        wrong.append(f"the range {first}..{last} is none")
    earlier = [one for one in closed if one["seq"] < body["seq"]]
    if not earlier and charger.first_seq > 1:
        return wrong  # what was closed before is another service's
    expected = earlier[-1]["last_seq"] + 1 if earlier else 1
    # A range begins with the month_closed record before it; when that one is missing, it says so.
    before_is_missing = expected < first <= last and first not in held
    if first != expected and not before_is_missing:
        wrong.append(f"the range begins at {first}, the one before it ended at {expected - 1}")
    return wrong


def _differences(claim: Claim, ends: list[dict]) -> list[Difference]:
    pairs = [
        ("sessions", claim.sessions, len(ends)),
        ("energy_wh", claim.energy_wh, sum(end["energy_wh"] or 0 for end in ends)),
        ("unknown", claim.unknown, sum(end["energy_wh"] is None for end in ends)),
    ]
    pairs += [
        (name, claim.seconds[name], sum(end["seconds"][name] for end in ends))
        for name in report.TIMES
    ]
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


def _closed_twice(claims: list[Claim]) -> None:
    for claim in claims:
        others = ", ".join(str(other.seq) for other in claims if other is not claim)
        claim.order.append(f"the month was closed again by record {others}")
        claim.state = report.DIFFERS


def _lived_before(session: Session, charger: Charger, end: int) -> bool:
    made_at = func.coalesce(Record.at, Record.received_at)
    query = select(Record.seq).where(Record.charger == charger.id, made_at < end).limit(1)
    return session.scalar(query) is not None
