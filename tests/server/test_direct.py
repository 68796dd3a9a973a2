"""The direct way says what the long way says, byte for byte, whatever is asked and however it arrives."""

import asyncio
import gc
import gzip
import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.sharing import Sharing
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.server.app import App
from mockserver.server.direct import written
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import Link
from mockserver.talk.reply import Reply
from mockserver.wire.ids import Ids
from tests.conftest import NOW
from tests.server.talk import COMPAT, MODELS, TEXT, Live, request, running
from tests.server.wires import Wire, app_of, connected, heard, quiet
from tests.state.engines import Engine as Redis

TEA = [{"role": "user", "content": "Which tea?"}]
TOOL = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
LONG = [{"role": "user", "content": "tea " * 20_000}]


def compat(messages: Any = TEA, *, headers: dict[str, str] | None = None, **extra: Any) -> bytes:
    return request("POST", COMPAT, {"model": "qwen-plus", "messages": messages, **extra}, headers=headers)


def native(headers: dict[str, str] | None = None, **parameters: Any) -> bytes:
    body = {"model": "qwen-plus", "input": {"messages": TEA}, "parameters": parameters}
    return request("POST", TEXT, body, headers=headers)


def _packed() -> bytes:
    body = gzip.compress(json.dumps({"model": "qwen-plus", "messages": TEA}).encode(), mtime=0)
    return request("POST", COMPAT, body, headers={"Content-Encoding": "gzip"})


def _chunked() -> bytes:
    body = json.dumps({"model": "qwen-plus", "messages": TEA}).encode()
    head = compat().partition(b"Content-Length")[0]
    return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


ASKED: dict[str, bytes] = {
    "chat": compat(),
    "stream": compat(stream=True, stream_options={"include_usage": True}),
    "tools": compat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "brew"}}),
    "reported": compat(steep=3),
    "refused": compat(max_tokens=-1),
    "refused stream": compat(stream=True, max_tokens=-1),
    "no json": request("POST", COMPAT, b"{", headers={}),
    "no key": request("POST", COMPAT, {"model": "qwen-plus", "messages": TEA}, key=None),
    "gzip wanted": compat(headers={"Accept-Encoding": "gzip"}),
    "native": native(),
    "native stream": native({"X-DashScope-SSE": "enable"}, incremental_output=True),
    "native, all so far": native({"Accept": "text/event-stream"}, result_format="message"),
    "error on command": compat(headers={"X-Mock-Fault": "error;code=Throttling"}),
    "unknown fault": compat(headers={"X-Mock-Fault": "tea"}),
    "torn": compat(stream=True, headers={"X-Mock-Fault": "close-mid-chunk"}),
    "twice": compat(stream=True, headers={"X-Mock-Fault": "duplicate-chunk"}),
    "last one": compat(headers={"Connection": "close"}),
    "last stream": compat(stream=True, headers={"Connection": "close"}),
    "old": compat().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "old stream": compat(stream=True).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "may I": compat(headers={"Expect": "100-continue"}),
    "offer": compat(headers={"Connection": "Upgrade", "Upgrade": "h2c"}),
    "packed": _packed(),
    "in chunks": _chunked(),
    "long": compat(LONG),
    "too long": compat([{"role": "user", "content": "tea " * 60_000}]),
    "other method": request("GET", COMPAT),
    "elsewhere": request("GET", MODELS),
    "nowhere": request("POST", "/tea", {}),
    "for agents": request("POST", "/coding/v1/chat/completions", {"model": "qwen-plus", "messages": TEA}),
    "no http": b"\x16\x03\x01",
    "scripted": compat([{"role": "user", "content": "Which pot?"}]),
    "scripted raw": compat([{"role": "user", "content": "Which kettle?"}]),
    "scripted pace": compat([{"role": "user", "content": "Which cup?"}], stream=True),
    "scripted nothing": compat([{"role": "user", "content": "Which leaf?"}]),
    "scripted error": compat([{"role": "user", "content": "Which water?"}], stream=True),
}


def _scripted(word: str, **reply: Any) -> dict[str, Any]:
    return {"match": {"last_user": {"contains": word}}, "reply": reply}


