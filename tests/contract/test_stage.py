"""The stage: planned answers go out as they were planned, and what a client sends is seen."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.types import Message

from mockserver.base.jsontext import dumps
from mockserver.contract.delivery import CHOPPED, Delivery
from mockserver.contract.stage import Planned, Seen, Stage, _Pauses, late_error
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import named
from mockserver.server.connection import EXTENSION
from mockserver.talk.surface import Surface
from mockserver.wire.sse import DONE, Frame, read
from tests.contract.paper import PaperStage

COMPAT = "/compatible-mode/v1/chat/completions"
NATIVE = "/api/v1/services/aigc/text-generation/generation"
LONG = "The first of many words, then the second, and so on."
PATIENCE = 30.0
"""How long a test waits for what comes at once, in seconds."""


class Wire:
    """One request by the ASGI protocol, and the connection under it: `heard` is what is sent and done."""

    def __init__(
        self, *, key: str, path: str = COMPAT, stream: bool = False, headers: Mapping[str, str] | None = None
    ) -> None:
        said = [{"role": "user", "content": "Hi"}]
        given: dict[str, str] = {"authorization": f"Bearer {key}", **(headers or {})}
        body: dict[str, Any] = {"model": "qwen-plus", "messages": said, "stream": stream}
        if path == NATIVE:
            body = {"model": "qwen-plus", "input": {"messages": said}}
            body["parameters"] = {"result_format": "message", "incremental_output": stream}
            given |= {"x-dashscope-sse": "enable"} if stream else {}
        self.body = dumps(body)
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "extensions": {EXTENSION: {"connection": self}},
        }
        self.heard: list[Any] = []
        self.leaves = asyncio.Event()
        self._asked = False

    async def receive(self) -> Message:
        """The request; and then that the client leaves, once it does."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.body}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Takes what is sent; all but the bodies of an answer go by their names."""
        started = message["type"] == "http.response.start"
        self.heard.append(message["status"] if started else message["body"])
        if not started and not message.get("more_body"):
            self.heard.append("end")

    async def close(self) -> None:
        """The connection is closed."""
        self.heard.append("close")
        self.leaves.set()

    async def reset(self) -> None:
        """The connection is reset."""
        self.heard.append("reset")
        self.leaves.set()


