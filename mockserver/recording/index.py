"""The index beside a cassette: which file answers which key, without reading the files again.

It is a cache in SQLite. What changed since, by size and time of the file, is read anew; a broken index is
thrown away and made again; where none can be written, it lives in memory.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from mockserver.recording import canonical
from mockserver.recording.cassette import CassetteError, read
from mockserver.recording.interaction import Interaction

NAME = ".index.sqlite3"
VERSION = 5
"""Counts up when keys are made in another way, so that no older index is believed."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one file without reading it."""

    name: str
    size: int
    changed: int
    surface: str
    model: str
    stream: int
    status: int
    end: str
    kept: str
    recorded: str
    strict: str
    strict_loose: str
    talk: str
    talk_loose: str
    system: str

    @classmethod
    def of(cls, name: str, size: int, changed: int, interaction: Interaction) -> "Row":
        """The row of an interaction that was read from a file."""
        keys = canonical.keys_of(interaction.request)
        return cls(
            name,
            size,
            changed,
            interaction.surface,
            interaction.model,
            int(interaction.stream),
            interaction.response.status,
            interaction.response.end,
            interaction.response.kept,
            interaction.recorded,
            keys.strict,
            keys.strict_loose,
            keys.talk,
            keys.talk_loose,
            keys.system,
        )

    @property
    def place(self) -> tuple[str, int, str]:
        """What recordings are ordered by: when, and then by the number in the name."""
        number = self.name.removesuffix(".json").rpartition("-")[2]
        return self.recorded, int(number) if number.isdecimal() and len(number) < 8 else 1, self.name  # noqa: PLR2004 - a hash has 8


_COLUMNS = [column.name for column in fields(Row)]
_ALIKE = frozenset(map(_COLUMNS.index, ("surface", "model", "end", "kept", "recorded", "system")))
"""The columns that say the same in many rows, and are kept once."""

_MAKE = f"CREATE TABLE rows ({', '.join(_COLUMNS)}, PRIMARY KEY (name))"
_ADD = f"INSERT OR REPLACE INTO rows VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608 - of constants


def files_of(folder: Path) -> Iterator[tuple[str, int, int]]:
    """The interactions of a folder: name, size in bytes, time of the last change in nanoseconds.

    Raises `CassetteError` when there is no such folder.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file():
                    status = entry.stat()
                    yield entry.name, status.st_size, status.st_mtime_ns
    except OSError as error:
        msg = f"{folder} is no cassette: {error.strerror}; a cassette is a folder of recordings"
        raise CassetteError(msg) from None


def _connect(folder: Path) -> sqlite3.Connection:
    """The index of a folder, whole and of this version; in memory where the folder cannot be written."""
    for place in (folder / NAME, folder / NAME, Path(":memory:")):
        connection = None
        try:
            connection = sqlite3.connect(place, timeout=5, isolation_level="IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                with connection:
                    connection.execute("DROP TABLE IF EXISTS rows")
                    connection.execute(_MAKE)
                    connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("PRAGMA synchronous = OFF")  # it can be made again
            connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM rows LIMIT 1")  # noqa: S608 - of constants
        except sqlite3.DatabaseError:
            if connection is not None:
                connection.close()
            with contextlib.suppress(OSError):
                (folder / NAME).unlink()
        else:
            return connection
    raise AssertionError  # pragma: no cover - memory can always be written


def rows_of(folder: Path) -> list[Row]:
    """A row for every interaction of a folder, by the index where it is fresh.

    Raises `CassetteError` for the first file that is none.
    """
    there = {name: (size, changed) for name, size, changed in files_of(folder)}
    connection = _connect(folder)
    try:
        shared: dict[Any, Any] = {}
        known = {
            row[0]: Row(
                *(shared.setdefault(held, held) if at in _ALIKE else held for at, held in enumerate(row))
            )
            for row in connection.execute("SELECT * FROM rows")
        }
        fresh = {name: row for name, row in known.items() if there.get(name) == (row.size, row.changed)}
        new = [
            Row.of(name, size, changed, read(folder / name))
            for name, (size, changed) in there.items()
            if name not in fresh
        ]
        if new or len(fresh) != len(known):
            _store(connection, new, known.keys() - there.keys())
    finally:
        connection.close()
    return sorted([*fresh.values(), *new], key=lambda row: row.place)


def _store(connection: sqlite3.Connection, new: Iterable[Row], gone: Iterable[str]) -> None:
    # Another process may write the same at the same time; a cache may be left as it is.
    with contextlib.suppress(sqlite3.OperationalError), connection:
        connection.executemany("DELETE FROM rows WHERE name = ?", [(name,) for name in gone])
        connection.executemany(_ADD, [astuple(row) for row in new])