SCRIPTS = [
    _scripted("pot", content="A blue one."),
    _scripted("kettle", status=201, headers={"x-tea": "oolong"}, body="Iron."),
    _scripted("cup", content="White.", pace={"first_ms": 1, "per_token_ms": 1}),
    _scripted("leaf", error={"code": "Tea", "status": 204, "message": "None."}),
    _scripted("water", error={"code": "Throttling"}),
]


def both(tokenizer: Tokenizer, *pieces: bytes) -> tuple[Wire, Wire]:
    """What is heard on either way, of two servers that know the same."""
    apps = [app_of(tokenizer, *SCRIPTS, max_body=200_000, seed=1) for _ in range(2)]
    direct, long = heard(apps[0], *pieces), heard(apps[1], *pieces, direct=False)
    assert [one.shown() for one in apps[0].engine.journal] == [one.shown() for one in apps[1].engine.journal]
    return direct, long


@pytest.mark.parametrize("name", ASKED)
def test_both_ways_say_the_same(name: str, tokenizer: Tokenizer) -> None:
    direct, long = both(tokenizer, ASKED[name])
    assert b"".join(direct.written) == b"".join(long.written) != b""
    assert direct.closed == long.closed


def test_both_ways_know_what_was_asked_before_the_line_breaks(tokenizer: Tokenizer) -> None:
    direct, long = both(tokenizer, ASKED["chat"] + ASKED["no http"])
    assert b"".join(direct.written) == b"".join(long.written)
    assert b"HTTP/1.1 400 Bad Request\r\n" in direct.written[-1]
    assert direct.closed
    assert long.closed


@pytest.mark.parametrize("behind", ["chat", "reported", "elsewhere"])
def test_an_answer_that_tears_the_line_ends_though_others_wait_behind_it(
    behind: str, tokenizer: Tokenizer
) -> None:
    direct, long = both(tokenizer, ASKED["torn"] + ASKED[behind])
    assert direct.written == long.written
    assert direct.closed


@settings(max_examples=80)
@given(names=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=4), data=st.data())
def test_both_ways_say_the_same_on_one_connection_cut_anywhere(
    tokenizer: Tokenizer, names: list[str], data: st.DataObject
) -> None:
    said = b"".join(ASKED[name] for name in names)
    at = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=4), label="cuts"))
    pieces = [said[start:end] for start, end in zip([0, *at], [*at, len(said)], strict=True) if start < end]
    direct, long = both(tokenizer, *pieces)
    assert b"".join(direct.written) == b"".join(long.written)
    assert direct.closed == long.closed


