"""What happens to one charger, and when: a list of events, each [wait in ms, name, arguments...].

Made from a seed alone, whatever the charger does, so that a part of it can be played again. Every event
makes sense in every state of the world: a vehicle that is not there cannot leave.
"""

from host_tests.years.dice import Dice

SECOND = 1000
MINUTE = 60000
HOUR = 3600000
DAY = 86400000
SECRET = "C0FFEE5A"  # in every card number, so that one look finds any of them

USERS = 9
BILLINGS = ("ppm",) * 16 + ("free", "free", "none")
GROUPS = ((), (), (), (), ("g", "h"), ("h",))  # that may charge; none given: any
RULES = []
for _year in range(8):  # Stockholm: last Sundays of March and October, 01:00 UTC
    RULES.append((_year, 0))

_SPRING = (1616893200, 1648342800, 1679792400, 1711846800, 1743296400, 1774746000, 1806195600)
_AUTUMN = (1635642000, 1667091600, 1698541200, 1729990800, 1761440400, 1792890000, 1824944400)


def rules():
    """utc_offset_rules of the years that lives take place in."""
    found = [{"from": 0, "offset_s": 3600}]
    for i in range(len(_SPRING)):
        found.append({"from": _SPRING[i], "offset_s": 7200})
        found.append({"from": _AUTUMN[i], "offset_s": 3600})
    return found


def card(i):
    """The number of the i-th card, in hex: of 4, 7 and 10 bytes."""
    tail = "%02X" % i
    if i % 5 == 4:
        return SECRET[:8] if i == 4 else "04" + SECRET + tail + "0011223300"[:8] + tail
    return "04" + SECRET + tail + "31"


