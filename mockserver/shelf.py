"""What the server keeps for its clients, such as tasks, files and batches: so many, so large, so long.

Everything lies in the world of its key, where no other key finds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mockserver.worlds import World

MOST = 10_000
"""How many things are kept for all clients together."""

SIZE = 256 * 1024 * 1024
"""How many bytes all of them may have."""


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    size: int
    ends: float


Place = tuple[str, str, str]
"""The key, the kind and the id of a thing."""


class Shelf:
    """Things by key, kind and id; the oldest go when there are too many or they are too large."""

    def __init__(self, *, most: int = MOST, size: int = SIZE) -> None:
        self._kept: dict[Place, _Kept] = {}
        self._most = most
        self._limit = size
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, world: World, kind: str, name: str, value: Any, *, ends: float, size: int = 0) -> None:
        """Keeps a thing of `size` bytes until a time, in seconds since 1970. What had its name goes.

        A thing that is put again stays as old as it is.
        """
        place = (world.key, kind, name)
        before = self._kept.get(place)
        self._size += size - (before.size if before is not None else 0)
        self._kept[place] = _Kept(value, size, ends)
        while len(self._kept) > self._most or (self._size > self._limit and len(self._kept) > 1):
            self._drop(next(iter(self._kept)))

    def get(self, world: World, kind: str, name: str, *, now: float) -> Any:
        """A thing of a world; None when there is none, or its time is over."""
        place = (world.key, kind, name)
        kept = self._kept.get(place)
        if kept is not None and kept.ends <= now:
            self._drop(place)
            return None
        return None if kept is None else kept.value

    def remove(self, world: World, kind: str, name: str) -> None:
        """Takes a thing out that is there."""
        self._drop((world.key, kind, name))

    def all(self, world: World, kind: str, *, now: float) -> Iterator[Any]:
        """All things of a kind of a world, the newest first."""
        for (key, of_kind, _), kept in reversed(list(self._kept.items())):
            if (key, of_kind) == (world.key, kind) and kept.ends > now:
                yield kept.value

    def anywhere(self, kind: str, name: str, *, now: float) -> Any:
        """A thing of any world: for what the cloud serves to whoever knows its address."""
        for (_, of_kind, of_name), kept in self._kept.items():
            if (of_kind, of_name) == (kind, name) and kept.ends > now:
                return kept.value
        return None

    def reset(self, key: str | None = None) -> None:
        """Forgets everything, or what belongs to one key."""
        for place in [place for place in self._kept if key in (None, place[0])]:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        self._size -= self._kept.pop(place).size
