"""What is durable: one transaction a message, each record exactly once by (charger, seq).

SQLite by default; any SQLAlchemy URL works. Writers take their turn: on SQLite a transaction begins
IMMEDIATE, elsewhere the charger's row is locked.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event, func, inspect, literal, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from tools.cloud.errors import CloudError
from tools.cloud.models import Base, Charger, Key, Record, Rejected, Rotation

MAX_SEQ = 2**32 - 1
_SILENT = {"hide_parameters": True}  # an error would print them: card numbers, keys
MAX_UNVOUCHED = 100  # messages without a good signature that are kept, per charger


class Store:
    """The service's database. db_url: an SQLAlchemy URL."""

    def __init__(self, db_url: str):
        try:
            url = make_url(db_url)
            if url.get_backend_name() == "sqlite":
                self._engine = create_engine(url, connect_args={"timeout": 30}, **_SILENT)
                _tune_sqlite(self._engine)
            else:
                self._engine = create_engine(url, pool_pre_ping=True, **_SILENT)
            Base.metadata.create_all(self._engine)
            _add_columns(self._engine)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise CloudError(
                f"The database URL is not usable: {error}. Example: sqlite:///cloud.db"
            )
        except SQLAlchemyError as error:
            raise CloudError(f"The database cannot be opened: {getattr(error, 'orig', error)}")

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back when an exception leaves it."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection, _record):
        connection.isolation_level = None
        # A record is acknowledged when it is stored, so the store must survive a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _add_columns(engine: Engine) -> None:
    """Give the tables of an older version's database the columns that it did not have."""
    with engine.begin() as connection:
        known = inspect(connection)
        for table in Base.metadata.sorted_tables:
            there = {column["name"] for column in known.get_columns(table.name)}
            for column in table.columns:
                if column.name in there:
                    continue
                kind = column.type.compile(engine.dialect)
                given = column.default.arg if column.default is not None else None
                value = "NULL" if given is None else str(literal(given).compile(
                    dialect=engine.dialect, compile_kwargs={"literal_binds": True}))  # fmt: skip
                must = "" if column.nullable else " NOT NULL"
                quoted = engine.dialect.identifier_preparer.quote
                connection.exec_driver_sql(
                    f"ALTER TABLE {quoted(table.name)} ADD COLUMN {quoted(column.name)} {kind} "
                    f"DEFAULT {value}{must}"
                )


def find_charger(session: Session, charger_id: str) -> Charger | None:
    """The charger, locked for this transaction, or None."""
    return session.get(Charger, charger_id, with_for_update=True)


def need_charger(session: Session, charger_id: str) -> Charger:
    """The charger, locked for this transaction; CloudError when it is not registered."""
    charger = find_charger(session, charger_id)
    if charger is None:
        raise CloudError(
            f"{charger_id} is not registered. Register it first: register {charger_id} --key HEX64"
        )
    return charger


def master_key(session: Session, charger_id: str, generation: int) -> bytes | None:
    """The master key of one generation, or None."""
    key = session.get(Key, (charger_id, generation))
    return key.master if key else None


def newest_key(session: Session, charger_id: str) -> Key:
    """The key that downlink messages are signed with: the newest one that the charger is known to have."""
    pending = select(Rotation.generation).where(
        Rotation.charger == charger_id, Rotation.done_at.is_(None)
    )
    query = select(Key).where(Key.charger == charger_id, Key.generation.not_in(pending))
    return session.scalars(query.order_by(Key.generation.desc()).limit(1)).one()


def record(session: Session, charger_id: str, seq: int) -> Record | None:
    """A stored record, or None."""
    return session.get(Record, (charger_id, seq))


