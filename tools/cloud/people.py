"""A file of subscribers as people make it in a spreadsheet: CSV, one card a line."""

import csv
from collections.abc import Iterator
from pathlib import Path

from tools.cloud.errors import CloudError
from tools.cloud.subscribers import WrongCard, WrongMember

COLUMNS = ("user", "uid", "contract", "group", "billing", "status", "until", "proof")
_NEEDED = COLUMNS[:2]


class People:
    """The entries of a file, once, in its order; what is wrong with one is told by line and column.

    with People(path) as entries: service.subscribe_many(charger, entries)
    """

    def __init__(self, path: Path):
        self._path = path
        self._line = 1
        self.count = 0

    def __enter__(self) -> "People":
        try:
            with self._path.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.reader(file, strict=True)
                self._rows = [(reader.line_num, row) for row in reader if any(row)]
        except (OSError, UnicodeError, csv.Error) as error:
            raise CloudError(f"{self._path} cannot be read: {error}")
        self._header = [name.strip() for name in self._rows.pop(0)[1]] if self._rows else []
        for name in self._header:
            if name not in COLUMNS:
                raise self._wrong(name, f"no such column. There are {', '.join(COLUMNS)}.")
            if self._header.count(name) > 1:
                raise self._wrong(name, "is there twice")
        for name in _NEEDED:
            if name not in self._header:
                raise self._wrong(name, "is missing. The first line names the columns.")
        return self

    def __exit__(self, _kind, error, _trace) -> None:
        if isinstance(error, WrongMember):
            raise self._wrong(error.member, error.why) from error
        if isinstance(error, WrongCard):
            raise self._wrong("uid", str(error)) from error

    def __iter__(self) -> Iterator[dict]:
        for line, cells in self._rows:
            self._line = line
            if len(cells) > len(self._header):
                raise self._wrong("", f"{len(cells)} cells, but {len(self._header)} columns")
            entry: dict = {
                name: cell.strip() for name, cell in zip(self._header, cells, strict=False)
            }
            for name in _NEEDED:
                if not entry.get(name):
                    raise self._wrong(name, "is empty")
            until = entry.get("until")
            if until and not until.isdecimal():
                raise self._wrong("until", "is no Unix time (whole seconds)")
            entry["until"] = int(until) if until else None
            self.count += 1
            yield entry

    def _wrong(self, column: str, why: str) -> CloudError:
        place = f"{self._path} line {self._line}" + (f", column {column}" if column else "")
        return CloudError(f"{place}: {why.rstrip('.')}. Nothing was changed.")
