"""Broken agents of the rules of access: see mutants.py."""

from agent import access, availability, lockout


def _without(rule):
    """The table of who may begin, with a rule that never holds."""
    access.BEGIN = tuple(
        (row[0], row[1], row[2], lambda f: False) if row[0] == rule else row
        for row in access.BEGIN
    )


def group_ignored():
    _without("P1")


def guests_whatever_the_policy():
    _without("L3")


def no_subscription_needed():
    _without("P2")


def socket_never_locks_itself():
    was = availability.lock_cause

    def lock_cause(*facts):
        cause = was(*facts)
        return "" if cause == access.AUTO else cause

    availability.lock_cause = lock_cause


def lockout_hits_everybody():
    was = lockout.Lockout.holds

    def holds(self, up_ms, ref):
        return any(was(self, up_ms, other) for other in self._cards)

    lockout.Lockout.holds = holds
    access.BEGIN = tuple(
        (row[0], row[1], row[2], lambda f: f.locked_out) if row[0] == "L1" else row
        for row in access.BEGIN
    )


def lockout_forgets_nobody():
    lockout.CARDS = 1 << 20
    was = lockout.Lockout.refused

    def refused(self, up_ms, ref):
        for n in range(200):
            was(self, up_ms, ref + str(n + len(self._cards)))

    lockout.Lockout.refused = refused
    lockout.Lockout.clear = lambda self: None


def billed_with_the_flag_off():
    access.billing = lambda rule, given: given or "ppm"


TOUCHED = (access, availability, lockout, lockout.Lockout)

# (law, what breaks, laws that may be the first to notice it)
ACCESS = (
    (1, group_ignored, (1,)),
    (1, guests_whatever_the_policy, (1, 4)),
    (1, no_subscription_needed, (1,)),
    (1, socket_never_locks_itself, (1,)),
    (1, lockout_hits_everybody, (1,)),
    (1, billed_with_the_flag_off, (1,)),
    (16, lockout_forgets_nobody, (16,)),
)
