"""What was computed for a text, remembered up to a number of bytes."""

import threading
from collections.abc import Callable
from sys import getsizeof
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from mockserver.base.forgetting import also

Value = TypeVar("Value")

CACHE_BYTES = 8_000_000
CACHE_TEXT = 200_000
"""The most characters of a text that is remembered."""

_EACH = 100
"""About what a place in a dictionary takes in bytes."""


class TextCache(dict[str, Value]):
    """Remembers what was computed for a text, up to a number of bytes; forgets the older half.

    A dictionary that computes what it lacks, so that what it knows costs one lookup.
    """

    def __init__(self, compute: Callable[[str], Value], *, limit: int = CACHE_BYTES) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit
        self._lock = threading.Lock()
        self.size = 0
        _caches[id(self)] = self

    def forget(self) -> None:
        """Forgets everything."""
        with self._lock:
            self.clear()
            self.size = 0

    def __missing__(self, text: str) -> Value:
        """The value for a text that is asked for the first time."""
        value = self._compute(text)
        if len(text) <= CACHE_TEXT:
            with self._lock:  # large requests are counted in threads
                if text not in self:
                    self[text] = value
                    self.size += _weight(text, value)
                    while self.size > self._limit:
                        self._shrink()
        return value

    def _shrink(self) -> None:
        for text in list(self)[: (len(self) + 1) // 2]:
            self.size -= _weight(text, self.pop(text))


_caches: "WeakValueDictionary[int, TextCache[Any]]" = WeakValueDictionary()


def _forget() -> None:
    for cache in list(_caches.values()):
        cache.forget()


also(_forget)


def _weight(text: str, value: object) -> int:
    """About how many bytes a text and its value take; a character of a text takes one to four."""
    return getsizeof(text) + getsizeof(value) + _EACH
