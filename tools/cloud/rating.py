"""A tariff applied to a session: exact sums, rounded once.

ENERGY is per kWh, TIME per hour of charging, PARKING_TIME per hour in which the vehicle took nothing
though it could (OCPI's meaning: time in which the charger withheld energy, and outages, are never
in it), FLAT once a session. Amounts are exact fractions; the one rounding of a session's sum is half
up to the currency's minor unit.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

WH_PER_KWH = 1000
S_PER_HOUR = 3600

# ISO 4217 currencies whose minor unit is not a hundredth.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF", "XXX"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_SHOWN_DECIMALS = 6


@dataclass(frozen=True)
class Component:
    """One price of a tariff applied: `exact` is quantity times price, not rounded."""

    type: str
    price: Decimal
    quantity: int
    unit: str  # of quantity: Wh, s or session
    exact: Fraction

    @property
    def shown(self) -> Decimal:
        """The exact amount to six decimals, for reading only."""
        return round_half_up(self.exact, _SHOWN_DECIMALS)


def decimals(currency: str) -> int:
    """Digits of a currency's minor unit."""
    return _DECIMALS.get(currency, 2)


def round_half_up(amount: Fraction, digits: int) -> Decimal:
    """An exact amount rounded half away from zero to `digits` decimals."""
    scaled = abs(amount) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if amount < 0 else whole).scaleb(-digits)


def components(prices: list[dict], energy_wh: int, seconds: dict) -> list[Component]:
    """Every component of a tariff on one session, in the tariff's order.

    prices: [{"type", "price"}]; seconds: the record's five times.
    """
    amounts = {
        "ENERGY": (energy_wh, "Wh", WH_PER_KWH),
        "TIME": (seconds["charging"], "s", S_PER_HOUR),
        "PARKING_TIME": (seconds["ev_suspended"], "s", S_PER_HOUR),
        "FLAT": (1, "session", 1),
    }
    rated = []
    for entry in prices:
        quantity, unit, divisor = amounts[entry["type"]]
        price = Decimal(entry["price"])
        exact = Fraction(price) * Fraction(quantity, divisor)
        rated.append(Component(entry["type"], price, quantity, unit, exact))
    return rated


def total(rated: list[Component], currency: str) -> Decimal:
    """What a session costs: the exact sum, rounded once."""
    exact = sum((component.exact for component in rated), Fraction(0))
    return round_half_up(exact, decimals(currency))
