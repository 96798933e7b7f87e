"""Who may begin, and who may stop a session: pure functions over two ordered tables of rules.

The first rule that holds decides, so the order is part of the rule. Ids and reasons are published
(docs/access.md is made from host_tests/access/source.py, which has a case for every row): an id never
changes its meaning, and a rule that goes takes its id with it.

The letters before an id's number: C what the reader gave, S the socket, L the list, P policy, M meter
and store, Y accepted; T who may stop.
"""

from .timekeeping import UNKNOWN

# Who asks: a letter in the second column.
CARD = "c"
ORDER = "o"  # the service vouches for a user in a signed order
VEHICLE = "v"  # plugged, and nobody said who it is
CHANGE = "r"  # configuration or list are others now

# What the reader gave.
GOOD = "good"
BAD = "bad"  # no UID that a card can have
RANDOM = "random"  # made anew at every tap (ISO 14443-3 section 6.5.4)
TWO = "two_cards"
UNPROVEN = "unproven"  # its entry asks for a proof, and it gave none that holds

# Why the socket gives nothing to anybody (availability.lock_cause).
STORE = "store_fault"
UNREADABLE = "unreadable"
ORDERED = "ordered"
OFF = "off"
AUTO = "auto"  # by itself, so many seconds after the last session: whoever is known opens it

ACCEPTED = "accepted"
ASK = "asking"  # of the service, about a card that the list does not hold


class Facts:
    """What the decision to begin rests on. Members that are not given have the values below.

    asks: CARD, ORDER or VEHICLE; card: GOOD, BAD, RANDOM, TWO or UNPROVEN; again: the card was told so a moment ago
    lock: cause word, "" when somebody may begin; fault: the hardware's word; busy: somebody else holds it
    enabled: the flag; guests, groups, offline, store_full, list_max_age_s: policy, as in Config
    entry: the subscriber's Entry, or None when the list does not hold the card
    ask: whether the service is asked about cards that the list does not hold
    locked_out: the card was refused too often in a row
    online: whether the service can be reached
    unix_s: Unix second or None; quality: its letter; floor_s: no earlier than this, whatever the clock says
    list_version, list_fresh_s: the list's version (0 = none), and when the service last confirmed it
    meter_ok: whether a session can be measured; full: whether the store has no room for another one
    """

    asks = CARD
    card = GOOD
    again = False
    lock = ""
    fault = ""
    busy = False
    enabled = True
    guests = "deny"
    ask = False
    groups = ()
    offline = "list"
    store_full = "block"
    entry = None
    locked_out = False
    online = False
    unix_s = None
    quality = UNKNOWN
    floor_s = 0
    list_version = 0
    list_fresh_s = 0
    list_max_age_s = 604800
    meter_ok = True
    full = False

    def __init__(self, **facts):
        for name in facts:
            setattr(self, name, facts[name])


def list_age_s(f):
    """Seconds since the service last confirmed the list; with an unknown clock, the least it can be."""
    return max(0, max(f.unix_s or 0, f.floor_s) - f.list_fresh_s)


def _status(f):
    return "" if f.entry is None else f.entry.status


def _over(f):
    # The floor is a time that has certainly passed: enough to refuse, never enough to accept.
    until_s = None if f.entry is None else f.entry.until_s
    return until_s is not None and max(f.unix_s or 0, f.floor_s) >= until_s


def _group(f):
    return "" if f.entry is None else f.entry.group


