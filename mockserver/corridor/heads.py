"""Heads of requests that came before, word for word: what was read of them need not be read again.

A client says the same head before most of its requests, but for the length of the body; to have the parser
read it costs as much as a fifth of a plain answer. What a head means follows from its bytes alone.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.base.kept import Kept, Marks
from mockserver.base.values import value
from mockserver.wire.incoming import RequestHeaders

_MOST = 1000
_BYTES = 1024 * 1024
_MARKS = 10_000
"""Of so many heads it is remembered that they came once: most that come once never come again."""

_TIMES, _OBJECTS = 4, 2048
"""A head, read, takes about so many times its bytes, and so many more."""

_END = b"\r\n\r\n"


@value
class Head:
    """A head, read: its target, its headers, what of the scope follows from it, and how long the body is."""

    url: bytes
    headers: RequestHeaders
    scope: Mapping[str, Any]
    length: int


class Heads:
    """The heads that came lately and more than once; bounded in number and in bytes."""

    def __init__(self, *, most: int = _MOST, size: int = _BYTES) -> None:
        self._read: Kept[bytes, Head] = Kept(most=most, size=size, weigh=_weight)
        self._came = Marks(_MARKS)

    def __len__(self) -> int:
        return len(self._read)

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return self._read.size

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and the body of a request that is all there is; None where its head is new."""
        end = data.find(_END) + len(_END)
        head = self._read.get(data[:end])
        if head is None or len(data) - end != head.length:
            return None
        return head, data[end:]

    def keep(self, data: bytes, head: Head) -> None:
        """Keeps how a request began, from the second time on; what else came with it is not kept."""
        end = data.find(_END) + len(_END)
        if len(data) - end == head.length and self._came.before(data[:end]):
            self._read.put(data[:end], head)

    def forget(self) -> None:
        """Forgets all of them: keys stand in them."""
        self._read.clear()
        self._came.clear()


def _weight(said: bytes, _: Head) -> int:
    return _OBJECTS + _TIMES * len(said)
