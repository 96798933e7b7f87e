"""One session: terms latched at the start, the five times, samples, and its two records' bodies."""

from . import metering
from .reasons import flag_bit, flag_words
from .samples import MOST, Samples
from .states import CHARGING, FINISHING, SUSPENDED_EV, SUSPENDED_EVSE

CHARGING_MS = 0
EV_MS = 1
EVSE_MS = 2
OUTAGE_MS = 3

_PHASE = {CHARGING: CHARGING_MS, SUSPENDED_EV: EV_MS, SUSPENDED_EVSE: EVSE_MS}

# After these the vehicle stays by its user's will, and the time is the vehicle's; after any other
# reason the charger withheld, and the time is the charger's: never an idle fee for a fault.
_BY_USER = ("Local", "Remote")


_UNBELIEVED = (
    flag_bit("meter_backward")
    | flag_bit("meter_replaced")
    | flag_bit("meter_implausible")
    | flag_bit("meter_frozen")
)


class Grant:
    """An accepted identity, and the terms it begins under. All strings, "" where there is none."""

    def __init__(self, method, ref, user="", contract="", group="", billing="none", kind="none"):
        self.method = method
        self.ref = ref
        self.user = user
        self.contract = contract
        self.group = group
        self.billing = billing
        self.kind = kind
        self.unbilled = False  # the store is full: given without a record, see room.py
        self.offline = False
        self.t_auth = None

    def terms(self):
        """Who is billed, and how."""
        return self.user, self.contract, self.group, self.billing


class Session:
    """The running session.

    number: its counter; terms: body pairs of session_begin (kept word for word for session_end);
    reg_begin_wh, serial: the meter at the begin; begin_seq: its begin record's number.
    Times are milliseconds in `ms`, indexed by CHARGING_MS .. OUTAGE_MS.
    """

    def __init__(self, number, begin_seq, terms, reg_begin_wh, serial):
        self.number = number
        self.begin_seq = begin_seq
        self.terms = terms
        self.reg_begin_wh = reg_begin_wh
        self.serial = serial
        self.ms = [0, 0, 0, 0]
        self.phase = EV_MS
        self.since_ms = 0
        self.register_wh = reg_begin_wh
        self.flags = 0
        self.stop_reason = ""
        self.gone = False  # the vehicle was seen leaving
        self.t_stop = None
        self.samples = Samples(reg_begin_wh)

    @property
    def is_left(self):
        """Whether the vehicle of a stopped session was seen leaving, or cannot be waited for."""
        return self.gone or self.stop_reason in ("PowerLoss", "EVDisconnected")

    def enter(self, up_ms, state):
        """Count time for `state` from now on."""
        self.count(up_ms)
        if state == FINISHING:
            self.phase = EV_MS if self.stop_reason in _BY_USER else EVSE_MS
        else:
            self.phase = _PHASE[state]

    def turn(self, up_ms, phase):
        """Count time for CHARGING_MS, EV_MS or EVSE_MS from now on."""
        if phase != self.phase:
            self.count(up_ms)
            self.phase = phase

    def count(self, up_ms):
        """Bring the running time up to now."""
        if up_ms > self.since_ms:
            self.ms[self.phase] += up_ms - self.since_ms
        self.since_ms = up_ms

    def lasted_s(self):
        """Whole seconds from the begin until the last count, outage included."""
        return sum(self.ms) // 1000

    def flag(self, word):
        """Note a FLAGS word."""
        self.flags |= flag_bit(word)

    def sample(self, reason):
        """Note the register now. True when older samples were thinned to make room."""
        thinned = len(self.samples) >= MOST
        if thinned:
            self.samples.thin()
            self.flag("samples_thinned")
        self.samples.add(self.lasted_s(), self.register_wh, reason)
        return thinned

    def seconds(self):
        """The five times as a body: whole seconds whose sum is exactly `connected`."""
        whole = []
        total_ms = total_s = 0
        for ms in self.ms:
            total_ms += ms
            whole.append(total_ms // 1000 - total_s)
            total_s = total_ms // 1000
        return (
            ("connected", total_s),
            ("charging", whole[CHARGING_MS]),
            ("ev_suspended", whole[EV_MS]),
            ("evse_suspended", whole[EVSE_MS]),
            ("outage", whole[OUTAGE_MS]),
        )

    def end_body(self, reading, anomaly, t_unplug):
        """The body of session_end.

        reading: the meter's answer at the end as it came, or None; anomaly: the flag under which the
        meter is not believed now, "" when it is; t_unplug: Instant or None.
        """
        energy_wh, flag = metering.energy_wh(
            self.reg_begin_wh,
            self.serial,
            None if reading is None else reading.register_wh,
            None if reading is None else reading.serial,
            self.lasted_s(),
        )
        for word in (flag, anomaly):
            if word:
                self.flag(word)
        if anomaly or self.flags & _UNBELIEVED:
            energy_wh = None
        if energy_wh == 0:
            self.flag("zero_energy")
        if self.t_stop.unix_s is None:
            self.flag("clock_unsynced")
        if t_unplug is None:
            self.flag("unplug_unseen")
        return self.terms + (
            ("reg_end_wh", None if reading is None else reading.register_wh),
            ("energy_wh", energy_wh),
            ("seconds", self.seconds()),
            ("samples", self.samples),
            ("t_stop", self.t_stop),
            ("t_unplug", t_unplug),
            ("stop_reason", self.stop_reason),
            ("flags", flag_words(self.flags)),
        )


def begin_body(charger, number, grant, tariff, reading, list_version, t_plug, t_start):
    """The body of session_begin: the terms, latched.

    grant: Grant; tariff: (id, version) or None; reading: the believed Reading at the begin.
    """
    token = (("type", grant.kind), ("ref", grant.ref), ("method", grant.method))
    return (
        ("session", "%s-%d" % (charger, number)),
        ("token", token),
        ("user", grant.user),
        ("contract", grant.contract),
        ("group", grant.group),
        ("billing", grant.billing),
        ("tariff", tariff and (("id", tariff[0]), ("version", tariff[1]))),
        ("meter", (("serial", reading.serial), ("source", reading.source))),
        ("reg_begin_wh", reading.register_wh),
        ("list_version", list_version),
        ("offline", grant.offline),
        ("t_auth", grant.t_auth),
        ("t_plug", t_plug),
        ("t_start", t_start),
    )
