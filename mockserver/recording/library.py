"""A cassette in use: its recordings by key, how often each was used, and new ones as they are made."""

import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mockserver.recording import cassette, index, parts
from mockserver.recording.cassette import CassetteError
from mockserver.recording.index import Row
from mockserver.recording.interaction import Interaction

_REMEMBERED = 1024
"""How many interactions are kept in memory once they have been read."""

_AGE = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """An age such as 30d, 12h, 2w. Raises `ValueError`."""
    found = _AGE.fullmatch(text)
    if found is None:
        msg = f"{text!r} is no age: write 30d, 12h or 2w"
        raise ValueError(msg)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(recorded: str) -> datetime | None:
    """When a recording was made; None when it does not say so in ISO 8601."""
    try:
        found = datetime.fromisoformat(recorded)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Library:
    """The recordings of one folder. Opening raises `CassetteError` for a folder that is none.

    `create`: it is made where it is not there, and what killed recorders left of theirs is cleaned away.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        if create:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                msg = f"{folder} cannot be made: {error.strerror}; name a folder that can"
                raise CassetteError(msg) from None
            parts.clean(folder)
        self.rows: list[Row] = index.rows_of(folder)
        self.used: Counter[str] = Counter()
        self._by_key: dict[str, list[Row]] = {}
        self._read: OrderedDict[str, Interaction] = OrderedDict()
        for row in self.rows:
            self._enter(row)

    def _enter(self, row: Row) -> None:
        if row.kept == "missing":  # it answers nothing
            return
        # The keys are hashes of different things, so that one table holds them all.
        for key in {row.strict, row.strict_loose, row.talk, row.talk_loose}:
            self._by_key.setdefault(key, []).append(row)

    def find(self, key: str) -> Sequence[Row]:
        """The recordings of a key, strict or loose or of the conversation, in recorded order."""
        return self._by_key.get(key, ())

    def load(self, row: Row) -> Interaction:
        """The interaction of a row. Raises `CassetteError`."""
        found = self._read.get(row.name)
        if found is None:
            found = cassette.read(self.folder / row.name)
            if len(self._read) >= _REMEMBERED:
                self._read.popitem(last=False)
            self._read[row.name] = found
        return found

    def add(self, interaction: Interaction, *, over: Sequence[Row] = ()) -> str:
        """Writes an interaction, in the place of others if so wished; returns its file's name.

        Raises `CassetteError`.
        """
        name = cassette.write(self.folder, interaction, over=over[0].name if over else None)
        self.enter(Row.of(name, 0, 0, interaction), over=over)
        return name

    def enter(self, row: Row, *, over: Sequence[Row] = ()) -> None:
        """Takes in a file that was written, in the place of others."""
        for old in over:
            self._forget(old)
            if old.name != row.name:
                (self.folder / old.name).unlink(missing_ok=True)
        self.rows.append(row)
        self.used[row.name] += 1
        self._enter(row)

    def _forget(self, row: Row) -> None:
        self._read.pop(row.name, None)
        self.rows.remove(row)
        for key in {row.strict, row.strict_loose, row.talk, row.talk_loose}:
            self._by_key[key].remove(row)

    @property
    def unused(self) -> list[str]:
        """The recordings that have answered nothing yet, though they could."""
        return [row.name for row in self.rows if row.name not in self.used and row.kept != "missing"]

    def older(self, most: timedelta, now: datetime) -> list[str]:
        """The recordings that are older than so much; one that does not say when is as old as can be."""
        moments = ((row.name, moment(row.recorded)) for row in self.rows)
        return [name for name, made in moments if made is None or now - made > most]
