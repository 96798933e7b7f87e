"""Local months from Unix seconds, in integers. A month is an index: year * 12 + month - 1."""

_DAY_S = 86400


def days_before(year, month):
    """Days from 1970-01-01 to the first of a month (proleptic Gregorian), month 1..12."""
    # Counted from March, so that the leap day is the last of its year.
    shifted = year - (month < 3)
    in_year = (153 * ((month + 9) % 12) + 2) // 5
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + in_year - 719468


def month_of(local_s):
    """The index of the month that a local second lies in (seconds since 1970-01-01 local)."""
    day = local_s // _DAY_S
    index = 1970 * 12 + day * 12 // 366  # never too late, and at most a month early a century
    while start_of(index + 1) <= local_s:
        index += 1
    return index


def start_of(index):
    """The first local second of a month."""
    return days_before(index // 12, index % 12 + 1) * _DAY_S


def name_of(index):
    """The month as people write it: "2021-03"."""
    return "%04d-%02d" % (index // 12, index % 12 + 1)


def index_of(name):
    """The index of a month written like "2021-03"."""
    return int(name[:4]) * 12 + int(name[5:]) - 1