# (rule, who asks, reason, when it holds)
BEGIN = (
    ("C1", "c", "two_cards", lambda f: f.card == TWO),
    ("C2", "c", "bad_card", lambda f: f.card == BAD),
    ("C3", "c", "bad_card", lambda f: f.card == RANDOM),
    ("C5", "c", "not_proven", lambda f: f.card == UNPROVEN),
    ("S1", "cov", "store_fault", lambda f: f.lock == STORE),
    ("C4", "c", "debounced", lambda f: f.again),
    ("S2", "cov", "locked", lambda f: f.lock == UNREADABLE),
    ("S3", "cov", "locked", lambda f: f.lock == ORDERED),
    ("S4", "cov", "locked", lambda f: f.lock == OFF),
    ("S5", "cov", "faulted", lambda f: f.fault),
    ("S6", "co", "busy", lambda f: f.busy),
    ("S7", "v", "unknown", lambda f: f.enabled),
    ("S8", "v", "locked", lambda f: f.lock == AUTO),
    ("L1", "c", "locked_out", lambda f: f.locked_out and _status(f) != "active"),
    ("L2", "c", "list_too_old", lambda f: f.list_version and list_age_s(f) > f.list_max_age_s),
    ("L10", "c", ASK, lambda f: f.entry is None and f.guests != "free" and f.ask),
    ("L3", "c", "unknown", lambda f: f.entry is None and f.guests != "free"),
    ("L4", "c", "locked", lambda f: f.entry is None and f.lock == AUTO),
    ("L5", "c", "blocked", lambda f: _status(f) == "blocked"),
    ("L6", "c", "pending", lambda f: _status(f) == "pending"),
    ("L7", "c", "subscription_expired", lambda f: _status(f) == "expired"),
    ("L8", "c", "subscription_expired", _over),
    ("L9", "c", "clock_unknown", lambda f: f.entry and f.entry.until_s and f.unix_s is None),
    ("P1", "c", "wrong_group", lambda f: f.groups and _group(f) not in f.groups),
    ("P2", "c", "not_subscribed", lambda f: f.enabled and f.entry and f.entry.billing == "none"),
    ("P3", "c", "offline_denied", lambda f: not f.online and f.offline == "deny"),
    ("M1", "co", "meter_fault", lambda f: not f.meter_ok),
    ("M2", "co", "store_full", lambda f: f.full and f.store_full == "block"),
    ("Y1", "co", ACCEPTED, lambda f: not f.enabled),
    ("Y2", "c", ACCEPTED, lambda f: f.entry is None),
    ("Y3", "c", ACCEPTED, lambda f: f.entry.billing == "free"),
    ("Y4", "c", ACCEPTED, lambda f: True),
    ("Y5", "o", ACCEPTED, lambda f: True),
    ("Y6", "v", ACCEPTED, lambda f: True),
)

# What a session is billed as; by any other rule as the list or the order says.
_BILLING = {"Y1": "none", "Y2": "free", "Y6": "none"}

# Refusals that are the card's own, and in a row lock it out.
HELD_AGAINST = ("L3", "L5", "L6", "L7")


class StopFacts:
    """What the decision to stop rests on.

    asks: CARD, ORDER or CHANGE; running: whether a session runs that has not been stopped
    other: the order names another session; own: the card began it; mate: an active card of its group; early: in the dead time after its begin
    nobody: it has no identity; revoked: the list does not let its card charge any more
    enabled: the flag; revoked_running: policy
    """

    asks = CARD
    running = True
    other = False
    own = False
    mate = False
    early = False
    nobody = False
    revoked = False
    enabled = True
    revoked_running = "continue"

    def __init__(self, **facts):
        for name in facts:
            setattr(self, name, facts[name])


STOP = (
    ("T1", "o", "no_session", lambda f: not f.running),
    ("T11", "o", "no_session", lambda f: f.other),
    ("T2", "c", "busy", lambda f: not f.own and not f.mate),
    ("T3", "c", "debounced", lambda f: f.early),
    ("T4", "c", ACCEPTED, lambda f: f.own),
    ("T5", "c", ACCEPTED, lambda f: True),
    ("T6", "o", ACCEPTED, lambda f: True),
    ("T7", "r", "unknown", lambda f: f.nobody and f.enabled),
    ("T8", "r", "blocked", lambda f: f.revoked and f.revoked_running == "stop"),
    ("T9", "r", "blocked", lambda f: f.revoked),
    ("T10", "r", ACCEPTED, lambda f: True),
)

# What comes of asking the service about a card (asking.py), where that is a refusal: (rule, reason).
ASKED = (
    ("A1", "busy"),  # another card is being asked about
    ("A2", "clock_unknown"),  # no order is obeyed without
    ("A3", "unknown"),  # enough was asked in this hour
    ("A4", "no_answer"),
    ("A5", "unknown"),  # the service's own word, where it gave one
)

STOPS = ("T4", "T5", "T6", "T7", "T8")  # the others let the session go on


def decide(facts):
    """(rule, reason) of whether to begin; the reason is ACCEPTED or one of reasons.REASONS."""
    return _first(BEGIN, facts)


def decide_stop(facts):
    """(rule, reason) of whether to stop; it stops where the rule is one of STOPS."""
    return _first(STOP, facts)


def billing(rule, given):
    """What a session that `rule` accepted is billed as; given: what the list or the order says."""
    return _BILLING.get(rule, given)


def reason_of(rule):
    """The reason that a rule gives; "unknown" for "", which stands for several."""
    for table in (BEGIN, STOP):
        for row in table:
            if row[0] == rule:
                return row[2]
    for known, reason in ASKED:
        if known == rule:
            return reason
    return "unknown"


def _first(table, facts):
    for rule, who, reason, holds in table:
        if facts.asks in who and holds(facts):
            return rule, reason
    raise ValueError("access: no rule for " + facts.asks)
