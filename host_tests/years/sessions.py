"""What the world knows of each session, to hold its records against."""

PULSE_S = 66  # what a power cut may take from the times while energy flows, and a little
IDLE_PULSE_S = 306  # and while none flows: it counts as outage


class Broken(Exception):
    """A law was broken. law: its number; text: how."""

    def __init__(self, law, text):
        super().__init__("law %d: %s" % (law, text))
        self.law = law
        self.text = text


def need(law, condition, text, *args):
    """Broken unless the condition holds."""
    if not condition:
        raise Broken(law, text % args if args else text)


class Stay:
    """One session as the world saw it. Times are the world's ms; registers a good meter's Wh.

    grants: identities that may have begun it, (method, user, contract, group, billing, type);
    tariffs, lists: terms that may have been in force. unplug_ms: when the charger saw the vehicle go;
    away_ms: when the session was gone, -1 while it runs. odd: meter faults while it ran.
    """

    def __init__(self, name, now_ms, register_wh, grants, tariffs, lists, wall_s):
        self.name = name
        self.begin_ms = now_ms
        self.begin_wh = register_wh
        self.begin_s = wall_s
        self.grants = grants
        methods = [grant[0] for grant in grants]
        self.maybe_free = "none" in methods  # begun by nobody, while the charger was open
        self.free = methods == ["none"]
        self.tariffs = tariffs
        self.lists = lists
        self.end_wh = -1
        self.unplug_ms = -1
        self.away_ms = -1
        self.stopped = False
        self.maybe_stopped = False
        self.began_by = None  # the cards that may have begun it, in hex
        self.lit_ms = -1  # since when it has had a permit, in this boot
        self.permitted = False
        self.odd = []
        self.welded = False
        self.unbilled = False
        self.hidden = False  # it lived and died around a power cut: its times are not known
        self.closed_ms = 0
        self.stuck_ms = 0  # closed against the charger's will
        self.waiting_ms = 0
        self.withheld_ms = 0
        self.dark_ms = 0
        self.dark_tail_ms = 0  # dark that no permit followed: the session may not have gone on
        self.after_boot_ms = 0
        self.faults = 0
        self.cuts = 0
        self.clock_noise_s = 0
        self.terms = None

    def passed(self, ms, closed, permitted):
        """Time passed with the charger awake."""
        if self.cuts and self.lit_ms < 0:
            self.after_boot_ms += ms
        if closed and permitted:
            self.closed_ms += ms
            self.dark_tail_ms = 0
        elif closed:
            self.stuck_ms += ms
        elif permitted:
            self.waiting_ms += ms
            self.dark_tail_ms = 0
        else:
            self.withheld_ms += ms

    def note_meter(self, fault):
        """The meter lies in some way while this session runs."""
        if fault and fault not in self.odd:
            self.odd.append(fault)

    def check_end(self, record, drift_ppm):
        """The laws of an end record that concern this session alone."""
        self._check_energy(record)
        if not self.hidden:
            self._check_times(record, drift_ppm)

    def _check_energy(self, record):
        energy, flags = record["energy_wh"], record["flags"]
        begin, end = record["reg_begin_wh"], record["reg_end_wh"]
        what = "%s: %s Wh, flags %s, registers %s..%s, the world's %d..%d, meter faults %s" % (
            self.name, energy, flags, begin, end, self.begin_wh, self.end_wh, self.odd,
        )  # fmt: skip
        odd_flags = [flag for flag in flags if flag[:6] == "meter_"]
        if energy is None:
            need(3, odd_flags, "null without a flag: %s", what)
            excused = self.odd or self.welded
            need(3, excused, "no energy from an honest meter: %s", what)
            return
        need(14, type(energy) is int and energy >= 0, "not a whole number: %s", what)
        need(3, begin is not None and end is not None, "no registers: %s", what)
        need(3, energy == end - begin, "not a register difference: %s", what)
        most_off = 0
        if "frozen" in self.odd or "zero" in self.odd:
            most_off = 125 * (
                1 + self.cuts
            )  # until it shows: 100 Wh by the power reading, and 5 s more
        if self.welded:
            most_off = max(most_off, 10)  # it flows on while the last reading is taken
        if self.odd and "meter_unsettled" in flags:
            return  # the service looks at it before anybody pays
        off = abs(energy - (self.end_wh - self.begin_wh))
        need(3, off <= most_off, "not the world's energy: %s", what)
        if not self.odd:
            need(3, begin == self.begin_wh, "another begin register: %s", what)
        need(14, (energy == 0) == ("zero_energy" in flags), "zero_energy: %s", what)

    def _check_times(self, record, drift_ppm):
        s = record["seconds"]
        last_ms = self.unplug_ms if self.unplug_ms >= 0 else self.away_ms
        whole = [s[k] for k in ("charging", "ev_suspended", "evse_suspended", "outage")]
        what = "%s: %s, %s, the world's: closed %d, waiting %d, withheld %d, dark %d, stuck %d, from plug to end %d s, %d cuts" % (
            self.name, record["stop_reason"], s, self.closed_ms // 1000, self.waiting_ms // 1000,
            self.withheld_ms // 1000, self.dark_ms // 1000, self.stuck_ms // 1000,
            (last_ms - self.begin_ms) // 1000, self.cuts,
        )  # fmt: skip
        for value in whole:
            need(13, type(value) is int and value >= 0, "not whole seconds: %s", what)
        need(13, s["connected"] == sum(whole), "the times do not add up: %s", what)
        span_s = (last_ms - self.begin_ms) / 1000
        slack_s = 2 + span_s * (drift_ppm + 1) / 1000000
        stops_s = 1.1 * self.faults + slack_s
        need(
            13,
            s["charging"] <= (self.closed_ms + self.stuck_ms) / 1000 + stops_s,
            "charging too long: %s",
            what,
        )
        noise_s = self.clock_noise_s + slack_s
        lost_s = PULSE_S * self.cuts
        idle_s = IDLE_PULSE_S * self.cuts
        dark_s = (self.dark_ms + self.after_boot_ms) / 1000
        need(13, s["outage"] <= dark_s + idle_s + noise_s, "outage too long: %s", what)
        least_s = (self.dark_ms - self.dark_tail_ms) / 1000 - noise_s - 1
        need(13, s["outage"] >= least_s, "outage too short: %s", what)
        need(12, s["connected"] <= span_s + noise_s + 1, "longer than it was: %s", what)
        user_s = (
            (self.withheld_ms + self.stuck_ms) / 1000
            if record["stop_reason"] in ("Local", "Remote")
            else 0
        )
        parked_s = self.waiting_ms / 1000 + user_s + stops_s
        need(13, s["ev_suspended"] <= parked_s, "the vehicle's time too long: %s", what)
        if record["stop_reason"] == "PowerLoss":
            return
        if self.unplug_ms < 0:
            span_s -= 36  # it was closed for the next driver, and the meter waited for
        least_s = span_s - noise_s - 1
        if self.dark_tail_ms:  # the dark is nobody's time once the session was stopped
            least_s -= self.dark_tail_ms / 1000 + idle_s
        if "outage_unknown" in record["flags"]:
            least_s -= (self.dark_ms + self.after_boot_ms) / 1000 + idle_s
        need(12, s["connected"] >= least_s - self.cuts, "shorter than it was: %s", what)
        least_s = self.closed_ms / 1000 - stops_s - lost_s
        need(13, s["charging"] >= least_s, "charging too short: %s", what)
