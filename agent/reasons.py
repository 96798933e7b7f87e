"""The published words: why something was refused, stopped or flagged. Only ever appended to."""

# Answers to signed messages (topic `reply`), and of access decisions (record `access_refused`).
REASONS = (
    # the message itself
    "ok",
    "malformed",  # not a compact JWS, or its payload is not a JSON object
    "oversized",  # longer than the charger takes
    "bad_signature",
    "wrong_type",  # the header's typ belongs to another topic
    "wrong_key",  # the header's kid or alg is not the one in use
    "wrong_charger",  # aud names another charger
    "stale",  # version or counter not above the last one applied
    "bad_value",  # detail names the member and why
    # configuration
    "not_superadmin",
    "not_business",
    # orders
    "clock_unknown",
    "expired",
    "unknown_order",
    "not_supported",
    "no_session",
    "not_plugged",
    "no_record",
    # subscriber list
    "list_base",  # the difference is not based on the list held
    "list_part",  # another part is awaited
    "list_merging",  # all parts are here, the result is being made
    "list_unsorted",
    "list_hash",
    # access
    "accepted",
    "unknown",
    "blocked",
    "pending",
    "subscription_expired",
    "list_too_old",
    "offline_denied",
    "busy",
    "locked",
    "debounced",
    "meter_fault",
    "store_full",
    "store_fault",
    "faulted",
    "bad_card",
    # cards that the service is asked about
    "no_answer",  # none came in time
    "no_question",  # the question is not open: late, repeated, or of another boot
    "not_subscribed",  # known, but without pay per month here
    "asking",  # the service is being asked
    "two_cards",
    "locked_out",  # refused too often in a row
    "wrong_group",
    "not_proven",
)

# OCPP 1.6 StopTransaction reasons (the subset a charger without reservation can give).
STOP_REASONS = (
    "Local",
    "Remote",
    "EVDisconnected",
    "DeAuthorized",
    "PowerLoss",
    "Reboot",
    "EmergencyStop",
    "Other",
)

# Flags of record `meter_anomaly`: those of FLAGS that begin with meter_, and this one.
REGISTER_GAP = "register_gap"  # energy between two sessions

# Bit n of a session's flags is FLAGS[n]: only ever appended to.
FLAGS = (
    "zero_energy",
    "clock_unsynced",
    "meter_missing",
    "meter_backward",
    "meter_replaced",
    "meter_implausible",
    "meter_frozen",
    "outage",
    "outage_unknown",
    "samples_thinned",
    "contactor_stuck",
    "revoked",
    "unplug_unseen",
    "meter_unsettled",  # begun less than a day after a reset or replaced meter was accepted
)


class Refused(Exception):
    """An outside message or token is not obeyed. `reason` is one of REASONS, `detail` is for people."""

    def __init__(self, reason, detail=""):
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def flag_bit(flag):
    """The bit of a FLAGS word: int with one bit set. ValueError for a word not published."""
    return 1 << FLAGS.index(flag)


def flag_words(bits):
    """The FLAGS words of a bit set, in published order."""
    return [FLAGS[i] for i in range(len(FLAGS)) if bits >> i & 1]
