"""Time zones: a charger has no time zone data, so it is told the offsets that come."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.cloud.errors import CloudError

RULES_YEARS = 6
_DAY_S = 86400


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; CloudError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CloudError(f"{name!r} is no time zone. Use an IANA name such as Europe/Stockholm.")


def local(unix_s: int, tz: ZoneInfo) -> datetime:
    """An instant in local time."""
    return datetime.fromtimestamp(unix_s, tz)


def text(unix_s: int | None, tz: ZoneInfo) -> str:
    """An instant as local ISO 8601 with its offset; "" when it is unknown."""
    return "" if unix_s is None else local(unix_s, tz).isoformat(timespec="seconds")


def month_bounds(month: str, tz: ZoneInfo) -> tuple[int, int]:
    """A local month "YYYY-MM" as Unix times: its first second and the first of the next month."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise CloudError(f"{month!r} is no month. Write it like 2021-03.")
    year, number = int(month[:4]), int(month[5:])
    following = (year + number // 12, number % 12 + 1)
    try:
        first, last = datetime(year, number, 1, tzinfo=tz), datetime(*following, 1, tzinfo=tz)
        return int(first.timestamp()), int(last.timestamp())
    except (ValueError, OverflowError):
        raise CloudError(f"{month!r} is no month. Write it like 2021-03.")


def offset_rules(name: str, now: int) -> list[dict]:
    """What holds now and every change in the next RULES_YEARS years: [{"from", "offset_s"}], rising."""
    tz = zone(name)
    offset = _offset_s(now, tz)
    rules = [{"from": 0, "offset_s": offset}]
    for day in range(now, now + RULES_YEARS * 366 * _DAY_S, _DAY_S):
        if _offset_s(day + _DAY_S, tz) == offset:
            continue
        low, high = day, day + _DAY_S
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_s(middle, tz) == offset else (low, middle)
        offset = _offset_s(high, tz)
        rules.append({"from": high, "offset_s": offset})
    return rules


def _offset_s(unix_s: int, tz: ZoneInfo) -> int:
    moment = datetime.fromtimestamp(unix_s, UTC).astimezone(tz)
    return int((moment.utcoffset() or timedelta(0)).total_seconds())