def set_aside(
    session: Session,
    charger: Charger,
    jws: bytes,
    reason: str,
    detail: str,
    now: int,
    seq: int | None = None,
    named: bool = False,
) -> bool:
    """Keep a message that is not taken, once. Returns False when it is known or kept no longer."""
    mark = jws or f"{reason}:{seq}".encode()
    digest = hashlib.sha256(mark).hexdigest()
    query = select(Rejected).where(Rejected.charger == charger.id, Rejected.sha256 == digest)
    known = session.scalars(query).one_or_none()
    if known:
        known.times += 1
        return False
    if seq is None:
        count = select(func.count()).where(Rejected.charger == charger.id, Rejected.seq.is_(None))
        if (session.scalar(count) or 0) >= MAX_UNVOUCHED:
            return False
    session.add(
        Rejected(
            charger=charger.id,
            seq=seq,
            reason=reason[:32],
            detail=detail,
            sha256=digest,
            jws=jws,
            named=named,
            first_at=now,
        )
    )
    session.flush()
    return True


def rejection(session: Session, charger_id: str, seq: int) -> Rejected | None:
    """The named rejection of a record number, or None."""
    query = select(Rejected).where(
        Rejected.charger == charger_id, Rejected.seq == seq, Rejected.named
    )
    return session.scalars(query).first()


def newest_rejections(session: Session, charger_id: str, limit: int) -> list[Rejected]:
    """The latest named rejections, highest number first."""
    query = (
        select(Rejected)
        .where(Rejected.charger == charger_id, Rejected.named)
        .order_by(Rejected.seq.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def stored_numbers(session: Session, charger_id: str, first: int, last: int) -> list[int]:
    """Numbers from first to last whose records are held, rising."""
    query = select(Record.seq).where(Record.charger == charger_id, Record.seq.between(first, last))
    return sorted(session.scalars(query))


def set_aside_numbers(session: Session, charger_id: str, first: int, last: int) -> list[int]:
    """Numbers from first to last that are set aside by name, rising."""
    query = select(Rejected.seq).where(
        Rejected.charger == charger_id, Rejected.named, Rejected.seq.between(first, last)
    )
    return sorted(set(session.scalars(query)))


def settled(session: Session, charger_id: str, first: int, last: int) -> list[int]:
    """Numbers from first to last that are stored or set aside by name, rising."""
    stored = stored_numbers(session, charger_id, first, last)
    return sorted({*stored, *set_aside_numbers(session, charger_id, first, last)})


def missing(known: Iterable[int], first: int, last: int) -> list[tuple[int, int]]:
    """What of first..last is not among the known numbers, as (first, last) pairs, rising."""
    found = []
    expected = first
    for seq in sorted({seq for seq in known if first <= seq <= last} | {last + 1}):
        if seq > expected:
            found.append((expected, seq - 1))
        expected = seq + 1
    return found


def advance(session: Session, charger: Charger) -> None:
    """Move `upto` over every number that is stored or set aside, up to the first hole."""
    session.flush()
    charger.upto = max(charger.upto, charger.first_seq - 1)
    for seq in settled(session, charger.id, charger.upto + 1, MAX_SEQ):
        if seq != charger.upto + 1:
            break
        charger.upto = seq


def holes(session: Session, charger: Charger) -> list[tuple[int, int]]:
    """Missing numbers above `upto` and below the highest known one, as (first, last), rising."""
    known = settled(session, charger.id, charger.upto + 1, MAX_SEQ)
    return missing(known, charger.upto + 1, known[-1]) if known else []


def payloads(
    session: Session, charger_id: str, *kinds: str, first: int = 1, last: int = MAX_SEQ
) -> list[tuple[Record, dict]]:
    """Stored records of some kinds with their payloads, from number first to last, rising."""
    query = (
        select(Record)
        .where(Record.charger == charger_id, Record.kind.in_(kinds))
        .where(Record.seq.between(first, last))
        .order_by(Record.seq)
    )
    return [(record, json.loads(record.payload)) for record in session.scalars(query)]


def all_chargers(session: Session) -> Iterable[Charger]:
    """Every charger by id."""
    return session.scalars(select(Charger).order_by(Charger.id))
