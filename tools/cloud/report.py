"""What a month's report is made of. Only shapes: statements, chains, months, anomalies fill them."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from tools.cloud import rating

# How a session stands in a statement.
BILLED = "billed"
FREE = "free"
GUEST = "guest"  # free, and of nobody that the portal knows
REVIEW = "review"
UNATTRIBUTED = "none"

# How a charger's month was closed.
HOLDS = "holds"
DIFFERS = "does not hold"
NOT_YET = "not closed yet"
OVERDUE = "not closed, though the month is over"
NOTHING = "nothing to close"
UNCHECKED = "not checked"

NO_CURRENCY = "XXX"  # ISO 4217: no currency involved
TIMES = ("connected", "charging", "ev_suspended", "evse_suspended", "outage")

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
class Break:
    """Two sessions that follow each other, and what the register did between them."""

    before: str
    after: str
    wh: int | None  # None: another meter, or no register at the end of the first


@dataclass
class Difference:
    """A figure that the charger closed a month with, and what the held records give."""

    what: str  # "sessions", "energy_wh", "unknown", or one of TIMES
    claimed: int
    held: int


@dataclass
class Claim:
    """One month_closed record, held against the records of its own range first_seq..last_seq.

    The range is empty when first_seq is last_seq + 1.
    """

    seq: int
    month: str
    first_seq: int
    last_seq: int
    sessions: int
    energy_wh: int
    unknown: int
    seconds: dict
    state: str = HOLDS  # HOLDS, DIFFERS or UNCHECKED
    missing: list[tuple[int, int]] = field(default_factory=list)
    set_aside: list[int] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    order: list[str] = field(default_factory=list)  # what is wrong with the range itself, in words


@dataclass
class RegisterGap:
    """What the charger found itself: the register moved between two sessions."""

    seq: int
    at: str  # local time, "" when unknown
    serial: str
    before_wh: int | None
    after_wh: int | None


@dataclass
class Unbilled:
    """What a charger with a full store gave without a record, under the policy `unbilled`."""

    seq: int
    at: str
    sessions: int
    energy_wh: int


@dataclass
class ChargerLine:
    """The reconciliation of one charger's month."""

    charger: str
    first_seq: int | None = None
    last_seq: int | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    set_aside: list[int] = field(default_factory=list)
    open_sessions: list[str] = field(default_factory=list)
    sessions: int = 0
    sessions_wh: int = 0
    unknown_wh: int = 0  # sessions without a known energy
    register_wh: int = 0  # last register minus first, meter by meter
    breaks: list[Break] = field(default_factory=list)
    closing: str = NOTHING
    claims: list[Claim] = field(default_factory=list)  # one, when all is well
    register_gaps: list[RegisterGap] = field(default_factory=list)
    unbilled: list[Unbilled] = field(default_factory=list)

    @property
    def difference_wh(self) -> int:
        """Energy of the registers that no session of the month has."""
        return self.register_wh - self.sessions_wh

    @property
    def holds(self) -> bool:
        """Whether nothing is missing and nothing is unexplained.

        An unbilled tally is the owner's own policy, and does not count against a month; the energy
        that it moved the register by does.
        """
        clean = not (self.gaps or self.set_aside or self.breaks or self.unknown_wh)
        clean = clean and not self.register_gaps and self.closing not in (DIFFERS, OVERDUE)
        return clean and self.difference_wh == 0


@dataclass
class Report:
    """A month: statements by subscriber, sessions of nobody, and each charger's reconciliation."""

    month: str
    statements: list[Statement]
    unattributed: list[SessionLine]
    chargers: list[ChargerLine]
    rounding: str = ROUNDING
