"""The charger's configuration: the pay-per-month flag, the tariff's name, and the policies.

It comes whole, signed and versioned, and is kept in flash as it was signed: at boot the signature is
checked again, and what does not verify counts as unreadable, which means locked (law 1).
"""

from .checks import array, bad, boolean, integer, reference, table, text, word
from .reasons import Refused
from .timekeeping import EARLIEST_S, LATEST_S

_PATH = "config"

_FACTORY = {"version": 0, "monthly_payment": {"enabled": False}}

COMPONENTS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")  # OCPI 2.2.1 TariffDimensionType


class Config:
    """One configuration. Without a message: the factory state, which gives nothing to anybody."""

    def __init__(self, message=None):
        if message is None:
            message = _FACTORY
        self.version = integer(message, "version", 0, 0x7FFFFFFF)
        self.enabled = _flag(table(message, "monthly_payment"))
        self.tariff = _tariff(message)
        access = table(message, "access", {})
        self.when_off = word(access, "access.when_off", ("open", "locked"), "locked")
        self.offline = word(access, "access.offline", ("list", "deny"), "list")
        self.unknown = word(access, "access.unknown", ("refuse", "ask"), "refuse")
        self.ask_within_s = integer(access, "access.ask_within_s", 1, 30, 10)
        self.list_max_age_s = integer(access, "access.list_max_age_s", 0, 31622400, 604800)
        self.lapse_s = integer(access, "access.lapse_s", 5, 3600, 60)
        self.autolock_s = integer(access, "access.autolock_s", 0, 86400, 0)
        self.dead_after_start_s = integer(access, "access.dead_after_start_s", 0, 60, 5)
        self.dead_after_stop_s = integer(access, "access.dead_after_stop_s", 0, 60, 3)
        self.guests = word(access, "access.guests", ("deny", "free"), "deny")
        self.groups = _groups(access)
        self.revoked_running = word(
            access, "access.revoked_running", ("continue", "stop"), "continue"
        )
        session = table(message, "session", {})
        self.resume_within_s = integer(session, "session.resume_within_s", 0, 86400, 3600)
        self.sample_s = integer(session, "session.sample_s", 60, 3600, 900)
        self.store_full = word(message, "store_full", ("block", "unbilled"), "block")
        self.limit_ma = integer(message, "limit_ma", 0, 80000, 16000)
        if 0 < self.limit_ma < 6000:
            raise bad("limit_ma", "below 6000 a vehicle cannot charge (IEC 61851-1); 0 withholds")
        self.timezone = text(message, "timezone", 48, "UTC")
        self.utc_offset_rules = _offset_rules(message)

    def utc_offset_s(self, unix_s):
        """Local time minus UTC, in seconds, at a Unix second; 0 where no rule applies yet."""
        offset_s = 0
        for from_s, rule_offset_s in self.utc_offset_rules:
            if unix_s < from_s:
                break
            offset_s = rule_offset_s
        return offset_s


def _flag(payment):
    """Whether pay per month is on. It is turned on only by a superadmin on a business plan (law 10)."""
    if not boolean(payment, "monthly_payment.enabled"):
        return False
    actor = table(payment, "monthly_payment.actor")
    text(actor, "monthly_payment.actor.id", 64)
    if text(actor, "monthly_payment.actor.role", 32) != "superadmin":
        raise Refused("not_superadmin", "monthly_payment.actor.role: must be superadmin")
    if text(payment, "monthly_payment.plan", 32) != "business":
        raise Refused("not_business", "monthly_payment.plan: must be business")
    integer(payment, "monthly_payment.accepted_at", EARLIEST_S, LATEST_S)
    return True


def _groups(access):
    """The groups whose cards may charge; none: any, and cards of no group."""
    groups = array(access, "access.groups", 8, [])
    for group in groups:
        reference({"groups": group}, "access.groups", least=1)
    return tuple(groups)


def _tariff(message):
    """(id, version) of the tariff, or None. Prices are checked in form and never used here."""
    if message.get("tariff") is None:
        return None
    tariff = table(message, "tariff")
    name = reference(tariff, "tariff.id")
    version = integer(tariff, "tariff.version", 1, 0x7FFFFFFF)
    text(tariff, "tariff.currency", 3)
    for component in array(tariff, "tariff.components", 16):
        if not isinstance(component, dict):
            raise bad("tariff.components", "must be a list of objects")
        word(component, "tariff.components.type", COMPONENTS)
        _decimal(text(component, "tariff.components.price", 11), "tariff.components.price")
    return name, version


def _decimal(price, name):
    whole, _, fraction = price.partition(".")
    digits = whole + fraction
    if not 1 <= len(whole) <= 6 or len(fraction) > 4 or price.endswith("."):
        raise bad(name, "must be a decimal like 0.40")
    for char in digits:
        if char not in "0123456789":
            raise bad(name, "must be a decimal like 0.40")


def _offset_rules(message):
    """[(from unix second, UTC offset in seconds)], ascending: daylight saving as the cloud knows it."""
    rules = []
    for rule in array(message, "utc_offset_rules", 32, []):
        if not isinstance(rule, dict):
            raise bad("utc_offset_rules", "must be a list of objects")
        from_s = integer(rule, "utc_offset_rules.from", 0, LATEST_S)
        offset_s = integer(rule, "utc_offset_rules.offset_s", -50400, 50400)
        if rules and from_s <= rules[-1][0]:
            raise bad("utc_offset_rules.from", "must ascend")
        rules.append((from_s, offset_s))
    return rules


class ConfigStore:
    """The configuration in force, and its copy in flash.

    `current` is a Config; `readable` is False when flash holds one that cannot be trusted.
    Raises OSError where the volume does.
    """

    def __init__(self, volume, charger, keys, counters):
        self._volume = volume
        self._counters = counters
        self.current = Config()
        self.readable = True
        token = volume.read(_PATH)
        if token:
            try:
                message = keys.verify_kept("config+jws", token)
                if message.get("aud") != charger:
                    raise Refused("wrong_charger")
                self.current = Config(message)
            except Refused:
                self.readable = False

    def apply(self, token, message):
        """Make a verified message the configuration in force. Refused changes nothing.

        Returns True when it is new, False when the same version is already in force.
        """
        version = integer(message, "version", 1, 0x7FFFFFFF)
        known = max(self.current.version, self._counters.config_version)
        if version < known or (version == known and self.readable):
            if version == self.current.version and self._volume.read(_PATH) == token:
                return False
            raise Refused("stale", "version: %d has been in force" % known)
        config = Config(message)
        self._volume.write(_PATH, token)
        self.current = config
        self.readable = True
        return True
