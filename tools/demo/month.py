"""The month that the demo lives through: real sessions, see data/README.md."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

DATA = Path(__file__).with_name("data") / "acn_office001_2021-03.json"
MAINS_V = 230
LEAST_A, MOST_A = 6.0, 32.0


@dataclass(frozen=True)
class Visit:
    """One stay at the charger. Times are Unix seconds; demand_a is what the car asks for."""

    user: str
    connected_s: int
    disconnected_s: int
    energy_wh: int
    demand_a: float


@dataclass(frozen=True)
class Month:
    """The visits in order, and the zone whose month it is."""

    name: str
    timezone: str
    visits: list[Visit]

    @property
    def users(self) -> list[str]:
        """Everybody who charges, sorted."""
        return sorted({visit.user for visit in self.visits})


def load(most: int | None = None) -> Month:
    """The month, or its first `most` visits."""
    raw = json.loads(DATA.read_text())
    return Month("2021-03", raw["timezone"], [_visit(entry) for entry in raw["sessions"][:most]])


def card_of(user: str) -> str:
    """A made-up 7-byte card number for a user (hex): the data set has none. 04 is a maker's prefix."""
    return "04" + hashlib.sha256(user.encode()).hexdigest()[:12].upper()


def contract_of(user: str) -> str:
    """The contract that a user accepted."""
    return f"C-{user}"


def _visit(entry: dict) -> Visit:
    connected, done, left = (
        int(datetime.fromisoformat(entry[name]).timestamp())
        for name in ("connected", "done_charging", "disconnected")
    )
    energy_wh = round(entry["energy_kwh"] * 1000)
    # The car's current is the one with which it would have been done when it was.
    amps = energy_wh * 3600 / max(1, min(done, left) - connected) / MAINS_V
    return Visit(
        entry["user"], connected, left, energy_wh, round(min(MOST_A, max(LEAST_A, amps * 1.02)), 3)
    )
