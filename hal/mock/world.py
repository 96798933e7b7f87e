"""The physical world around one charger: vehicle, contactor, energy, mains, network, time.

Exact integers: energy in microjoule (1 mW for 1 ms), time in ms since the world was made. The same
calls give the same world on every interpreter. Nothing moves by itself: `step` lets time pass.
"""

UJ_PER_WH = 3600000000
MAINS_V = 230
LEASE_MS = 2000
DETECT_MS = 1000  # the power board looks for a weld or a dead contactor this long after its order

METER_FAULTS = ("", "silent", "frozen", "backward", "zero", "serial", "jump")
READER_FAULTS = ("", "dead", "two_cards", "raises")
CONTACTOR_FAULTS = ("", "weld", "stuck_open")
PILOT_FAULTS = ("", "D", "E", "F")

# What is written down and read back. The permit is not: it lives in the power board's RAM.
_SAVED = (
    "now_ms", "unix_ms", "jump_ms", "time_source", "mains", "network", "plugged", "max_ma", "phases",
    "demand_ma", "target_uj", "energy_uj", "closed", "contactor_fault", "board_fault",
    "pilot_fault", "meter_base_wh", "meter_serial", "meter_source", "meter_fault", "fault_wh",
    "reader_fault",
)  # fmt: skip