class Life:
    """Events of `days` days. Iterate: yields events in order of time."""

    def __init__(self, seed, days, visits_a_day=3):
        self.dice = Dice(seed)
        self._online = Dice(seed + 3000017)  # of its own, so that it does not move what was there
        self._end_ms = days * DAY
        self._pause_ms = DAY // visits_a_day
        self._later = []  # (ms, order, event)
        self._order = 0
        self._now_ms = 0
        self.visits = 0

    def __iter__(self):
        at_ms = 0
        last_ms = 0
        self._config(0, enabled=True)
        self._cards(1, whole=True)
        at_ms = MINUTE
        next_list_ms = 0
        next_key_ms = self._online.between(1, 9) * DAY
        while at_ms < self._end_ms:
            if at_ms >= next_list_ms:
                self._cards(at_ms)
                # An order can get lost: a socket that stays locked for ever would make a dull life.
                self._at(at_ms, "order", "unlock", {})
                next_list_ms = at_ms + self.dice.between(1, 4) * DAY
            if at_ms >= next_key_ms:
                self._new_key(at_ms)
                next_key_ms = at_ms + self._online.between(3, 15) * DAY
            at_ms = self._visit(at_ms)
            if self.dice.chance(30):
                self._trouble(at_ms)
            at_ms += self.dice.between(self._pause_ms // 8, self._pause_ms * 9 // 8)
            self._later.sort()
            while self._later and self._later[0][0] <= at_ms:
                when_ms, _, event = self._later.pop(0)
                yield [max(0, when_ms - last_ms)] + event
                last_ms = max(last_ms, when_ms)

    def _at(self, ms, *event):
        self._order += 1
        self._later.append((ms, self._order, list(event)))

    # -- one visit of a driver

    def _visit(self, at_ms):
        dice = self.dice
        self.visits += 1
        i = dice.below(7) if dice.chance(85) else dice.below(12)
        ma = dice.pick((6000, 10000, 16000, 16000, 32000))
        phases = dice.pick((1, 1, 3))
        wh = dice.between(50, 20000) if dice.chance(60) else None
        quick = dice.span_ms(0, 50, SECOND, 20 * SECOND)
        by_order = dice.chance(10)
        if self._online.chance(20):
            i = self._online.between(12, 16)  # nobody has ever listed it
        if dice.chance(50):
            self._at(at_ms, "plug", ma, phases, wh)
            at_ms += quick
            self._at(at_ms, *self._wish(i, by_order))
        else:
            self._at(at_ms, *self._wish(i, by_order))
            at_ms += quick
            self._at(at_ms, "plug", ma, phases, wh)
        if dice.chance(8):
            self._at(at_ms + dice.below(3000), "tap", card(i))
        ladder = (SECOND, MINUTE, 20 * MINUTE, 90 * MINUTE, 3 * HOUR)
        stay_ms = dice.span_ms(*ladder) if dice.chance(96) else dice.span_ms(3 * HOUR, 30 * HOUR)
        for _ in range(dice.below(3)):
            self._moment(at_ms + dice.below(stay_ms + 1), i)
        at_ms += stay_ms
        return self._leave(at_ms, i)

    def _wish(self, i, by_order):
        if by_order:
            members = {"user": "u-%d" % i, "contract": "c-%d" % i, "group": "", "billing": "ppm"}
            return "order", "start", members
        return "tap", card(i)

    def _leave(self, at_ms, i):
        dice = self.dice
        how = dice.below(10)
        if how < 3:
            self._at(at_ms, "tap", card(i))
            at_ms += dice.span_ms(0, 100, MINUTE, HOUR)
        elif how == 3:
            self._at(at_ms, "order", "stop", {})
            at_ms += dice.span_ms(0, MINUTE, HOUR)
        elif how == 4:
            self._at(at_ms, "tap", card(i))
            at_ms += dice.span_ms(100, 5 * SECOND, MINUTE)
            other = dice.below(7)
            self._at(at_ms, "tap", card(other))
            at_ms += dice.span_ms(SECOND, HOUR)
        self._at(at_ms, "unplug")
        if dice.chance(4):  # within one step
            self._at(at_ms + dice.pick((0, 0, 50)), "plug", 16000, 1, None)
            at_ms += dice.span_ms(SECOND, 20 * MINUTE)
            self._at(at_ms, "unplug")
        return at_ms

    def _moment(self, at_ms, i):
        """Something in the middle of a session."""
        dice = self.dice
        what = dice.below(16)
        if what < 3:
            self._at(at_ms, "demand", 0, None)
            self._at(at_ms + dice.span_ms(50, MINUTE, HOUR), "demand", 16000, None)
        elif what == 3:
            self._at(at_ms, "tap", card(dice.below(12)))
        elif what == 4:
            self._at(at_ms, "tap", card(i))
            self._at(at_ms + dice.below(4000), "tap", card(i))
        elif what == 5:
            self._at(at_ms, "unplug")
            self._at(at_ms + dice.span_ms(0, 200, MINUTE), "plug", 16000, 1, None)
        elif what == 6:
            do = dice.pick(("stop", "start", "lock", "reboot", "identify"))
            self._at(at_ms, "order", do, {})
            if do == "lock":
                self._at(at_ms + dice.span_ms(SECOND, HOUR, 5 * HOUR), "order", "unlock", {})
        elif what < 10:
            self._power(at_ms)
        else:
            self._trouble(at_ms)

    # -- trouble, at any time

    def _power(self, at_ms):
        dice = self.dice
        dark_ms = dice.span_ms(SECOND, MINUTE, 50 * MINUTE, 5 * HOUR, 5 * HOUR, 3 * DAY)
        deed = dice.pick(("", "", "", "unplug", "swap", "replug"))
        clock = not dice.chance(15)
        if not clock:
            self._at(at_ms, "time_source", False)
            self._at(at_ms + dark_ms + dice.span_ms(SECOND, HOUR, DAY), "time_source", True)
        if dice.chance(50):
            self._at(at_ms, "cut", dark_ms, deed)
        else:
            mode = dice.pick(("before", "torn", "after"))
            self._at(at_ms, "arm", dice.span_ms(0, 3, 30), mode, dark_ms, deed)
        if dice.chance(20):
            self._at(at_ms, "boot_arm", dice.below(8), dice.pick(("before", "torn", "after")))

    def _trouble(self, at_ms):
        dice = self.dice
        what = dice.below(36)
        brief = dice.span_ms(50, 3 * SECOND, MINUTE, 20 * MINUTE)
        long = brief if dice.chance(70) else dice.span_ms(20 * MINUTE, 6 * HOUR, 2 * DAY)
        if what < 5:
            away_ms = dice.span_ms(SECOND, MINUTE, HOUR, DAY, 7 * DAY, 14 * DAY)
            self._at(at_ms, "network", False)
            self._at(at_ms + away_ms, "network", True)
        elif what < 9:
            fault = dice.pick(("silent", "frozen", "backward", "zero", "serial", "jump"))
            self._at(at_ms, "meter", fault)
            self._at(at_ms + long, "meter", "")
        elif what < 11:
            self._power(at_ms)
        elif what < 13:
            self._at(
                at_ms, "board", dice.pick(("residual_current", "over_temperature", "internal"))
            )
            self._at(at_ms + long, "board", "")
        elif what == 13:
            self._at(at_ms, "pilot", dice.pick("DEF"))
            self._at(at_ms + brief, "pilot", "")
        elif what == 14:
            self._at(at_ms, "contactor", dice.pick(("weld", "stuck_open")))
            self._at(at_ms + long, "contactor", "")
        elif what < 18:
            self._config(at_ms)
        elif what < 20:
            self._cards(at_ms)
        elif what == 20:
            self._at(at_ms, "restart")
        elif what == 21:
            self._at(at_ms, "clock", dice.pick((-1, 1)) * dice.span_ms(0, 10, 4000, 200000))
            self._at(at_ms + dice.span_ms(HOUR, DAY), "clock", 0)
        elif what == 22:
            self._at(at_ms, "reader", dice.pick(("dead", "two_cards")))
            self._at(at_ms + long, "reader", "")
        elif what < 26:
            self._at(at_ms, "mode", dice.pick(("late", "twice", "deaf", "lossy")))
            self._at(at_ms + dice.span_ms(MINUTE, HOUR, DAY, 4 * DAY), "mode", "prompt")
        elif what == 26:
            self._at(at_ms, "reject", dice.between(1, 3))
        elif what == 27:
            self._at(at_ms, "replay", dice.pick(("config", "list", "order", "ack")))
        elif what == 28:
            how = dice.pick(("config key", "order key", "role", "type", "ack beyond"))
            self._at(at_ms, "forge", how)
        elif what == 29:
            self._at(at_ms, "order", "lock", {})
            self._at(at_ms + dice.span_ms(SECOND, HOUR, 5 * HOUR), "order", "unlock", {})
        elif what < 32:
            self._wrong_taps(at_ms + dice.between(0, 90) * MINUTE)
        elif what == 32:
            for n in range(dice.between(10, 40)):
                self._at(at_ms + n * 700, "tap", card(20 + dice.below(200)))
        elif what == 33:
            self._at(at_ms, "order", "resend", {"from": dice.between(1, 400), "to": 400})
        elif dice.chance(40):
            self._at(at_ms, "room", dice.pick((500, 5000, 40000, 70000)))
            self._at(at_ms + dice.span_ms(MINUTE, HOUR, DAY), "room", 0)
        else:
            self._at(at_ms, "io", True)
            self._at(at_ms + brief, "io", False)

    def _wrong_taps(self, at_ms):
        """A card that nobody has listed, again and again; and a subscriber who comes meanwhile."""
        dice = self.dice
        wrong = card(9 + dice.below(3))
        for _ in range(dice.between(4, 14)):
            at_ms += dice.span_ms(300, 3 * SECOND, 20 * SECOND)
            self._at(at_ms, "tap", wrong)
        if dice.chance(70):
            i = dice.below(7)
            at_ms += dice.span_ms(300, 5 * SECOND)
            self._at(at_ms, *self._wish(i, False))
            self._at(at_ms + dice.between(1, 30) * SECOND, "plug", 16000, 1, None)
            self._at(at_ms + dice.span_ms(MINUTE, HOUR), "unplug")

    # -- what the service wants

    def _new_key(self, at_ms):
        dice = self._online
        at_ms += dice.below(DAY)
        if dice.chance(40):  # a power cut in the middle of it
            mode = dice.pick(("before", "torn", "after"))
            self._at(at_ms, "arm", dice.below(6), mode, dice.span_ms(SECOND, MINUTE, HOUR), "")
        self._at(at_ms, "rotate")

    def _config(self, at_ms, enabled=None):
        dice = self.dice
        if enabled is None:
            enabled = dice.chance(85)
        config = {
            "enabled": enabled,
            "when_off": dice.pick(("open", "locked")),
            "offline": "deny" if dice.chance(10) else "list",
            "list_max_age_s": dice.pick((604800, 604800, 2592000)),
            "lapse_s": dice.pick((60, 60, 10, 300)),
            "resume_within_s": dice.pick((3600, 3600, 0, 600, 86400)),
            "limit_ma": dice.pick((16000, 16000, 32000, 6000)),
            "store_full": dice.pick(("block", "block", "unbilled")),
            "guests": "free" if dice.chance(20) else "deny",
            "groups": dice.pick(GROUPS),
            "autolock_s": dice.pick((0, 0, 30, 600, 7200)),
            "dead_after_start_s": dice.pick((5, 5, 0, 20)),
            "dead_after_stop_s": dice.pick((3, 3, 0, 20)),
            "tariff": self._order + 1,
            "unknown": self._online.pick(("ask", "ask", "refuse")),
            "ask_within_s": self._online.pick((1, 5, 10, 30)),
        }
        self._at(at_ms, "config", config)
        if not enabled:
            again = dict(config)
            again["enabled"] = True
            again["tariff"] = self._order + 1
            self._at(at_ms + dice.span_ms(MINUTE, HOUR, DAY, 3 * DAY), "config", again)

    def _cards(self, at_ms, whole=None):
        dice = self.dice
        cards = {}
        for i in range(9):
            if i < 7 or dice.chance(50):
                cards[card(i)] = {
                    "user": "u-%d" % i,
                    "contract": "c-%d" % dice.between(i, i + 1),
                    "group": "g" if i in (2, 3) else "h" if i < 6 else "",
                    "status": "active" if i < 7 and dice.chance(93) else
                    dice.pick(("blocked", "pending", "expired")),
                    "until": None,
                    "billing": dice.pick(BILLINGS),
                }  # fmt: skip
                if dice.chance(6):
                    cards[card(i)]["until_in_s"] = dice.span_ms(0, 86400, 864000)
        if whole is None:
            whole = dice.chance(40)
        self._at(at_ms, "cards", cards, whole, dice.chance(5))
