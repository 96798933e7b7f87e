"""The tables. Records are append-only; what was current at a version is kept, not overwritten."""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the service."""


class Charger(Base):
    """A charger: what is wanted of it, what it last said of itself, and how far its records go."""

    __tablename__ = "chargers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    first_seq: Mapped[int] = mapped_column(BigInteger, default=1)
    upto: Mapped[int] = mapped_column(BigInteger, default=0)  # highest number without a hole
    order_n: Mapped[int] = mapped_column(BigInteger, default=0)

    enabled: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[str] = mapped_column(String(24), default="")
    actor_id: Mapped[str] = mapped_column(String(24), default="")
    actor_role: Mapped[str] = mapped_column(String(24), default="")
    accepted_at: Mapped[int | None] = mapped_column(BigInteger)
    tariff_id: Mapped[str | None] = mapped_column(String(24))
    tariff_version: Mapped[int | None] = mapped_column(Integer)
    settings: Mapped[str] = mapped_column(Text, default="{}")  # JSON, see portal.DEFAULTS

    config_version: Mapped[int] = mapped_column(BigInteger, default=0)
    config_jws: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    config_applied: Mapped[int] = mapped_column(BigInteger, default=0)
    config_sent: Mapped[int] = mapped_column(BigInteger, default=0)
    config_sent_at: Mapped[int | None] = mapped_column(BigInteger)
    config_reply: Mapped[str] = mapped_column(Text, default="")

    list_version: Mapped[int] = mapped_column(BigInteger, default=0)
    list_applied: Mapped[int] = mapped_column(BigInteger, default=0)
    list_sent: Mapped[int] = mapped_column(BigInteger, default=0)
    list_sent_at: Mapped[int | None] = mapped_column(BigInteger)
    list_base: Mapped[int | None] = mapped_column(BigInteger)  # of the one sent, null: it is whole
    list_part: Mapped[int] = mapped_column(Integer, default=0)  # the part the charger waits for
    list_next: Mapped[int] = mapped_column(Integer, default=0)  # the first part not sent yet
    list_lost: Mapped[int] = mapped_column(Integer, default=0)  # the part last sent again
    list_whole: Mapped[bool] = mapped_column(default=False)  # the next one sent is a whole list
    list_reply: Mapped[str] = mapped_column(Text, default="")

    online: Mapped[bool] = mapped_column(default=False)
    boot: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, default="")  # the last one, JSON
    status_at: Mapped[int | None] = mapped_column(BigInteger)

    resend_from: Mapped[int | None] = mapped_column(BigInteger)  # the hole last asked for
    resend_to: Mapped[int | None] = mapped_column(BigInteger)
    resend_at: Mapped[int | None] = mapped_column(BigInteger)


class Key(Base):
    """A master key. A production service keeps these in an HSM or a secret store, not in a table."""

    __tablename__ = "keys"

    charger: Mapped[str] = mapped_column(String(32), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    master: Mapped[bytes] = mapped_column(LargeBinary(32))


class Rotation(Base):
    """A new generation of a charger's master key, from the first order until the charger has told of it.

    Its key is in `keys` from the beginning, so that what the charger signs with it can be verified; the
    service signs with it once `done_at` is set.
    """

    __tablename__ = "rotations"

    charger: Mapped[str] = mapped_column(String(32), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    made_at: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(String(40), default="")  # of the order sent last
    refused: Mapped[str] = mapped_column(
        String(32), default=""
    )  # why there is no use in sending it again
    done_at: Mapped[int | None] = mapped_column(BigInteger)
    first_seq: Mapped[int | None] = mapped_column(BigInteger)  # the first record that it signs


class Ask(Base):
    """A charger's question about a card, and what it was answered."""

    __tablename__ = "asks"

    charger: Mapped[str] = mapped_column(String(32), primary_key=True)
    ask_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    ref: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[int | None] = mapped_column(BigInteger)
    answered_at: Mapped[int] = mapped_column(BigInteger)
    result: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(32), default="")
    user: Mapped[str] = mapped_column("user_ref", String(24), default="")
    order_id: Mapped[str] = mapped_column(String(40))


class Record(Base):
    """One record, as it was signed. The primary key is what makes it exactly once."""

    __tablename__ = "records"

    charger: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    session: Mapped[str | None] = mapped_column(String(48))
    at: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)
    jws: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("records_by_kind", "kind", "charger"),)


class Rejected(Base):
    """What was set aside, as it came. `seq` is set only when the charger's signature vouches for it."""

    __tablename__ = "rejected"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    charger: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64))
    jws: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    named: Mapped[bool] = mapped_column(default=True)  # whether the ack names it
    first_at: Mapped[int] = mapped_column(BigInteger)
    times: Mapped[int] = mapped_column(Integer, default=1)

    __table_args__ = (
        UniqueConstraint("charger", "sha256"),
        Index("rejected_seq", "charger", "seq"),
    )


class Tariff(Base):
    """A tariff version: never changed once it is there."""

    __tablename__ = "tariffs"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    components: Mapped[str] = mapped_column(Text)  # JSON: [{"type", "price"}]


class Entry(Base):
    """A line of a charger's subscriber list, in the versions since <= v < gone (gone null: still)."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    charger: Mapped[str] = mapped_column(String(32), index=True)
    uid: Mapped[str] = mapped_column(String(20))
    type: Mapped[str] = mapped_column(String(16), default="ISO14443")
    user: Mapped[str] = mapped_column("user_ref", String(24))
    contract: Mapped[str] = mapped_column("contract_ref", String(24))
    group: Mapped[str] = mapped_column("group_ref", String(24))
    status: Mapped[str] = mapped_column(String(8))
    until: Mapped[int | None] = mapped_column("until_s", BigInteger)
    billing: Mapped[str] = mapped_column(String(4))
    proof: Mapped[str] = mapped_column(String(8), default="uid")
    since: Mapped[int] = mapped_column("since_version", BigInteger)
    gone: Mapped[int | None] = mapped_column("gone_version", BigInteger)


class Order(Base):
    """A command that was given, and what became of it."""

    __tablename__ = "orders"

    charger: Mapped[str] = mapped_column(String(32), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    order_id: Mapped[str] = mapped_column(String(40), unique=True)
    do: Mapped[str] = mapped_column(String(16))
    payload: Mapped[str] = mapped_column(Text)
    made_at: Mapped[int] = mapped_column(BigInteger)
    exp: Mapped[int] = mapped_column(BigInteger)
    result: Mapped[str] = mapped_column(String(8), default="")
    reason: Mapped[str] = mapped_column(String(32), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[int | None] = mapped_column(BigInteger)
