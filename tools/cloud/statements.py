"""A month, session by session and subscriber by subscriber. Nothing is stored: the same records give
the same statements.

A session belongs to the month in which it ended, in the charger's local time: when the vehicle left,
else when energy was last withdrawn, else when the record was made.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import portal, rating, review, store, zones
from tools.cloud.chains import ChargerLine, charger_line
from tools.cloud.models import Charger, Record, Tariff

BILLED = "billed"
FREE = "free"
REVIEW = "review"
UNATTRIBUTED = "none"
NO_CURRENCY = "XXX"  # ISO 4217: no currency involved

ROUNDING = (
    "A session costs the exact sum of its components, rounded once, half up, to the currency's "
    "minor unit; a total is the sum of those amounts."
)


@dataclass
class SessionLine:
    """One session of a statement. `amount` is 0 unless `status` is "billed"."""

    status: str
    session: str
    charger: str
    connector: int
    seq: int
    user: str
    contract: str
    group: str
    started: str
    ended: str
    clock: str
    energy_wh: int | None
    seconds: dict
    tariff: str
    currency: str
    components: list[rating.Component]
    amount: Decimal
    flags: list[str]
    offline: bool
    review: list[str]


@dataclass
class Statement:
    """What one subscriber gets for one contract and currency."""

    user: str
    contract: str
    currency: str
    lines: list[SessionLine] = field(default_factory=list)

    def of(self, *statuses: str) -> list[SessionLine]:
        """The lines with one of these statuses."""
        return [line for line in self.lines if line.status in statuses]

    @property
    def total(self) -> Decimal:
        """What is billed."""
        start = rating.round_half_up(Fraction(0), rating.decimals(self.currency))
        return sum((line.amount for line in self.lines), start)

    @property
    def energy_wh(self) -> int:
        """Energy of the billed and free sessions."""
        return sum(line.energy_wh or 0 for line in self.of(BILLED, FREE))


@dataclass
class Report:
    """A month: statements by subscriber, sessions of nobody, and each charger's reconciliation."""

    month: str
    statements: list[Statement]
    unattributed: list[SessionLine]
    chargers: list[ChargerLine]
    rounding: str = ROUNDING


def month_report(session: Session, month: str, tz: str | None = None) -> Report:
    """The report of a month "YYYY-MM"; tz: one zone for all, else each charger's own."""
    zones.month_bounds(month, ZoneInfo("UTC"))  # a wrong month is said even without a charger
    statements: dict[tuple[str, str, str], Statement] = {}
    unattributed: list[SessionLine] = []
    chargers = []
    for charger in list(store.all_chargers(session)):
        zone = zones.zone(tz or str(portal.read_settings(charger)["timezone"]))
        bounds = zones.month_bounds(month, zone)
        history = _history(session, charger)
        lines = _lines(session, charger, history, bounds, zone)
        for line in lines:
            if not line.user:
                unattributed.append(line)
                continue
            key = (line.user, line.contract, line.currency)
            statements.setdefault(key, Statement(*key)).lines.append(line)
        chargers.append(charger_line(session, charger, history, lines, bounds))
    for statement in statements.values():
        statement.lines.sort(key=lambda line: (line.ended, line.charger, line.seq))
    return Report(month, [statements[key] for key in sorted(statements)], unattributed, chargers)


def _history(session: Session, charger: Charger) -> list[tuple[Record, dict]]:
    query = (
        select(Record)
        .where(Record.charger == charger.id, Record.kind.in_(("session_begin", "session_end")))
        .order_by(Record.seq)
    )
    return [(record, json.loads(record.payload)) for record in session.scalars(query)]


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
        started=_text(end["t_start"]["t"], zone),
        ended=_text(ended[0], zone),
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


def _text(unix_s: int | None, zone: ZoneInfo) -> str:
    return "" if unix_s is None else zones.local(unix_s, zone).isoformat(timespec="seconds")
