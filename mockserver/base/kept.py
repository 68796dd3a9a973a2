"""A mapping that forgets: bounded in number and in bytes, what rested longest goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import wraps
from threading import Lock
from typing import Generic, TypeVar

from mockserver.base.forgetting import also, memo

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most so many values, of so many bytes together; getting one counts as using it.

    `weigh` says how many bytes a key and its value take; without it only their number counts. The newest
    value stays, however large it is.
    """

    def __init__(
        self, *, most: int, size: int = 0, weigh: Callable[[K, V], int] = lambda _key, _value: 0
    ) -> None:
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._most = most
        self._limit = size
        self._weigh = weigh
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: K) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def values(self) -> Iterator[V]:
        """All values, the one that rested longest first."""
        return (value for value, _ in self._held.values())

    def get(self, key: K) -> V | None:
        """The value of a key, which is the last to go now; None when there is none."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V) -> None:
        """Keeps a value, weighed anew; others go for it."""
        self._put(key, value, self._weigh(key, value))

    def _put(self, key: K, value: V, weight: int) -> None:
        held = self._held
        before = held.pop(key, None)
        held[key] = value, weight
        self.size += weight if before is None else weight - before[1]
        while len(held) > self._most or (self.size > self._limit and len(held) > 1):
            self.size -= held.popitem(last=False)[1][1]

    def again(self, key: K, value: V) -> bool:
        """Weighs a value anew that is kept under a key, which is the last to go now; False when it is not."""
        found = self._held.get(key)
        if found is None or found[0] is not value:
            return False
        weight = self._weigh(key, value)
        if weight == found[1]:
            self._held.move_to_end(key)
        else:
            self._put(key, value, weight)
        return True

    def pop(self, key: K) -> V | None:
        """Takes a value out; None when there is none."""
        found = self._held.pop(key, None)
        if found is None:
            return None
        self.size -= found[1]
        return found[0]

    def clear(self) -> None:
        """Forgets everything."""
        self._held.clear()
        self.size = 0


class Marks:
    """What came before, told by a mark of each: at most so many, and then from the beginning.

    Most that comes once never comes again, so that what is kept of it the first time is kept for nothing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._came: set[int] = set()

    def before(self, one: Hashable) -> bool:
        """Whether it came before; from now on it did."""
        mark = hash(one)
        if mark in self._came:
            return True
        if len(self._came) >= self._most:
            self._came.clear()
        self._came.add(mark)
        return False

    def clear(self) -> None:
        """Forgets everything."""
        self._came.clear()


def remembered(*, most: int, characters: int) -> Callable[[Callable[..., V]], Callable[..., V]]:
    """Remembers what a function gave for its texts, as long as these are not too many or too long together.

    `lru_cache` counts texts of a megabyte like those of a word. It is quick, so it has those that are not
    longer than their share of one half of the `characters`; the other half is for longer ones. Any thread may
    ask, and have it forgotten (`mockserver.base.forgetting`).
    """
    share = characters // 2 // most

    def remember(work: Callable[..., V]) -> Callable[..., V]:
        kept: Kept[tuple[str, ...], tuple[V]] = Kept(
            most=most, size=characters // 2, weigh=lambda texts, _: sum(map(len, texts))
        )
        lock = Lock()
        short = memo(most=most)(work)

        @wraps(work)
        def asked(*texts: str) -> V:
            if sum(map(len, texts)) <= share:
                return short(*texts)
            with lock:
                found = kept.get(texts)
            if found is None:
                found = (work(*texts),)
                with lock:
                    kept.put(texts, found)
            return found[0]

        def forget() -> None:
            with lock:
                kept.clear()

        also(forget)
        return asked

    return remember
