"""The laws at every step of the charger. It knows the world, and the charger by its front door only."""

from host_tests.years.access import Access
from host_tests.years.books import Books
from host_tests.years.letin import LetIn
from host_tests.years.sessions import Stay, need

DEAD_MS = 1000  # and the dead time after a begin: a second tap within it stops nothing


class Oracle:
    """world: hal.mock.world.World; remember: see Books; fork(name): boots a copy of the charger as if
    the power went now, and returns how often the session `name` is there; fork_every: of so many permits
    one is looked at in that way."""

    def __init__(self, charger, world, secret, remember, fork, fork_every, drift_ppm):
        self.charger_id = charger
        self.world = world
        self.access = Access()
        self.books = Books(charger, self.access, secret, remember, drift_ppm)
        self.let_in = LetIn(self)
        self.owed = False  # the card that was read in this step must be let in
        self.stay = None
        self.number = 0  # the newest session number seen
        self._fork = fork
        self._fork_every = fork_every
        self._permits = 0
        self._cut_grants = None  # who could begin when the power went in the middle of a call
        self._doubt_until_ms = -1
        self._born = (
            self.month_before() + 1
        )  # the month in which it began: closed only if it was seen
        self._plugged = False
        self._blind = False  # booted without its flash
        self.store_sick = False  # gave an error since the boot: nothing is durable
        self.store_broken = self.room_short = False
        self.books.on_stop = self.order_stopped
        self.books.wall_s = lambda: self.wall_s
        self.sessions = self.unbilled = 0
        self.short_of_room = False  # whether the store was ever nearly full
        self.totals = [0, 0, 0]  # sessions, Wh of honest ones, forks
        self.linked = False
        self.clock_known = False
        self.boot_ms = 0
        self.meter_fault = ""
        self.meter_odd_ms = -1000000

    # -- time and steps

    @property
    def wall_s(self):
        """The true time."""
        return self.world.wall_ms() // 1000

    def passed(self, ms, closed, permitted):
        """Time passed with the charger awake; nothing changed meanwhile."""
        if self.stay is not None:
            self.stay.passed(ms, closed, permitted)

    def look(self, charger):
        """See whether another session runs: after a message, too, which moves no contactor by itself."""
        stay = self.stay
        if not self._blind:
            name = charger.session
            if name != (stay.name if stay is not None else ""):
                stay = self._changed(name)
        return stay

    def step(self, charger):
        """Look at the charger and the world after a step of the control task."""
        world = self.world
        stay = self.look(charger)
        permit = world.permit_ma
        if self._blind:
            need(1, not permit, "a permit without its flash")
            return
        if stay is not None:
            if world.meter_fault:
                stay.note_meter(world.meter_fault)
            if world.contactor_fault == "weld" and not stay.welded:
                stay.welded = True
            if stay.unplug_ms < 0 and world.vehicle() == "A":
                stay.unplug_ms = world.now_ms
                stay.stopped = True
        self._watch_plug()
        if permit:
            self._permitted(stay)
        elif world.closed:
            need(1, world.contactor_fault == "weld", "the contactor is closed without a permit")

    def _watch_plug(self):
        plugged = self.world.vehicle() != "A"
        if self._plugged and not plugged and self.stay is None:
            self.access.forget()  # whoever authorised took the vehicle away
        self._plugged = plugged

    def _permitted(self, stay):
        need(1, stay is not None, "a permit without a session")
        if stay.unbilled and stay.stopped:
            stay = self._next_unbilled(stay)
        need(1, stay.unplug_ms < 0, "%s: a permit after the vehicle left", stay.name)
        if self.store_sick:
            return
        need(1, not stay.stopped, "%s: a permit after the stop", stay.name)
        if stay.free:
            off = self.access.any_config(lambda c: not c["enabled"])
            need(1, off, "%s: a permit for nobody with the flag on", stay.name)
        if stay.lit_ms < 0:
            stay.lit_ms = self.world.now_ms
        if not stay.permitted:
            stay.permitted = True
            self._permits += 1
            if self._permits % self._fork_every == 0 and not stay.unbilled:
                self.totals[2] += 1
                found = self._fork(stay.name)
                need(2, found == 1, "%s: with a cut at the permit it is there %d times", stay.name,
                     found)  # fmt: skip

    def _next_unbilled(self, stay):
        """Sessions without a record share one id: the next one may have begun in the same step."""
        name = stay.name
        self._changed("")
        return self._changed(name)

    def _changed(self, name):
        world, stay = self.world, self.stay
        if stay is not None:
            self._gone(stay)
            stay = None
            if not name:
                self._passed_by()
        if name:
            grants = self.access.grants(world.now_ms)
            need(1, grants, "%s began, and nobody was allowed to", name)
            cards = self.access.cards()
            self.access.forget()
            stay = self._new(name, grants)
            stay.began_by = cards
            self._numbered(stay)
        self.stay = stay
        return stay

    def _passed_by(self):
        """The next session may have begun and ended in the very step in which the last one ended."""
        grants = self.access.grants(self.world.now_ms)
        if grants:
            self._add_ghost(self._new("", grants))

    def _add_ghost(self, ghost):
        ghost.hidden = True
        ghost.away_ms = self.world.now_ms
        ghost.end_wh = self.world.register_wh()
        self.books.ghosts = self.books.ghosts[-7:] + [ghost]

    def _numbered(self, stay):
        name = stay.name
        prefix = self.charger_id + "-"
        need(4, name[: len(prefix)] == prefix, "session %s", name)
        number = int(name[len(prefix) :])
        self.sessions += 1
        if number == 0:
            need(6, self.short_of_room, "%s is not recorded, and the store was never full", name)
            open_to = self.access.open_to_all(self.world.now_ms)
            said = self.access.any_config(lambda c: c["store_full"] == "unbilled")
            need(6, open_to or said, "%s is not recorded, and nobody allowed that", name)
            stay.unbilled = True
            self.unbilled += 1
            return
        need(4, self.number < number, "session %s follows number %d", name, self.number)
        self.number = number
        self.books.stays[name] = stay

    def _new(self, name, grants):
        world = self.world
        lists = set(self.access.lists.now)
        stay = Stay(name, world.now_ms, world.register_wh(), grants, self.access.tariffs(), lists,
                    self.wall_s)  # fmt: skip
        if world.meter_fault or world.now_ms - self.meter_odd_ms < 70000:
            stay.note_meter(world.meter_fault or self.meter_fault)
        stay.welded = world.contactor_fault == "weld"
        stay.faults = 1 if world.contactor_fault else 0
        return stay

    def _gone(self, stay):
        stay.away_ms = self.let_in.left_ms = self.world.now_ms
        if (
            not stay.cuts or stay.lit_ms >= 0
        ):  # else it may have ended with the power: that opens nothing
            self.access.opened_ms = self.world.now_ms
        stay.end_wh = self.world.register_wh()

    # -- people and messages

    def meter(self, fault):
        """The meter begins to lie, or stops to."""
        self.meter_odd_ms = self.world.now_ms
        if fault:
            self.meter_fault = fault
            if self.stay is not None:
                self.stay.note_meter(fault)

    def contactor(self, fault):
        """The contactor fails, or is repaired."""
        if self.stay is not None:
            self.stay.faults += 1

    def card(self, uid):
        """The reader hands a card to the charger, now."""
        world, stay = self.world, self.stay
        self._watch_plug()
        self.owed = self.let_in.sure(uid)
        if stay is not None and not stay.stopped:
            relation = self._relation(uid, stay)
            lit_ms = world.now_ms - stay.lit_ms if stay.lit_ms >= 0 else 0
            if (
                relation == "own"
                and not stay.maybe_stopped
                and lit_ms > self._dead_ms()
                and not self.store_sick
            ):
                return "stop"
            # it may end by itself after a boot, or when the flag is switched on under it
            ending = (stay.cuts and stay.lit_ms < 0) or (
                stay.maybe_free and self.access.any_config(lambda c: c["enabled"])
            )
            if not stay.maybe_stopped and not ending:
                stay.maybe_stopped = relation != "other"
                return ""
        self.access.tapped(uid, world.now_ms, self.wall_s, self.clock_known,
                           (world.now_ms - self.boot_ms) // 1000, self.linked)  # fmt: skip
        return ""

    def shown(self, word):
        """What the indicator shows after a step in which a card was read."""
        owed, self.owed = self.owed, False
        need(1, not owed or word == "authorized", "a subscriber is shown %s, and nothing is wrong",
             word)  # fmt: skip

    def _dead_ms(self):
        most_s = max(config["dead_after_start_s"] for config in self.access.config.all())
        return most_s * 1000 + DEAD_MS

    def answered(self, uid, grant):
        """An answer about a card may let it in; or the list does, that holds it by now."""
        world = self.world
        self.access.vouched(grant, world.now_ms)
        self.access.tapped(uid, world.now_ms, self.wall_s, self.clock_known,
                            (world.now_ms - self.boot_ms) // 1000, self.linked)  # fmt: skip

    def _relation(self, uid, stay):
        """Whose card it is: "own" when it certainly began the session, "other" when certainly not even
        its group did, "maybe" else."""
        sure, relation = stay.began_by == {uid}, "other"
        for grant in stay.grants:
            for cards in self.access.lists.all():
                entry = cards.get(uid)
                guest = grant[0] == "rfid_guest" and entry is None
                listed = grant[0] == "rfid_list" and entry is not None
                if not guest and not (listed and grant[1] == entry["user"]):
                    sure = False
            relation = "maybe"
        return "own" if sure else relation

    def stopped(self, after):
        """The running session was stopped by its own card, and must give nothing more."""
        if self.stay is not None and self.stay.name == after:
            self.stay.maybe_stopped = True
            self.stay.stopped = not self.store_sick

    def clock(self, jump_s):
        """The time source lies by so much from now on."""
        access, world = self.access, self.world
        before_s = world.jump_ms // 1000
        if not self.doubt_s():
            access.doubt_s = 0
        access.doubt_s = max(access.doubt_s, abs(jump_s))
        # A clock that was led forward is not believed again before that time has come.
        self._doubt_until_ms = world.now_ms + (abs(jump_s) + abs(before_s) + 10800) * 1000
        self.books.honest_clock = False
        if self.stay is not None:
            self.stay.clock_noise_s += abs(jump_s - before_s) + self.doubt_s()

    def doubt_s(self):
        """By how much the charger's clock may be wrong."""
        if self.world.jump_ms or self.world.now_ms < self._doubt_until_ms:
            return self.access.doubt_s
        return 0

    def order_stopped(self):
        """The charger says that it obeyed a stop."""
        if self.stay is not None:
            self.stay.maybe_stopped = True
            self.stay.stopped = not self.store_sick

    # -- power

    def power_lost(self, torn):
        """The supply fails. torn: in the middle of a call, so that what was going on may or may not
        have happened."""
        self.linked = self.clock_known = self.owed = False
        self.access.opened_ms = -1
        stay, access = self.stay, self.access
        if torn:
            grants = access.grants(self.world.now_ms)
            if grants:
                ghost = self._new("", grants)
                ghost.hidden = True
                self._cut_grants = ghost
        if stay is not None:
            stay.clock_noise_s += self.doubt_s()
            stay.cuts += 1
            stay.faults += 1
            if torn and stay.unplug_ms < 0:
                stay.stopped = False
                stay.maybe_stopped = True
        access.forget()

    def dark(self, ms):
        """Time passed without power."""
        if self.stay is not None:
            self.stay.dark_ms += ms
            self.stay.dark_tail_ms += ms

    def booted(self, charger):
        """The charger has booted; nothing else happened since."""
        self.boot_ms = self.world.now_ms
        ghost, self._cut_grants = self._cut_grants, None
        name = charger.session
        old = self.stay
        self._blind = self.store_broken
        self._was_sick = self.store_sick
        self.store_sick = self.store_broken or self.room_short
        if old is not None:
            old.lit_ms = -1
            if self._was_sick:  # what it saw while its flash was broken may not have been kept
                old.hidden = old.hidden or old.unplug_ms >= 0
                old.unplug_ms = -1
                old.stopped = False
                old.maybe_stopped = True
            if self.world.vehicle() == "A" and old.unplug_ms < 0:
                old.unplug_ms = self.world.now_ms
                old.stopped = True
        self.books.restarted()
        if self._blind:
            self._cut_grants = ghost
            return
        if old is not None and name != old.name:
            self._gone(old)
            self.stay = None
        is_open = self.access.open_to_all(self.world.now_ms)
        if name and self.stay is None and ghost is None and is_open:
            self._changed(name)  # a vehicle was there, and anybody may charge
        elif name and self.stay is None:
            need(4, ghost is not None, "%s is open after a boot, and was not before", name)
            ghost.name = name
            ghost.hidden = True
            ghost.cuts = 1
            self._numbered(ghost)
            self.stay = ghost
        elif ghost is not None:
            self._add_ghost(ghost)

    # -- the end of a life

    def last_words(self, register_wh):
        """Everything is online and drained: nothing may be missing. register_wh: the world's now."""
        books = self.books
        running = [name for name in books.stays if books.stays[name] is not self.stay]
        expected = self.sessions - self.unbilled
        need(4, not running, "no end record of %s", running)
        begins = books.counts.get("session_begin", 0)
        ends = books.counts.get("session_end", 0)
        need(4, begins == ends + (1 if self.stay is not None else 0), "%d begins, %d ends", begins,
             ends)  # fmt: skip
        need(4, begins >= expected, "%d sessions, %d begin records", expected, begins)
        before = self.month_before()
        need(18, books.month >= before or before <= self._born, "month %d is not closed", before)

    def month_before(self):
        """The last local month that has certainly ended: years * 12 + month - 1."""
        days = (self.wall_s + 7200 - 3 * 86400) // 86400 - 18262  # since 2020-01-01
        year = 2020
        while days >= 366 - (1 if year % 4 else 0):
            days -= 366 - (1 if year % 4 else 0)
            year += 1
        lengths = (31, 28 if year % 4 else 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        month = 0
        while days >= lengths[month]:
            days -= lengths[month]
            month += 1
        return year * 12 + month - 1
