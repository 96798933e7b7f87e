"""Who may begin: the oracle's own picture of flag, list, lock and taps, on the lenient side of doubt.

A change that was sent may or may not be in force until the charger answers (it may have lost power in
the middle): both are possible, and what is forbidden under both is forbidden.
"""

from host_tests.years.sessions import need

FACTORY = {
    "enabled": False,
    "when_off": "locked",
    "offline": "list",
    "list_max_age_s": 604800,
    "lapse_s": 60,
    "tariff": None,
    "store_full": "block",
    "guests": "deny",
    "groups": [],
    "autolock_s": 0,
    "dead_after_start_s": 5,
    "unknown": "refuse",
    "ask_within_s": 10,
}
GRACE_MS = 40000  # a tap for the next session waits while the meter and contactor of the last end
HOUR_S = 3600


class Possible:
    """One thing of which some versions may be in force. The newest one that was said rules later."""

    def __init__(self, what, first):
        self.what = what
        self.values = {0: first}
        self.now = {0}

    def sent(self, version, value):
        """A change reached the charger whole, signed by the service and meant for it."""
        if version > min(self.now):
            self.values[version] = value
            self.now.add(version)

    def said(self, version):
        """The charger says which version is in force (law 9: never an older one)."""
        need(9, version in self.now, "%s %s in force, possible are %s", self.what, version,
             sorted(self.now))  # fmt: skip
        for other in list(self.values):
            if other < version:
                del self.values[other]
        self.now = {version}

    def all(self):
        """What may be in force."""
        return [self.values[version] for version in self.now]


class Access:
    """What may be in force, and the taps and orders that may begin a session."""

    def __init__(self):
        self.config = Possible("config", FACTORY)
        self.lists = Possible("list", {})
        self.locked = {False}
        self.fresh_s = 0
        self.trusted_s = 0  # the last instant at which the charger knew the time
        self.doubt_s = 0  # how far its clock may have been led astray
        self.opened_ms = -1  # when somebody may last have unlocked the socket in this boot
        self._pool = []

    def any_config(self, test):
        """Whether a configuration that may be in force passes the test."""
        for config in self.config.all():
            if test(config):
                return True
        return False

    def open_to_all(self, now_ms):
        """Whether a vehicle may charge without a card."""
        return False in self.locked and self.any_config(lambda c: self._is_open(c, now_ms))

    def _is_open(self, config, now_ms):
        """Whether a socket with this configuration may be open to everybody."""
        if config["enabled"] or config["when_off"] != "open":
            return False
        if not config["autolock_s"]:
            return True
        # A vehicle that came in time may have waited for the meter as long as an authorisation lasts.
        open_ms = (config["autolock_s"] + config["lapse_s"]) * 1000 + GRACE_MS
        return self.opened_ms >= 0 and now_ms - self.opened_ms <= open_ms

    def list_heard(self, wall_s):
        """The service said that the list in force is its list."""
        self.fresh_s = wall_s

    def tapped(self, uid, now_ms, wall_s, clock_known, up_s, online):
        """A card was read while nobody else's session ran."""
        if True in self.locked and len(self.locked) == 1:
            return
        known_s = wall_s if clock_known else self.trusted_s - HOUR_S + up_s
        age_s = known_s - self.fresh_s - 2 * self.doubt_s - 60
        for config in self.config.all():
            if not config["enabled"] and config["when_off"] == "locked":
                continue
            if not online and config["offline"] == "deny":
                continue
            if age_s > config["list_max_age_s"]:
                continue
            for cards in self.lists.all():
                entry = cards.get(uid)
                if entry is None and config["guests"] == "free" and not config["groups"]:
                    self._guest(config, now_ms, uid)
                if entry is None or entry["status"] != "active":
                    continue
                if config["groups"] and entry["group"] not in config["groups"]:
                    continue
                if config["enabled"] and entry["billing"] == "none":
                    continue
                until = entry["until"]
                if until is not None and until <= known_s - self.doubt_s - 60:
                    continue
                billing = entry["billing"] if config["enabled"] else "none"
                grant = ("rfid_list", entry["user"], entry["contract"], entry["group"], billing)
                self._add(now_ms, grant + ("ISO14443",), config["lapse_s"], uid)

    def ordered(self, order, now_ms):
        """A start order reached the charger."""
        grant = (order["user"], order["contract"], order["group"], order["billing"], "Central")
        self.vouched(("app_cloud",) + grant, now_ms)

    def vouched(self, grant, now_ms):
        """The service itself lets somebody in."""
        for config in self.config.all():
            billing = grant[4] if config["enabled"] else "none"
            self._add(now_ms, grant[:4] + (billing,) + grant[5:], config["lapse_s"])

    def _guest(self, config, now_ms, uid):
        """A card that the list does not hold, where guests may charge: but it opens no locked socket."""
        if config["enabled"] or self._is_open(config, now_ms):
            billing = "free" if config["enabled"] else "none"
            grant = ("rfid_guest", "", "", "", billing, "ISO14443")
            self._add(now_ms, grant, config["lapse_s"], uid)

    def _add(self, now_ms, grant, lapse_s, uid=""):
        self._pool.append((now_ms + lapse_s * 1000 + GRACE_MS, grant, uid))
        if grant[0] != "rfid_guest":
            self.opened_ms = now_ms

    def waiting(self, now_ms):
        """Whether somebody may have been let in and may still begin."""
        return any(entry[0] >= now_ms for entry in self._pool)

    def cards(self):
        """The cards that may begin a session now, "" for an order."""
        return {entry[2] for entry in self._pool}

    def grants(self, now_ms):
        """The identities that may begin a session now."""
        found = [grant for until_ms, grant, _ in self._pool if until_ms >= now_ms]
        if self.open_to_all(now_ms):
            found.append(("none", "", "", "", "none", "none"))
        return found

    def forget(self):
        """What was tapped or ordered begins nothing any more."""
        self._pool = []

    def tariffs(self):
        """The tariffs that may be in force, (id, version) or None."""
        return [config["tariff"] for config in self.config.all()]