def asked(stage: Stage, *, leaves: bool = False, **request: Any) -> list[Any]:
    """What is heard of one request; the client may leave as soon as it can."""

    async def run() -> list[Any]:
        wire = Wire(**request)
        if leaves:
            wire.leaves.set()
        await asyncio.wait_for(stage._app(wire.scope, wire.receive, wire.send), PATIENCE)
        return wire.heard

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause takes time."""
    monkeypatch.setattr("mockserver.contract.stage._PAUSE_SECONDS", 0)


@pytest.fixture
def stage(engine: Engine) -> PaperStage:
    return PaperStage(engine)


def planned(stage: Stage, *deliveries: Delivery, content: str = LONG) -> str:
    """The key of a new lane with these answers planned."""
    key = stage.lane()
    stage.plan(key, [Planned({"content": content}, delivery) for delivery in deliveries])
    return key


def content(heard: list[Any]) -> str:
    """What an answer of the compatible surface says that is not streamed."""
    document = json.loads(b"".join(piece for piece in heard if isinstance(piece, bytes)))
    said: str = document["choices"][0]["message"]["content"]
    return said


def only(stage: Stage, key: str) -> Seen:
    """The only request of a lane."""
    (seen,) = stage.seen(key)
    return seen


def whole(stage: Stage, **request: Any) -> list[bytes]:
    """The frames of a stream that is sent to its end."""
    status, *sent, end = asked(stage, key=planned(stage, Delivery()), stream=True, **request)
    assert (status, sent.pop(), end) == (200, b"", "end")
    return sent


def test_a_planned_answer_is_given_and_its_request_seen(stage: PaperStage) -> None:
    key = planned(stage, Delivery())
    status, body, rest, end = asked(stage, key=key, headers={"x-dashscope-session-cache": "one"})
    assert (status, content([body]), rest, end) == (200, LONG, b"", "end")
    seen = only(stage, key)
    assert seen.planned is not None
    assert seen.planned.reply == {"content": LONG}
    assert seen.headers["x-dashscope-session-cache"] == "one"
    assert json.loads(seen.entry.body)["messages"] == [{"role": "user", "content": "Hi"}]
    assert not seen.ended
    assert not seen.gone.is_set()


def test_a_stream_goes_out_frame_by_frame(stage: PaperStage) -> None:
    sent = whole(stage)
    assert sent[-1] == DONE
    assert all(frame.startswith(b"data: ") and frame.endswith(b"\n\n") for frame in sent)


def test_a_stream_may_be_cut_into_any_pieces(stage: PaperStage) -> None:
    key = planned(stage, Delivery(sizes=CHOPPED))
    status, *pieces, last, end = asked(stage, key=key, stream=True)
    assert (status, last, end) == (200, b"", "end")
    assert [len(piece) for piece in pieces[:9]] == [1, 2, 3, 5, 7, 11, 13, 1, 2]
    assert b"".join(pieces).endswith(DONE)


@pytest.mark.parametrize(("path", "tail"), [(COMPAT, 3), (NATIVE, 1)])
def test_a_stream_that_is_cut_never_says_that_it_is_whole(stage: PaperStage, path: str, tail: int) -> None:
    stream = whole(stage, path=path)
    key = planned(stage, Delivery(end="cut", after=99))
    status, *sent, half, done = asked(stage, key=key, path=path, stream=True)
    assert (status, len(sent), done) == (200, len(stream) - tail - 1, "close")
    assert len(half) == len(stream[len(sent)]) // 2
    assert only(stage, key).ended


@pytest.mark.parametrize(("end", "done"), [("cut", "close"), ("reset", "reset"), ("stall", "close")])
def test_an_ending_is_done_to_the_connection(stage: PaperStage, end: str, done: str) -> None:
    status, *pieces, last = asked(stage, key=planned(stage, Delivery(end=end, after=2)), stream=True)
    assert (status, last) == (200, done)
    assert len(pieces) == (2 if end == "stall" else 3)


@pytest.mark.parametrize(("after", "pieces"), [(0, 0), (1, 1)])
def test_a_whole_answer_falls_silent_half_way_or_behind_its_headers(
    stage: PaperStage, after: int, pieces: int
) -> None:
    _, body, *_ = asked(stage, key=planned(stage, Delivery()))
    key = planned(stage, Delivery(end="hang", after=after))
    status, *sent, last = asked(stage, key=key)
    assert (status, last, only(stage, key).ended) == (200, "close", True)
    assert len(b"".join(sent)) in range(pieces, len(body))
    assert len(sent) == pieces


def test_a_silent_stream_knows_whether_its_client_left(engine: Engine) -> None:
    stage = PaperStage(engine)
    stays = planned(stage, Delivery(end="stall"))
    assert asked(stage, key=stays, stream=True)[-1] == "close"
    assert not only(stage, stays).gone.is_set()
    stage._app._patience = PATIENCE
    leaves = planned(stage, Delivery(end="stall"))
    assert asked(stage, key=leaves, stream=True, leaves=True)[-1] == "close"
    assert only(stage, leaves).gone.is_set()


@pytest.mark.parametrize("path", [COMPAT, NATIVE])
def test_an_error_ends_a_stream_in_the_words_of_its_surface(stage: PaperStage, path: str) -> None:
    delivery = Delivery(end="error", after=2, error="DataInspectionFailed")
    key = planned(stage, delivery)
    status, *sent, late, end = asked(stage, key=key, path=path, stream=True)
    surface, request_id = named(only(stage, key).entry.surface), only(stage, key).entry.request_id
    assert (status, len(sent), end) == (200, 2, "end")
    assert late == late_error(stage.engine, delivery, surface, request_id)
    assert only(stage, key).ended


def late(stage: Stage, surface: Surface, **fields: Any) -> Frame:
    """The frame of an error within a stream."""
    (frame,) = read(late_error(stage.engine, Delivery(end="error", **fields), surface, "id-1"))
    return frame


def test_the_frame_of_an_error_is_the_next_one_of_a_native_stream(stage: PaperStage) -> None:
    frame = late(stage, NATIVE_TEXT, after=4)
    assert (frame.id, frame.event, frame.status) == ("5", "error", 500)
    document = json.loads(frame.data or "")
    assert (document["code"], document["request_id"]) == ("InternalError", "id-1")


def test_an_error_later_than_the_stream_can_break_is_still_its_next_frame(stage: PaperStage) -> None:
    key = planned(stage, Delivery(end="error", after=99))
    _, *sent, _ = asked(stage, key=key, path=NATIVE, stream=True)
    assert [frame.id for frame in read(b"".join(sent))] == [str(at + 1) for at in range(len(sent))]


def test_what_is_no_stream_comes_whole_however_it_should_end(stage: PaperStage) -> None:
    key = planned(stage, Delivery(end="cut", sizes=(50,)))
    status, *pieces, rest, end = asked(stage, key=key)
    assert (status, content(pieces), rest, end) == (200, LONG, b"", "end")
    assert len(pieces[0]) == 50
    assert not only(stage, key).ended


def test_a_refusal_is_planned_like_any_answer(stage: PaperStage) -> None:
    key = stage.lane()
    stage.plan(key, [Planned({"error": {"code": "Throttling.RateQuota"}}, Delivery(sizes=(20,)))])
    status, first, *_ = asked(stage, key=key)
    assert (status, len(first)) == (429, 20)
    seen = only(stage, key)
    assert seen.planned is not None
    assert seen.entry.refusal is not None


def test_answers_are_given_in_their_order_and_then_none_is_planned(stage: PaperStage) -> None:
    key = stage.lane()
    stage.plan(key, [Planned({"content": text}) for text in ("one", "two")])
    assert [content(asked(stage, key=key)) for _ in range(2)] == ["one", "two"]
    assert content(asked(stage, key=key)) not in ("one", "two")
    answered = [seen.planned and seen.planned.reply["content"] for seen in stage.seen(key)]
    assert answered == ["one", "two", None]


def test_what_was_planned_and_not_taken_is_dropped(stage: PaperStage) -> None:
    key = stage.lane()
    stage.plan(key, [Planned({"content": "old"}), Planned({"content": "older"})])
    stage.plan(key, [Planned({"content": "new"})])
    assert content(asked(stage, key=key)) == "new"
    asked(stage, key=key)
    assert [seen.planned is not None for seen in stage.seen(key)] == [True, False]


def test_lanes_do_not_meet(stage: PaperStage) -> None:
    one, two = planned(stage, Delivery(), content="one"), planned(stage, Delivery(), content="two")
    assert (one, two) == ("sk-conform-1", "sk-conform-2")
    assert content(asked(stage, key=two)) == "two"
    assert stage.seen(one) == []
    assert content(asked(stage, key=one)) == "one"
    assert len(stage.seen(two)) == 1


def test_whoever_has_no_lane_is_answered_and_not_seen(stage: PaperStage) -> None:
    key = planned(stage, Delivery())
    assert asked(stage, key="sk-other")[0] == 200
    assert asked(stage, key="no key at all")[0] == 401
    assert stage.seen(key) == []


def test_what_was_seen_is_a_list_of_its_own(stage: PaperStage) -> None:
    key = planned(stage, Delivery())
    before = stage.seen(key)
    asked(stage, key=key)
    assert (len(before), len(stage.seen(key))) == (0, 1)


def test_a_conversation_that_is_forgotten_leaves_nothing(stage: PaperStage) -> None:
    key = planned(stage, Delivery(), Delivery())
    asked(stage, key=key)
    stage.forget(key)
    with pytest.raises(KeyError):
        stage.seen(key)
    assert LONG not in content(asked(stage, key=key))
    stage.forget("sk-never-used")


def test_a_fault_that_is_asked_for_goes_before_the_plan(stage: PaperStage) -> None:
    key = planned(stage, Delivery())
    assert asked(stage, key=key, headers={"x-mock-fault": "reset-before-headers"}) == ["reset"]
    assert len(stage.seen(key)) == 1


def test_a_client_that_leaves_within_its_request_is_not_seen(stage: PaperStage) -> None:
    key = planned(stage, Delivery())

    async def run() -> list[Any]:
        wire = Wire(key=key)
        wire._asked = True
        wire.leaves.set()
        await stage._app(wire.scope, wire.receive, wire.send)
        return wire.heard

    assert asyncio.run(run()) == []
    assert stage.seen(key) == []


def test_the_loop_is_for_this_machine_only(stage: PaperStage) -> None:
    status, body, _ = asked(stage, key="sk-a", path="/_mock/conform/next", headers={"host": "evil.example"})
    assert status == 403
    assert b"the host is 'evil.example'" in body


@pytest.mark.parametrize(
    ("pieces", "paused"),
    [
        ([b"a", b"b", b"c", b"d"], [b"a", b"b", b"c"]),
        ([b"a", b"b", b"c", b"\xe5\xa5", b"\xa5\xbd", b"d"], [b"a", b"b", b"c", b"\xa5\xbd"]),
        ([b"\x80", b"\x81", b"\x82", b"\xbf", b"\xc0", b"\x7f"], [b"\x80", b"\x81", b"\x82", b"\xbf"]),
        ([b"\x80"] * 20, [b"\x80"] * 9),
    ],
)
def test_pieces_that_part_a_character_come_by_themselves(
    pieces: list[bytes], paused: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    behind: list[bytes] = []
    current = b""

    own, real = threading.get_ident(), asyncio.sleep

    async def note(seconds: float) -> None:
        # A server of another test may still sleep in a thread of its own.
        if threading.get_ident() == own:
            behind.append(current)
        else:
            await real(seconds)

    monkeypatch.setattr("mockserver.contract.stage.asyncio.sleep", note)

    async def run() -> None:
        nonlocal current
        pauses = _Pauses()
        for current in pieces:
            await pauses.before(current)

    asyncio.run(run())
    assert behind == paused


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with Stage(patience=PATIENCE) as stage:
        yield stage


@contextmanager
def opened(stage: Stage, key: str) -> Iterator[httpx.Response]:
    """A stream that a client has asked for."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    headers = {"authorization": f"Bearer {key}"}
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE) as client,
        client.stream("POST", stage.url + COMPAT, json=body, headers=headers) as answer,
    ):
        yield answer


