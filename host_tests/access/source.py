"""Every rule of access in words, with the cases that prove it. docs/access.md is printed from here.

A row: rule, when it decides, what the person sees, what the service gets, cases. A case: what it is in
words, and the facts in which it differs from BASE (or STOP_BASE). Order and reasons are the agent's own
(agent/access.py); both_access.py holds the two against each other and runs every case.
"""

# An active subscriber's card at an online charger with the flag on. entry: status, billing, until, group.
BASE = {
    "entry": ("active", "ppm", None, "g-1"),
    "online": True,
    "unix_s": 2000,
    "quality": "S",
    "list_version": 1,
    "list_fresh_s": 2000,
    "list_max_age_s": 500,
}
STOP_BASE = {}

_REFUSED = "`refused` for 3 s"
_RECORD = "record `access_refused`"
_BOTH = "record `access_refused`; an order is answered `refused`"
_LOCKED = "`locked`"

_GUEST = {"entry": None, "guests": "free"}


def _entry(status="active", billing="ppm", until=None, group="g-1"):
    return {"entry": (status, billing, until, group)}


def _with(*parts):
    facts = {}
    for part in parts:
        facts.update(part)
    return facts


BEGIN = (
    ("C1", "more than one card is in the field", _REFUSED, _RECORD + " without a card",
     (("two cards at once, one of them a subscriber's", {"card": "two_cards"}),)),
    ("C2", "the UID has not 4, 7 or 10 bytes: a check byte, a cut or a padded number", _REFUSED,
     _RECORD + " without a card",
     (("a UID of 5 bytes", {"card": "bad"}),)),
    ("C3", "the UID is random: 4 bytes, the first is 08", _REFUSED, _RECORD + " without a card",
     (("a phone that makes up a UID at every tap", {"card": "random"}),)),
    ("C5", "the card's entry asks for a proof (`proof` `sun`), and it gave none, a wrong one or one seen before",
     _REFUSED, _RECORD,
     (("a copy of a card", {"card": "unproven"}),)),
    ("S1", "flash does not answer: nothing could be recorded", _LOCKED + ", " + _REFUSED,
     "status: fault `store_fault`",
     (("a card", {"lock": "store_fault"}),
      ("a card while another's session runs", {"lock": "store_fault", "busy": True}),
      ("an order", {"asks": "o", "lock": "store_fault"}),
      ("a vehicle, flag off and open", {"asks": "v", "enabled": False, "lock": "store_fault"}))),
    ("C4", "the same card was let in and waits for a vehicle, or stopped its session less than "
     "`dead_after_stop_s` ago", "nothing new", "nothing",
     (("a card that bounces", {"again": True}),
      ("a card that bounces at a locked socket", {"again": True, "lock": "ordered"}))),
    ("S2", "configuration or list in flash cannot be trusted", _LOCKED + ", " + _REFUSED,
     _BOTH + "; status: fault `config_unreadable` or `list_unreadable`",
     (("a card", {"lock": "unreadable"}), ("an order", {"asks": "o", "lock": "unreadable"}),
      ("a vehicle, and the configuration that said open is damaged",
       {"asks": "v", "enabled": False, "lock": "unreadable"}))),
    ("S3", "a signed order `lock` is in force", _LOCKED + ", " + _REFUSED, _BOTH,
     (("a card", {"lock": "ordered"}), ("an order", {"asks": "o", "lock": "ordered"}),
      ("a vehicle, flag off and open", {"asks": "v", "enabled": False, "lock": "ordered"}))),
    ("S4", "the flag is off and `when_off` is `locked`", _LOCKED + ", " + _REFUSED, _BOTH,
     (("a subscriber's card", {"enabled": False, "lock": "off"}),
      ("the card of somebody who charges free", _with({"enabled": False, "lock": "off"},
                                                      _entry(billing="free"))),
      ("a guest, guests free", _with({"enabled": False, "lock": "off"}, _GUEST)),
      ("an order", {"asks": "o", "enabled": False, "lock": "off"}),
      ("a vehicle", {"asks": "v", "enabled": False, "lock": "off"}))),
    ("S5", "the power hardware reports a fault, or the vehicle's pilot means one", "`faulted`, " + _REFUSED,
     _BOTH + "; record `fault`",
     (("a card", {"fault": "welded"}), ("an order", {"asks": "o", "fault": "ground"}),
      ("a vehicle, flag off and open", {"asks": "v", "enabled": False, "fault": "pilot"}))),
    ("S6", "somebody else's session runs, or somebody was let in and waits for a vehicle", _REFUSED,
     _BOTH,
     (("a card", {"busy": True}), ("an unknown card", {"busy": True, "entry": None}),
      ("an order", {"asks": "o", "busy": True}))),
    ("S7", "a vehicle is plugged, the flag is on, and nobody has said who it is", "`available`: a card is "
     "waited for", "nothing",
     (("a vehicle", {"asks": "v"}), ("a vehicle, guests free", {"asks": "v", "guests": "free"}))),
    ("S8", "a vehicle is plugged at a socket that has locked itself (`autolock_s`)", _LOCKED, "nothing",
     (("a vehicle, flag off and open", {"asks": "v", "enabled": False, "lock": "auto"}),)),
    ("L1", "the card was refused too often in a row, and the list does not hold it as active", _REFUSED,
     _RECORD,
     (("an unknown card, the sixth time in a row", {"entry": None, "locked_out": True}),
      ("a blocked card", _with({"locked_out": True}, _entry("blocked"))),
      ("a guest, guests free", _with({"locked_out": True}, _GUEST)))),
    ("L2", "the service has not confirmed the list for `list_max_age_s`", _REFUSED, _RECORD,
     (("a list that is a second too old", {"list_fresh_s": 1499}),
      ("offline", {"list_fresh_s": 1499, "online": False}),
      ("a guest: nobody knows any more who is blocked", _with({"list_fresh_s": 1499}, _GUEST)),
      ("the clock is unknown, and it is certainly later", {"list_fresh_s": 1000, "unix_s": None,
                                                           "quality": "U", "floor_s": 1501}))),
    ("L10", "the list does not hold the card, `guests` is `deny`, and the service can be asked about it (see below)",
     "`asking` until the answer comes", "a question on the topic `ask`",
     (("a stranger's card", {"entry": None, "ask": True}),)),
    ("L3", "the list does not hold the card, and `guests` is `deny`", _REFUSED, _RECORD,
     (("a stranger's card", {"entry": None}), ("offline", {"entry": None, "online": False}),
      ("a stranger's card, and the store is full", {"entry": None, "full": True}),
      ("a charger without a list", {"entry": None, "list_version": 0, "list_fresh_s": 0}),
      ("the flag off and open", {"entry": None, "enabled": False}),
      ("a socket that has locked itself", {"entry": None, "enabled": False, "lock": "auto"}))),
    ("L4", "a guest at a socket that has locked itself: only who is known opens it", _REFUSED, _RECORD,
     (("a guest, guests free", _with({"enabled": False, "lock": "auto"}, _GUEST)),)),
    ("L5", "on the list as `blocked`", _REFUSED, _RECORD,
     (("a blocked card", _entry("blocked")),
      ("a blocked card, guests free", _with({"guests": "free"}, _entry("blocked"))))),
    ("L6", "on the list as `pending`: the contract is not accepted yet", _REFUSED, _RECORD,
     (("a pending card", _entry("pending")),)),
    ("L7", "on the list as `expired`", _REFUSED, _RECORD, (("an expired card", _entry("expired")),)),
    ("L8", "`until` has passed", _REFUSED, _RECORD,
     (("until this second", _entry(until=2000)),
      ("the clock is unknown, and it is certainly later",
       _with({"unix_s": None, "quality": "U", "floor_s": 2001}, _entry(until=2001))))),
    ("L9", "the entry has an `until`, and the charger does not know the time", _REFUSED, _RECORD,
     (("after a boot without network", _with({"unix_s": None, "quality": "U"}, _entry(until=2001))),)),
    ("P1", "`groups` is given, and the card's group is none of them; a guest has no group", _REFUSED,
     _RECORD,
     (("a card of another group", {"groups": ("g-2", "g-3")}),
      ("a card of no group", _with({"groups": ("g-2",)}, _entry(group=""))),
      ("a guest, guests free", _with({"groups": ("g-2",)}, _GUEST)),
      ("the flag off and open", {"groups": ("g-2",), "enabled": False}))),
    ("P2", "the flag is on, and the entry's billing is `none`: known, but without pay per month", _REFUSED,
     _RECORD,
     (("somebody of the house without a subscription", _entry(billing="none")),)),
    ("P3", "the service cannot be reached, and `offline` is `deny`", _REFUSED, _RECORD,
     (("a subscriber's card", {"online": False, "offline": "deny"}),
      ("a guest, guests free", _with({"online": False, "offline": "deny"}, _GUEST)))),
    ("M1", "the meter does not answer, or is not believed", _REFUSED, _BOTH,
     (("a card", {"meter_ok": False}), ("an order", {"asks": "o", "meter_ok": False}),
      ("somebody who charges free", _with({"meter_ok": False}, _entry(billing="free"))))),
    ("M2", "only the reserve is left in flash, and `store_full` is `block`", _REFUSED,
     "record `store_full`; an order is answered `refused`",
     (("a card", {"full": True}), ("an order", {"asks": "o", "full": True}))),
    ("Y1", "the flag is off: nobody is billed, but the record says who it was", "`authorized`",
     "session, billing `none`",
     (("a subscriber's card", {"enabled": False}),
      ("the card of somebody who charges free", _with({"enabled": False}, _entry(billing="free"))),
      ("somebody without a subscription", _with({"enabled": False}, _entry(billing="none"))),
      ("a guest, guests free", _with({"enabled": False}, _GUEST)),
      ("a subscriber's card at a socket that has locked itself", {"enabled": False, "lock": "auto"}),
      ("an order", {"asks": "o", "enabled": False}))),
    ("Y2", "a guest: a card that the list does not hold, and `guests` is `free`", "`authorized`",
     "session, billing `free`, method `rfid_guest`, no user",
     (("a stranger's card", _GUEST), ("offline", _with({"online": False}, _GUEST)),
      ("the clock is unknown", _with({"unix_s": None, "quality": "U"}, _GUEST)))),
    ("Y3", "an active entry with billing `free`", "`authorized`", "session, billing `free`, with its user",
     (("somebody who charges free", _entry(billing="free")),
      ("offline", _with({"online": False}, _entry(billing="free"))))),
    ("Y4", "an active subscriber", "`authorized`", "session, billing `ppm`",
     (("a subscriber's card", {}),
      ("offline", {"online": False}),
      ("a group that may", {"groups": ("g-2", "g-1")}),
      ("until a second from now", _entry(until=2001)),
      ("an unknown clock and no `until`", {"unix_s": None, "quality": "U"}),
      ("a clock that is only informative", {"quality": "I"}),
      ("a list of the last second that counts", {"list_fresh_s": 1500}),
      ("an unknown clock, and a list that may be too old", {"list_fresh_s": 1000, "unix_s": None,
                                                            "quality": "U"}),
      ("an active card is never locked out", {"locked_out": True}),
      ("the store full, and the policy `unbilled`: charges without a record",
       {"full": True, "store_full": "unbilled"}))),
    ("Y5", "the service vouches for a user in a signed order: the list is not asked", "`authorized`",
     "session, billing as ordered",
     (("an order", {"asks": "o", "entry": None}),
      ("an order, groups given and the list too old", {"asks": "o", "groups": ("g-2",),
                                                       "list_fresh_s": 0}))),
    ("Y6", "a vehicle is plugged, the flag is off and `when_off` is `open`", "`authorized`, `charging`",
     "session, billing `none`, method `none`",
     (("a vehicle", {"asks": "v", "enabled": False}),)),
)  # fmt: skip

