"""The running session's half of a connector: how it begins, is held, stopped, resumed and ended."""

from . import availability, recovery, states
from .const import const
from .darkness import Darkness, restored
from .gate import Gate
from .keeper import Keeper
from .meterlog import MeterLog
from .packing import member
from .reasons import flag_bit
from .session import EV_MS, EVSE_MS, Session, begin_body

END_WAIT_MS = const(30000)  # for the contactor to open and the meter to answer after that

_QUIET = ("begin", "resume", "abandon")  # the first has its own sample; the others were long ago
_VEHICLE_FAULTS = {"D": "ventilation_required", "E": "pilot_short", "F": "pilot_fault"}


class Running:
    """See connector.Connector, which adds the events and what happens without a session.

    state: one of states; session: Session or None; vehicle: "A".."F"; fault: the power board's word;
    contactor_closed: its feedback.
    """

    def __init__(self, house, meter, number):
        self._house = house
        self._number = number
        self.meter = meter
        self._gate = Gate(house, number)
        self._keeper = Keeper(house)
        self._meter_log = MeterLog(house, meter, number)
        self._dark = Darkness(house)
        self.state = states.LOCKED
        self.session = None
        self.vehicle = "A"
        self.fault = ""
        self.contactor_closed = True  # until its feedback has said otherwise
        self.contactor_opened_ms = 0  # when it said so last
        self.rest_until_ms = 0  # after a fault nothing is given for a while, so that nothing flaps
        self.telemetry_ms = 0
        self._grant = None  # the accepted identity that the next session begins with
        self._next_grant = None  # one accepted while the session before still has to be ended
        self.opened_ms = None  # when the last session of this boot ended, or somebody unlocked
        self._card = None  # the running session's card (its key in the list), for revocation
        self._next_card = None
        self._t_plug = None
        self._t_unplug = None
        self._started_ms = 0
        self._closing_ms = None  # since when the session waits to be closed

    @property
    def pilot_fault(self):
        """The fault that the vehicle's pilot state means, "" when none."""
        return _VEHICLE_FAULTS.get(self.vehicle, "")

    @property
    def _unseen(self):
        """Whether current may flow and nobody can see for whom: the contactor is welded, and the pilot says
        nothing of the vehicle.
        """
        return self.fault == "welded" and self.vehicle == "F"

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

    def _resume(self, up_ms, reading):
        """Look for the session that was open when the power went."""
        house = self._house
        session = house.checkpoint.find_open()
        kept = house.checkpoint
        self.meter.expect(kept.register_wh, kept.serial, house.room.open)
        if session is None:
            if kept.is_open:
                house.keep(
                    up_ms, None
                )  # its end record is in the journal, the checkpoint came too late
            self._meter_log.take(up_ms, reading, None, False)
            house.write(up_ms, "power_restored", restored(None, None, False))
            return
        session.since_ms = up_ms
        session.flag("outage")
        self.session = session
        self._card = house.card.read(session.number)
        self._dark.begin(up_ms, house.checkpoint.taken)
        self._meter_log.take(up_ms, reading, session, False)
        if not session.stop_reason:
            self._move(up_ms, "resume")
        else:
            if session.stop_reason == "EVDisconnected":
                self._t_unplug = session.t_stop
            elif session.gone:
                self._t_unplug = house.checkpoint.taken
            elif self.vehicle == "A":
                house.keep_gone(up_ms, session)
            self._move(up_ms, "abandon")

    def _begin(self, up_ms):
        house = self._house
        reading = self.meter.last
        unbilled = self._grant.unbilled
        number = 0 if unbilled else house.checkpoint.number + 1
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
        if unbilled:
            seq = 0
            durable = house.begin_unbilled(up_ms, reading.register_wh)
        else:
            self._meter_log.gap(up_ms, house.checkpoint.register_wh, reading)
            durable = seq = house.write(up_ms, "session_begin", terms, self._number)
        if not durable:
            return
        session = Session(number, seq, terms, reading.register_wh, reading.serial)
        session.since_ms = up_ms
        if self.meter.unsettled(up_ms):
            session.flag("meter_unsettled")
        self.session = session
        self._grant = None
        self._card, self._next_card = self._next_card, None
        if self._card is not None:
            house.remember_card(up_ms, number, self._card)
        self._t_unplug = self._closing_ms = None
        self._started_ms = self.telemetry_ms = up_ms
        self._keeper.begin(up_ms, session, "begin")
        self._move(up_ms, "begin")

    def account(self, up_ms):
        """Bring the session's times up to now: a boot may go on with it as if nothing had been tried."""
        if not self._dark.pending and not self.session.is_left:
            self.session.count(up_ms)

    def _settle_session(self, up_ms):
        if self.state == states.FINISHING:
            if self._dark.pending and self._dark.known(up_ms):
                self._leave_dark_stopped(up_ms)
            if self._closing_ms is None and self._is_over():
                self._closing_ms = up_ms
            if self._closing_ms is not None:
                self._try_end(up_ms)
            return
        if self._dark.pending:
            self._decide_resume(up_ms)
            if self.state == states.FINISHING:
                return
        if self._unseen:
            self._stop(up_ms, "Other")
            return
        house = self._house
        resting = "resting" if up_ms < self.rest_until_ms else ""
        held = availability.hold_reason(
            self.fault or self.pilot_fault or resting,
            self.meter.ok(up_ms),
            house.config.current.limit_ma,
            self._dark.pending,
            house.store_ok,
        )
        if held:
            self._move(up_ms, "hold")
        elif self.state == states.SUSPENDED_EVSE:
            self._move(up_ms, "release")
        else:
            asking = self.vehicle == "C"
            self._move(up_ms, "draw" if asking and self.contactor_closed else "idle")
            if self.state == states.SUSPENDED_EV:
                # A vehicle that asks and gets nothing is not the one that suspends.
                self.session.turn(up_ms, EVSE_MS if asking else EV_MS)

    def _stop(self, up_ms, reason):
        if self._dark.pending:  # stopped by somebody before the dark was accounted for
            self.session.since_ms = up_ms
            self._dark.leave(up_ms, self.session, False, up_ms)
        self.opened_ms = up_ms
        self._end_with(up_ms, reason, self._house.time.now(up_ms))

    def _end_with(self, up_ms, reason, t_stop):
        session = self.session
        session.count(up_ms)
        session.stop_reason = reason
        session.t_stop = t_stop
        self._move(up_ms, "stop")

    def _flag_revoked(self, up_ms):
        """List or order take back what was given: told at once."""
        session = self.session
        if not session.flags & flag_bit("revoked"):
            session.flag("revoked")
            self._gate.tell(up_ms, member(session.terms, "token"), "T9", "blocked", 1)
            self._house.keep(up_ms, session)

    def _is_over(self):
        """Whether a stopped session need not wait for the vehicle to leave any longer."""
        session = self.session
        left = session.is_left or self.vehicle == "A" or self._unseen
        return left or self._next_grant is not None

    def _try_end(self, up_ms):
        if not self._house.store_ok:
            return
        waited = up_ms - self._closing_ms >= END_WAIT_MS
        since_ms = max(self._closing_ms, self.contactor_opened_ms)
        heard = self.meter.tells_of(since_ms)
        if not waited and (self.contactor_closed or not heard):
            return
        session = self.session
        if self._dark.pending:
            self._leave_dark_stopped(up_ms)
        session.count(self._closing_ms)
        if self.contactor_closed:
            session.flag("contactor_stuck")
        reading = self.meter.raw if self.meter.heard_since(self._closing_ms) else None
        if reading is not None and not self.meter.anomaly:
            session.register_wh = reading.register_wh
            session.sample("end")
        if self._record_end(up_ms, reading):
            self.session = self._card = None
            self._closing_ms = None
            if self.opened_ms is not None:  # else it had stopped before this boot, which is locked
                self.opened_ms = up_ms
            self._move(up_ms, "end")

    def _record_end(self, up_ms, reading):
        house, session = self._house, self.session
        if not session.number:
            house.end_unbilled(up_ms, session.register_wh)
            house.checkpoint.register_wh = session.register_wh
            house.keep(up_ms, None)
            return True
        body = session.end_body(reading, self.meter.anomaly, self._t_unplug)
        if not house.write(up_ms, "session_end", body, self._number):
            return False
        house.keep(up_ms, None)
        return True

    def _decide_resume(self, up_ms):
        session = self.session
        word = self._dark.verdict(up_ms)
        if word == recovery.WAIT and self.vehicle != "A":
            return
        session.since_ms = up_ms
        if word == recovery.RESUME and self.vehicle != "A":
            self._dark.leave(up_ms, session, True, up_ms)
            self._started_ms = up_ms
            self._keeper.begin(up_ms, session, "resume")
        else:
            taken = self._dark.taken
            self._dark.leave(up_ms, session, False)
            self._end_with(up_ms, "PowerLoss", taken)

    def _leave_dark_stopped(self, up_ms):
        """A session that had been stopped before the dark: the vehicle may have stayed through it."""
        session = self.session
        until_ms = None if session.is_left else self._dark.boot_ms
        self._dark.leave(up_ms, session, False, until_ms)
        session.gone = session.gone or self.vehicle == "A"
        self._house.keep(up_ms, session)
