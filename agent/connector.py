"""One socket: vehicle, card, grant and stop come in; a state, a permit and records come out.

Every event ends in `_settle`, which looks at the facts once more and moves on as far as they carry.
The begin record is durable before the state allows energy (law 2): `_begin` writes, then steps.
"""

from . import availability, recovery, states
from .const import const
from .gate import Gate
from .keeper import Keeper
from .meterlog import MeterLog
from .packing import member
from .reasons import Refused
from .session import OUTAGE_MS, Session, begin_body

TELEMETRY_MS = const(60000)
END_WAIT_MS = const(30000)  # for the contactor to open and the meter to answer after that
DEAD_AFTER_START_MS = const(5000)
DEAD_AFTER_STOP_MS = const(3000)
_IDLE_MS = const(3600000)
_NEVER = const(1 << 60)

_QUIET = ("begin", "resume", "abandon")  # the first has its own sample; the others were long ago
_VEHICLE_FAULTS = {"D": "ventilation_required", "E": "pilot_short", "F": "pilot_fault"}


class Connector:
    """house: the charger's parts (see house.House); number: 1 for a charger with one socket."""

    def __init__(self, house, meter, number=1):
        self._house = house
        self._number = number
        self.meter = meter
        self._gate = Gate(house, number)
        self._keeper = Keeper(house)
        self._meter_log = MeterLog(house, meter, number)
        self.state = states.LOCKED
        self.session = None
        self.vehicle = "A"
        self.fault = ""
        self.contactor_closed = False
        self.telemetry_ms = 0
        self._grant = None
        self._next_grant = None
        self._granted_ms = 0
        self._t_plug = None
        self._t_unplug = None
        self._started_ms = 0
        self._tapped_off_ms = -DEAD_AFTER_STOP_MS
        self._closing_ms = None  # since when the session waits to be closed
        self._awaiting_clock = None  # after a power cut: Instant of the last checkpoint

    # -- what the rest of the charger asks

    @property
    def permit_ma(self):
        """The current the vehicle may draw now, in mA; 0: the contactor must be open."""
        return states.permit_ma(self.state, self._house.config.current.limit_ma)

    @property
    def pilot_fault(self):
        """The fault that the vehicle's pilot state means, "" when none."""
        return _VEHICLE_FAULTS.get(self.vehicle, "")

    @property
    def keep_from(self):
        """The first record number that the running session still needs."""
        return self.session.begin_seq if self.session else _NEVER

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
        elif self._closing_ms is not None or self._awaiting_clock is not None:
            due = up_ms + 1000
        elif self.session is not None:
            due = self._keeper.due_ms(up_ms, self.session)
            due = min(due, self.telemetry_ms + TELEMETRY_MS, self.meter.due_ms(up_ms))
        elif self.meter.anomaly:
            due = up_ms + 1000
        return max(0, due - up_ms)

    # -- events

    def boot(self, up_ms, vehicle, reading):
        """Begin where the power went. Called once, before any other event."""
        house = self._house
        self.meter.take(up_ms, reading, house.config.current.limit_ma)
        self.vehicle = vehicle
        if vehicle != "A":
            self._t_plug = house.time.now(up_ms)
        session = house.checkpoint.find_open()
        self._meter_log.compare(up_ms, house.checkpoint.register_wh, session)
        if session is None:
            house.write(up_ms, "power_restored", _restored(None, None, False))
            return
        session.since_ms = up_ms
        session.flag("outage")
        self.session = session
        if session.stop_reason:
            if session.stop_reason == "EVDisconnected":
                self._t_unplug = session.t_stop
            self._move(up_ms, "abandon")
        else:
            self._move(up_ms, "resume")
            self._awaiting_clock = house.checkpoint.taken
        self._settle(up_ms)

    def on_vehicle(self, up_ms, vehicle):
        """The vehicle's state, "A".."F" (IEC 61851-1 Annex A)."""
        if vehicle == self.vehicle:
            return
        was_away = self.vehicle == "A"
        self.vehicle = vehicle
        if vehicle == "A":
            self._unplugged(up_ms)
        elif was_away:
            self._t_plug = self._house.time.now(up_ms)
        self._settle(up_ms)

    def on_reading(self, up_ms, reading):
        """The meter's answer, or None when it gave none."""
        self._meter_log.take(up_ms, reading, self.session)
        if self.session is not None and self.meter.ok(up_ms):
            self.session.register_wh = self.meter.last.register_wh
        self._settle(up_ms)

    def on_fault(self, up_ms, fault):
        """The power board's fault word, "" when it has none."""
        if fault != self.fault:
            self._house.write(
                up_ms, "fault", (("fault", fault or self.fault), ("on", bool(fault)))
            )
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
        self._next_grant = grant
        self._settle(up_ms)
        return reason

    def order_start(self, up_ms, user, contract, group, billing):
        """The service starts a session for its user. Refused says why not."""
        reason, grant = self._gate.order(
            up_ms, user, contract, group, billing, self._socket(up_ms)
        )
        if grant is None:
            raise Refused(reason)
        self._next_grant = grant
        self._settle(up_ms)

    def order_stop(self, up_ms):
        """The service stops the session. Refused when there is none."""
        if self.session is None or self.state == states.FINISHING:
            raise Refused("no_session")
        self._stop(up_ms, "Remote")
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
        if self.session is not None and self._awaiting_clock is None and self._closing_ms is None:
            self._keeper.follow(up_ms, self.session)

    def _settle_idle(self, up_ms):
        fault = self.fault or self.pilot_fault
        if fault:
            self._move(up_ms, "fault")
            return
        if self.state == states.FAULTED:
            self._move(up_ms, "clear")
        reason = self.locked_reason()
        self._move(up_ms, "lock" if reason else "unlock")
        plugged = self.vehicle in "BCD"
        if self.state == states.AVAILABLE:
            if self._next_grant is not None:
                grant, self._next_grant = self._next_grant, None
                self._granted_ms, self._grant = up_ms, grant
                self._move(up_ms, "accept")
            elif plugged and not self._house.config.current.enabled:
                self._granted_ms, self._grant = up_ms, self._gate.free(up_ms)
                self._move(up_ms, "accept")
        elif self.state == states.AUTHORIZED:
            if plugged and self.meter.ok(up_ms):
                self._begin(up_ms)
            elif up_ms - self._granted_ms >= self._house.config.current.lapse_s * 1000:
                self._move(up_ms, "lapse")

    def _settle_session(self, up_ms):
        if self._awaiting_clock is not None and self.state != states.FINISHING:
            self._decide_resume(up_ms)
        if self.state == states.FINISHING:
            if self._closing_ms is None and self._is_over():
                self._closing_ms = up_ms
            if self._closing_ms is not None:
                self._try_end(up_ms)
            return
        house = self._house
        held = availability.hold_reason(
            self.fault or self.pilot_fault,
            self.meter.ok(up_ms),
            house.config.current.limit_ma,
            self._awaiting_clock is not None,
            house.store_ok,
        )
        if held:
            self._move(up_ms, "hold")
        elif self.state == states.SUSPENDED_EVSE:
            self._move(up_ms, "release")
        else:
            self._move(up_ms, "draw" if self.vehicle == "C" else "idle")

    def _move(self, up_ms, event):
        after = states.step(self.state, event)
        if after == self.state:
            return
        self.state = after
        self._house.changed()
        if self.session is not None:
            self.session.enter(up_ms, after)
            if event not in _QUIET:
                self._keeper.sample(up_ms, self.session, "state")

    def _begin(self, up_ms):
        house = self._house
        reading = self.meter.last
        number = house.checkpoint.number + 1
        now = house.time.now(up_ms)
        config = house.config.current
        terms = begin_body(
            house.charger_id,
            number,
            self._grant,
            config.tariff,
            reading,
            house.subscribers.version,
            self._t_plug or now,
            now,
        )
        seq = house.write(up_ms, "session_begin", terms, self._number)
        if not seq:
            return
        session = Session(number, seq, terms, reading.register_wh, reading.serial)
        session.since_ms = up_ms
        self.session = session
        self._grant = None
        self._t_unplug = self._closing_ms = None
        self._started_ms = self.telemetry_ms = up_ms
        self._keeper.begin(up_ms, session, "begin")
        self._move(up_ms, "begin")

    def _stop(self, up_ms, reason, t_stop=None):
        session = self.session
        session.count(up_ms)
        session.stop_reason = reason
        session.t_stop = t_stop or self._house.time.now(up_ms)
        self._awaiting_clock = None
        self._move(up_ms, "stop")

    def _unplugged(self, up_ms):
        self._t_plug = None
        if self.session is not None:
            self._t_unplug = self._house.time.now(up_ms)
            if self._awaiting_clock is None:
                if self.state != states.FINISHING:
                    self._stop(up_ms, "EVDisconnected")
                self._closing_ms = up_ms
        elif self.state == states.AUTHORIZED:
            self._move(up_ms, "lapse")

    def _is_over(self):
        """Whether a stopped session need not wait for the vehicle to leave any longer."""
        lost = self.session.stop_reason == "PowerLoss"
        return lost or self.vehicle == "A" or self._next_grant is not None

    def _try_end(self, up_ms):
        waited = up_ms - self._closing_ms >= END_WAIT_MS
        heard = self.meter.heard_since(self._closing_ms)
        if not waited and (self.contactor_closed or not heard):
            return
        house, session = self._house, self.session
        session.count(self._closing_ms)
        if self.contactor_closed:
            session.flag("contactor_stuck")
        reading = self.meter.raw if heard else None
        if reading is not None and not self.meter.anomaly:
            session.register_wh = reading.register_wh
            session.sample("end")
        body = session.end_body(
            reading, self.meter.anomaly, self._t_unplug, max(house.config.current.limit_ma, 32000)
        )
        if not house.write(up_ms, "session_end", body, self._number):
            return
        self.session = None
        self._closing_ms = None
        house.keep(up_ms, None, False)
        self._move(up_ms, "end")

    def _decide_resume(self, up_ms):
        house, session = self._house, self.session
        taken = self._awaiting_clock
        within_s = house.config.current.resume_within_s
        word, dark_s = recovery.verdict(taken.unix_s, house.time.unix_s(up_ms), up_ms, within_s)
        if word == recovery.WAIT and self.vehicle != "A":
            return
        session.since_ms = up_ms  # the dark is nobody's time unless the session goes on
        resumed = word == recovery.RESUME and self.vehicle != "A"
        name = member(session.terms, "session")
        house.write(up_ms, "power_restored", _restored(dark_s, name, resumed))
        self._awaiting_clock = None
        if resumed:
            session.ms[OUTAGE_MS] += dark_s * 1000
            self._started_ms = up_ms
            self._keeper.begin(up_ms, session, "resume")
        else:
            if dark_s is None:
                session.flag("outage_unknown")
            self._stop(up_ms, "PowerLoss", taken)

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


def _restored(outage_s, session, resumed):
    return ("outage_s", outage_s), ("session", session), ("resumed", resumed)