STOP = (
    ("T1", "an order, and nothing runs", "nothing", "the order is answered `refused`",
     (("an order", {"asks": "o", "running": False}),)),
    ("T11", "an order that names another session than the one that runs", "nothing", "the order is answered `refused`",
     (("an order", {"asks": "o", "other": True}),)),
    ("T2", "neither the card that began the session nor an active one of its group", _REFUSED, _RECORD,
     (("another subscriber's card", {}), ("at once after the begin", {"early": True}))),
    ("T3", "less than `dead_after_start_s` after the begin", "nothing new", "nothing",
     (("a card that bounces", {"own": True, "early": True}),
      ("one of its group", {"mate": True, "early": True}))),
    ("T4", "the card that began it", "`finishing`", "session end, `Local`",
     (("its own card", {"own": True}), ("its own card, revoked meanwhile", {"own": True, "revoked": True}))),
    ("T5", "an active card of its group", "`finishing`", "session end, `Local`",
     (("a card of its group", {"mate": True}),)),
    ("T6", "a signed order", "`finishing`", "session end, `Remote`", (("an order", {"asks": "o"}),)),
    ("T7", "it runs for nobody, and the flag comes on", "`finishing`", "session end, `DeAuthorized`",
     (("a vehicle that charged while the flag was off", {"asks": "r", "nobody": True}),)),
    ("T8", "its card or user is not active any more, or an order `revoke` takes it back, and `revoked_running` is `stop`", "`finishing`",
     _RECORD + ", flag `revoked`, session end `DeAuthorized`",
     (("a card that is blocked while it charges",
       {"asks": "r", "revoked": True, "revoked_running": "stop"}),)),
    ("T9", "its card or user is not active any more, or an order `revoke` takes it back: it goes on", "nothing new", _RECORD + ", flag `revoked`",
     (("a card that is blocked while it charges", {"asks": "r", "revoked": True}),)),
    ("T10", "configuration or list changed, and it may go on as it began", "nothing new", "nothing",
     (("the flag goes off", {"asks": "r", "enabled": False}),
      ("the flag goes off, and it runs for nobody", {"asks": "r", "enabled": False, "nobody": True}),
      ("another tariff, another list", {"asks": "r"}))),
)  # fmt: skip

# What comes of asking the service, where that is a refusal: rule, when.
ASKED = (
    ("A1", "another card is being asked about"),
    ("A2", "the charger does not know the time: no answer could be obeyed"),
    ("A3", "30 questions have been asked in this hour"),
    ("A4", "no answer came within `ask_within_s`"),
    (
        "A5",
        "the service says no; `reason` is its word. For a minute the card is refused so without asking again",
    ),
)