@pytest.mark.parametrize("name", ["chat", "stream", "native stream", "refused", "no key", "last stream"])
def test_what_is_there_as_a_whole_leaves_in_one_write_and_without_a_task(
    name: str, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(tokenizer)
    monkeypatch.setattr(App, "_send", pytest.fail)
    assert len(heard(app, ASKED[name]).written) == 1
    (entry,) = app.engine.journal
    assert entry.finished == NOW


def test_nothing_is_answered_before_all_that_came_in_this_turn_is_read(tokenizer: Tokenizer) -> None:
    async def turns() -> list[tuple[int, list[int]]]:
        app = app_of(tokenizer)
        wires = connected(app, 3)
        for wire in wires:
            wire.line.data_received(ASKED["chat"])
        seen = []
        for _ in range(2):
            seen.append((len(app.engine.journal), [len(wire.written) for wire in wires]))
            await asyncio.sleep(0)
        for wire in wires:
            wire.line.connection_lost(None)
        return seen

    assert asyncio.run(turns()) == [(0, [0, 0, 0]), (3, [1, 1, 1])]


def test_requests_of_one_turn_are_answered_as_one_after_the_other_is(tokenizer: Tokenizer) -> None:
    names = ["chat", "refused", "native stream", "stream", "scripted", "no key", "scripted pace", "chat"]

    async def said(*, together: bool) -> list[bytes]:
        wires = connected(app_of(tokenizer, *SCRIPTS), len(names))
        for wire, name in zip(wires, names, strict=True):
            wire.line.data_received(ASKED[name])
            if not together:
                await quiet(wire.line)
        for wire in wires:
            await quiet(wire.line)
            wire.line.connection_lost(None)
        return [b"".join(wire.written) for wire in wires]

    assert asyncio.run(said(together=True)) == asyncio.run(said(together=False))


def test_of_requests_of_one_turn_all_are_read_before_one_is_answered(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, done = app_of(tokenizer), []
    read, say = app.engine.door.read, app.engine.speaker.reply

    def reads(*args: Any, **options: Any) -> Any:
        done.append("read")
        return read(*args, **options)

    def says(*args: Any, **options: Any) -> Any:
        done.append("say")
        return say(*args, **options)

    monkeypatch.setattr(app.engine.door, "read", reads)
    monkeypatch.setattr(app.engine.speaker, "reply", says)

    async def turn() -> None:
        wires = connected(app, 3)
        for wire in wires:
            wire.line.data_received(ASKED["chat"])
        await asyncio.sleep(0)
        for wire in wires:
            wire.line.connection_lost(None)

    asyncio.run(turn())
    assert done == ["read"] * 3 + ["say"] * 3


def test_a_request_that_comes_in_pieces_of_one_turn_is_answered_directly(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "_send", pytest.fail)

    async def turn() -> list[bytes]:
        (wire,) = connected(app_of(tokenizer))
        for at in range(0, len(ASKED["chat"]), 100):
            wire.line.data_received(ASKED["chat"][at : at + 100])
        await asyncio.sleep(0)
        wire.line.connection_lost(None)
        return wire.written

    (answer,) = asyncio.run(turn())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_behind_each_other_are_answered_directly_in_a_turn_each(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "_send", pytest.fail)

    async def turns() -> list[int]:
        (wire,) = connected(app_of(tokenizer))
        wire.line.data_received(ASKED["chat"] + ASKED["stream"] + ASKED["chat"])
        seen = []
        for _ in range(4):
            seen.append(len(wire.written))
            await asyncio.sleep(0)
        wire.line.connection_lost(None)
        return seen

    assert asyncio.run(turns()) == [0, 1, 2, 3]


def test_a_client_that_left_within_the_turn_is_not_answered(tokenizer: Tokenizer) -> None:
    async def turn() -> list[bytes]:
        (wire,) = connected(app)
        wire.line.data_received(ASKED["chat"])
        wire.line.connection_lost(None)
        await asyncio.sleep(0)
        return wire.written

    app = app_of(tokenizer)
    assert asyncio.run(turn()) == []
    assert len(app.engine.journal) == 0


def test_a_client_that_says_no_more_is_answered_before_the_line_ends(tokenizer: Tokenizer) -> None:
    async def turn() -> list[bytes]:
        (wire,) = connected(app_of(tokenizer))
        wire.line.data_received(ASKED["chat"])
        wire.line.eof_received()
        wire.close()
        await asyncio.sleep(0)
        return wire.written

    (answer,) = asyncio.run(turn())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_what_cannot_be_answered_ends_its_own_line_only(
    tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of(tokenizer)
    engine, ended = app.engine, app.engine.ended

    def fails_once(answer: Answer) -> None:
        engine.ended = ended  # type: ignore[method-assign]
        msg = "tea is out"
        raise RuntimeError(msg)

    engine.ended = fails_once  # type: ignore[method-assign]

    async def turn() -> list[tuple[bool, int]]:
        wires = connected(app, 2)
        for wire in wires:
            wire.line.data_received(ASKED["chat"])
        await asyncio.sleep(0)
        heard = [(wire.closed, len(wire.written)) for wire in wires]
        wires[1].line.connection_lost(None)
        return heard

    assert asyncio.run(turn()) == [(True, 0), (False, 1)]
    assert "tea is out" in caplog.text


def test_one_request_after_the_other_is_answered_directly(tokenizer: Tokenizer) -> None:
    wire = heard(app_of(tokenizer), ASKED["chat"], ASKED["stream"], ASKED["chat"])
    assert len(wire.written) == 3
    assert not wire.closed


def test_a_vocabulary_that_is_not_there_is_waited_for(tokenizer: Tokenizer) -> None:
    engine = Engine(tokenizer=LazyTokenizer(lambda: tokenizer), clock=lambda: NOW, ids=Ids(1))
    assert b"".join(heard(App(engine), ASKED["chat"]).written).startswith(b"HTTP/1.1 200 OK\r\n")


def test_what_fails_unforeseen_is_a_refusal(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Reply:
        msg = "tea is out"
        raise RuntimeError(msg)

    app = app_of(tokenizer)
    monkeypatch.setattr(app.engine.answers, "rendered", fails)
    assert b"".join(heard(app, ASKED["chat"]).written).startswith(b"HTTP/1.1 500 ")


@given(frames=st.lists(st.binary(min_size=1, max_size=40), max_size=5), keep_alive=st.booleans())
def test_each_frame_is_a_chunk(*, frames: list[bytes], keep_alive: bool) -> None:
    data = written(Answer(200, [(b"x-tea", b"oolong")], b"{}", frames), keep_alive=keep_alive)
    assert data is not None
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.endswith(b"x-tea: oolong\r\ntransfer-encoding: chunked" if keep_alive else b"chunked")
    assert (b"connection: close" in head) is not keep_alive
    for frame in frames or [b"{}"]:
        size, _, rest = rest.partition(b"\r\n")
        assert int(size, 16) == len(frame)
        assert rest.startswith(frame + b"\r\n")
        rest = rest[len(frame) + 2 :]
    assert rest == b"0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, [], b"{}", foreign=True),
        Answer(200, [], b"{}", delay=0.1),
        Answer(200, [], frames=[b"a"], due=[0.0]),
        Answer(204, [], b""),
        Answer(200, [], b"a" * 70_000),
    ],
    ids=["own headers", "delay", "pace", "no body", "long"],
)
def test_what_needs_more_goes_the_long_way(answer: Answer) -> None:
    assert written(answer, keep_alive=True) is None


@pytest.mark.parametrize("name", ["chat", "stream", "torn", "old stream", "no http", "elsewhere"])
@pytest.mark.parametrize("direct", [True, False])
def test_what_a_connection_held_goes_with_it_and_waits_for_no_collector(
    name: str, tokenizer: Tokenizer, *, direct: bool
) -> None:
    app = app_of(tokenizer)
    heard(app, ASKED[name])
    gc.collect()
    gc.disable()
    try:
        wire = heard(app, ASKED[name], direct=direct)
        line = weakref.ref(wire.line)
        wire.line = None
        assert line() is None
    finally:
        gc.enable()


PREFIXES = count()


@contextmanager
def one_of_many(url: str, tokenizer: LazyTokenizer) -> Iterator[Live]:
    """A server whose state is elsewhere; its ids and clock stand still."""
    engine = Engine(Settings(), tokenizer=tokenizer, clock=lambda: NOW, ids=Ids(1))
    link = Link(read_address(f"{url}?prefix=direct-{next(PREFIXES)}"), deadline=20)
    Sharing(engine, link).join()

    async def closing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await link.close()

    with running(engine, closing) as live:
        yield live


def test_one_of_many_says_what_one_by_itself_says(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    alone = Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
    said: list[dict[str, bytes]] = []
    with one_of_many(redis.url, lazy_tokenizer) as shared, running(alone) as by_itself:
        for live in (shared, by_itself):
            live.script([{"content": "One."}, {"content": "Two."}], last_user="Which tea?")
            heard = {}
            for name, asked in ASKED.items():
                with live.line() as line:
                    line.say(asked.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                    heard[name] = line.hear_all()
            said.append(heard)
    assert said[0] == said[1]
    assert b'"One."' in said[0]["chat"]


def test_requests_behind_each_other_wait_for_a_shared_state_in_their_order(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with one_of_many(redis.url, lazy_tokenizer) as live, live.line() as line:
        live.script([{"content": str(number)} for number in range(9)])
        line.say(compat() * 9)
        heard = [line.hear().json()["choices"][0]["message"]["content"] for _ in range(9)]
        assert heard == [str(number) for number in range(9)]


def test_a_client_that_leaves_while_its_answer_waits_holds_nobody(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with one_of_many(redis.url, lazy_tokenizer) as live:
        redis.hold()
        try:
            for _ in range(3):
                with live.line() as line:
                    line.say(compat())
        finally:
            redis.go_on()
        assert live.ask("POST", COMPAT, {"model": "qwen-plus", "messages": TEA}).status == 200
        assert live.ask("GET", "/_mock/health").status == 200


def test_a_state_that_is_gone_is_told_on_the_direct_way(lazy_tokenizer: LazyTokenizer) -> None:
    with one_of_many("redis://127.0.0.1:1", lazy_tokenizer) as live, live.line() as line:
        for _ in range(2):
            line.say(compat())
            heard = line.hear()
            assert heard.status == 503
            assert "the shared state of this mock server cannot be used" in heard.json()["error"]["message"]
