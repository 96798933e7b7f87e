"""A month, session by session and subscriber by subscriber. Nothing is stored: the same records give
the same statements.

A session belongs to the month in which it ended, in the charger's local time: when the vehicle left,
else when energy was last withdrawn, else when the record was made.
"""

import json
from collections import Counter
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tools.cloud import anomalies, months, portal, rating, review, store, zones
from tools.cloud.chains import charger_line
from tools.cloud.models import Charger, Record, Tariff
from tools.cloud.report import (
    BILLED,
    FREE,
    GUEST,
    NO_CURRENCY,
    REVIEW,
    UNATTRIBUTED,
    Report,
    SessionLine,
    Statement,
)


def month_report(session: Session, month: str, tz: str | None, now: int) -> Report:
    """The report of a month "YYYY-MM".

    tz: one zone for all, else each charger's own; now: Unix time, which decides nothing but whether
    a month that is not closed should have been.
    """
    zones.month_bounds(month, ZoneInfo("UTC"))  # a wrong month is said even without a charger
    statements: dict[tuple[str, str, str], Statement] = {}
    unattributed: list[SessionLine] = []
    chargers = []
    for charger in list(store.all_chargers(session)):
        own_zone = zones.zone(str(portal.read_settings(charger)["timezone"]))
        zone = zones.zone(tz) if tz else own_zone
        bounds = zones.month_bounds(month, zone)
        history = store.payloads(session, charger.id, "session_begin", "session_end")
        lines = _lines(session, charger, history, bounds, zone)
        for line in lines:
            if not line.user:
                unattributed.append(line)
                continue
            key = (line.user, line.contract, line.currency)
            statements.setdefault(key, Statement(*key)).lines.append(line)
        check = charger_line(session, charger, history, lines, bounds)
        months.close(session, charger, month, own_zone, now, check)
        anomalies.note(session, charger, bounds, zone, check)
        chargers.append(check)
    for statement in statements.values():
        statement.lines.sort(key=lambda line: (line.ended, line.charger, line.seq))
    return Report(month, [statements[key] for key in sorted(statements)], unattributed, chargers)


def ended_at(end: dict) -> tuple[int | None, str]:
    """When a session ended, with the quality of that time; (None, "U") when nothing says it."""
    for instant in (end["t_unplug"], end["t_stop"], end["at"]):
        if instant and instant["t"] is not None:
            return instant["t"], instant["q"]
    return None, "U"


def _lines(
    session: Session,
    charger: Charger,
    history: list[tuple[Record, dict]],
    bounds: tuple[int, int],
    zone: ZoneInfo,
) -> list[SessionLine]:
    begins = {end["session"]: end for _, end in history if end["kind"] == "session_begin"}
    ends = Counter(end["session"] for _, end in history if end["kind"] == "session_end")
    lines = []
    for record, end in history:
        if end["kind"] != "session_end":
            continue
        at, quality = ended_at(end)
        if not bounds[0] <= (record.received_at if at is None else at) < bounds[1]:
            continue
        why = review.reasons(end, begins.get(end["session"]), ends[end["session"]], at is not None)
        latched = end["tariff"]
        key = (latched["id"], latched["version"]) if latched else None
        tariff = session.get(Tariff, key) if key else None  # kept by the session after the first
        lines.append(_line(charger, end, tariff, why, (at, quality), zone))
    return lines


def _line(
    charger: Charger,
    end: dict,
    tariff: Tariff | None,
    why: list[str],
    ended: tuple[int | None, str],
    zone: ZoneInfo,
) -> SessionLine:
    why = list(why)
    latched = end["tariff"]
    if end["billing"] == "ppm" and latched and tariff is None:
        why.append(f"tariff {latched['id']} version {latched['version']} is not known here")
    currency = tariff.currency if tariff else NO_CURRENCY
    status = REVIEW if why else {"ppm": BILLED, "free": FREE}.get(end["billing"], UNATTRIBUTED)
    if status == FREE and end["token"]["method"] == "rfid_guest":
        status = GUEST
    rated = []
    if status == BILLED and tariff:
        prices = json.loads(tariff.components)
        rated = rating.components(prices, end["energy_wh"], end["seconds"])
    return SessionLine(
        status=status,
        session=end["session"],
        charger=charger.id,
        connector=end.get("connector", 1),
        seq=end["seq"],
        user=end["user"],
        contract=end["contract"],
        group=end["group"],
        started=zones.text(end["t_start"]["t"], zone),
        ended=zones.text(ended[0], zone),
        clock=ended[1],
        energy_wh=end["energy_wh"],
        seconds=end["seconds"],
        tariff=f"{latched['id']} v{latched['version']}" if latched else "",
        currency=currency,
        components=rated,
        amount=rating.total(rated, currency),
        flags=end["flags"],
        offline=end["offline"],
        review=why,
    )
