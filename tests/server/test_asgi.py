"""Requests in and answers out, message by message of the ASGI protocol."""

import asyncio
import gzip
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, cast
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from mockserver.corridor.engine import Answer
from mockserver.corridor.work import INLINE, Work
from mockserver.faults import Plan
from mockserver.faults.plan import Ending, Piece
from mockserver.server.asgi import (
    BodyTooLargeError,
    ClientGoneError,
    announce,
    carry_out,
    closing,
    read_body,
    read_plain,
    send_answer,
)
from mockserver.server.aside import Aside
from mockserver.server.connection import EXTENSION, Connection
from mockserver.server.metronome import Metronome
from mockserver.server.responding import RawResponse
from mockserver.wire.unpacking import UnpackError

HEADERS = [(b"x-request-id", b"1")]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
GONE: Message = {"type": "http.disconnect"}
HOUR = 3600.0


def piece(body: bytes, *, more: bool = False) -> Message:
    """A piece of a request's body."""
    return {"type": "http.request", "body": body, "more_body": more}


def sent(body: bytes, *, more: bool = False) -> Message:
    """A piece of an answer's body."""
    return {"type": "http.response.body", "body": body, "more_body": more}


class Client:
    """One client: `receive` gives its messages and then waits for it to leave, `send` keeps what it hears."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._messages = iter(messages)
        self.heard: list[Any] = []
        self.leaves = asyncio.Event()

    async def receive(self) -> Message:
        """The client's next message."""
        for message in self._messages:
            return message
        await self.leaves.wait()
        return GONE

    async def send(self, message: Any) -> None:
        """Takes what the application sends."""
        self.heard.append(message)


def read(
    messages: Iterable[Message], *, limit: int = 1000, headers: Iterable[tuple[bytes, bytes]] = ()
) -> bytes:
    """The body that these messages carry."""
    scope: Scope = {"type": "http", "headers": list(headers)}

    async def run() -> bytes:
        return await read_body(scope, Client(messages).receive, limit=limit)

    return asyncio.run(run())


@given(st.lists(st.binary(max_size=20)))
def test_a_body_is_the_sum_of_its_pieces(pieces: list[bytes]) -> None:
    messages = [piece(body, more=True) for body in pieces]
    assert read([*messages, {"type": "http.request"}]) == b"".join(pieces)


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not() -> None:
    assert read([piece(b"a" * 10)], limit=10) == b"a" * 10
    with pytest.raises(BodyTooLargeError):
        read([piece(b"a" * 11)], limit=10)


def test_a_declared_length_beyond_the_limit_is_enough() -> None:
    assert read([piece(b"a")], headers=[(b"content-length", b"1000")]) == b"a"
    assert read([piece(b"a")], headers=[(b"content-length", b"tea")]) == b"a"
    with pytest.raises(BodyTooLargeError):
        read([], headers=[(b"content-length", b"1001")])


def test_what_lies_beyond_the_limit_is_not_asked_for() -> None:
    client = Client([piece(b"a" * 20, more=True), piece(b"b")])

    async def run() -> Message:
        with pytest.raises(BodyTooLargeError):
            await read_body({"type": "http", "headers": []}, client.receive, limit=10)
        return await client.receive()

    assert asyncio.run(run()) == piece(b"b")


def test_a_client_that_leaves_within_its_body_is_gone() -> None:
    with pytest.raises(ClientGoneError):
        read([piece(b"a", more=True), GONE])


def send_to(client: Client, answer: Answer) -> bool:
    """Sends an answer to a client; whether it stayed. Nothing may be left running behind it."""

    async def run() -> bool:
        stayed = await send_answer(answer, {}, client.receive, client.send)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return stayed

    return asyncio.run(run())


def test_a_whole_answer_is_one_message() -> None:
    client = Client()
    assert send_to(client, Answer(200, HEADERS, b"{}"))
    assert client.heard == [START, sent(b"{}")]


def test_each_frame_is_a_message_of_its_own() -> None:
    client = Client()
    assert send_to(client, Answer(200, HEADERS, frames=[b"a", b"b", b"c"]))
    assert client.heard == [START, sent(b"a", more=True), sent(b"b", more=True), sent(b"c")]


