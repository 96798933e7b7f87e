"""The charger's parts, and what they ask of each other: record this, keep that, the store failed.

The parts are handed the House, so that each one file knows the others by name only.
"""

import binascii

from . import jws
from .checkpoint import Checkpoint
from .config import ConfigStore
from .const import const
from .counters import Counters
from .ledger import Ledger
from .mailbox import Mailbox
from .outbox import Outbox
from .reasons import Refused
from .subscribers import Subscribers
from .timekeeping import Timekeeper

_RESERVE_BYTES = const(64 * 1024)  # kept for the end of the running session
_FLOOR_EVERY_S = const(3600)
_LOCK = "locked"
_FW = "firmware"


class House:
    """What one charger consists of.

    charger_id, fw: str; keys: jws.Keys; counters, time, config, subscribers, ledger, outbox, checkpoint,
    mailbox: the parts; connector: its socket, set by the Charger; online: whether the service can be
    reached; store_ok: False once the volume gave an error, until the next boot; ordered_lock,
    reset_ordered: what signed orders asked for; shown: the indicator's word of the moment.
    """

    def __init__(self, volume, charger_id, master_key, fw):
        self.charger_id = charger_id
        self.fw = fw
        self.keys = jws.Keys(master_key)
        self.mailbox = Mailbox()
        self.connector = None
        self.online = False
        self.store_ok = True
        self.failed_ms = 0
        self.reset_ordered = False
        self.shown = ""
        self.shown_ms = 0
        self._volume = volume
        try:
            self._open(volume)
        except OSError:
            self.store_ok = False
            self._open(_Nothing())

    def _open(self, volume):
        self.counters = Counters(volume)
        self.counters.boot += 1
        self.counters.save()
        self.time = Timekeeper(volume, self.counters.boot, self.counters.time_floor_s)
        self.config = ConfigStore(volume, self.charger_id, self.keys)
        self.subscribers = Subscribers(volume)
        self.ledger = Ledger(volume, self.charger_id, self.keys, self.time, self.counters.acked)
        self.outbox = Outbox(volume, self.ledger, self.counters)
        self.checkpoint = Checkpoint(volume, self.ledger)
        self.ordered_lock = volume.size(_LOCK) > 0

    def write(self, up_ms, kind, body, connector=1):
        """Store a record; its number, or 0 when the store failed (and the charger is locked now)."""
        if not self.store_ok:
            return 0
        try:
            self.outbox.make_room(self.connector.keep_from)
            return self.ledger.write(up_ms, kind, body, connector)
        except OSError:
            self.store_failed(up_ms)
            return 0

    def keep(self, up_ms, session, sampled):
        """Checkpoint the running session (None: there is none any more)."""
        if not self.store_ok:
            return
        try:
            if session is None:
                self.checkpoint.clear(up_ms, self.time)
                return
            if sampled:
                self.checkpoint.save_samples(session)
            self.checkpoint.save(up_ms, self.time, session)
        except OSError:
            self.store_failed(up_ms)

    def store_failed(self, up_ms):
        """The volume gave an error: nothing is given any more, and a reset is due."""
        if self.store_ok:
            self.failed_ms = up_ms
        self.store_ok = False
        self.changed()

    def has_room(self):
        """Whether a session can begin and its end still be stored."""
        return self.store_ok and self._volume.free_bytes() >= _RESERVE_BYTES

    def free_kib(self):
        """Free space on the volume in KiB, 0 when it cannot be used."""
        try:
            return self._volume.free_bytes() // 1024 if self.store_ok else 0
        except OSError:
            return 0

    def card_ref(self, kind, uid):
        """The 16 hex digits that stand for a card outside flash."""
        digest = jws.hmac_sha256(self.keys.key(jws.CARD), kind.encode(), b"|", uid)
        return binascii.hexlify(digest[:8]).decode()

    def changed(self):
        """The status may have changed."""
        self.mailbox.status_due = True

    def indicate(self, up_ms, word):
        """Show a word for three seconds."""
        self.shown, self.shown_ms = word, up_ms

    def lock(self, up_ms, locked):
        """A signed order locks or unlocks the charger; it survives a reboot."""
        if locked:
            self._volume.write(_LOCK, b"1")
        else:
            self._volume.remove(_LOCK)
        self.ordered_lock = locked

    def set_time(self, up_ms, unix_ms, quality, source):
        """Take a time; Refused when it cannot be. A step or a first time is recorded."""
        before = self.time.now(up_ms)
        try:
            news = self.time.set(up_ms, unix_ms, quality, self.outbox.seen + 1)
        except ValueError as error:
            raise Refused("bad_value", str(error))
        if news:
            body = (("from", before), ("to", self.time.now(up_ms)), ("source", source))
            self.write(up_ms, "clock_set", body)
            self.changed()
            self.connector.tick(up_ms)

    def tell_config(self, up_ms):
        """Record the configuration that has just been applied."""
        config = self.config.current
        tariff = config.tariff and (("id", config.tariff[0]), ("version", config.tariff[1]))
        body = (("version", config.version), ("enabled", config.enabled), ("tariff", tariff))
        self.write(up_ms, "config_applied", body)

    def tell_list(self, up_ms):
        """Record the list that has just been applied."""
        body = (("version", self.subscribers.version), ("count", self.subscribers.count))
        self.write(up_ms, "list_applied", body)

    def list_confirmed(self, up_ms, at_s):
        """The service says that this was its list at `at_s` (Unix second, None: now).

        An old confirmation that somebody plays again makes no list fresher.
        """
        now_s = self.time.unix_s(up_ms)
        if at_s is None:
            at_s = now_s or self.time.floor_s
        elif now_s is not None:
            at_s = min(at_s, now_s)
        if at_s > self.counters.list_fresh_s:
            self.counters.list_fresh_s = at_s
            self.counters.save()

    def note_firmware(self, up_ms):
        """Record that another firmware runs than at the last boot."""
        if not self.store_ok:
            return
        try:
            before = (self._volume.read(_FW) or b"").decode()
            if before != self.fw:
                self._volume.write(_FW, self.fw.encode())
        except OSError:
            self.store_failed(up_ms)
            return
        if before and before != self.fw:
            self.write(up_ms, "firmware_changed", (("from", before), ("to", self.fw)))

    def raise_floor(self, up_ms):
        """Keep in flash, hourly, that it is not earlier than now."""
        floor_s = self.time.raise_floor(up_ms)
        if self.store_ok and floor_s - self.counters.time_floor_s >= _FLOOR_EVERY_S:
            self.counters.time_floor_s = floor_s
            try:
                self.counters.save()
            except OSError:
                self.store_failed(up_ms)


class _Nothing:
    """A volume that holds nothing and keeps nothing, so that a charger without one can still say so."""

    def read(self, path):
        return None

    def write(self, path, data):
        pass

    append = write

    def remove(self, path):
        pass

    def names(self, folder):
        return []

    def size(self, path):
        return -1

    def free_bytes(self):
        return 0
