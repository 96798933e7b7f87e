"""The charger's parts, and what they ask of each other: record this, keep that, the store failed.

The parts are handed the House, so that each one file knows the others by name only.
"""

import struct

from . import jws
from .cardfile import CardFile
from .checkpoint import Checkpoint
from .config import ConfigStore
from .const import const
from .counters import Counters
from .keyring import Keyring
from .ledger import Ledger
from .mailbox import Mailbox
from .monthbook import MonthBook
from .novolume import NoVolume
from .outbox import Outbox
from .reasons import Refused
from .room import Room
from .subscribers import Subscribers, ref_of
from .timekeeping import UNKNOWN, Instant, Timekeeper
from .trace import Trace

_LOCK = "locked"
_FW = "firmware"
_FW_LONGEST = const(32)  # of a name from flash that may be damaged


class House:
    """What one charger consists of.

    charger_id, fw: str; keys: keyring.Keyring; counters, time, config, subscribers, ledger, outbox, checkpoint,
    mailbox, trace: the parts; connector: its socket, set by the Charger; list_update: set by the Downlink;
    online: whether the service can be
    reached; store_ok: False once the volume gave an error, until the next boot; ordered_lock,
    reset_ordered: what signed orders asked for; shown: the indicator's word of the moment.
    """

    def __init__(self, volume, charger_id, master_key, fw):
        self.charger_id = charger_id
        self.fw = fw
        self.mailbox = Mailbox()
        self.trace = Trace()
        self.connector = None
        self.list_update = None
        self.online = False
        self.store_ok = True
        self.failed_ms = 0
        self.reset_ordered = False
        self.shown = ""
        self.complaints = ()
        self.shown_ms = 0
        self._volume = volume
        try:
            self._open(volume, master_key)
        except OSError:
            self.store_ok = False
            self._open(NoVolume(), master_key)

    def _open(self, volume, master_key):
        self.keys = Keyring(volume, master_key)
        self.counters = Counters(volume)
        self.counters.boot += 1
        self.time = Timekeeper(volume, self.counters.boot, self.counters.time_floor_s)
        self.config = ConfigStore(volume, self.charger_id, self.keys, self.counters)
        self.subscribers = Subscribers(volume, self._list_mark())
        self.card = CardFile(volume)
        self.checkpoint = Checkpoint(volume)
        used = max(self.counters.acked, self.checkpoint.next_seq - 1, self.keys.first_seq - 1)
        self.ledger = Ledger(volume, self.charger_id, self.keys, self.time, used)
        self.checkpoint.ledger = self.ledger
        # A boot number that comes again, after both copies of the counters were lost, would give the
        # records of the earlier boot the times of this one.
        newest = self.ledger.newest_boot()
        if newest >= self.counters.boot:
            self.counters.boot = self.time.boot = newest + 1
        self.counters.save()
        self.time.forget_before(self.ledger.first_boot(self.counters.boot))
        self.outbox = Outbox(volume, self.ledger, self.counters)
        self.months = MonthBook(volume, self.ledger)
        self.room = Room(volume, self.outbox)
        self.ordered_lock = volume.size(_LOCK) > 0

    def _list_mark(self):
        """By this a list in flash shows that its keys are made with this card key."""
        return struct.unpack("<I", self.keys.mac(jws.CARD, b"list")[:4])[0]

    def write(self, up_ms, kind, body, connector=1):
        """Store a record; its number, or 0 when it was not stored.

        That is so when the store is full and this kind has no part in the reserve, and when the store
        failed: then the charger is locked now.
        """
        if not self.store_ok:
            return 0
        try:
            self.room.look(self.connector.keep_from)
            self._tell_room(up_ms)
            if not self.room.allows(kind):
                return 0
            seq = self.ledger.write(up_ms, kind, body, connector)
            self.room.wrote(up_ms)
            if kind == "session_end":
                self.months.ended()
            return seq
        except OSError:
            self.store_failed(up_ms)
            return 0

    def begin_unbilled(self, up_ms, register_wh):
        """Tally a session that has no record. True when the tally is durable."""
        try:
            self.room.begin_unbilled(register_wh)
            return True
        except OSError:
            self.store_failed(up_ms)
            return False

    def end_unbilled(self, up_ms, register_wh):
        """Close the tally of a session that has no record; harmless when there is none."""
        try:
            self.room.end_unbilled(register_wh)
        except OSError:
            self.store_failed(up_ms)

    def look_for_room(self, up_ms, tidy=False):
        """The service has named records: some may go, and the store may not be full any more.

        tidy: nobody waits, and what takes long may be done (Room.tidy).
        """
        if not self.store_ok:
            return
        try:
            if tidy:
                self.room.tidy(up_ms, self.connector.keep_from)
            else:
                self.room.look(self.connector.keep_from)
            self._tell_room(up_ms)
        except OSError:
            self.store_failed(up_ms)

    def keep(self, up_ms, session, samples=""):
        """Checkpoint the running session (None: there is none any more).

        samples: "newest" or "all" when samples were added, or thinned, since the last call.
        """
        if not self.store_ok or (session is not None and not session.number):
            return
        try:
            if session is None:
                self.checkpoint.clear(up_ms, self.time)
                return
            if samples == "all":
                self.checkpoint.save_all_samples(session)
            elif samples:
                self.checkpoint.save_samples(session)
            self.checkpoint.save(up_ms, self.time, session)
        except OSError:
            self.store_failed(up_ms)

    def keep_sample(self, up_ms, session, thinned):
        """Keep a clock-aligned sample: with a pulse, or whole where older samples were thinned."""
        if thinned:
            self.keep(up_ms, session, "all")
        elif self.store_ok and session.number:
            try:
                self.checkpoint.save_samples(session)
                self.checkpoint.pulse(session)
            except OSError:
                self.store_failed(up_ms)

    def keep_gone(self, up_ms, session):
        """Note that the vehicle of a stopped session was not there any more when the power came back."""
        if self.store_ok:
            try:
                self.checkpoint.save_gone(session)
            except OSError:
                self.store_failed(up_ms)

    def pulse(self, up_ms, session):
        """Note what the running session has added since it was kept last."""
        if self.store_ok and session.number:
            try:
                self.checkpoint.pulse(session)
            except OSError:
                self.store_failed(up_ms)

    def remember_card(self, up_ms, number, card):
        """Keep the card (its 12-byte key) of the session that has just begun."""
        try:
            self.card.write(number, card)
        except OSError:
            self.store_failed(up_ms)

    def store_failed(self, up_ms):
        """The volume gave an error: nothing is given any more, and a reset is due."""
        if self.store_ok:
            self.failed_ms = up_ms
        self.store_ok = False
        self.changed()

    def _tell_room(self, up_ms):
        news = self.room.news(self.config.current.store_full)
        if news is not None and self.ledger.write(up_ms, "store_full", news):
            self.room.told()
            self.changed()

    def may_restart(self, up_ms):
        """After a failure of the store: whether a boot would find the session as it is now.

        Until it would, the charger stays as it is, locked: a stop that is only in RAM would be undone,
        and the session would go on for whoever is plugged then.
        """
        self.failed_ms = up_ms
        session = self.connector.session
        if session is None or not session.number:
            return True
        self.connector.account(up_ms)
        try:
            self.checkpoint.save(up_ms, self.time, session)
        except OSError:
            return False
        return True

    def has_room(self):
        """Whether a paid session can begin and its end still be stored."""
        return self.store_ok and not self.room.full

    def close_months(self, up_ms):
        """Close the months that are over, once the clock is known."""
        now_s = self.time.unix_s(up_ms)
        if now_s is None or not self.store_ok:
            return
        config = self.config.current
        if now_s < self.months.due_s(config) and self.months.opened:
            return
        self.look_for_room(
            up_ms
        )  # what it has to tell belongs to the month before the closing record
        if not self.store_ok:
            return
        try:
            self.months.close(up_ms, now_s, config, self.write)
        except OSError:
            self.store_failed(up_ms)

    def free_kib(self):
        """Free space on the volume in KiB as last measured, 0 when it cannot be used."""
        return self.room.free // 1024 if self.store_ok else 0

    def card_key(self, kind, uid):
        """The 12 bytes that stand for a card in flash; the first 8 are its ref."""
        return self.keys.mac(jws.CARD, kind.encode(), b"|", uid)[:12]

    def card_ref(self, kind, uid):
        """The 16 hex digits that stand for a card outside flash."""
        return ref_of(self.card_key(kind, uid))

    def has_room_for(self, size):
        """Whether a list update may write `size` more bytes: what is kept for records is not for it."""
        return self.room.spare(size, self.connector.keep_from)

    def proven(self, uid, proof):
        """Whether a card that must prove itself has (Proving.proven). OSError from the volume goes through."""
        from .proving import (
            Proving,
        )  # a heap that no such card is held to has no room to give for it

        secret = self.keys.key(jws.CARD)
        return Proving(self._volume, secret, self._is_listed).proven(uid, proof)

    def _is_listed(self, uid):
        return self.subscribers.find(self.card_key("ISO14443", uid)) is not None

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
            self.connector.opened(up_ms)
        self.ordered_lock = locked

    def set_time(self, up_ms, unix_ms, quality, source, signed=False):
        """Take a time; Refused when it cannot be. A step or a first time is recorded."""
        before = self.time.now(up_ms)
        if before.unix_s is None:
            before = Instant(0, up_ms, None, UNKNOWN)  # of no boot: nothing is filled in
        try:
            news = self.time.set(up_ms, unix_ms, quality, self.outbox.seen + 1, signed)
        except ValueError as error:
            raise Refused("bad_value", str(error))
        if signed and self.counters.time_floor_s > self.time.floor_s:
            self.counters.time_floor_s = self.time.floor_s
            self.counters.save()
        if news:
            body = (("from", before), ("to", self.time.now(up_ms)), ("source", source))
            self.write(up_ms, "clock_set", body)
            self.months.rules_changed()
            self.changed()
            self.connector.on_clock(up_ms)

    def tell_config(self, up_ms):
        """Record the configuration that has just been applied, and let it rule."""
        self.months.rules_changed()
        config = self.config.current
        tariff = config.tariff and (("id", config.tariff[0]), ("version", config.tariff[1]))
        body = (("version", config.version), ("enabled", config.enabled), ("tariff", tariff))
        self.write(up_ms, "config_applied", body)
        self.counters.config_version = config.version
        self.counters.save()
        self.connector.on_rules(up_ms)

    def tell_list(self, up_ms):
        """Record the list that has just been applied, and let it rule."""
        version = self.subscribers.version
        body = (("version", version), ("count", self.subscribers.count))
        self.write(up_ms, "list_applied", body)
        self.counters.list_version = version
        self.counters.save()
        self.connector.on_list(up_ms)

    def tell_key(self, up_ms):
        """Record a key that has just come into use, or did when the power went: before any other record
        is written, so that it is the first one which that key signs. OSError from the volume."""
        if self.keys.first_seq > self.ledger.last:
            self.ledger.write(up_ms, "key_changed", (("generation", self.keys.generation),))
            self.changed()

    def tell_versions(self, up_ms):
        """After a boot: record what was applied just before a power cut could be told of."""
        try:
            if self.config.current.version > self.counters.config_version:
                self.tell_config(up_ms)
            if self.subscribers.version > self.counters.list_version:
                self.tell_list(up_ms)
        except OSError:
            self.store_failed(up_ms)

    def list_confirmed(self, up_ms, at_s):
        """The service says that this was its list at `at_s` (Unix second).

        An old confirmation that somebody plays again makes no list fresher.
        """
        now_s = self.time.unix_s(up_ms)
        if now_s is not None:
            at_s = min(at_s, now_s)
        if at_s > self.counters.list_fresh_s:
            self.counters.list_fresh_s = at_s
            self.counters.save()

    def note_firmware(self, up_ms):
        """Record that another firmware runs than at the last boot."""
        if not self.store_ok:
            return
        try:
            before = self._volume.read(_FW) or b""
            if before != self.fw.encode():
                self._volume.write(_FW, self.fw.encode())
        except OSError:
            self.store_failed(up_ms)
            return
        if before and before != self.fw.encode():
            name = "".join(chr(byte) for byte in before[:_FW_LONGEST] if 32 <= byte < 127)
            self.write(up_ms, "firmware_changed", (("from", name), ("to", self.fw)))

    def raise_floor(self, up_ms):
        """Keep in flash, hourly, that it is not earlier than now."""
        if self.store_ok and self.time.raise_floor(up_ms):
            self.counters.time_floor_s = self.time.floor_s
            try:
                self.counters.save()
            except OSError:
                self.store_failed(up_ms)
