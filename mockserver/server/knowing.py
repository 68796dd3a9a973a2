"""The HTTP protocol that knows requests again: what came before, word for word, needs no parser.

A head that came before is not read again; a request that is known as a whole is answered at once, or where
many servers are one, when that is booked.
"""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mockserver.corridor.booking import Booking
from mockserver.corridor.heads import Head
from mockserver.server.direct import closed
from mockserver.server.transport import ABSOLUTE, Protocol
from mockserver.state.ports import GoneError
from mockserver.wire.incoming import RequestHeaders

_OWN = frozenset({"server", "client", "scheme", "headers", "state", "extensions"})
"""What of a scope is not what the head of its request says, or is kept beside it."""


class Waiting:
    """Stands where the cycle of a request does that is answered by rote, until its booking is done."""

    __slots__ = ("disconnected", "keep_alive", "response_complete", "response_started")

    def __init__(self) -> None:
        self.keep_alive = True
        self.response_started = self.response_complete = self.disconnected = False

    @property
    def message_event(self) -> "Waiting":
        """What is set when something happened to its connection."""
        return self

    def set(self) -> None:
        """Nobody waits for it."""


class Knowing(Protocol):
    """The protocol that takes requests by the `direct` ways.

    One that comes in one piece, nothing before it or behind it, goes by the parser only if none of the
    `heads` is its own; where it is known as a whole it is answered before that, or when it is booked.
    """

    def _takes(self, data: bytes) -> bool:
        """Takes a request whose head is known as the parser would take it, where nothing is before it."""
        direct = self.direct
        if direct is None or not self._whole or not (self.cycle is None or self.cycle.response_complete):
            return False
        knows = not (self.flow.write_paused or self.app is self.crowded)
        if knows and direct.by_rote is not None and self._answers_by_rote(direct.by_rote(data)):
            return True
        found = direct.heads.find(data)
        if found is None:
            return False
        head, body = found
        self._stop_clock()
        self._unset_keepalive_if_required()
        self._idle_bytes = 0
        booking = direct.books(data) if knows and direct.books is not None else None
        if booking is None:
            self._head, self._known = head, data
            self.url, self.headers, self.expect_100_continue = head.url, list(head.headers.raw), False
            self.cycle = self._cycle_of(head, body, self.headers)
            self.scope = self.cycle.scope
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.cycle = self._running = waiting = Waiting()  # type: ignore[assignment]
            booking.done.add_done_callback(partial(self._booked, booking, waiting, head, body))
        return True

    def _cycle_of(self, head: Head, body: bytes, headers: list[tuple[bytes, bytes]]) -> RequestResponseCycle:
        """What answers a request whose head is known, all of which is there."""
        scope: Any = {
            **head.scope,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "headers": headers,
            "state": self.app_state.copy(),
            "extensions": self._extensions,
        }
        cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.body, cycle.more_body = bytearray(body), False
        cycle.message_event.set()
        return cycle

    def _answers_by_rote(self, answer: bytes | None) -> bool:
        """Answers a request that is known as a whole; nobody but its client need know that it came."""
        if answer is None:
            return False
        self._stop_clock()
        self._idle_bytes = 0
        self._gathering.write(answer)
        self.server_state.total_requests += 1
        self._rest()
        return True

    def _booked(self, booking: Booking, waiting: Waiting, head: Head, body: bytes, _: object) -> None:
        """Answers a request by rote whose booking is done; one that was not booked goes its whole way."""
        lost = None
        try:
            if booking.holds():
                self._answer_booked(booking, waiting)
                return
        except GoneError as error:
            lost = error
        if not waiting.disconnected:
            cycle = self._cycle_of(head, body, list(head.headers.raw))
            cycle.keep_alive = waiting.keep_alive
            if self.cycle is self._running:
                self.cycle = cycle  # else it is that of a request which came behind this one
            self._running, self._head, self._held = cycle, head, (cycle, self.app, lost)
            self.turn.answer(self._answer_held())

    def eof_received(self) -> bool | None:  # type: ignore[override] # as a protocol of asyncio may
        """The client says no more; it hears what is being booked, and then the line is closed."""
        waiting: Any = self._running
        if (
            not isinstance(waiting, Waiting)
            or waiting.response_complete
            or self.pipeline
            or self.scheme == "https"
        ):
            return super().eof_received()
        waiting.keep_alive = False
        return True

    def _answer_booked(self, booking: Booking, waiting: Waiting) -> None:
        begins = booking.begins()
        if begins is not None:
            self._connection.announce(begins)
        booking.ended()
        if not waiting.disconnected:
            self._write(waiting, booking.went if waiting.keep_alive else closed(booking.went))

    def _keep_head(self) -> None:
        """Keeps how a request began that came in one piece, if whatever begins so can be taken by itself."""
        if self.direct is None or not (self._alone and self._one_piece) or self.parser.should_upgrade():
            return
        cycle, scope = self.cycle, self.scope
        if self.expect_100_continue or not cycle.keep_alive or scope["http_version"] != "1.1":
            return
        if ABSOLUTE.match(self.url):
            return
        told: Any = {name: value for name, value in scope.items() if name not in _OWN}
        head = Head(self.url, RequestHeaders(self.headers), told, len(cycle.body))
        assert isinstance(self._data, bytes), "it came alone"
        self.direct.heads.keep(self._data, head)