def test_a_delayed_answer_comes_whole() -> None:
    client = Client()
    assert send_to(client, Answer(200, HEADERS, b"{}", delay=0.001))
    assert client.heard == [START, sent(b"{}")]


def test_a_paced_stream_sends_each_frame_and_then_ends() -> None:
    client = Client()
    assert send_to(client, Answer(200, HEADERS, frames=[b"a", b"b"], due=[0.0, 0.002], delay=0.001))
    assert client.heard == [START, sent(b"a", more=True), sent(b"b", more=True), sent(b"")]


class Written(Client):
    """Has a connection that is written to; one that is `full` takes no more behind so many writes."""

    def __init__(self, *, full: int = 99) -> None:
        super().__init__()
        self._full = full
        self.connection = Connection(cast("Any", self), Mock(), Metronome())
        self.scope = {"extensions": {EXTENSION: {"connection": self.connection}}}
        self.written: list[bytes] = []

    def write_next(self, data: bytes) -> bool:
        """Takes what is next."""
        if len(self.written) < self._full:
            self.written.append(data)
            return True
        return False


PACED = [0.0, 0.0, 0.001, 0.002, 0.002]


@pytest.mark.parametrize(
    ("full", "foreign", "chunked", "written"),
    [
        (99, False, True, [b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n"]),
        (1, False, True, [b"1\r\na\r\n1\r\nb\r\n"]),
        (0, False, True, []),
        (99, True, True, []),
        (99, False, False, []),
    ],
    ids=["all", "full", "full from the start", "headers of its own", "HTTP/1.0"],
)
def test_a_paced_stream_is_written_to_its_connection_but_for_its_end(
    full: int, written: list[bytes], *, foreign: bool, chunked: bool
) -> None:
    client = Written(full=full)
    client.connection.chunked = chunked
    answer = Answer(200, HEADERS, frames=[b"a", b"b", b"c", b"d", b"e"], due=PACED, foreign=foreign)
    assert asyncio.run(send_answer(answer, client.scope, client.receive, client.send))
    assert client.written == written
    left = answer.frames[b"".join(written).count(b"1\r\n") :]
    assert client.heard == [START, *[sent(frame, more=True) for frame in left], sent(b"")]
    assert answer.sent == 5


@pytest.mark.parametrize("at_once", [True, False])
def test_a_client_that_leaves_its_connection_is_written_no_more(*, at_once: bool) -> None:
    client = Written()
    answer = Answer(200, HEADERS, frames=[b"a", b"b", b"c"], due=[0.0, HOUR, 2 * HOUR])

    async def run() -> bool:
        if at_once:
            client.leaves.set()
        sending = asyncio.create_task(send_answer(answer, client.scope, client.receive, client.send))
        for _ in range(3):
            await asyncio.sleep(0)
        client.leaves.set()
        return await sending

    assert not asyncio.run(run())
    assert answer.sent == len(client.written) <= 1


class LeavingClient(Client):
    """Leaves as soon as it has heard so many messages."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after
        if not after:
            self.leaves.set()

    async def send(self, message: Any) -> None:
        """Takes a message, and leaves after the last it wants."""
        await super().send(message)
        if len(self.heard) >= self._after:
            self.leaves.set()


@pytest.mark.parametrize("after", [0, 2, 3])
def test_a_paced_stream_stops_at_once_when_the_client_leaves(after: int) -> None:
    client = LeavingClient(after)
    answer = Answer(
        200, HEADERS, frames=[b"a", b"b", b"c"], due=[0.0, 0.0 if after > 2 else HOUR, HOUR], delay=0
    )
    if not after:
        answer.delay = HOUR
    assert not send_to(client, answer)
    assert len(client.heard) == after


def test_a_delayed_answer_is_not_sent_to_a_client_that_left() -> None:
    client = LeavingClient(0)
    assert not send_to(client, Answer(200, HEADERS, b"{}", delay=HOUR))
    assert client.heard == []


def test_lateness_does_not_add_up() -> None:
    client = Client()
    frames = [b"a"] * 50
    waits: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        now = start
        loop.time = lambda: now  # type: ignore[method-assign]

        async def slow_send(message: Any) -> None:
            nonlocal now
            now += 0.01
            client.heard.append(message)

        def call_later(seconds: float, wake: Callable[[], None]) -> asyncio.Handle:
            nonlocal now
            waits.append(seconds)
            now += seconds
            return loop.call_soon(wake)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "call_later", call_later)
            due = [0.05 * at for at in range(50)]
            await send_answer(Answer(200, HEADERS, frames=frames, due=due), {}, client.receive, slow_send)
        # The last frame went out when it was due, though each one before took its time.
        assert now - start == pytest.approx(0.01 + 0.05 * 49 + 0.02)

    asyncio.run(run())
    assert len(client.heard) == 52
    assert waits == pytest.approx([0.04] * 49)


def test_an_announcement_goes_to_the_connection_or_is_done_at_once() -> None:
    connection, begins = Mock(), Mock()
    announce(begins, {"extensions": {EXTENSION: {"connection": connection}}})
    connection.announce.assert_called_once_with(begins)
    begins.assert_not_called()
    announce(begins, {})
    begins.assert_called_once_with()


def test_a_closing_answer_says_so() -> None:
    answer = Answer(400, HEADERS)
    assert closing(answer).headers == [*HEADERS, (b"connection", b"close")]
    assert HEADERS == [(b"x-request-id", b"1")]


class Wire:
    """The connection under a client: notes what is done to it, which ends it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def begin_chunk(self, data: bytes, *, missing: int) -> None:
        """Notes a torn chunk."""
        self._client.heard.append((data, missing))

    async def close(self) -> None:
        """Notes a close."""
        self._client.heard.append("close")
        self._client.leaves.set()

    async def reset(self) -> None:
        """Notes a reset."""
        self._client.heard.append("reset")
        self._client.leaves.set()


def carried(client: Client, plan: Plan, *, wire: bool = True) -> bool:
    """Whether the client heard the plan to its end."""
    extensions = {EXTENSION: {"connection": Wire(client)}} if wire else {}

    async def run() -> bool:
        return await carry_out(plan, {"type": "http", "extensions": extensions}, client.receive, client.send)

    return asyncio.run(run())


def test_a_plan_is_carried_out_piece_by_piece() -> None:
    client = Client()
    assert carried(client, Plan(200, HEADERS, 0.0, (Piece(0.0, b"a"), Piece(0.002, b"b"))))
    assert client.heard == [START, sent(b"a", more=True), sent(b"b", more=True), sent(b"")]


def test_a_plan_may_end_before_it_begins() -> None:
    client = Client()
    assert carried(client, Plan(200, HEADERS, None, (), "reset"))
    assert client.heard == ["reset"]


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_plan_may_tear_a_chunk(ending: Ending) -> None:
    client = Client()
    assert carried(client, Plan(200, HEADERS, 0.0, (Piece(0.0, b"a"), Piece(0.0, b"b", 3)), ending))
    assert client.heard == [START, sent(b"a", more=True), (b"b", 3), ending]


def test_a_server_without_its_connection_leaves_the_answer_without_an_end() -> None:
    client = Client()
    assert carried(client, Plan(200, HEADERS, 0.0, (Piece(0.0, b"b", 3),), "reset"), wire=False)
    assert client.heard == [START, sent(b"b", more=True)]


@pytest.mark.parametrize(("after", "head"), [(0, HOUR), (2, 0.0)])
def test_a_plan_stops_when_the_client_leaves(after: int, head: float) -> None:
    client = LeavingClient(after)
    plan = Plan(200, HEADERS, head, (Piece(head, b"a"), Piece(HOUR, b"b")))
    assert not carried(client, plan)
    assert len(client.heard) == after


def read_packed(body: bytes, coding: str, *, limit: int = 1000) -> bytes:
    """The body, read as one that is packed."""
    scope: Scope = {"type": "http", "headers": [(b"content-encoding", coding.encode())]}

    async def run() -> bytes:
        return await read_plain(scope, Client([piece(body)]).receive, limit=limit, aside=Aside())

    return asyncio.run(run())


def test_a_packed_body_is_unpacked_and_another_is_as_it_is() -> None:
    assert read_packed(gzip.compress(b"tea"), "gzip") == b"tea"
    assert read_packed(b"tea", "identity") == b"tea"
    assert read_packed(b"", "br") == b""


def test_a_packed_body_counts_as_what_it_is_unpacked() -> None:
    assert len(read_packed(gzip.compress(bytes(1000)), "gzip")) == 1000
    with pytest.raises(BodyTooLargeError):
        read_packed(gzip.compress(bytes(1001)), "gzip")


@pytest.mark.parametrize(
    ("body", "coding", "entry"),
    [(b"tea", "tea", "body.coding"), (b"tea tea tea", "gzip", "body.not-so-packed")],
)
def test_a_body_that_cannot_be_unpacked_says_why(body: bytes, coding: str, entry: str) -> None:
    with pytest.raises(UnpackError) as raised:
        read_packed(body, coding)
    assert raised.value.entry == entry


def turns_during(work: Coroutine[Any, Any, Any]) -> int:
    """How many turns others have had when a piece of work is done."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def run() -> None:
        waiting = asyncio.create_task(others())
        await work
        waiting.cancel()

    asyncio.run(run())
    return turns


class Noted(Aside):
    """An `Aside` that knows what it was given, and does it in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    async def run(self, work: Work) -> Any:
        """What the work returns."""
        self.given += 1
        return work()


@pytest.mark.parametrize(("coding", "given"), [("gzip", 1), ("identity", 0)])
def test_nobody_waits_for_a_body_that_is_unpacked(coding: str, given: int) -> None:
    """Four thousand bytes of it may become four million: it is all done aside."""
    scope: Scope = {"type": "http", "headers": [(b"content-encoding", coding.encode())]}
    body, noted = gzip.compress(bytes(1 << 22)), Noted()
    plain = asyncio.run(read_plain(scope, Client([piece(body)]).receive, limit=1 << 22, aside=noted))
    assert plain == (bytes(1 << 22) if given else body)
    assert noted.given == given


def test_who_cannot_wait_has_a_body_unpacked_in_its_place() -> None:
    headers = [(b"content-encoding", b"gzip")]
    scope: Scope = {"type": "http", "headers": headers, "extensions": {INLINE: {}}}
    noted = Noted()
    receive = Client([piece(gzip.compress(b"tea"))]).receive
    assert asyncio.run(read_plain(scope, receive, limit=99, aside=noted)) == b"tea"
    assert not noted.given


@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) + 1, 1 << 20])
@pytest.mark.parametrize("cut", [False, True])
def test_a_large_answer_goes_out_in_pieces_and_others_have_their_turn(size: int, *, cut: bool) -> None:
    client, body = Client(), random.Random(2).randbytes(size)
    answer = Answer(200, HEADERS, body, cut=cut)
    turns = turns_during(send_answer(answer, {}, client.receive, client.send))
    start, *pieces = client.heard
    assert start == START
    assert b"".join(message["body"] for message in pieces) == body
    assert [message["more_body"] for message in pieces] == [True] * (len(pieces) - 1) + [cut]
    assert turns >= size // (1 << 18) - 1


def test_others_have_their_turn_while_many_frames_go_out() -> None:
    client, frames = Client(), [b"%d" % number for number in range(1000)]
    assert (
        turns_during(send_answer(Answer(200, HEADERS, frames=frames), {}, client.receive, client.send)) >= 3
    )
    assert client.heard[1:] == [sent(frame, more=frame != b"999") for frame in frames]


def test_an_answer_as_a_response_goes_out_with_its_headers_as_they_are() -> None:
    client = Client()
    asyncio.run(RawResponse(Answer(200, HEADERS, b"{}"))({"type": "http"}, client.receive, client.send))
    assert client.heard == [START, sent(b"{}")]
