"""The socket's states: (state, event) -> state, and what each state does to the contactor.

The state names are those of `status.state` (design section 4). `faulted` is a socket without a
session that cannot serve; a fault inside a session is `suspended_evse`, because the session goes on.

    locked ---unlock--> available ---accept--> authorized ---begin--> suspended_ev <--> charging
       ^------lock---------'  ^--------lapse------'                        |  ^            |
                              |                                          hold |release   hold
                              '----end---- finishing <----stop---- suspended_evse <--------'
"""

LOCKED = "locked"
AVAILABLE = "available"
AUTHORIZED = "authorized"
CHARGING = "charging"
SUSPENDED_EV = "suspended_ev"
SUSPENDED_EVSE = "suspended_evse"
FINISHING = "finishing"
FAULTED = "faulted"

TABLE = {
    (LOCKED, "unlock"): AVAILABLE,
    (LOCKED, "fault"): FAULTED,
    (AVAILABLE, "lock"): LOCKED,
    (AVAILABLE, "fault"): FAULTED,
    (AVAILABLE, "accept"): AUTHORIZED,
    (FAULTED, "clear"): LOCKED,
    (AUTHORIZED, "lapse"): AVAILABLE,
    (AUTHORIZED, "lock"): LOCKED,
    (AUTHORIZED, "fault"): FAULTED,
    (AUTHORIZED, "begin"): SUSPENDED_EV,
    (SUSPENDED_EV, "draw"): CHARGING,
    (CHARGING, "idle"): SUSPENDED_EV,
    (SUSPENDED_EV, "hold"): SUSPENDED_EVSE,
    (CHARGING, "hold"): SUSPENDED_EVSE,
    (SUSPENDED_EVSE, "release"): SUSPENDED_EV,
    (SUSPENDED_EV, "stop"): FINISHING,
    (CHARGING, "stop"): FINISHING,
    (SUSPENDED_EVSE, "stop"): FINISHING,
    (FINISHING, "end"): LOCKED,
    # a session found open at boot
    (LOCKED, "resume"): SUSPENDED_EVSE,
    (LOCKED, "abandon"): FINISHING,
}

IN_SESSION = (SUSPENDED_EV, CHARGING, SUSPENDED_EVSE, FINISHING)
_ENERGY = (SUSPENDED_EV, CHARGING)


def step(state, event):
    """The state after `event`; the same state where the event means nothing there."""
    return TABLE.get((state, event), state)


def permit_ma(state, limit_ma):
    """The current that a state allows the vehicle, in mA; 0 withholds. This is the only place."""
    return limit_ma if state in _ENERGY else 0
