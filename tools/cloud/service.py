"""The front door of the billing service. No MQTT here: messages come in and go out as bytes.

Every portal act and every uplink message is one transaction; what is to be published is given back
after it is committed. Whoever publishes must do so after the call, in order.
"""

import json
import logging
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.cloud import (
    asks,
    intake,
    jws,
    keys,
    listsend,
    mask,
    months,
    orders,
    portal,
    reconcile,
    report,
    rotation,
    schemas,
    statements,
    store,
    subscribers,
)
from tools.cloud import (
    clock as clocks,
)
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError, Refused
from tools.cloud.models import Ask, Charger, Order, Record, Rejected, Rotation

log = logging.getLogger("tools.cloud.service")

UPLINKS = ("record", "status", "reply", "telemetry", "ask")


class Service:
    """The billing service over one database.

    db_url: an SQLAlchemy URL, such as "sqlite:///cloud.db". clock: gives Unix seconds; every time in
    a message comes from it. CloudError says what is wrong with a request; database errors pass
    through, and then nothing may be acknowledged.
    """

    def __init__(self, db_url: str, clock: clocks.Clock = clocks.wall):
        self.store = store.Store(db_url)
        self.clock = clock
        self._strangers: set[str] = set()

    def close(self) -> None:
        """Let the database go."""
        self.store.close()

    # portal acts

    def register(
        self, charger_id: str, key_hex: str, generation: int = 1, first_seq: int = 1
    ) -> None:
        """Make a charger and its master key (64 hex digits) known.

        first_seq: the first record number to expect, for a charger that was in use before.
        """
        master = keys.parse_master(key_hex)
        with self.store.begin() as session:
            portal.register(session, charger_id, master, generation, first_seq)

    def enable(
        self, charger_id: str, actor: str, role: str = "", plan: str = ""
    ) -> list[Downlink]:
        """Switch pay per month on: only with the role superadmin and the plan business."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return portal.enable(session, charger, actor, role, plan, self.clock())

    def disable(self, charger_id: str, actor: str, role: str = "") -> list[Downlink]:
        """Switch pay per month off: only with the role superadmin."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return portal.disable(session, charger, actor, role, self.clock())

    def tariff(
        self,
        charger_id: str,
        tariff_id: str,
        currency: str = "EUR",
        *,
        energy: str | None = None,
        time: str | None = None,
        parking_time: str | None = None,
        flat: str | None = None,
    ) -> list[Downlink]:
        """Assign a tariff. Prices are decimal strings: per kWh, per hour, per hour, per session."""
        given = dict(zip(portal.COMPONENTS, (energy, time, parking_time, flat), strict=True))
        prices = {name: price for name, price in given.items() if price is not None}
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return portal.tariff(session, charger, tariff_id, currency, prices, self.clock())

    def settings(self, charger_id: str, **changes: object) -> list[Downlink]:
        """Change settings; a dot in a name is written as two underscores (access__lapse_s=30)."""
        dotted = {name.replace("__", "."): value for name, value in changes.items()}
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return portal.change_settings(session, charger, dotted, self.clock())

    def subscribe(
        self,
        charger_id: str,
        user: str,
        uid: str,
        contract: str = "",
        group: str = "",
        billing: str = "ppm",
        until: int | None = None,
        status: str = "active",
        proof: str = "uid",
    ) -> list[Downlink]:
        """Let a card of a user charge. billing: ppm or free; until: Unix time or None.

        proof: uid, or sun for a card that must show that it is the one (NTAG 424 DNA).
        """
        entry = {"user": user, "uid": uid, "contract": contract, "group": group}
        entry |= {"billing": billing, "until": until, "status": status, "proof": proof}
        return self.subscribe_many(charger_id, [entry])

    def subscribe_many(self, charger_id: str, entries: Iterable[dict]) -> list[Downlink]:
        """As `subscribe`, many at once and in one list version."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            subscribers.subscribe(session, charger, entries)
            return listsend.send(session, charger, self.clock())

    def unsubscribe(self, charger_id: str, user: str, uid: str | None = None) -> list[Downlink]:
        """Take all cards of a user off a charger's list, or one of them."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            subscribers.unsubscribe(session, charger, user, uid)
            return listsend.send(session, charger, self.clock())

    def order(
        self, charger_id: str, do: str, ttl_s: int = orders.TTL_S, **members: object
    ) -> list[Downlink]:
        """Give one command. `from` is a Python word, `session` one of SQLAlchemy's: write from_, session_.

        card: of a start, the UID of a card of the user that can stop what the order starts.
        """
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            if members.get("card"):
                members["token"] = asks.token(session, charger, str(members.pop("card")))
            _, signed = orders.make(session, charger, do, self.clock(), ttl_s, **members)
            return [Downlink("order", signed, False)]

    def rotate(self, charger_id: str) -> list[Downlink]:
        """Give a charger a new master key, or send the one that is under way again."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return rotation.rotate(session, charger, self.clock())

    def resync(self, charger_id: str) -> list[Downlink]:
        """Send configuration and whole list with new versions, above what the charger says it has."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            subscribers.renew(session, charger)
            # A restored database has forgotten orders that the charger has seen.
            charger.order_n += 1000
            down = []
            if charger.config_version or charger.config_applied:
                down = portal.renew_config(session, charger, self.clock())
            return down + listsend.send(session, charger, self.clock())

    def write_off(self, charger_id: str, first: int, last: int, reason: str) -> list[Downlink]:
        """Give up record numbers that the charger cannot produce, so that the next ones flow."""
        if not 1 <= first <= last:
            raise CloudError("Record numbers are from 1 on, and the first is not above the last.")
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            inside = [
                (max(first, low), min(last, high))
                for low, high in months.gaps(session, charger)
                if low <= last and first <= high
            ]
            if not inside:
                raise CloudError(f"{charger_id} misses no record from {first} to {last}.")
            for low, high in inside:
                for seq in range(low, high + 1):
                    store.set_aside(
                        session, charger, b"", "written_off", reason, self.clock(), seq, True
                    )
            store.advance(session, charger)
            return [intake.ack(session, charger)]

    def rejudge(self, charger_id: str) -> tuple[int, list[Downlink]]:
        """Look again at what was set aside. Returns how many records were taken, and the new ack."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            taken = intake.rejudge(session, charger, self.clock())
            return taken, [intake.ack(session, charger)]

    # what chargers say

    def take(self, charger_id: str, leaf: str, payload: bytes) -> list[Downlink]:
        """Handle one uplink message; gives what is to be published to the same charger.

        When this returns, what the message said is durable. Bad content never raises.
        """
        with self.store.begin() as session:
            charger = store.find_charger(session, charger_id)
            if charger is None:
                self._report_stranger(charger_id)
                return []
            if leaf == "record":
                return self._take_record(session, charger, payload)
            if leaf == "ask":
                return asks.take(session, charger, payload, self.clock())
            return self._take_plain(session, charger, leaf, payload)

    def _take_record(self, session: Session, charger: Charger, payload: bytes) -> list[Downlink]:
        now = self.clock()
        taken = intake.take(session, charger, payload, now)
        return taken.down + (
            reconcile.take_record(session, charger, taken.payload, now) if taken.payload else []
        )

    def _take_plain(
        self, session: Session, charger: Charger, leaf: str, payload: bytes
    ) -> list[Downlink]:
        now = self.clock()
        try:
            if leaf not in UPLINKS:
                raise Refused("unknown_topic", leaf)
            if len(payload) > jws.MAX_DOWN_BYTES:
                raise Refused("oversized", f"{len(payload)} bytes")
            message = jws.parse_object(payload)
            schemas.check(leaf, message)
        except Refused as refused:
            log.error(
                "%s: %s not taken: %s", charger.id, mask.plain(leaf), mask.plain(str(refused))
            )
            return []
        if isinstance(self.clock, clocks.Following):
            self.clock.hear(message.get("time"))
        if leaf == "status":
            return reconcile.take_status(session, charger, message, now)
        if leaf == "reply" and message["for"] == "order":
            rotation.answered(session, orders.answered(session, charger, message, now))
        if leaf == "reply":
            return reconcile.take_reply(session, charger, message, now)
        return []

    def _report_stranger(self, charger_id: str) -> None:
        if charger_id not in self._strangers and len(self._strangers) < 1000:
            self._strangers.add(charger_id)
            log.error(
                "%s is not registered, its messages are not taken: register %s --key HEX64",
                charger_id,
                charger_id,
            )

    # what people ask

    def keys_of(self, charger_id: str) -> list[tuple[int, Rotation | None]]:
        """Every generation of a charger's key, with the rotation that brought it where one did."""
        with self.store.begin() as session:
            store.need_charger(session, charger_id)
            return rotation.state(session, charger_id)

    def asks_of(self, charger_id: str) -> list[tuple[Ask, Order]]:
        """What a charger asked, and the order that answered, oldest first."""
        query = select(Ask, Order).join(Order, Order.order_id == Ask.order_id)
        query = query.where(Ask.charger == charger_id).order_by(Order.n)
        with self.store.begin() as session:
            store.need_charger(session, charger_id)
            return [(ask, order) for ask, order in session.execute(query)]

    def statement(self, month: str, tz: str | None = None) -> report.Report:
        """The month "YYYY-MM": statements, sessions to review, and every charger's reconciliation."""
        with self.store.begin() as session:
            return statements.month_report(session, month, tz, self.clock())

    def chargers(self) -> list[Charger]:
        """Every charger as the service knows it."""
        with self.store.begin() as session:
            return list(store.all_chargers(session))

    def charger(self, charger_id: str) -> Charger:
        """One charger; CloudError when it is not registered."""
        with self.store.begin() as session:
            return store.need_charger(session, charger_id)

    def list_progress(self, charger_id: str) -> tuple[int, int]:
        """(parts sent, parts) of the list's update under way; (0, 0) without one."""
        with self.store.begin() as session:
            return listsend.progress(session, store.need_charger(session, charger_id))

    def list_of(self, charger_id: str) -> list:
        """The subscriber list that is wanted at a charger."""
        with self.store.begin() as session:
            charger = store.need_charger(session, charger_id)
            return subscribers.at_version(session, charger, charger.list_version)

    def records(
        self, charger_id: str, first: int = 1, last: int | None = None, kind: str | None = None
    ) -> list[dict]:
        """Payloads of stored records, rising."""
        query = select(Record).where(Record.charger == charger_id, Record.seq >= first)
        if last is not None:
            query = query.where(Record.seq <= last)
        if kind is not None:
            query = query.where(Record.kind == kind)
        with self.store.begin() as session:
            store.need_charger(session, charger_id)
            rows = session.scalars(query.order_by(Record.seq))
            return [json.loads(row.payload) for row in rows]

    def gaps(self, charger_id: str) -> list[tuple[int, int]]:
        """Record numbers that are known to be missing, as (first, last), rising."""
        with self.store.begin() as session:
            return months.gaps(session, store.need_charger(session, charger_id))

    def rejected(self, charger_id: str | None = None) -> list[Rejected]:
        """What was set aside, oldest first."""
        query = select(Rejected).order_by(Rejected.id)
        if charger_id is not None:
            query = query.where(Rejected.charger == charger_id)
        with self.store.begin() as session:
            return list(session.scalars(query))

    def orders_of(self, charger_id: str) -> list[Order]:
        """The orders given to a charger and what became of them, oldest first."""
        with self.store.begin() as session:
            return list(
                session.scalars(select(Order).where(Order.charger == charger_id).order_by(Order.n))
            )
