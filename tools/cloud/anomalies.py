"""What a charger reports against its own month: moved registers, sessions without a record."""

from datetime import tzinfo

from sqlalchemy.orm import Session

from tools.cloud import store, zones
from tools.cloud.models import Charger, Record
from tools.cloud.report import ChargerLine, RegisterGap, Unbilled


def note(
    session: Session,
    charger: Charger,
    bounds: tuple[int, int],
    zone: tzinfo,
    result: ChargerLine,
) -> None:
    """Fill `register_gaps` and `unbilled` of a charger's month.

    bounds: the month as Unix times, the end not in it. A record without a time counts where it was
    received.
    """
    for record, body in store.payloads(session, charger.id, "meter_anomaly", "store_full"):
        if not bounds[0] <= _made_at(record) < bounds[1]:
            continue
        at = zones.text(record.at, zone)
        if body.get("flag") == "register_gap":
            registers = (body["before_wh"], body["after_wh"])
            result.register_gaps.append(RegisterGap(record.seq, at, body["serial"], *registers))
        sessions, energy_wh = body.get("unbilled_sessions", 0), body.get("unbilled_wh", 0)
        if sessions or energy_wh:
            result.unbilled.append(Unbilled(record.seq, at, sessions, energy_wh))


def _made_at(record: Record) -> int:
    return record.received_at if record.at is None else record.at
