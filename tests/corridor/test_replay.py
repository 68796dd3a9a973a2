"""Answers from a cassette: the bytes, the same reply anew, or the reply of another surface."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from mockserver.corridor import replay
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat import surface as compat
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.meter.tokenizer import Tokenizer
from mockserver.recording import cassette
from mockserver.recording.interaction import Interaction
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.app import App
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.surface import Surface
from tests import folding
from tests.conftest import MakeHeaders
from tests.recording.exchanges import (
    ANTHROPIC_USAGE,
    COMPAT,
    MESSAGES,
    TEXT,
    USAGE,
    anthropic_asked,
    anthropic_frames,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_body,
    native_frames,
)
from tests.wire import strategies as drawn
from tests.wire.exchanges import compat_exchange, responses_exchange

SSE = {"X-DashScope-SSE": "enable"}


class Player:
    """An engine with a cassette."""

    def __init__(self, engine: Engine, headers: MakeHeaders, folder: Path) -> None:
        self.engine = engine
        self.headers = headers
        self.folder = folder

    def load(self, *made: Interaction, **how: Any) -> list[str]:
        """Writes recordings and opens them; gives their names."""
        names = [cassette.write(self.folder, one) for one in made]
        self.engine.recorded = Recorded(Library(self.folder), Redaction.of(), Playing(**how))
        return names

    def ask(
        self, body: Any, surface: Surface = compat.COMPAT, *, key: str | None = "sk-test", sse: bool = False
    ) -> Answer:
        """One request."""
        return self.engine.chat(surface, self.headers(SSE if sse else {}, key=key), dumped(body), arrived=0.0)

    @property
    def by(self) -> list[str]:
        """Who answered, by the journal."""
        return [entry.answered_by for entry in self.engine.journal]


@pytest.fixture
def player(engine: Engine, headers: MakeHeaders, tmp_path: Path) -> Player:
    return Player(engine, headers, tmp_path)


def content(answer: Answer) -> str:
    """The text of a compatible body."""
    body = answer.body or b"".join(answer.frames)
    text: str = json.loads(body)["choices"][0]["message"]["content"]
    return text


def test_exact_gives_the_very_chunks_and_headers(player: Player) -> None:
    made = interaction(asked(stream=True), compat_frames("你", "好"), headers=[("X-Odd", "é"), ("b", "2")])
    (name,) = player.load(made)
    answer = player.ask(asked(stream=True))
    assert tuple(answer.frames) == tuple(chunk.data for chunk in made.response.chunks)
    assert answer.headers == [(b"X-Odd", b"\xe9"), (b"b", b"2")]
    assert (answer.status, answer.due, answer.delay, answer.cut) == (200, (), 0.0, False)
    assert player.by == [f"recorded:exact:{name}"]
    (entry,) = player.engine.journal
    assert entry.shown()["answer"] == [{"content": "你好", "finish_reason": "stop"}]


def test_recorded_times_are_kept_or_scaled(player: Player) -> None:
    made = interaction(asked(stream=True), compat_frames("a"))
    player.load(made, speed=0.5)
    answer = player.ask(asked(stream=True))
    assert (answer.delay, list(answer.due)) == (0.005, [0.0, 0.005, 0.01, 0.015])


def test_repeated_requests_come_in_recorded_order_for_each_key(player: Player) -> None:
    player.load(*[interaction(None, compat_body(text)) for text in ("one", "two")])
    heard = [content(player.ask(asked())) for _ in range(3)]
    assert heard == ["one", "two", "two"]
    assert content(player.ask(asked(), key="sk-other")) == "one"
    player.engine.reset("sk-test")
    assert content(player.ask(asked())) == "one"
    assert content(player.ask(asked(), key="sk-other")) == "two"
    player.engine.reset()
    assert content(player.ask(asked(), key="sk-other")) == "one"


def test_or_the_last_always(player: Player) -> None:
    player.load(*[interaction(None, compat_body(text)) for text in ("one", "two")], last=True)
    assert [content(player.ask(asked())) for _ in range(2)] == ["two", "two"]


def test_a_miss_is_refused_with_the_nearest_recording(player: Player) -> None:
    (name,) = player.load(interaction(asked("steep")))
    answer = player.ask(asked("sleep"))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (404, "RecordingNotFound")
    assert name in error["message"]
    assert '+   "text": "sleep"' in error["message"]


def test_or_left_to_the_built_in_model(player: Player) -> None:
    player.load(interaction(), strict_miss=False)
    assert player.ask(asked("something else")).status == 200
    assert player.by == ["built-in"]


def test_a_script_comes_first(player: Player) -> None:
    player.load(interaction())
    engine = player.engine
    engine.scripts.add(
        {"match": {"last_user": "hi"}, "reply": {"content": "scripted"}, "times": 1}, engine.errors
    )
    assert content(player.ask(asked())) == "scripted"
    assert content(player.ask(asked())) == "hello"
    assert json.loads(player.ask({"model": "qwen-plus"}).body)["error"]["code"] == "RecordingNotFound"


def test_a_key_that_is_refused_is_answered_by_a_recorded_401_or_the_door(player: Player) -> None:
    error = {
        "error": {"message": "no", "type": "t", "param": None, "code": "invalid_api_key"},
        "request_id": "recorded",
    }
    player.load(interaction(asked("a")), interaction(asked("b"), error, status=401))
    assert player.ask(asked("a"), key="sk-invalid").status == 401
    assert b"recorded" in b"".join(player.ask(asked("b"), key="sk-invalid").frames)
    assert player.ask(asked("b")).status == 401, "for want of another"
    player.load(interaction(asked("b"), recorded="2027-01-01T00:00:00Z"))
    assert player.ask(asked("b")).status == 200


def test_a_changed_system_prompt_is_warned_of_once_and_told_in_the_journal(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    player.load(interaction(asked(system="old")))
    caplog.set_level(logging.WARNING, "mockserver")
    for _ in range(2):
        assert content(player.ask(asked(system="new"))) == "hello"
    assert caplog.text.count("the system prompt is not the one") == 1
    assert [by.partition("; ")[2] for by in player.by] == ["the system prompt changed"] * 2


def test_the_same_system_prompt_is_preferred(player: Player) -> None:
    old = interaction(asked(system="old"), compat_body("by old"))
    player.load(old, interaction(asked(system="new"), compat_body("by new")))
    assert content(player.ask(asked(system="new"))) == "by new"


def test_relaxed_matches_the_conversation_whatever_the_parameters(player: Player) -> None:
    player.load(interaction(asked(temperature=0.1)))
    assert player.ask(asked()).status == 404
    player.load(relaxed=True)
    assert content(player.ask(asked())) == "hello"
    assert player.ask(asked(stream=True)).status == 404, "a stream is not what was recorded"


def test_whitespace_may_be_ignored(player: Player) -> None:
    player.load(interaction(asked("a b")), loose=True)
    assert content(player.ask(asked("a\nb"))) == "hello"


def test_rechunk_says_the_same_through_our_renderer(player: Player) -> None:
    (name,) = player.load(
        interaction(asked(stream=True), compat_frames("你好，", "茶")), way="rechunk", speed=1.0
    )
    answer = player.ask(asked(stream=True))
    said = b"".join(answer.frames).decode()
    assert (
        "".join(
            json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
            for line in said.split("\n\n")[:-2]
        )
        == "你好，茶"
    )
    assert answer.delay == 0.01
    assert player.by == [f"recorded:rechunk:{name}"]


def test_a_recorded_refusal_is_rendered_for_the_surface_that_asks(player: Player) -> None:
    error = {
        "error": {"message": "slow down", "type": "limit", "param": None, "code": "Throttling"},
        "request_id": "r",
    }
    player.load(interaction(asked(), error, status=429), way="transcode")
    answer = player.ask(native_asked(), NATIVE_TEXT)
    assert answer.status == 429
    assert json.loads(answer.body)["code"] == "Throttling"
    assert json.loads(answer.body)["message"] == "slow down"


def test_transcode_carries_a_recording_to_the_other_surface_with_its_usage(player: Player) -> None:
    (name,) = player.load(interaction(asked(stream=True), compat_frames("你", "好")), way="transcode")
    told = json.loads(player.ask(native_asked(result_format="message"), NATIVE_TEXT).body)
    assert told["output"]["choices"][0]["message"]["content"] == "你好"
    streamed = player.ask(native_asked(incremental_output=True), NATIVE_TEXT, sse=True)
    assert b'"text":"' in b"".join(streamed.frames)
    exact = player.ask(asked(stream=True))
    assert tuple(exact.frames) == tuple(compat_frames("你", "好"))
    assert player.by == [f"recorded:transcode:{name}"] * 2 + [f"recorded:exact:{name}"]
    player.engine.recorded = None
    (folder := player.folder / "native").mkdir()
    native = Player(player.engine, player.headers, folder)
    native.load(interaction(native_asked(), native_body("text"), path=TEXT), way="transcode")
    body = json.loads(native.ask(asked()).body)
    assert body["choices"][0]["message"]["content"] == "text"
    assert body["usage"]["prompt_tokens"] == 9
    assert body["usage"]["total_tokens"] == USAGE["total_tokens"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(reply=drawn.replies(most=1, thinks=False))
def test_a_reply_survives_the_way_from_one_surface_to_the_other(reply: Reply, player: Player) -> None:
    exchange = compat_exchange("qwen-plus", reply, player.engine.tokenizer.get())
    for path in player.folder.glob("*.json"):
        path.unlink()
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "How long?"}], "stream": True}
    player.load(interaction(body, list(exchange.stream().frames)), way="transcode")
    native = {
        "model": "qwen-plus",
        "input": {"messages": body["messages"]},
        "parameters": {"result_format": "message"},
    }
    told = json.loads(player.ask(native, NATIVE_TEXT).body)["output"]["choices"][0]
    (choice,) = reply.choices
    assert told["message"]["content"] == choice.content
    assert told["finish_reason"] == choice.finish_reason
    calls = [
        (call["function"]["name"], call["function"]["arguments"], call["id"])
        for call in told["message"].get("tool_calls", [])
    ]
    assert calls == [(call.name, call.arguments, call.id) for call in choice.tool_calls]


def test_a_recorded_message_is_sent_again_byte_for_byte_and_said_anew(player: Player) -> None:
    frames = anthropic_frames("你", "好")
    asked_ = anthropic_asked(stream=True, system="Brew.")
    (name,) = player.load(interaction(asked_, frames, path=MESSAGES))
    assert tuple(player.ask(asked_, ANTHROPIC).frames) == tuple(frames)
    other = {**asked_, "metadata": {"user_id": "another"}, "system": "Brew well."}
    assert tuple(player.ask(other, ANTHROPIC).frames) == tuple(frames)
    player.load(way="rechunk")
    anew = folding.anthropic_stream(player.ask(asked_, ANTHROPIC).frames)
    assert [choice.content for choice in anew.choices] == ["你好"]
    assert anew.usage == ANTHROPIC_USAGE
    exact = f"recorded:exact:{name}"
    assert player.by == [exact, f"{exact}; the system prompt changed", f"recorded:rechunk:{name}"]


def test_a_recorded_message_answers_every_other_dialect(player: Player) -> None:
    recorded = interaction(anthropic_asked(stream=True), anthropic_frames("你", "好"), path=MESSAGES)
    player.load(recorded, way="transcode")
    told = json.loads(player.ask(asked()).body)
    assert told["choices"][0]["message"]["content"] == "你好"
    assert (told["usage"]["prompt_tokens"], told["usage"]["total_tokens"]) == (9, 12)
    native = json.loads(player.ask(native_asked(result_format="message"), NATIVE_TEXT).body)
    assert native["output"]["choices"][0]["message"]["content"] == "你好"
    assert native["usage"]["input_tokens"] == 9
    plain = folding.anthropic_body(player.ask(anthropic_asked(), ANTHROPIC).body)
    assert [choice.content for choice in plain.choices] == ["你好"]
    assert plain.usage == ANTHROPIC_USAGE


def test_a_recorded_response_is_sent_again_and_answers_other_dialects(
    player: Player, tokenizer: Tokenizer
) -> None:
    exchange = responses_exchange("qwen-plus", Reply((Choice("你好", "Hm."),)), tokenizer)
    frames, path = exchange.stream().frames, RESPONSES.paths[0]
    asked_ = {"model": "qwen-plus", "input": "hi", "stream": True, "instructions": "Brew."}
    (name,) = player.load(interaction(asked_, frames, path=path))
    assert tuple(player.ask(asked_, RESPONSES).frames) == tuple(frames)
    other = {**asked_, "instructions": "Brew well."}
    assert tuple(player.ask(other, RESPONSES).frames) == tuple(frames)
    exact = f"recorded:exact:{name}"
    assert player.by == [exact, f"{exact}; the system prompt changed"]
    player.load(way="transcode")
    told = json.loads(player.ask(asked(system="Brew.")).body)
    assert told["choices"][0]["message"]["content"] == "你好"
    # What it goes on from was recorded elsewhere: it is not known here, and not asked for.
    behind = {"model": "qwen-plus", "input": "hi", "previous_response_id": "resp_elsewhere"}
    whole = folding.response_body(player.ask(behind, RESPONSES).body)
    assert (whole.choices[0].content, whole.choices[0].reasoning) == ("你好", "Hm.")


def test_a_tool_loop_is_the_same_conversation_in_every_dialect(player: Player) -> None:
    function = {"name": "brew", "description": "Brews.", "parameters": {"type": "object"}}
    call = {"id": "call_1", "type": "function", "function": {"name": "brew", "arguments": '{"leaf": "a"}'}}
    compat_body_ = {
        "model": "qwen-plus",
        "messages": [
            {"role": "system", "content": "Brew."},
            {"role": "user", "content": "Tea!"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "A cup."},
        ],
        "tools": [{"type": "function", "function": function}],
    }
    used = {"type": "tool_use", "id": "toolu_9", "name": "brew", "input": {"leaf": "a"}}
    blocks = anthropic_asked(
        "Tea!",
        system="Brew.",
        tools=[{"name": "brew", "description": "Brews.", "input_schema": {"type": "object"}}],
    )
    blocks["messages"] += [
        {"role": "assistant", "content": [used]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_9", "content": "A cup."}]},
    ]
    (name,) = player.load(interaction(compat_body_, compat_frames("Done.")), way="transcode")
    told = folding.anthropic_body(player.ask(blocks, ANTHROPIC).body)
    assert [choice.content for choice in told.choices] == ["Done."]
    assert player.by == [f"recorded:transcode:{name}"]


def test_a_picture_is_the_same_whatever_wraps_it(player: Player) -> None:
    url = "https://tea.example/cup.png"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}]
    seen: dict[str, Any] = {"model": "qwen3.7-plus", "messages": [{"role": "user", "content": parts}]}
    blocks = [{"type": "image", "source": {"type": "url", "url": url}}, {"type": "text", "text": "What?"}]
    player.load(interaction(seen, compat_body("A cup.")), way="transcode")
    body = {**anthropic_asked(model="qwen3.7-plus"), "messages": [{"role": "user", "content": blocks}]}
    told = folding.anthropic_body(player.ask(body, ANTHROPIC).body)
    assert [choice.content for choice in told.choices] == ["A cup."]


def test_a_cut_message_is_said_as_far_as_it_came(player: Player) -> None:
    frames = anthropic_frames("你", "好")[:-3]
    player.load(
        interaction(anthropic_asked(stream=True), frames, path=MESSAGES, end="cut-by-upstream"),
        way="transcode",
    )
    assert folding.anthropic_body(player.ask(anthropic_asked(), ANTHROPIC).body).choices[0].content == "你好"


def test_a_recorded_refusal_of_a_message_is_rendered_elsewhere(player: Player) -> None:
    error = {"code": "InvalidParameter", "message": "Model not exist.", "request_id": "r"}
    player.load(interaction(anthropic_asked(), error, path=MESSAGES, status=400), way="transcode")
    told = player.ask(asked())
    assert (told.status, json.loads(told.body)["error"]["message"]) == (400, "Model not exist.")


def test_a_recording_that_says_nothing_leaves_the_answer_to_the_built_in_model(player: Player) -> None:
    player.load(interaction(asked(), b"<html>"), way="rechunk", speed=1.0)
    assert player.ask(asked()).status == 200


def test_a_recording_in_an_unknown_coding_is_still_sent_exactly(player: Player) -> None:
    made = interaction(None, b"\x00\x01", headers=[("content-encoding", "br")])
    player.folder.joinpath("hand-made.json").write_bytes(
        json.dumps(
            {
                **cassette.to_document(interaction()),
                "response": {
                    "status": 200,
                    "headers": [["content-encoding", "br"]],
                    "end": "complete",
                    "chunks": [{"at": 1, "base64": "AAE="}],
                },
            }
        ).encode()
    )
    player.engine.recorded = Recorded(Library(player.folder), Redaction.of())
    assert b"".join(player.ask(asked()).frames) == made.response.raw


def test_memories_are_bounded(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_ASKED", 1)
    monkeypatch.setattr(replay, "_PREPARED", 1)
    player.load(interaction(asked("a")), interaction(asked("b")))
    for said in ("a", "b", "a", "b"):
        assert player.ask(asked(said)).status == 200
    recorded = player.engine.recorded
    assert recorded is not None
    assert (len(recorded._asked), len(recorded._ready)) == (1, 1)


def test_a_long_query_is_read_aside(player: Player) -> None:
    player.load(interaction())
    assert player.engine.recorded is not None
    asked = player.engine.recorded.tape("GET", "/x", [], b"", "&".join(f"a{at}=1" for at in range(500)))
    work = next(asked)
    with pytest.raises(StopIteration) as end:
        asked.send(work())
    assert end.value.value.request.query.startswith("a0=1&a1=1")


def test_the_journal_shows_no_secret(player: Player) -> None:
    player.load(interaction(), strict_miss=False)
    player.ask(asked("my key is sk-0123456789abcdef0123456789"))
    assert "0123456789abcdef" not in json.dumps([entry.shown()["body"] for entry in player.engine.journal])


def test_endpoints_beside_chat_are_replayed_too(player: Player) -> None:
    models = interaction(b"", {"data": ["recorded"]}, path="/compatible-mode/v1/models", method="GET")
    asked_for = {"model": "text-embedding-v4", "input": "x"}
    player.load(models)
    client = TestClient(App(player.engine), headers={"Authorization": "Bearer sk-test"})
    assert client.get("/compatible-mode/v1/models").json() == {"data": ["recorded"]}
    missed = client.post("/compatible-mode/v1/embeddings", json=asked_for)
    assert (missed.status_code, missed.json()["code"]) == (404, "RecordingNotFound")
    assert client.get("/_mock/health").status_code == 200
    player.load(strict_miss=False)
    assert client.post("/compatible-mode/v1/embeddings", json=asked_for).json()["object"] == "list"
    large = client.post("/compatible-mode/v1/embeddings", content=b"x" * (11 * 1024 * 1024))
    assert (large.status_code, large.headers["connection"]) == (400, "close")


def test_a_cut_answer_is_cut_again(player: Player) -> None:
    player.load(interaction(asked(stream=True), compat_frames("a")[:2], end="cut-by-upstream"))
    assert player.ask(asked(stream=True)).cut
    assert COMPAT
    assert native_frames("a")


def test_half_of_a_pair_is_sent_again_and_shown_in_the_journal(player: Player) -> None:
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"a\\ud83d"}]}'
    made = interaction(body, json.dumps(compat_body("b\ud83d")).encode())
    player.load(made)
    with TestClient(App(player.engine)) as client:
        heard = client.post(COMPAT, content=body, headers={"Authorization": "Bearer sk-test"})
        assert heard.content == made.response.body
        (shown,) = client.get("/_mock/requests").json()["requests"]
        assert (shown["body"], shown["answer"][0]["content"]) == (body.decode(), "b\ufffd")
        assert client.get("/_mock/requests?format=jsonl").status_code == 200
        assert "replies: []" in client.get("/_mock/requests?format=scenario").text