def post(stage: Stage, key: str) -> tuple[str, str]:
    """What is heard of a stream, and what ends it."""
    heard = ""
    try:
        with opened(stage, key) as answer:
            for text in answer.iter_text():
                heard += text
    except httpx.TransportError as error:
        return heard, type(error).__name__
    return heard, "end"


@pytest.mark.parametrize(
    ("end", "told"), [("", "end"), ("cut", "RemoteProtocolError"), ("reset", "ReadError"), ("error", "end")]
)
def test_a_client_hears_each_ending_on_its_own_connection(running: Stage, end: str, told: str) -> None:
    heard, ended = post(running, planned(running, Delivery(end=end, after=3)))
    assert ended == told
    assert ("[DONE]" in heard) == (end == "")


def test_a_client_that_leaves_a_silent_stream_is_known_to_be_gone(running: Stage) -> None:
    key = planned(running, Delivery(end="stall", after=3))
    with opened(running, key) as answer:
        texts = answer.iter_text()
        assert next(texts).startswith("data: ")
        assert not only(running, key).gone.is_set()
    assert only(running, key).gone.wait(PATIENCE)


def test_behind_a_stage_its_port_is_free_and_the_loop_says_goodbye(engine: Engine) -> None:
    with Stage(engine=engine) as stage:
        host, port = stage.url.removeprefix("http://").split(":")
        assert httpx.get(f"{stage.url}/_mock/health", trust_env=False, timeout=PATIENCE).status_code == 200
    assert stage.loop.commands.get_nowait() == {"type": "bye"}
    with Stage(engine=Engine(Settings(), tokenizer=engine.tokenizer), port=int(port)) as again:
        assert again.url == stage.url
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=PATIENCE)


def test_what_is_planned_while_others_are_answered_is_heard_by_its_own() -> None:
    """Conversations are led side by side, each from a thread of its own."""

    def led(stage: Stage, number: int) -> list[str]:
        key = stage.lane()
        with httpx.Client(base_url=stage.url, headers={"authorization": f"Bearer {key}"}) as client:
            heard = []
            for turn in range(20):
                stage.plan(key, [Planned({"content": f"{number}, {turn}"})])
                body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}]}
                answer = client.post(COMPAT, json=body)
                heard.append(answer.json()["choices"][0]["message"]["content"])
            assert len(stage.seen(key)) == 20
            stage.forget(key)
        return heard

    with Stage() as running, ThreadPoolExecutor(4) as threads:
        heard = list(threads.map(partial(led, running), range(4)))
        assert heard == [[f"{number}, {turn}" for turn in range(20)] for number in range(4)]
        with pytest.raises(KeyError):
            running.plan("sk-no-lane", [Planned({"content": "x"})])


def test_what_cannot_be_changed_is_told_to_whoever_asked() -> None:
    def fails() -> None:
        msg = "no"
        raise LookupError(msg)

    with Stage() as running, pytest.raises(LookupError, match=r"^no$"):
        running._server.does(fails)
