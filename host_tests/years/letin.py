"""Who has to be let in: the other half of access. A charger that refuses everybody breaks no other law.

Only where nothing at all can stand against a card is anything asked; every doubt lets the charger off.
"""

CALM_MS = 3600000  # since anything was broken, or the clock was led astray
LEFT_MS = 900000  # since the last session: a meter that was replaced in it is accepted by then
BOOTED_MS = 10000


class LetIn:
    """oracle: Oracle. odd_ms: when something last began or ceased to be wrong."""

    def __init__(self, oracle):
        self._oracle = oracle
        self.odd_ms = 0
        self.left_ms = 0

    def sure(self, uid):
        """Whether a card that is read now must be let in."""
        return self._is_well() and self._is_free() and self._is_listed(uid)

    def _is_well(self):
        oracle, world = self._oracle, self._oracle.world
        now_ms = world.now_ms
        if now_ms - self.odd_ms < CALM_MS or now_ms - oracle.boot_ms < BOOTED_MS:
            return False
        if oracle.store_sick or oracle.room_short or oracle.doubt_s():
            return False
        broken = world.meter_fault or world.board_fault or world.pilot_fault
        broken = broken or world.contactor_fault or world.reader_fault
        return not broken and oracle.clock_known

    def _is_free(self):
        oracle = self._oracle
        access, now_ms = oracle.access, oracle.world.now_ms
        if oracle.stay is not None or now_ms - self.left_ms < LEFT_MS:
            return False
        return access.locked == {False} and not access.waiting(now_ms)

    def _is_listed(self, uid):
        oracle = self._oracle
        access = oracle.access
        configs, lists = access.config.all(), access.lists.all()
        if len(configs) != 1 or len(lists) != 1 or oracle.books.list_age is None:
            return False
        config, entry = configs[0], lists[0].get(uid)
        age_s, said_s = oracle.books.list_age
        if age_s + oracle.wall_s - said_s > config["list_max_age_s"] - 3600:
            return False
        if not config["enabled"] or (config["offline"] == "deny" and not oracle.linked):
            return False
        if entry is None or entry["status"] != "active" or entry["until"] is not None:
            return False
        if config["groups"] and entry["group"] not in config["groups"]:
            return False
        return entry["billing"] != "none"
