"""The direct way: a request that is there as a whole is answered in one write, without ASGI.

A task, the messages of ASGI and a call for each piece cost more than the answer. What HTTP says of an answer
here is what uvicorn's own cycle says of it, byte for byte. What needs time, is struck by a fault or has a
framing of its own is not written here: it goes the long way.
"""

from typing import Protocol

from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mockserver.base.values import value
from mockserver.corridor.answers import Answer
from mockserver.corridor.booking import Booking
from mockserver.corridor.heads import Heads
from mockserver.corridor.work import LARGE
from mockserver.server.turn import Pauses
from mockserver.wire.chunked import LAST, chunked
from mockserver.wire.incoming import RequestHeaders


class Line(Protocol):
    """What an answer is sent by: whether the connection is kept behind it may change while it is made."""

    keep_alive: bool


class AtHand(Protocol):
    """What answers a request that is there as a whole."""

    def __call__(
        self,
        scope: Scope,
        headers: RequestHeaders,
        body: bytes,
        line: Line,
        whole: bytes,
        lost: Exception | None,
        /,
    ) -> Pauses[bytes | ASGIApp]:
        """All bytes of its answer, or the ASGI application that answers it.

        `whole` are all bytes of a request that came in one piece, as the one before it did; else it is empty.
        `lost` is why it could not be booked, of one that was to be answered by rote.
        """


class ByRote(Protocol):
    """What answers a request at once, of which these are all bytes."""

    def __call__(self, whole: bytes, /) -> bytes | None:
        """All bytes of its answer; None when it is to be read."""


class Books(Protocol):
    """What knows the answer to a request, of which these are all bytes, and has it booked."""

    def __call__(self, whole: bytes, /) -> Booking | None:
        """An answer that leaves when its booking is done; None when the request is to be read."""


@value
class Ways:
    """What answers requests without ASGI: those of a head of the `heads`, or as a whole, that came before.

    Where many servers are one, what is known as a whole is booked (`books`), else it is answered `by_rote`.
    """

    at_hand: AtHand
    heads: Heads
    by_rote: ByRote | None = None
    books: Books | None = None


_CHUNKED = b"transfer-encoding: chunked\r\n\r\n"

_NO_BODY = (204, 304)
"""The statuses of answers that are not framed (RFC 9112, 6.3)."""


def head(answer: Answer, *, keep_alive: bool = True) -> bytes:
    """The head of an answer whose body is in chunks."""
    lines = [*map(b": ".join, answer.headers), _CHUNKED]
    if not keep_alive:
        lines.insert(-1, b"connection: close")
    return STATUS_LINE[answer.status] + b"\r\n".join(lines)


def closed(data: bytes) -> bytes:
    """All bytes of an answer, its body in chunks, behind which the connection is not kept."""
    return data.replace(_CHUNKED, b"connection: close\r\n" + _CHUNKED, 1)


def written(answer: Answer, *, keep_alive: bool) -> bytes | None:
    """All bytes of an answer, each of its frames a chunk; None when it is to go the long way.

    That of a script or a recording has headers of its own, and a long one waits for whoever reads it.
    """
    if answer.foreign or answer.plan is not None or answer.delay or answer.due or answer.status in _NO_BODY:
        return None
    chunks = chunked(answer.frames or (answer.body,))
    data = b"".join((head(answer, keep_alive=keep_alive), chunks, LAST))
    return data if len(data) <= LARGE else None
