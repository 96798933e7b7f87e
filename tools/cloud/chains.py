"""Does a month hold together? Record numbers without a hole, registers without a jump.

A charger proves its sessions by two chains: the record numbers, and the meter's register, which must
stand at a session's begin where it stood at the end of the one before.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import store
from tools.cloud.models import Charger, Record
from tools.cloud.report import Break, ChargerLine, SessionLine


def charger_line(
    session: Session,
    charger: Charger,
    history: list[tuple[Record, dict]],
    lines: list[SessionLine],
    bounds: tuple[int, int],
) -> ChargerLine:
    """Reconcile a charger's month. history: its begin and end records; lines: the month's sessions;
    bounds: the month as Unix times, the end not in it.
    """
    result = ChargerLine(charger.id)
    of_month = {line.seq for line in lines}
    _numbers(session, charger, bounds, of_month, result)
    _open(history, bounds, result)
    _registers([end for _, end in history if end["kind"] == "session_end"], of_month, result)
    return result


def _numbers(
    session: Session,
    charger: Charger,
    bounds: tuple[int, int],
    ends: set[int],
    result: ChargerLine,
) -> None:
    query = select(Record.seq, Record.at).where(Record.charger == charger.id).order_by(Record.seq)
    rows = session.execute(query).all()
    inside = ends | {seq for seq, at in rows if at is not None and bounds[0] <= at < bounds[1]}
    if not inside:
        return
    first, last = min(inside), max(inside)
    # A hole just before the month's first record may hide one of its records.
    earlier = [seq for seq, _ in rows if seq < first]
    start = (earlier[-1] if earlier else charger.first_seq - 1) + 1
    result.set_aside = store.set_aside_numbers(session, charger.id, start, last)
    known = {seq for seq, _ in rows} | set(result.set_aside)
    result.first_seq, result.last_seq = first, last
    result.gaps = store.missing(known, start, last)


def _open(
    history: list[tuple[Record, dict]], bounds: tuple[int, int], result: ChargerLine
) -> None:
    ended = {body["session"] for _, body in history if body["kind"] == "session_end"}
    for record, body in history:
        if body["kind"] != "session_begin" or body["session"] in ended:
            continue
        at = body["t_start"]["t"] or record.at or record.received_at
        if at < bounds[1]:
            result.open_sessions.append(body["session"])


def _registers(ends: list[dict], of_month: set[int], result: ChargerLine) -> None:
    before: dict[int, dict] = {}  # by connector: each has its own meter
    spans: dict[tuple[int, str], list[int]] = {}  # first and last register of the month
    for end in ends:
        connector, first_wh, last_wh = (
            end.get("connector", 1),
            end["reg_begin_wh"],
            end["reg_end_wh"],
        )
        previous = before.get(connector)
        if end["seq"] in of_month:
            result.sessions += 1
            result.sessions_wh += end["energy_wh"] or 0
            result.unknown_wh += end["energy_wh"] is None
            span = spans.setdefault((connector, end["meter"]["serial"]), [first_wh, first_wh])
            span[1] = first_wh if last_wh is None else last_wh
            if previous is not None:
                _chain(previous, end, result)
        before[connector] = end
    result.register_wh = sum(last_wh - first_wh for first_wh, last_wh in spans.values())


def _chain(previous: dict, end: dict, result: ChargerLine) -> None:
    if previous["meter"]["serial"] != end["meter"]["serial"]:
        result.breaks.append(Break(previous["session"], end["session"], None))
    elif previous["reg_end_wh"] is None:
        result.breaks.append(Break(previous["session"], end["session"], None))
    elif previous["reg_end_wh"] != end["reg_begin_wh"]:
        moved_wh = end["reg_begin_wh"] - previous["reg_end_wh"]
        result.breaks.append(Break(previous["session"], end["session"], moved_wh))
