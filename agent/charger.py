"""The front door: every event enters here, and every message and output leaves here.

The firmware's tasks, a scenario test and a simulation of years drive the same object. `up_ms` is the
time since boot in milliseconds, monotonic, never wrapping; it is passed into every call.
"""

# isort: off
# MicroPython imports within an import on a small stack: the leaves are loaded first.
from . import reasons, timekeeping, samples, slots, states, subscribers, refusals  # noqa: F401
from . import packing, metering, ledger, checkpoint, access, lockout, jws  # noqa: F401
from . import keyring, trace, gate, meterlog, darkness, running, asking, revoking  # noqa: F401
from . import listmerge  # noqa: F401
# isort: on

from . import status
from .connector import TELEMETRY_MS, Connector
from .const import const
from .downlink import Downlink
from .house import House
from .metering import MeterWatch
from .packing import member
from .reasons import Refused

_STATUS_BEAT_MS = const(900000)
_SHOW_MS = const(3000)
_STORE_RETRY_MS = const(60000)
_SLICE = const(16)  # entries that a list update goes on by in one call of `work`
_TICK_SLICE = const(512)  # in one tick, where nobody calls `work`


class Charger:
    """One charger.

    volume: hal volume; charger_id: [A-Za-z0-9_-]{1,32}; master_key: 32 bytes; fw: version string.
    When the volume cannot be used the charger is locked, says so, and asks for a reset after a minute:
    a boot is the one way in which flash is read and trusted.

    has_worker: whether a task of its own calls `work` while `busy`; otherwise `tick` does it.
    """

    has_worker = False

    def __init__(self, volume, charger_id, master_key, fw):
        self._house = house = House(volume, charger_id, master_key, fw)
        self.connector = house.connector = Connector(house, MeterWatch())
        self._downlink = Downlink(house, volume)
        self._status_ms = 0

    # -- events

    def boot(self, up_ms, vehicle, reading):
        """The first event: vehicle "A".."F"; reading: hal Reading, or None when the meter is silent."""
        house = self._house
        try:
            house.tell_key(up_ms)
            self.connector.boot(up_ms, vehicle, reading)
        except OSError:
            house.store_failed(up_ms)
        house.note_firmware(up_ms)
        house.tell_versions(up_ms)
        self._downlink.resume(up_ms)
        self._house.changed()

    def on_vehicle(self, up_ms, vehicle):
        """The vehicle's state "A".."F"."""
        if vehicle != self.connector.vehicle:
            self._house.changed()
            self.connector.on_vehicle(up_ms, vehicle)

    def on_reading(self, up_ms, reading):
        """The meter's answer (hal Reading), or None when it gave none."""
        self.connector.on_reading(up_ms, reading)

    def on_fault(self, up_ms, fault):
        """The power board's fault word, "" when none."""
        if fault != self.connector.fault:
            self._house.changed()
            self.connector.on_fault(up_ms, fault)

    def on_contactor(self, up_ms, closed):
        """The contactor's feedback."""
        self.connector.on_contactor(up_ms, closed)

    def on_card(self, up_ms, kind, uid, proof=b""):
        """A card: kind "ISO14443", uid bytes, proof: the reader's; or kind "two_cards", uid b""
        (hal.ports.CardReader).

        Returns "accepted", "asking" or the reason why not.
        """
        reason = self.connector.on_card(up_ms, kind, uid, proof)
        if reason == "asking":
            self._house.shown = ""
        elif reason != "debounced":
            self._house.indicate(up_ms, "authorized" if reason == "accepted" else "refused")
        return reason

    def on_time(self, up_ms, unix_ms, quality, source):
        """A time from a source that the firmware trusts. An implausible one changes nothing."""
        try:
            self._house.set_time(up_ms, unix_ms, quality, source)
        except Refused:
            pass  # a source that says nonsense is asked again later
        except OSError:
            self._house.store_failed(up_ms)

    def on_complaints(self, up_ms, words):
        """What is wrong with the hardware beside the power board's fault: a tuple of words."""
        self._house.complaints = words
        self._house.changed()

    def on_link(self, up_ms, up):
        """The MQTT session was established or lost."""
        self._house.online = up
        if up:
            self._house.outbox.rewind()
            self._house.changed()

    def on_silence(self, up_ms):
        """The link is up, and the service has named nothing for long: offer everything again."""
        self._house.outbox.rewind()

    def on_message(self, up_ms, leaf, payload):
        """A payload (bytes) of the down topic `leaf`. Never raises for what it holds."""
        self._downlink.take(up_ms, leaf, payload)
        self.connector.tick(up_ms)

    def on_oversize(self, up_ms, leaf, size):
        """A payload of `size` bytes that was too long to be taken."""
        self._downlink.oversized(leaf, size)

    def tick(self, up_ms):
        """Time passed: every 50 ms, or when next_due_ms says so."""
        house = self._house
        if house.shown and up_ms - house.shown_ms >= _SHOW_MS:
            house.shown = ""
        self.connector.tick(up_ms)
        if not self.has_worker:
            self._downlink.work(up_ms, _TICK_SLICE)
        house.raise_floor(up_ms)
        house.close_months(up_ms)
        if house.room.due_ms is not None and up_ms >= house.room.due_ms:
            house.look_for_room(up_ms, tidy=True)
        if up_ms - self._status_ms >= _STATUS_BEAT_MS:
            self._status_ms = up_ms
            house.changed()
        if not house.store_ok and up_ms - house.failed_ms >= _STORE_RETRY_MS:
            house.reset_ordered = house.reset_ordered or house.may_restart(up_ms)
        if self.connector.session is not None:
            if up_ms - self.connector.telemetry_ms >= TELEMETRY_MS:
                self.connector.telemetry_ms = up_ms
                if house.online and self.connector.meter.raw is not None:
                    house.mailbox.telemetry(status.telemetry(house, up_ms))

    @property
    def busy(self):
        """Whether a list update waits to be carried on by `work`."""
        return self._downlink.merging

    def work(self, up_ms):
        """Carry a list update on by a little: some milliseconds, and at most one write."""
        self._downlink.work(up_ms, _SLICE)

    def next_due_ms(self, up_ms):
        """Milliseconds until the charger has something to do by itself, 0..900000."""
        house = self._house
        if self.busy:
            return 0
        due_ms = min(self._status_ms + _STATUS_BEAT_MS - up_ms, self.connector.next_due_ms(up_ms))
        if house.room.due_ms is not None and house.store_ok:
            due_ms = min(due_ms, house.room.due_ms - up_ms)
        now_ms = house.time.unix_ms(up_ms)
        if now_ms is not None:
            due_ms = min(due_ms, house.months.due_s(house.config.current) * 1000 - now_ms)
        return max(0, due_ms)

    # -- outputs

    @property
    def permit_ma(self):
        """What to give to the power board now, in mA; 0 is no energy."""
        return self.connector.permit_ma

    @property
    def indication(self):
        """The word for the indicator."""
        return status.indication(self._house)

    @property
    def kept_register(self):
        """(register_wh or None, meter serial): what was noted durably of the register before this boot."""
        try:
            return self._house.checkpoint.recall()
        except OSError:
            return None, ""  # `boot` meets the same, and says so

    @property
    def unsent(self):
        """Records that the service has not named."""
        return self._house.outbox.unsent

    @property
    def session(self):
        """The running session's id, "" when there is none."""
        session = self.connector.session
        return member(session.terms, "session") if session else ""

    @property
    def reset_requested(self):
        """Whether to restart now: ordered, or the store failed and only a boot can recover it."""
        return self._house.reset_ordered

    def has_messages(self, up_ms):
        """Whether take_message would give something."""
        return (
            self._house.mailbox.waiting
            or self._house.mailbox.status_due
            or self._house.outbox.waiting
        )

    def take_message(self, up_ms):
        """The next message to publish, (leaf, payload bytes, qos, retain), or None."""
        message = self._house.mailbox.take_reply()
        if message is None and self._house.mailbox.status_due:
            self._house.mailbox.status_due = False
            self._status_ms = up_ms
            message = "status", status.status(self._house, up_ms), 1, True
        if message is None:
            try:
                record = self._house.outbox.take()
            except OSError:
                self._house.store_failed(up_ms)
                record = None
            if record is not None:
                message = "record", record, 1, False
        return message or self._house.mailbox.take_telemetry()

    def will(self):
        """(leaf, payload) of the last will."""
        return "status", status.WILL
