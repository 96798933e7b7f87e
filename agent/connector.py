"""One socket: vehicle, card, grant and stop come in; a state, a permit and records come out.

Every event ends in `_settle`, which looks at the facts once more and moves on as far as they carry.
The begin record is durable before the state allows energy (law 2): `Running._begin` writes, then steps.
"""

from . import availability, states
from .const import const
from .packing import member
from .reasons import Refused
from .refusals import Budget
from .running import Running

TELEMETRY_MS = const(60000)
DEAD_AFTER_START_MS = const(5000)
DEAD_AFTER_STOP_MS = const(3000)
_IDLE_MS = const(3600000)
_NEVER = const(1 << 60)
_REST_MS = const(10000)
_CONTACTOR_REST_MS = const(300000)
_CONTACTOR_FAULTS = ("welded", "stuck_open")


class Connector(Running):
    """house: the charger's parts (see house.House); number: 1 for a charger with one socket."""

    def __init__(self, house, meter, number=1):
        super().__init__(house, meter, number)
        self._granted_ms = 0
        self._tapped_off_ms = -DEAD_AFTER_STOP_MS
        self._fault_budget = Budget()

    # -- what the rest of the charger asks

    @property
    def permit_ma(self):
        """The current the vehicle may draw now, in mA; 0: the contactor must be open."""
        return states.permit_ma(self.state, self._house.config.current.limit_ma)

    @property
    def keep_from(self):
        """The first record number that the running session still needs."""
        session = self.session
        return session.begin_seq if session and session.begin_seq else _NEVER

    def locked_reason(self):
        """Why nobody may begin now, "" when somebody may."""
        house = self._house
        readable = house.config.readable and house.subscribers.readable
        return availability.locked_reason(
            house.config.current, readable, house.store_ok, house.ordered_lock
        )

    def next_due_ms(self, up_ms):
        """Milliseconds until this socket has something to do by itself."""
        due = up_ms + _IDLE_MS
        if self.state == states.AUTHORIZED:
            due = self._granted_ms + self._house.config.current.lapse_s * 1000
        elif self._closing_ms is not None or self._dark.pending:
            due = up_ms + 1000
        elif self.session is not None:
            due = self._keeper.due_ms(up_ms, self.session)
            due = min(due, self.telemetry_ms + TELEMETRY_MS, self.meter.due_ms(up_ms))
            if up_ms < self.rest_until_ms:
                due = min(due, self.rest_until_ms)
        elif self.meter.anomaly:
            due = up_ms + 1000
        return max(0, due - up_ms)

    # -- events

    def boot(self, up_ms, vehicle, reading):
        """Begin where the power went. Called once, before any other event and any record."""
        self.vehicle = vehicle
        if vehicle in "BCD":
            self._t_plug = self._house.time.now(up_ms)
        self._resume(up_ms, reading)
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
        self.contactor_closed = closed
        self._settle(up_ms)

    def on_card(self, up_ms, kind, uid):
        """A card was presented. Returns "accepted" or the reason why not."""
        reason, ref, entry = self._gate.look_up(up_ms, kind, uid)
        if reason:
            return self._gate.refuse(up_ms, ref, reason)
        if self.session is not None and self.state != states.FINISHING:
            return self._card_in_session(up_ms, ref, entry)
        if self.state == states.AUTHORIZED or up_ms - self._tapped_off_ms < DEAD_AFTER_STOP_MS:
            return "debounced"
        reason, grant = self._gate.card(up_ms, kind, ref, entry, self._socket(up_ms))
        if grant is None:
            return self._gate.refuse(up_ms, ref, reason)
        self._grant_next(up_ms, grant, entry.key)
        return reason

    def order_start(self, up_ms, user, contract, group, billing):
        """The service starts a session for its user. Refused says why not."""
        reason, grant = self._gate.order(
            up_ms, user, contract, group, billing, self._socket(up_ms)
        )
        if grant is None:
            raise Refused(reason)
        self._grant_next(up_ms, grant, None)

    def order_stop(self, up_ms):
        """The service stops the session. Refused when there is none."""
        if self.session is None or self.state == states.FINISHING:
            raise Refused("no_session")
        self._stop(up_ms, "Remote")
        self._settle(up_ms)

    def on_rules(self, up_ms):
        """Configuration or list are others now: nobody begins on what was decided under the old ones."""
        self._next_grant = None
        self._move(up_ms, "lapse")
        session = self.session
        if session is not None and self.state != states.FINISHING:
            if member(session.terms, "token", "method") == "none":
                # A session without an identity is none of those that law 11 lets go on (law 1).
                if self._house.config.current.enabled:
                    self._stop(up_ms, "DeAuthorized")
            elif self._card is not None and self._gate.revoked(self._card):
                self._revoke(up_ms)
        self._settle(up_ms)

    def on_clock(self, up_ms):
        """The clock was set: what was kept with the old time is kept anew."""
        if self.session is not None and not self._dark.pending:
            self._house.keep(up_ms, self.session)
        self._settle(up_ms)

    def tick(self, up_ms):
        """Time passed."""
        self._gate.tick(up_ms)
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
        reason = self.locked_reason()
        lapse_ms = self._house.config.current.lapse_s * 1000
        if reason or up_ms - self._granted_ms >= lapse_ms:
            self._next_grant = None
        self._move(up_ms, "lock" if reason else "unlock")
        plugged = self.vehicle in "BCD"
        if self.state == states.AVAILABLE:
            if self._next_grant is not None:
                self._grant, self._next_grant = self._next_grant, None
                self._move(up_ms, "accept")
            elif plugged and not self._house.config.current.enabled:
                self._granted_ms, self._grant = up_ms, self._gate.free(up_ms)
                self._move(up_ms, "accept")
        elif self.state == states.AUTHORIZED:
            if plugged and self.meter.ok(up_ms):
                self._begin(up_ms)
            elif up_ms - self._granted_ms >= lapse_ms:
                self._move(up_ms, "lapse")

    def _grant_next(self, up_ms, grant, card):
        self._granted_ms, self._next_grant, self._next_card = up_ms, grant, card
        self._settle(up_ms)

    def _unplugged(self, up_ms):
        self._t_plug = None
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
        group = member(terms, "group")
        own = ref == member(terms, "token", "ref")
        if not own and not (group and entry is not None and entry.group == group):
            return self._gate.refuse(up_ms, ref, "busy")
        if up_ms - self._started_ms < DEAD_AFTER_START_MS:
            return "debounced"
        self._stop(up_ms, "Local")
        self._tapped_off_ms = up_ms
        self._settle(up_ms)
        return "accepted"

    def _socket(self, up_ms):
        """The part of access.Facts that this socket knows."""
        locked = self.locked_reason()
        if not locked and (self.fault or self.pilot_fault):
            locked = "faulted"
        in_use = self.session is not None and self.state != states.FINISHING
        return {
            "locked": locked,
            "busy": in_use or self.state == states.AUTHORIZED,
            "meter_ok": self.meter.ok(up_ms),
        }