class World:
    """State of the world. Read the attributes freely; change them through the methods, except the
    plain switches `network`, `time_source`, `jump_ms`, `reader_fault`.

    unix_ms: wall clock at now_ms 0. energy_uj: all energy the charger ever let through.
    target_uj: value of energy_uj at which the vehicle stops asking, -1 for never.
    changes: rises whenever something that the charger can sense changes.
    stubborn: the vehicle goes on asking, and drawing, when the pilot offers nothing any more.
    controller: None, or a chip of hal.mock.chips that owns pilot and relay instead of `permit`:
        sense() tells it that vehicle or contactor may have changed, due_ms() is the instant of its next
        own act (-1: none), poll(now_ms) lets it act, relay says whether its relay is energised, renewed(at_ms)
        takes it that the charger has kept it alive until then.
    """

    def __init__(self, start_unix=1700000000, meter_base_wh=0, meter_serial="SIM-0001"):
        self.now_ms = 0
        self.unix_ms = start_unix * 1000
        self.jump_ms = 0
        self.time_source = True
        self.mains = True
        self.network = True
        self.plugged = False
        self.max_ma = 0
        self.phases = 1
        self.demand_ma = 0
        self.target_uj = -1
        self.energy_uj = 0
        self.permit_ma = 0
        self.lease_end_ms = 0
        self.closed = False
        self.contactor_fault = ""
        self.board_fault = ""
        self.pilot_fault = ""
        self.meter_base_wh = meter_base_wh
        self.meter_serial = meter_serial
        self.meter_source = "internal"
        self.meter_fault = ""
        self.fault_wh = 0
        self.reader_fault = ""
        self.cards = []
        self.changes = 0
        self.stubborn = False
        self.controller = None
        self._odd_since_ms = -1  # since when the contactor is not where it was told to be

    # ---- what can be seen

    def vehicle(self):
        """Return the vehicle state, one letter A to F."""
        if self.pilot_fault:
            return self.pilot_fault
        if not self.plugged:
            return "A"
        return "C" if self.demand_ma and (self.permit_ma or self.stubborn) else "B"

    def fault(self):
        """Return the power board's fault word, "" when there is none."""
        if self.board_fault:
            return self.board_fault
        if self._odd_since_ms >= 0 and self.now_ms - self._odd_since_ms >= DETECT_MS:
            return "welded" if self.closed else "stuck_open"
        return ""

    def current_ma(self):
        """Return the current of each connected phase."""
        if not (self.closed and self.mains and self.plugged):
            return 0
        if not self.permit_ma and (self.contactor_fault == "weld" or self.stubborn):
            return self.demand_ma  # the worst vehicle: it goes on without a pilot
        return min(self.demand_ma, self.permit_ma)

    def power_mw(self):
        """Return the power that flows now."""
        return self.current_ma() * MAINS_V * self.phases

    def wall_ms(self):
        """Return the world's wall clock, ms since 1970 UTC."""
        return self.unix_ms + self.now_ms

    def register_wh(self):
        """Return what a good meter shows."""
        return self.meter_base_wh + self.energy_uj // UJ_PER_WH

    # ---- what people and vehicles do

    def plug(self, max_ma=32000, phases=1):
        """Connect a vehicle that can take `max_ma` on 1, 2 or 3 phases; it asks for nothing yet."""
        self.plugged = True
        self.max_ma = max_ma
        self.phases = phases
        self.demand_ma = 0
        self.target_uj = -1
        self._settle()

    def unplug(self):
        """Disconnect the vehicle."""
        self.plugged = False
        self.demand_ma = 0
        self.target_uj = -1
        self._settle()

    def demand(self, ma, wh=None):
        """Let the vehicle ask for `ma` (0: nothing), until it has taken `wh` more from now on."""
        self.demand_ma = min(ma, self.max_ma) if self.plugged else 0
        self.target_uj = -1
        if wh is not None and self.demand_ma:
            self.target_uj = self.energy_uj + wh * UJ_PER_WH
        self._settle()

    def tap(self, uid, kind="ISO14443"):
        """Hold a card to the reader."""
        if len(self.cards) < 8:
            self.cards.append((kind, uid))
            self.changes += 1

    def set_mains(self, on):
        """Switch the supply. Without it no energy flows and the power board forgets its permit."""
        self.mains = on
        self.permit_ma = 0
        self._settle()

    def set_time(self, unix):
        """Set the wall clock, whole seconds since 1970."""
        self.unix_ms = unix * 1000 - self.now_ms

    def set_meter_fault(self, fault, wh=None):
        """Switch a meter fault on, or all off with "".

        silent: no answer. frozen: the register stands. zero: it reads 0. serial: another meter
        answers. backward, jump: it reads `wh` less or more than the truth (500, 100000).
        """
        self.meter_fault = fault
        if fault == "frozen":
            self.fault_wh = self.register_wh()
        else:
            self.fault_wh = {"backward": 500, "jump": 100000}.get(fault, 0) if wh is None else wh
        self.changes += 1

    def set_contactor_fault(self, fault):
        """ "weld": once closed it stays closed. "stuck_open": it does not close. "" repairs it."""
        self.contactor_fault = fault
        self._settle()

    def set_board_fault(self, fault):
        """Let the power board report `fault` and keep the contactor open; "" clears it."""
        self.board_fault = fault
        self._settle()

    def set_pilot_fault(self, state):
        """Force the vehicle state to "D", "E" or "F", or let it be true again with ""."""
        self.pilot_fault = state
        self._settle()

    # ---- what the charger does

    def permit(self, limit_ma):
        """Take the charger's permit (0, or 6000..80000; anything else is 0), renew its lease."""
        if not (6000 <= limit_ma <= 80000) or not self.mains:
            limit_ma = 0
        self.lease_end_ms = self.now_ms + LEASE_MS
        if limit_ma != self.permit_ma:
            self.permit_ma = limit_ma
            self._settle()

    def drive(self, offer_ma):
        """The controller's pilot offers `offer_ma` now (0: nothing), or its relay has changed."""
        self.permit_ma = offer_ma if self.mains else 0
        self._settle()

    # ---- time

    def next_event_ms(self):
        """Return the instant at which something changes by itself next, -1 when nothing will."""
        leased = self.permit_ma and self.controller is None
        soonest = self.lease_end_ms if leased else -1
        return _sooner(soonest, self._own_event_ms())

    def step(self, to_ms, leased=False):
        """Let time pass until `to_ms`, exactly, through every event on the way.

        leased: take it that the charger renewed its permit all the while. Return True when
        something that the charger can sense changed.
        """
        before = self.changes
        if leased:
            self.lease_end_ms = to_ms + LEASE_MS
        while self.now_ms < to_ms:
            event = self.next_event_ms()
            until = event if 0 <= event < to_ms else to_ms
            energy = self.energy_uj + self.power_mw() * (until - self.now_ms)
            if 0 <= self.target_uj < energy:
                energy = self.target_uj
            self.energy_uj = energy
            self.now_ms = until
            if until == event:
                self._expire()
        return self.changes != before

    def skip_ms(self, most_ms):
        """Return how long nothing changes by itself if the permit is renewed, `most_ms` at most."""
        event = self._own_event_ms()
        return most_ms if event < 0 else max(0, min(most_ms, event - self.now_ms))

    def restart(self, dark_ms=0):
        """The charger lost its supply for `dark_ms`: no permit; the world goes on."""
        self.permit_ma = 0
        self.cards = []
        self._settle()
        self.step(self.now_ms + dark_ms)

    # ---- to and from a file

    def to_dict(self):
        """Return the state as a dict of ints, texts and booleans."""
        return {name: getattr(self, name) for name in _SAVED}

    def from_dict(self, saved):
        """Take a state that `to_dict` gave. A missing member keeps its value."""
        for name in _SAVED:
            if name in saved:
                setattr(self, name, saved[name])
        self.permit_ma = 0
        self._odd_since_ms = -1
        self._settle()

    # ---- inside

    def _own_event_ms(self):
        event = -1
        if self.target_uj >= 0:
            power = self.power_mw()
            if power:
                event = self.now_ms + (self.target_uj - self.energy_uj + power - 1) // power
        if self._odd_since_ms >= 0 and not self.board_fault:
            found = self._odd_since_ms + DETECT_MS
            if found > self.now_ms:
                event = _sooner(event, found)
        if self.controller is not None:
            event = _sooner(event, self.controller.due_ms())
        return event

    def _expire(self):
        if self.controller is not None:
            self.controller.poll(self.now_ms)
        elif self.permit_ma and self.now_ms >= self.lease_end_ms:
            self.permit_ma = 0
        self._settle()

    def _settle(self):
        if 0 <= self.target_uj <= self.energy_uj:
            self.target_uj = -1
            self.demand_ma = 0
        told = self._told_to_close()
        if told:
            self.closed = self.contactor_fault != "stuck_open"
        elif not (self.closed and self.contactor_fault == "weld"):
            self.closed = False
        if self.closed == told:
            self._odd_since_ms = -1
        elif self._odd_since_ms < 0:
            self._odd_since_ms = self.now_ms
        self.changes += 1
        if self.controller is not None:
            self.controller.sense()

    def _told_to_close(self):
        if self.controller is not None:
            return self.mains and self.controller.relay
        return (
            self.mains
            and self.permit_ma > 0
            and not self.board_fault
            and self.vehicle() in ("C", "D")
        )


def _sooner(a, b):
    return b if a < 0 else a if b < 0 else min(a, b)
