"""One socket: vehicle, card, grant and stop come in; a state, a permit and records come out.

Every event ends in `_settle`, which looks at the facts once more and moves on as far as they carry.
The begin record is durable before the state allows energy (law 2): `Running._begin` writes, then steps.
"""

from . import access, availability, states
from .asking import Asking
from .const import const
from .packing import member
from .reasons import Refused
from .refusals import Budget
from .revoking import Revoking
from .running import Running

TELEMETRY_MS = const(60000)
_IDLE_MS = const(3600000)
_NEVER = const(1 << 60)
_REST_MS = const(10000)
_CONTACTOR_REST_MS = const(300000)
_CONTACTOR_FAULTS = ("welded", "stuck_open")


class Connector(Running):
    """house: the charger's parts (see house.House); number: 1 for a charger with one socket."""

    def __init__(self, house, meter, number=1):
        super().__init__(house, meter, number)
        self._asking = Asking(house, self._gate, number)
        self._revoking = Revoking(house)
        self._granted_ms = 0
        self._tapped_off = ""  # the card that stopped the last session, and when
        self._tapped_off_ms = 0
        self._fault_budget = Budget()

    # -- what the rest of the charger asks

    @property
    def permit_ma(self):
        """The current the vehicle may draw now, in mA; 0: the contactor must be open."""
        return states.permit_ma(self.state, self._house.config.current.limit_ma)

    @property
    def number(self):
        """Which socket of the charger it is, from 1."""
        return self._number

    @property
    def asking(self):
        """Whether the service is being asked about a card."""
        return self._asking.open

    @property
    def keep_from(self):
        """The first record number that the running session still needs."""
        session = self.session
        return session.begin_seq if session and session.begin_seq else _NEVER

    def lock_cause(self, up_ms):
        """Why nobody may begin now (see availability), "" when somebody may."""
        house = self._house
        readable = house.config.readable and house.subscribers.readable and house.keys.readable
        idle_ms = None if self.opened_ms is None else up_ms - self.opened_ms
        if self.state == states.AUTHORIZED:
            idle_ms = 0  # whoever was let in has the time that is theirs
        return availability.lock_cause(
            house.config.current, readable, house.store_ok, house.ordered_lock, idle_ms
        )

    def opened(self, up_ms):
        """Somebody who may has unlocked the socket."""
        self.opened_ms = up_ms

    def next_due_ms(self, up_ms):
        """Milliseconds until this socket has something to do by itself."""
        due = up_ms + _IDLE_MS
        if self.state == states.AUTHORIZED:
            due = self._granted_ms + self._house.config.current.lapse_s * 1000
        elif self._closing_ms is not None:
            due = up_ms + 1000
        elif self._dark.pending:
            due = max(up_ms + 1000, min(due, self._dark.due_ms(up_ms)))
        elif self.session is not None:
            due = self._keeper.due_ms(up_ms, self.session)
            due = min(due, self.telemetry_ms + TELEMETRY_MS, self.meter.due_ms(up_ms))
            if up_ms < self.rest_until_ms:
                due = min(due, self.rest_until_ms)
        elif self.meter.anomaly:
            due = up_ms + 1000
        elif self.opened_ms is not None and self.state == states.AVAILABLE:
            config = self._house.config.current
            if config.autolock_s and not config.enabled:
                due = min(due, self.opened_ms + config.autolock_s * 1000)
        if self._asking.open:
            due = min(due, self._asking.due_ms)
        if self._revoking.due and not self._dark.pending:
            due = up_ms
        return max(0, due - up_ms)

    # -- events

    def boot(self, up_ms, vehicle, reading):
        """Begin where the power went. Called once, before any other event and any record."""
        self.vehicle = vehicle
        if vehicle in "BCD":
            self._t_plug = self._house.time.now(up_ms)
        self._resume(up_ms, reading)
        self._revoking.look()  # what came just before the power went may not have been looked at
        self._settle(up_ms)

    def on_vehicle(self, up_ms, vehicle):
        """The vehicle's state, "A".."F" (IEC 61851-1 Annex A)."""
        if vehicle == self.vehicle:
            return
        self.vehicle = vehicle
        if vehicle == "A":
            self._unplugged(up_ms)
        elif self._t_plug is None and vehicle in "BCD":
            self._t_plug = self._house.time.now(up_ms)
        self._settle(up_ms)

    def on_reading(self, up_ms, reading):
        """The meter's answer, or None when it gave none."""
        live = self.contactor_closed or self.permit_ma > 0
        self._meter_log.take(up_ms, reading, self.session, live)
        if self.session is not None and self.meter.ok(up_ms):
            self.session.register_wh = self.meter.last.register_wh
        self._settle(up_ms)

    def on_fault(self, up_ms, fault):
        """The power board's fault word, "" when it has none."""
        if fault != self.fault:
            if self._fault_budget.allows(up_ms):
                body = (("fault", fault or self.fault), ("on", bool(fault)))
                self._house.write(up_ms, "fault", body)
            if not fault:
                rest_ms = _CONTACTOR_REST_MS if self.fault in _CONTACTOR_FAULTS else _REST_MS
                self.rest_until_ms = up_ms + rest_ms
            self.fault = fault
            self._settle(up_ms)

    def on_contactor(self, up_ms, closed):
        """What the contactor's feedback says."""
        if not closed:
            self.contactor_opened_ms = up_ms
        self.contactor_closed = closed
        self._settle(up_ms)

    def on_card(self, up_ms, kind, uid, proof=b""):
        """A card was presented. Returns "accepted", "asking" or the reason why not."""
        card, ref, entry = self._gate.look_up(up_ms, kind, uid, proof)
        if card == access.GOOD and ref and self._in_use():
            return self._card_in_session(up_ms, ref, entry)
        socket = self._socket(up_ms)
        socket["again"] = self._is_again(up_ms, ref)
        socket["ask"] = self._asking.wanted
        reason, grant = self._gate.card(up_ms, kind, card, ref, entry, socket)
        if reason == access.ASK:
            return self._asking.card(up_ms, (kind, uid), ref, self._socket(up_ms))
        if grant is not None:
            self._grant_next(up_ms, grant, self._house.card_key(kind, uid))
        return reason

    def order_start(self, up_ms, grant):
        """The service starts a session for its user. Refused says why not."""
        _, reason, grant = self._gate.order(up_ms, grant, self._socket(up_ms))
        if grant is None:
            raise Refused(reason)
        self._grant_next(up_ms, grant, None)

    def order_authorize(self, up_ms, order):
        """The service answers about a card that it was asked about. Refused says why it is too late."""
        grant, card = self._asking.answered(up_ms, order, self._socket(up_ms))
        if grant is not None:
            self._grant_next(up_ms, grant, card)

    def order_stop(self, up_ms, session=""):
        """The service stops the session. Refused when there is none, or another than `session`."""
        facts = access.StopFacts(asks=access.ORDER, running=self._in_use())
        facts.other = (
            bool(session) and self._in_use() and session != member(self.session.terms, "session")
        )
        reason, stops = self._gate.stop(up_ms, facts, "")
        if not stops:
            raise Refused(reason, "session: another one runs" if facts.other else "")
        self._stop(up_ms, "Remote")
        self._settle(up_ms)

    def order_revoke(self, up_ms, user, session):
        """The service takes back what it gave to a user, as a list does. Refused when it does not run."""
        if not self._in_use():
            raise Refused("no_session")
        if session and session != member(self.session.terms, "session"):
            raise Refused("no_session", "session: another one runs")
        if user and user != member(self.session.terms, "user"):
            raise Refused("no_session", "user: another one's session runs")
        self._take_back(up_ms)
        self._settle(up_ms)

    def on_rules(self, up_ms):
        """Configuration or list are others now: nobody begins on what was decided under the old ones."""
        self._next_grant = None
        self._move(up_ms, "lapse")
        self._gate.rules_changed()
        if self._in_use():
            self._look_at_session(up_ms)
        self._settle(up_ms)

    def on_list(self, up_ms):
        """The list is another one now. Whoever was let in and has not begun still may, where the new list
        says the same: an answer about a card is often followed by the list that holds it."""
        kept = self._grant if self.state == states.AUTHORIZED else self._next_grant
        card = self._next_card
        self.on_rules(up_ms)
        if kept is not None and card is not None and self._next_grant is None:
            if self._gate.stands(up_ms, kept, card, self._socket(up_ms)):
                self._next_grant = kept
                self._settle(up_ms)

    def on_clock(self, up_ms):
        """The clock was set: what was kept with the old time is kept anew."""
        if self.session is not None and not self._dark.pending:
            self._house.keep(up_ms, self.session)
        self._settle(up_ms)

    def tick(self, up_ms):
        """Time passed."""
        self._gate.tick(up_ms)
        self._asking.tick(up_ms)
        if self._revoking.due and not self._dark.pending:
            self._look_revoked(up_ms)
        self._settle(up_ms)

    # -- moving on

    def _settle(self, up_ms):
        for _ in range(6):  # the longest way: end, unlock, accept, begin, draw, and nothing more
            before = self.state
            if self.session is None:
                self._settle_idle(up_ms)
            else:
                self._settle_session(up_ms)
            if self.state == before:
                break
        if self.session is not None and not self._dark.pending and self._closing_ms is None:
            self._keeper.follow(up_ms, self.session, self.state)

    def _settle_idle(self, up_ms):
        fault = self.fault or self.pilot_fault
        if fault:
            self._next_grant = None
            self._move(up_ms, "fault")
            return
        if self.state == states.FAULTED:
            self._move(up_ms, "clear")
        lock = self.lock_cause(up_ms)
        lapse_ms = self._house.config.current.lapse_s * 1000
        if lock or up_ms - self._granted_ms >= lapse_ms:
            self._next_grant = None
        self._move(up_ms, "lock" if lock else "unlock")
        plugged = self.vehicle in "BCD"
        if self.state == states.AVAILABLE:
            if self._next_grant is not None:
                self._grant, self._next_grant = self._next_grant, None
                self._move(up_ms, "accept")
            elif plugged and not self._house.config.current.enabled:
                self._accept_nobody(up_ms)
        elif self.state == states.AUTHORIZED:
            if plugged and self.meter.ok(up_ms):
                self._begin(up_ms)
            elif up_ms - self._granted_ms >= lapse_ms:
                self._move(up_ms, "lapse")

    def _accept_nobody(self, up_ms):
        """A vehicle at a socket that is open to everybody."""
        grant = self._gate.free(up_ms, self._socket(up_ms))
        if grant is not None:
            self._granted_ms, self._grant = up_ms, grant
            self._move(up_ms, "accept")

    def _grant_next(self, up_ms, grant, card):
        self._granted_ms, self._next_grant, self._next_card = up_ms, grant, card
        self.opened(up_ms)
        self._settle(up_ms)

    def _look_revoked(self, up_ms):
        if not self._in_use():
            self._revoking.drop()
            return
        try:
            if self._revoking.step(self.session, self._card):
                self._take_back(up_ms)
        except OSError:
            self._house.store_failed(up_ms)

    def _unplugged(self, up_ms):
        self._t_plug = None
        if self.session is None:
            self._asking.close()  # whoever asked has left
        if self.session is not None:
            self._t_unplug = self._house.time.now(up_ms)
            if not self._dark.pending or self.state == states.FINISHING:
                if self.state != states.FINISHING:
                    self._stop(up_ms, "EVDisconnected")
                elif not self._dark.pending:
                    self.session.count(up_ms)
                    self.session.gone = True
                    self._house.keep(up_ms, self.session)
                self._closing_ms = up_ms
        elif self.state == states.AUTHORIZED:
            self._move(up_ms, "lapse")

    def _card_in_session(self, up_ms, ref, entry):
        terms = self.session.terms
        dead_ms = self._house.config.current.dead_after_start_s * 1000
        facts = access.StopFacts(
            own=ref == member(terms, "token", "ref"),
            mate=self._gate.mate(entry, member(terms, "group")),
            early=up_ms - self._started_ms < dead_ms,
        )
        reason, stops = self._gate.stop(up_ms, facts, ref)
        if stops:
            self._stop(up_ms, "Local")
            self._tapped_off, self._tapped_off_ms = ref, up_ms
            self._settle(up_ms)
        return reason

    def _look_at_session(self, up_ms):
        """Whether the running session may go on under the configuration and list of now."""
        if member(self.session.terms, "token", "method") != "none":
            self._revoking.look()
            return
        # A session without an identity is none of those that law 11 lets go on (law 1).
        facts = access.StopFacts(asks=access.CHANGE, nobody=True)
        facts.enabled = self._house.config.current.enabled
        if self._gate.stop(up_ms, facts, "")[1]:
            self._stop(up_ms, "DeAuthorized")

    def _take_back(self, up_ms):
        """List or order take back what was given: told at once, and ended where the policy says so."""
        facts = access.StopFacts(asks=access.CHANGE, revoked=True)
        facts.revoked_running = self._house.config.current.revoked_running
        _, stops = self._gate.stop(up_ms, facts, member(self.session.terms, "token", "ref"))
        self._flag_revoked(up_ms)
        if stops:
            self._stop(up_ms, "DeAuthorized")

    def _in_use(self):
        """Whether a session runs that nobody has stopped."""
        return self.session is not None and self.state != states.FINISHING

    def _is_again(self, up_ms, ref):
        """Whether the card was let in, or stopped its session, a moment ago."""
        if self.state == states.AUTHORIZED and self._grant.ref == ref:
            return True
        dead_ms = self._house.config.current.dead_after_stop_s * 1000
        return ref == self._tapped_off and bool(ref) and up_ms - self._tapped_off_ms < dead_ms

    def _socket(self, up_ms):
        """The part of access.Facts that this socket knows."""
        return {
            "lock": self.lock_cause(up_ms),
            "fault": self.fault or self.pilot_fault,
            "busy": self._in_use() or self.state == states.AUTHORIZED,
            "meter_ok": self.meter.ok(up_ms),
        }
