"""What the server keeps for its clients, such as tasks, files and batches: so many, so large, so long.

Everything lies in the world of its key, where no other key finds it.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from mockserver.base.kept import Kept
from mockserver.base.values import value
from mockserver.state.worlds import World

MOST = 10_000
"""How many things are kept for all clients together."""

SIZE = 256 * 1024 * 1024
"""How many bytes all of them may have."""


@value
class _Thing:
    value: Any
    size: int
    ends: float
    number: int


FILE = "file"
"""The kind of what was uploaded."""

Place = tuple[str, str, str]
"""The key, the kind and the id of a thing."""


class Shelf:
    """Things by key, kind and id; what rested longest goes when there are too many or they are too large."""

    def __init__(self, *, most: int = MOST, size: int = SIZE) -> None:
        self._things: Kept[Place, _Thing] = Kept(most=most, size=size, weigh=lambda _, thing: thing.size)
        self._count = 0

    def __len__(self) -> int:
        return len(self._things)

    @property
    def size(self) -> int:
        """How many bytes all of it has."""
        return self._things.size

    def put(self, world: World, kind: str, name: str, value: Any, *, ends: float, size: int) -> None:
        """Keeps a thing of `size` bytes until a time, in seconds since 1970. What had its name goes.

        A thing that is put again stays as old as it is.
        """
        place = (world.key, kind, name)
        before = self._things.get(place)
        self._count += 1
        number = self._count if before is None else before.number
        self._things.put(place, _Thing(value, size, ends, number))

    def get(self, world: World, kind: str, name: str, *, now: float) -> Any:
        """A thing of a world; None when there is none, or its time is over."""
        place = (world.key, kind, name)
        thing = self._things.get(place)
        if thing is not None and thing.ends <= now:
            self._things.pop(place)
            return None
        return None if thing is None else thing.value

    def remove(self, world: World, kind: str, name: str) -> None:
        """Takes a thing out; nothing happens when there is none."""
        self._things.pop((world.key, kind, name))

    def all(self, world: World, kind: str, *, now: float) -> Iterator[Any]:
        """All things of a kind of a world, the newest first."""
        places = [place for place in self._things if place[:2] == (world.key, kind)]
        things = [thing for place in places if (thing := self._things.get(place)) is not None]
        for thing in sorted(things, key=attrgetter("number"), reverse=True):
            if thing.ends > now:
                yield thing.value

    def anywhere(self, kind: str, name: str, *, now: float) -> Any:
        """A thing of any world: for what the cloud serves to whoever knows its address."""
        for place in self._things:
            if place[1:] == (kind, name):
                return self.get(World(place[0]), kind, name, now=now)
        return None

    def reset(self, key: str | None = None) -> None:
        """Forgets everything, or what belongs to one key."""
        for place in [place for place in self._things if key in (None, place[0])]:
            self._things.pop(place)
