"""The HTTP protocol of uvicorn with more: gathered writes, limits on a request, offers of HTTP/2 declined."""

import asyncio
import re
import sys
from typing import Any

import httptools
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.corridor.heads import Head
from mockserver.server.connection import EXTENSION, Connection
from mockserver.server.direct import Ways
from mockserver.server.gathering import GatheringTransport
from mockserver.server.metronome import Metronome
from mockserver.server.turn import Turn, Way
from mockserver.state.ports import GoneError
from mockserver.wire.incoming import RequestHeaders

_HEADERS = 64 * 1024
_EACH = 32
"""What a header counts beside its name and value, as in HTTP/2 (RFC 9113, 6.5.2)."""
_UNREAD = 64 * 1024 * 1024
_UNREAD_SECONDS = 5.0
"""So much of a request that was refused before its end is read and dropped, for so long."""
_FEW = _HEADERS // (_EACH + 1)
"""So many bytes hold no headers that count too much: the shortest header, `a:` and a line end, counts 33."""


def _plain(status: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n%b" % (len(body), body)


_TOO_LARGE = _plain("431 Request Header Fields Too Large", "The headers of a request may hold 64 kB.\n")
_TIMED_OUT = _plain("408 Request Timeout", "The request was not there as a whole in time.\n")


class _TooLargeError(Exception):
    """The headers of a request count too much; the parser takes no more of it."""


def _unchunked(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """An application whose answer is framed by its length, or by the end of the connection."""

    async def framed(scope: Scope, receive: Receive, send: Send) -> None:
        open_ended = False

        async def sent(message: Message) -> None:
            nonlocal open_ended
            if message["type"] == "http.response.start":
                open_ended = all(name != b"content-length" for name, _ in message.get("headers", ()))
                # Told that the body is in chunks already, uvicorn announces nothing; it then writes what it
                # is given, as long as that has the length that it expects.
                cycle.chunked_encoding = True if open_ended else None
                await send(message)
                cycle.chunked_encoding = False
            else:
                if open_ended:
                    cycle.expected_content_length = len(message.get("body", b""))
                await send(message)

        await app(scope, receive, sent)

    return framed


ABSOLUTE = re.compile(rb"https?://", re.IGNORECASE)
"""How a target begins that names its host."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, writing through a `GatheringTransport`, with limits on each request.

    Headers may hold 64 kB, and a request must be there as a whole within `request_seconds`. The clock
    runs only for a request that did not come in one piece. A client that leaves what it is sent unread
    for `unread_seconds` is cut off: its answer would be held for it without end. A request that is refused
    before its end is read and dropped for a while: to close at once would reset the connection, and a client
    that still sends would not hear why. What cannot be read costs no request before it its answer: the
    refusal follows the last of those that are due, and the connection ends with it.

    A request that is there as a whole at the end of the `turn`, without further ado, is put to the `direct`
    way, which has all bytes of its answer, or an application that gives it as any other is given.

    `tunnels` is what a CONNECT hears. A target with a scheme and a host (RFC 9112, 3.2.2) leaves that host in
    the scope's extension, as `authority`.

    Beyond `max_connections` a connection is served by the application `crowded`, which refuses; beyond
    twice as many it is closed without a word, for a file descriptor is held even to refuse.
    """

    request_seconds = 30.0
    unread_seconds = 75.0
    max_connections = 5000
    crowded: ASGIApp
    direct: Ways | None = None
    turn: Turn
    metronome: Metronome
    tunnels = "This is no proxy."
    _idle_bytes = 0
    _counted = 0
    _data: bytes | memoryview = b""
    _unparsed: list[bytes | memoryview]
    _in_headers = False
    _moved = False
    _one_piece = True
    _alone = False
    _whole = True
    _head: Head | None = None
    _known = b""
    _rests_from: float | None = None
    _refused = False
    _last_word = b""
    _held: tuple[RequestResponseCycle, Any, GoneError | None] | None = None
    _running: RequestResponseCycle | None = None
    _deadline: asyncio.TimerHandle | None = None
    _patience: asyncio.TimerHandle | None = None
    _linger: asyncio.TimerHandle | None = None
    _dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; its first request has a time limit from now on."""
        gathering = self._gathering = GatheringTransport(transport, self.turn, self._lingers)
        self._connection = Connection(gathering, transport, self.metronome)
        self._extensions: dict[str, dict[object, object]] = {EXTENSION: {"connection": self._connection}}
        super().connection_made(gathering)
        self._await_rest()
        if len(self.connections) > self.max_connections:
            self.app = self.crowded
            if len(self.connections) > 2 * self.max_connections:
                self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_clock()
        if self._linger is not None:
            self._linger.cancel()
        self.resume_writing()
        # uvicorn forgets this clock when a client resets; it would hold the whole exchange until it rings.
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)
        # uvicorn tells the newest request that its client is gone, which may stand behind the one at work.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        # Nothing points back any more, so all of it goes at once and does not wait for the collector.
        self.cycle = self._running = self._held = None  # type: ignore[assignment]
        self.pipeline.clear()
        self._gathering.release()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is sent to."""
        self._patience = self.loop.call_later(self.unread_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has caught up, or it is gone."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        if self._refused:
            self._drop(len(data))
            return
        if self._takes(data):
            return
        self._moved, self._alone = False, self._whole
        self._unparsed = [data]
        while self._unparsed and not self._refused:
            self._data = self._unparsed.pop(0)
            super().data_received(self._data)  # type: ignore[arg-type] # the parser takes any bytes
        self._data = b""
        if not self._whole:
            # A header without end is never told of, nor is one behind the body: what brings nothing counts.
            self._one_piece = False
            self._idle_bytes = 0 if self._moved else self._idle_bytes + len(data)
            if self._idle_bytes > _HEADERS:
                self._refuse(_TOO_LARGE)
        idle = self.cycle is None or self.cycle.response_complete
        if self._deadline is None and (idle or not self._whole):
            self._await_rest()

    def _takes(self, data: bytes) -> bool:  # noqa: ARG002 - others know some
        """Takes a request without the parser, if it can."""
        return False

    def _keep_head(self) -> None:
        """A request came as a whole, and is read: others know it again."""

    def eof_received(self) -> bool | None:  # type: ignore[override] # as a protocol of asyncio may
        """The client says no more, and uvicorn closes the line; what is at hand is answered before that."""
        way = self._answer_held()
        while self.turn.goes_on(way):
            pass
        self._gathering.flush()
        return None

    def on_message_begin(self) -> None:
        """A request begins."""
        self._idle_bytes = 0
        self._in_headers = self._moved = self._one_piece = True
        self._whole = False
        self._head, self._known = None, b""
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        """The headers are there; a request that has too many goes no further."""
        if not self._one_piece or len(self._data) > _FEW:
            self._count_headers()
        self._in_headers = False
        self._counted = len(self.headers)
        if ABSOLUTE.match(self.url):
            asked = {**self._extensions[EXTENSION], "authority": httptools.parse_url(self.url).host}
            self.scope["extensions"] = {EXTENSION: asked}
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there as a whole, and the headers that may stand behind its body."""
        if len(self.headers) > self._counted:
            self._count_headers()
        self._whole = True
        self._stop_clock()
        super().on_message_complete()
        self._keep_head()

    def _should_upgrade(self) -> bool:
        """Every offer of another protocol goes to `handle_websocket_upgrade`."""
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Begins to answer. HTTP/1.0 knows no chunks: a body without a length goes on until the line ends."""
        self._running = cycle
        if cycle.scope["http_version"] == "1.0":
            self._connection.chunked = False
            app = _unchunked(app, cycle)
        elif self.direct is not None and self.app is not self.crowded:
            # It may be there as a whole, which is seen when what came is read to its end.
            self._held = cycle, app, None
            self.turn.answer(self._answer_held())
            return
        super()._start_asgi_task(cycle, app)

    def _answer_held(self) -> Way:
        """Answers a request at hand, if nothing has ended it since: at once if it is there, or the long way.

        One that waits to be told to go on goes that way, and one whose client does not read.
        """
        held, self._held = self._held, None
        if held is None:
            return
        cycle, app, lost = held
        try:
            waits = cycle.more_body or cycle.waiting_for_100_continue or self.flow.write_paused
            if self.direct is not None and not waits:
                scope: Any = cycle.scope
                head, self._head = self._head, None
                headers = RequestHeaders(scope["headers"]) if head is None else head.headers
                whole, self._known = self._known, b""
                app = yield from self.direct.at_hand(scope, headers, bytes(cycle.body), cycle, whole, lost)
            if isinstance(app, bytes):
                self._write(cycle, app)
            else:
                super()._start_asgi_task(cycle, app)
        except Exception:
            self.logger.exception("a request could not be answered")
            self.transport.abort()

    def _write(self, cycle: Any, answer: bytes) -> None:
        """Writes all bytes of an answer; `cycle` is that of its request, or what stands in its place."""
        cycle.response_started = cycle.response_complete = True
        self._gathering.write(answer)
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """A request that offers another protocol is answered in this one, as the cloud does.

        The HTTP client of the JDK offers HTTP/2 with every request. The parser takes what follows the
        headers for words of the other protocol, so it is given the request once more without the offer.
        """
        if self._refused:
            return
        scope, offered = self.scope, sys.exception()
        assert offered is not None
        if scope["method"] == "CONNECT":
            self.send_400_response(self.tunnels)
            return
        lines = [f"{scope['method']} ".encode() + self.url + f" HTTP/{scope['http_version']}".encode()]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self._alone = False
        # Many may stand behind each other: nothing of what follows is copied, and none nests in another.
        self._unparsed = [b"\r\n".join([*lines, b"", b""]), memoryview(self._data)[offered.args[0] :]]

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._refuse(_plain("400 Bad Request", f"{msg}\n"))

    def _unset_keepalive_if_required(self) -> None:
        """A request is on its way: the connection rests no more. The clock of its rest runs on."""
        self._rests_from = None

    def _rest(self) -> None:
        """Nothing is asked on this connection by now. One clock serves for many such rests."""
        self._rests_from = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._rested)

    def _rested(self) -> None:
        """The clock rang: it closes a connection that rested all that time, or is set to the rest of it."""
        self.timeout_keep_alive_task = None
        if self._rests_from is None:
            return  # a request is on its way; behind its answer the clock is set anew
        left = self._rests_from + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self._rested)
        else:
            self.timeout_keep_alive_handler()

    def _await_rest(self) -> None:
        self._deadline = self.loop.call_later(self.request_seconds, self._refuse, _TIMED_OUT)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _count_headers(self) -> None:
        """Refuses a request whose path and headers are too large. Raises what ends the reading of it."""
        if len(self.url) + sum(len(name) + len(value) + _EACH for name, value in self.headers) > _HEADERS:
            self._refuse(_TOO_LARGE)
            raise _TooLargeError

    def _refuse(self, answer: bytes) -> None:
        """Answers without the application and closes, behind the answers that are due to earlier requests.

        Silent when that would break into the answer to the request itself.
        """
        if self._refused:
            return
        self._refused = True
        cycle = None if self.cycle is None or self.cycle.response_complete else self.cycle
        broken = not (self._in_headers or self._whole)
        if broken and self.pipeline:
            # It waits behind others, which are there as a whole.
            self.pipeline.popleft()
            broken = False
        if cycle is not None and not broken:
            self._last_word = answer
            return
        self._held = None
        if cycle is None or not cycle.response_started:
            self.transport.write(answer)
        self.transport.close()

    def on_response_complete(self) -> None:
        """An answer is out: the next request begins, or a rest. Behind the last one a refusal follows."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._rest()
        due = self._running is not None and not self._running.response_complete
        if self._last_word and not due and not self.transport.is_closing():
            self.transport.write(self._last_word)
            self.transport.close()

    def _lingers(self) -> bool:
        """Before the connection closes: whether the client still sends, and only this side ends for now."""
        wire = self._connection.wire
        if self._whole or self._linger is not None or wire.is_closing() or not wire.can_write_eof():
            return False
        self._refused = True
        self._linger = self.loop.call_later(_UNREAD_SECONDS, wire.close)
        wire.write_eof()
        wire.resume_reading()
        return True

    def _drop(self, size: int) -> None:
        """So many bytes that nobody wants."""
        self._dropped += size
        if self._dropped > _UNREAD:
            self.transport.close()
