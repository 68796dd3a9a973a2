"""What is said by rote is what would have been said anyway, and leaves behind what that would have left."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.corridor.again import MARKS
from mockserver.corridor.changes import CHANGES, scenario_of
from mockserver.corridor.engine import Engine
from mockserver.corridor.known import Known
from mockserver.meter.tokenizer import Tokenizer
from mockserver.server.app import App
from tests.conftest import NOW
from tests.server.talk import COMPAT, TEXT, request
from tests.server.wires import app_of, connected, quiet

TEA = [{"role": "user", "content": "Which tea?"}]
TOOL = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
BREW: dict[str, Any] = {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "brew"}}}
MARKED = {"type": "text", "text": "tea", "cache_control": {"type": "ephemeral"}}
LONG = [{"role": "user", "content": "tea and " * 1000}]
KEY = "sk-a-tea-drinker"


def compat(messages: Any = TEA, *, headers: dict[str, str] | None = None, **extra: Any) -> bytes:
    body = {"model": "qwen-plus", "messages": messages, **extra}
    return request("POST", COMPAT, body, headers=headers, key=KEY)


def native(headers: dict[str, str] | None = None, **parameters: Any) -> bytes:
    body = {"model": "qwen-plus", "input": {"messages": TEA}, "parameters": parameters}
    return request("POST", TEXT, body, headers=headers, key=KEY)


def goes_on(said: str) -> bytes:
    """A request that goes on from what was answered."""
    return compat([*TEA, {"role": "assistant", "content": said}, {"role": "user", "content": "Why?"}])


BY_ROTE: dict[str, bytes] = {
    "chat": compat(),
    "two": compat(n=2),
    "stream": compat(stream=True, stream_options={"include_usage": True}),
    "gzip": compat(headers={"Accept-Encoding": "gzip, deflate"}),
    "native": native(result_format="message"),
    "native stream": native({"X-DashScope-SSE": "enable"}, incremental_output=True),
    "all so far": native({"X-DashScope-SSE": "enable"}, incremental_output=False),
    "anthropic": request(
        "POST",
        "/apps/anthropic/v1/messages",
        {"model": "qwen-plus", "messages": TEA, "max_tokens": 50},
        key=KEY,
    ),
    "long": compat(LONG),
    "told of a tea": goes_on("Oolong."),
}
"""What can be said by rote."""

ANEW: dict[str, bytes] = {
    "tools": compat(**BREW),
    "logprobs": compat(logprobs=True),
    "reported": compat(steep=3),
    "refused": compat(max_tokens=-1),
    "no key": request("POST", COMPAT, {"model": "qwen-plus", "messages": TEA}, key=None),
    "own key": compat([{"role": "user", "content": f"My key is {KEY}."}]),
    "struck": compat(headers={"X-Mock-Fault": "duplicate-chunk"}, stream=True),
    "struck by its key": request(
        "POST", COMPAT, {"model": "qwen-plus", "messages": TEA}, key="sk-mock-error;code=Throttling"
    ),
    "last one": compat(headers={"Connection": "close"}),
    "marked": compat(
        [
            {
                "role": "user",
                "content": [{"type": "text", "text": "tea", "cache_control": {"type": "ephemeral"}}],
            }
        ]
    ),
}
"""What is written anew each time: it has more of its own, or something is found in it."""

ASKED = BY_ROTE | ANEW


def reply(content: str, **script: Any) -> tuple[str, dict[str, Any]]:
    return "reply", {"match": {}, "reply": {"content": content}, **script}


def replies(spec: Any, **script: Any) -> tuple[str, dict[str, Any]]:
    return "reply", {"match": {}, "reply": spec, **script}


def scenario(text: str = "", key: str | None = None) -> tuple[str, dict[str, Any]]:
    return "scenario", {"key": key, "files": {"tea.yaml": text} if text else {}}


TOLD: dict[str, tuple[str, dict[str, Any]]] = {
    "a script": reply("Oolong."),
    "one for the key": reply("Assam.", match={"key": KEY}),
    "one for another key": reply("Assam.", match={"key": "sk-someone-else"}),
    "one for other words": reply("Assam.", match={"last_user": "Which pot?"}),
    "one that is used up": reply("Once.", times=1),
    "a sequence": replies([{"content": "Oolong."}, {"content": "Sencha."}, {"content": "Oolong."}]),
    "a template": reply("Cup {{ use }}.", template=True),
    "an error": replies({"error": {"code": "Throttling"}}),
    "a pace": replies({"content": "Slow.", "pace": {"first_ms": 1, "per_token_ms": 0}}),
    "a call": replies({"content": "", "tool_calls": [{"name": "brew", "arguments": {}, "id": "call_1"}]}),
    "a call of no id": replies({"content": "", "tool_calls": [{"name": "brew", "arguments": {}}]}),
    "raw bytes": replies({"status": 200, "headers": {"x-tea": "yes"}, "body": "Tea."}),
    "the marks": reply(f"{MARKS.request_id} at {MARKS.created}, 100 %"),
    "a fault of its own": replies({"fault": "duplicate-chunk"}),
    "another one in its place": (
        "reply-replaced",
        {"id": "reply-1", "reply": {"match": {}, "reply": {"content": "Mate."}}},
    ),
    "one less": ("reply-removed", {"id": "reply-1"}),
    "a scenario": scenario("replies:\n- reply: {content: From a file.}\n"),
    "one of the key": scenario(
        "replies:\n- times: 2\n  reply: {content: Twice.}\n- reply: {content: Then.}\n", KEY
    ),
    "a slow scenario": scenario(
        "pace: {first_ms: 1, per_token_ms: 0}\nreplies:\n- reply: {content: Slow.}\n"
    ),
    "no scenario": scenario(),
    "a fault": ("fault", {"fault": "error;code=Throttling", "times": 1}),
    "no fault": ("fault-removed", {"id": "fault-1"}),
    "a quota": ("quota", {"rpm": 2}),
    "no quota": ("quotas-removed", {}),
    "words in what is asked": ("moderation", {"input": ["tea"]}),
    "words in what is said": ("moderation", {"output": ["Oolong"]}),
    "no words": ("moderation", {}),
    "strict rules": ("rules", {"mode": "strict"}),
    "lenient rules": ("rules", {"key": KEY, "mode": "lenient"}),
    "misses are errors": ("on-miss", {"key": None, "on_miss": "error"}),
    "misses are answered": ("on-miss", {"key": None, "on_miss": "built-in"}),
    "a reset": ("reset", {"key": None}),
    "a reset of the key": ("reset", {"key": KEY}),
}
"""What the server may be told between two requests that are the same: names and documents of changes."""


class Server:
    """A server with one connection, by rote or the longest way there is; its clock is set."""

    def __init__(self, tokenizer: Tokenizer, *, by_rote: bool) -> None:
        self.now = NOW
        self.app = app_of(tokenizer, clock=lambda: self.now)
        if not by_rote:
            self.app.engine.known = Known(most=0)
        (self.wire,) = connected(self.app, direct=by_rote)

    async def asked(self, said: bytes) -> bytes:
        """What is heard."""
        if self.wire.closed:
            (self.wire,) = connected(self.app)
        self.wire.written.clear()
        self.wire.line.data_received(said)
        await quiet(self.wire.line)
        return b"".join(self.wire.written)

    def left(self) -> Any:
        """What is there to be seen of all that was asked."""
        engine = self.app.engine
        journal = engine.journal
        worlds = {world.key: (world.ledger, world.counters, world.size) for world in engine.worlds}
        return (
            [entry.shown() for entry in journal],
            [None if entry.sent is None else entry.sent.shown() for entry in journal],
            [entry.changed for entry in journal],
            (journal.sent_size, journal.revision, journal.epoch),
            worlds,
            [(script.id, script.used, script.used_by(KEY)) for script in engine.scripts],
            [fault.used for fault in engine.faults],
        )

    def hang_up(self) -> None:
        """The client is gone."""
        if not self.wire.closed:
            self.wire.line.connection_lost(None)


Step = tuple[str, Any]
asks = st.tuples(st.just("ask"), st.tuples(st.sampled_from(sorted(ASKED)), st.integers(1, 6)))
tells = st.tuples(st.just("tell"), st.sampled_from(sorted(TOLD)))
waits = st.tuples(st.just("wait"), st.sampled_from([0.25, 100.0, 299.0, 301.0]))


async def played(server: Server, steps: list[Step]) -> list[Any]:
    """What is heard, and what there is to be seen, after each step."""
    seen: list[Any] = []
    for kind, what in steps:
        if kind == "ask":
            name, times = what
            seen += [await server.asked(ASKED[name]) for _ in range(times)]
        elif kind == "tell":
            name, document = TOLD[what]
            CHANGES[name](server.app.engine, document)
        else:
            server.now += what
        seen.append(server.left())
    server.hang_up()
    return seen


def both(tokenizer: Tokenizer, steps: list[Step]) -> tuple[list[Any], list[Any]]:
    """What comes of steps by rote, and the long way."""
    known, new = (asyncio.run(_played(tokenizer, steps, by_rote=by_rote)) for by_rote in (True, False))
    return known, new


async def _played(tokenizer: Tokenizer, steps: list[Step], *, by_rote: bool) -> list[Any]:
    return await played(Server(tokenizer, by_rote=by_rote), steps)


def test_what_can_be_told_is_all_there() -> None:
    assert {name for name, _ in TOLD.values()} == set(CHANGES)
    told = [document for name, document in TOLD.values() if name == "scenario"]
    assert not any(scenario_of(Engine(), document).problems for document in told)


@settings(max_examples=100)
@given(steps=st.lists(st.one_of(asks, asks, tells, waits), min_size=1, max_size=10))
def test_by_rote_is_as_the_long_way_whatever_comes_between(tokenizer: Tokenizer, steps: list[Step]) -> None:
    known, new = both(tokenizer, steps)
    assert known == new


@pytest.mark.parametrize("first", [None, "a script", "a sequence"])
@pytest.mark.parametrize("told", TOLD)
def test_what_is_told_between_counts_from_the_next_request_on(
    told: str, first: str | None, tokenizer: Tokenizer
) -> None:
    steps: list[Step] = [("ask", ("chat", 8)), ("tell", told), ("ask", ("chat", 8))]
    known, new = both(tokenizer, steps if first is None else [("tell", first), *steps])
    assert known == new


async def _asked(tokenizer: Tokenizer, said: bytes, times: int, *told: str) -> tuple[App, list[int]]:
    """An application that was asked the same so often, and how many lessons it knew each time."""
    server, known = Server(tokenizer, by_rote=True), []
    for each in told:
        name, document = TOLD[each]
        CHANGES[name](server.app.engine, document)
    for _ in range(times):
        await server.asked(said)
        known.append(len(server.app.engine.known.lessons))
    server.hang_up()
    return server.app, known


def asked(tokenizer: Tokenizer, said: bytes, times: int, *told: str) -> tuple[App, list[int]]:
    return asyncio.run(_asked(tokenizer, said, times, *told))


@pytest.mark.parametrize("name", BY_ROTE)
def test_it_is_learnt_when_the_same_was_said_three_times(name: str, tokenizer: Tokenizer) -> None:
    assert asked(tokenizer, BY_ROTE[name], 6)[1] == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("name", ANEW)
def test_what_has_more_of_its_own_is_not_learnt(name: str, tokenizer: Tokenizer) -> None:
    assert set(asked(tokenizer, ANEW[name], 8)[1]) == {0}


@pytest.mark.parametrize(
    "told",
    [
        "a template",
        "a pace",
        "a slow scenario",
        "a call of no id",
        "a fault",
        "a fault of its own",
        "a quota",
        "words in what is said",
        "raw bytes",
        "an error",
        "the marks",
        "misses are errors",
    ],
)
def test_what_may_end_or_differs_is_not_learnt(told: str, tokenizer: Tokenizer) -> None:
    assert set(asked(tokenizer, BY_ROTE["chat"], 8, told)[1]) == {0}


def test_what_stands_behind_a_script_that_may_be_used_up_is_not_learnt(tokenizer: Tokenizer) -> None:
    assert set(asked(tokenizer, BY_ROTE["chat"], 8, "one of the key")[1]) == {0}


def test_of_a_sequence_its_last_one_is_learnt(tokenizer: Tokenizer) -> None:
    app, known = asked(tokenizer, BY_ROTE["chat"], 9, "a sequence")
    assert known == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert next(iter(app.engine.scripts)).used == 9


def test_what_is_known_needs_nothing_of_the_long_way(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def said() -> list[bytes]:
        server = Server(tokenizer, by_rote=True)
        for _ in range(5):
            await server.asked(BY_ROTE["chat"])
        monkeypatch.setattr(server.app.engine, "steps", pytest.fail)
        monkeypatch.setattr(server.wire.line.direct.heads, "find", pytest.fail)
        heard = [await server.asked(BY_ROTE["chat"]) for _ in range(2)]
        server.hang_up()
        return heard

    one, other = asyncio.run(said())
    assert one != other, "each has an id of its own"
    assert one.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("cut", [1, 40, -1])
def test_it_is_known_only_where_all_of_it_is_there(cut: int, tokenizer: Tokenizer) -> None:
    async def said(*, by_rote: bool) -> bytes:
        server, chat = Server(tokenizer, by_rote=by_rote), BY_ROTE["chat"]
        for _ in range(5):
            await server.asked(chat)
        for piece in (chat[:cut], chat[cut:], chat * 2, chat + chat[:cut], chat[cut:], chat):
            server.wire.line.data_received(piece)
            await asyncio.sleep(0)
        await quiet(server.wire.line)
        server.hang_up()
        return b"".join(server.wire.written)

    heard = asyncio.run(said(by_rote=True))
    assert heard == asyncio.run(said(by_rote=False))
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 1 + 6


def test_a_connection_that_is_one_too_many_is_refused_whatever_it_asks(tokenizer: Tokenizer) -> None:
    async def said() -> bytes:
        server = Server(tokenizer, by_rote=True)
        for _ in range(5):
            await server.asked(BY_ROTE["chat"])
        server.wire.line.app = server.wire.line.crowded
        heard = await server.asked(BY_ROTE["chat"])
        server.hang_up()
        return heard

    assert asyncio.run(said()).startswith(b"HTTP/1.1 429 ")


def test_a_client_that_does_not_read_is_answered_when_it_does(tokenizer: Tokenizer) -> None:
    async def said() -> list[bytes]:
        server = Server(tokenizer, by_rote=True)
        for _ in range(5):
            await server.asked(BY_ROTE["chat"])
        server.wire.written.clear()
        server.wire.line.pause_writing()
        server.wire.line.data_received(BY_ROTE["chat"])
        for _ in range(5):
            await asyncio.sleep(0)
        heard = [b"".join(server.wire.written)]
        server.wire.line.resume_writing()
        await quiet(server.wire.line)
        heard.append(b"".join(server.wire.written))
        server.hang_up()
        return heard

    before, behind = asyncio.run(said())
    assert before == b""
    assert behind.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("told", ["a reset", "a reset of the key"])
def test_a_reset_forgets_it(told: str, tokenizer: Tokenizer) -> None:
    app, _ = asked(tokenizer, BY_ROTE["chat"], 5)
    name, document = TOLD[told]
    CHANGES[name](app.engine, document)
    assert len(app.engine.known.lessons) == app.engine.known.size == 0


def test_its_memory_is_bounded_in_bytes(tokenizer: Tokenizer) -> None:
    async def said() -> tuple[int, list[int]]:
        server, sizes = Server(tokenizer, by_rote=True), []
        server.app.engine.known = known = Known(size=100_000)
        for number in range(20):
            chat = compat([{"role": "user", "content": f"Cup {number}."}])
            for _ in range(5):
                await server.asked(chat)
            sizes.append(known.lessons.size)
        server.hang_up()
        return len(known.lessons), sizes

    count, sizes = asyncio.run(said())
    assert max(sizes) <= 100_000
    assert 5 < count < 20
    assert sizes[-1] > 70_000


def test_it_is_counted_among_what_is_kept(tokenizer: Tokenizer) -> None:
    known = asked(tokenizer, BY_ROTE["stream"], 5)[0].engine.known
    (lesson,) = known.lessons.values()
    assert known.lessons.size > 2 * len(b"".join(lesson.template.literals))
    assert known.size > known.lessons.size


def test_it_shows_no_key(tokenizer: Tokenizer) -> None:
    app, _ = asked(tokenizer, BY_ROTE["chat"], 5)
    (lesson,) = app.engine.known.lessons.values()
    assert KEY not in repr(lesson)
    assert KEY not in repr(lesson.read)


def test_a_moment_with_fewer_digits_goes_the_long_way(tokenizer: Tokenizer) -> None:
    async def said(*, by_rote: bool) -> list[bytes]:
        server = Server(tokenizer, by_rote=by_rote)
        heard = [await server.asked(BY_ROTE["stream"]) for _ in range(5)]
        server.now = 999_999_999.5
        heard.append(await server.asked(BY_ROTE["stream"]))
        server.hang_up()
        return heard

    assert asyncio.run(said(by_rote=True)) == asyncio.run(said(by_rote=False))
