"""docs/access.md, printed from the source of rules and cases."""

from agent import access
from agent.trace import DECISIONS
from host_tests.access import source
from tools.setup.places import ROOT

PAGE = ROOT / "docs" / "access.md"

_ASKS = {"c": "a card", "o": "an order", "v": "a vehicle", "r": "a change"}

_HEAD = """# Who may charge

Printed by `python -m host_tests.access --write` from `host_tests/access/source.py`, which also holds the
cases that test `agent/access.py`: do not edit this page. In each table the first rule that holds decides.
A rule's id never changes its meaning. `reason` is one of the words in [the wire](wire/README.md#reasons);
the record `access_refused` and the trace carry both.

Who asks: a card; an order, in which the service vouches for a user; a vehicle that is plugged while nobody
has said who it is; a change of configuration or list, for the session that runs.

## Who may begin
"""

_STOP = """
## Who may stop

Unplugging ends a session without a decision, and locks: the next vehicle has to say who it is.
"""

_ASKED = """
## Asking the service

With `unknown` = `ask`, the flag on and the link up, a card that the list does not hold is asked about
([the wire](wire/README.md#cards-that-the-list-does-not-know)). Accepted, it charges as `rfid_online` by the rules for an
order above. Each refusal is recorded:
"""

_POLICY = """
## What the configuration decides

All of it is in `access` of the signed configuration, and what is not given has its default.

| member | values | default | what it does |
|---|---|---|---|
| `when_off` | `open`, `locked` | `locked` | with the flag off: everybody charges and nobody is billed, or nobody charges |
| `unknown` | `refuse`, `ask` | `refuse` | whether the service is asked about a card that the list does not hold |
| `ask_within_s` | 1 to 30 | 10 | how long its answer is waited for |
| `guests` | `deny`, `free` | `deny` | what becomes of a good card that the list does not hold |
| `groups` | at most 8 references | any | only cards whose entry names one of these groups may begin |
| `offline` | `list`, `deny` | `list` | what the list is worth while the service cannot be reached |
| `list_max_age_s` | 0 to 31622400 | 604800 | an older list lets nobody in |
| `lapse_s` | 5 to 3600 | 60 | who was let in and brings no vehicle has to ask again after this |
| `dead_after_start_s` | 0 to 60 | 5 | for so long after a begin its card does not stop it: the same tap, read twice |
| `dead_after_stop_s` | 0 to 60 | 3 | for so long after a stop the same card does not begin again |
| `autolock_s` | 0 to 86400 | 0 | with the flag off and `when_off` `open`: see below; 0 never locks |
| `revoked_running` | `continue`, `stop` | `continue` | a card that is revoked while it charges |

**Flag and list.** `billing` of an entry is `ppm`, `free`, or `none` for somebody who is known and has no
pay-per-month subscription. With the flag on, `ppm` and `free` charge as that, and `none` is `not_subscribed`.
With the flag off nobody is billed, whatever the entry says: open, the session carries who it was with billing
`none`; locked, nobody charges, free or not.

**Guests** charge with `guests` `free`: the session has method `rfid_guest`, the card's reference, no user, and
billing `free` (`none` with the flag off). A guest is not the same as an entry that is free: that one has a user.
A card that the list holds as blocked, pending or expired is no guest, and with `groups` given nobody is.
A list that comes later does not revoke a guest's running session, unless it holds the card as not active.

**A socket that locks itself.** With the flag off, `when_off` `open` and `autolock_s` above 0, the socket locks
itself that many seconds after the last session ended or somebody unlocked it. An active card of the list, a
signed order `unlock` or a signed order `start` opens it, and then whoever comes within that time may charge.
It boots locked, also when a session is found at boot that does not go on. Who was let in keeps their `lapse_s`.
With the flag on a socket is never open to everybody, and `autolock_s` does nothing.

**Cards.** A card is its type and its UID of 4, 7 or 10 bytes, every byte of it as it came: leading zeros stay,
nothing is padded or cut, and a 4-byte UID is never a longer one with zeros. Hex on the wire may be upper or
lower case. Random UIDs and two cards at once are refused. Only a keyed reference of a card leaves flash.

**A card that is refused again and again.** After 5 refusals in a row by the rules {held} a card is answered
`locked_out` for 10 s, after the next one for 20 s, and so on up to 15 min; taps meanwhile count for nothing.
It is that card alone: the charger remembers 8 such cards and forgets whoever came longest ago, so any number
of other cards delays nobody. A card that the list holds as active is never locked out. Being let in, another
list, another configuration or a boot clears it.

**What a flood costs.** A tap costs one look-up in the list. Refusals are recorded at once 4 times an hour, and
what more there is in at most 4 records when the hour ends.

## The trace

The charger keeps its last {decisions} decisions in RAM: rule, reason, method, list version, time with its
quality, link, and the first 8 digits of the card's reference. The same decision again only counts. A signed order
`{{"do":"trace"}}` is answered with them, oldest first; `python -m tools.cloud order CHARGER trace --wait 5` prints
them. A boot clears it.

## Cases

Each is a test, under CPython and both MicroPythons. Unless it says otherwise the flag is on, the charger is
online with a fresh list, and the card is an active subscriber's.
"""


def page():
    """The whole page."""
    lines = [_HEAD]
    lines += _table(access.BEGIN, source.BEGIN)
    lines.append(_STOP)
    lines += _table(access.STOP, source.STOP)
    lines.append(_ASKED)
    lines += ["| rule | reason | when |", "|---|---|---|"]
    for (rule, reason), (_, when) in zip(access.ASKED, source.ASKED, strict=True):
        lines.append(f"| {rule} | `{reason}` | {when} |")
    held = ", ".join(access.HELD_AGAINST)
    lines.append(_POLICY.format(held=held, decisions=DECISIONS))
    lines += ["| case | rule | reason |", "|---|---|---|"]
    for rows in (source.BEGIN, source.STOP):
        for rule, _, _, _, cases in rows:
            reason = access.reason_of(rule)
            lines += [f"| {_case(text, facts)} | {rule} | `{reason}` |" for text, facts in cases]
    return "\n".join(lines) + "\n"


def _table(table, rows):
    yield "| rule | reason | who asks | when | what the person sees | what the service gets |"
    yield "|---|---|---|---|---|---|"
    for (rule, who, reason, _), (_, when, person, service, _) in zip(table, rows, strict=True):
        asks = ", ".join(_ASKS[letter] for letter in who)
        yield f"| {rule} | `{reason}` | {asks} | {when} | {person} | {service} |"


def _case(text, facts):
    told = [f"{name} {_value(facts[name])}" for name in facts if name not in ("asks", "entry")]
    return f"{text} ({', '.join(told)})" if told else text


def _value(value):
    words = {True: "yes", False: "no", None: "unknown"}
    if isinstance(value, bool) or value is None:
        return words[value]
    return " ".join(value) if isinstance(value, tuple) else str(value)
