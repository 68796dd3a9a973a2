"""The property: a scenario exported from a journal gives the same requests the same bytes."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import schemas
from mockserver.scenario.export import as_yaml, error_spec, reply_spec, scenario_of
from mockserver.scripts.script import FILES, read_answer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.surface import Surface
from mockserver.wire.ids import Ids
from tests.asking import COMPLETIONS
from tests.conftest import NOW, make_headers
from tests.scenario.playing import playable
from tests.wire.strategies import replies, texts

ERRORS = error_catalogue.load()
IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|call_[0-9a-f]{22,24}")
Sent = tuple[Surface, bool, dict[str, Any]]

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def _request(surface: Surface, stream: bool, said: list[str], parameters: Mapping[str, Any]) -> Sent:  # noqa: FBT001 - drawn
    parameters = dict(parameters)
    if surface is COMPAT:
        messages: list[dict[str, Any]] = [
            {"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(said)
        ]
        if stream:
            parameters["stream_options"] = {"include_usage": True}
        return surface, stream, {"model": "qwen-plus", "messages": messages, "stream": stream, **parameters}
    multimodal = surface is NATIVE_MULTIMODAL
    model = "qwen3-vl-plus" if multimodal else "qwen-plus"
    messages = [
        {"role": "user" if at % 2 == 0 else "assistant", "content": [{"text": text}] if multimodal else text}
        for at, text in enumerate(said)
    ]
    return surface, stream, {"model": model, "input": {"messages": messages}, "parameters": parameters}


requests = st.builds(
    _request,
    st.sampled_from(COMPLETIONS),
    st.booleans(),
    st.lists(texts.filter(bool), min_size=1, max_size=3).filter(lambda said: len(said) % 2 == 1),
    st.fixed_dictionaries(
        {},
        optional={
            "seed": st.integers(0, 9),
            "max_tokens": st.integers(1, 30),
            "tools": st.just(TOOLS),
            "temperature": st.sampled_from([0.1, 1.5]),
        },
    ),
)


def play(engine: Engine, sent: list[Sent]) -> list[tuple[int, bytes]]:
    """Status and bytes of each answer, ids aside."""
    heard = []
    for surface, stream, body in sent:
        headers = make_headers({"X-DashScope-SSE": "enable"} if stream else {})
        answer = engine.chat(surface, headers, dumps(body), arrived=NOW)
        heard.append((answer.status, IDS.sub(b"ID", b"".join(answer.frames) or answer.body)))
    return heard


def fresh(lazy: LazyTokenizer, seed: int) -> Engine:
    """An engine that remembers nothing."""
    return Engine(Settings(), tokenizer=lazy, clock=lambda: NOW, ids=Ids(seed))


def replayed(lazy: LazyTokenizer, engine: Engine, sent: list[Sent]) -> list[tuple[int, bytes]]:
    """What a new server answers from what was exported from this one."""
    text = as_yaml(scenario_of(engine.journal, engine.errors))
    second = fresh(lazy, 2)
    second.play(FILES, playable(text))
    second.stage.change(FILES, on_miss="error")
    return play(second, sent)


@settings(max_examples=60)
@given(sent=st.lists(requests, min_size=1, max_size=4), scripted=st.lists(replies(), max_size=2))
def test_an_exported_scenario_answers_the_same_requests_with_the_same_bytes(
    lazy_tokenizer: LazyTokenizer, sent: list[Sent], scripted: list[Reply]
) -> None:
    first = fresh(lazy_tokenizer, 1)
    for reply in scripted:
        first.scripts.add({"reply": reply_spec(reply), "times": 1}, first.errors)
    sent = [*sent, *sent[:1]]
    heard = play(first, sent)
    assert replayed(lazy_tokenizer, first, sent) == heard


@given(replies())
def test_a_reply_is_read_back_from_its_spec(reply: Reply) -> None:
    assert read_answer(reply_spec(reply), ERRORS) == Reply(
        reply.choices, reply.dialect, reply.usage, reply.search_info, reply.tool_info, None, reply.chunks
    )


WIDE: list[dict[str, Any]] = [
    {"status": 405, "body": {"error": "Closed for the night"}},
    {"error": "Closed for the night", "status": 405},
    {"status": 502, "headers": {"Content-Type": "text/html", "server": None}, "body": "<p>茶</p>"},
    {"status": 204},
    {"frames": ["data: {}\r\n\r\n", ": beat\n\n"], "headers": {"x-tea": ["a", "b"]}},
    {"content": [{"text": "Here:"}, {"image": "https://tea.example/cup.png"}, {"audio": "UklGRg=="}]},
    {"content": [{"image": "https://tea.example/cup.png"}], "empty_finish": True},
    {"tool_calls": [{"name": "brew", "chunks": ["{", "}"], "id": "call_1", "ids": "restated"}]},
    {"tool_calls": [{"name": "brew", "arguments": "{}", "id": "call_1", "ids": "late"}]},
]
"""Replies as wide as the wire."""


@pytest.mark.parametrize("reply", WIDE)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", COMPLETIONS)
def test_a_wide_reply_is_kept_by_the_journal_and_by_a_scenario(
    lazy_tokenizer: LazyTokenizer,
    reply: dict[str, Any],
    stream: bool,  # noqa: FBT001 - a table
    surface: Surface,
) -> None:
    assert schemas.violations("control.reply", {"reply": reply}) == []
    first = fresh(lazy_tokenizer, 1)
    first.scripts.add({"reply": reply}, first.errors)
    sent = [_request(surface, stream, ["Tea?"], {"tools": TOOLS})]
    heard = play(first, sent)
    assert schemas.violations("control.requests", {"requests": [e.shown() for e in first.journal]}) == []
    assert replayed(lazy_tokenizer, first, sent) == heard


@pytest.mark.parametrize(
    "error",
    [
        {"code": "Throttling.RateQuota"},
        {"code": "Throttling.RateQuota", "status": 503},
        {"code": "TeaPot", "status": 418, "message": "Short and stout."},
        {"code": "InternalError.Algo", "message": "Out of tea."},
    ],
)
def test_a_scripted_error_is_answered_alike(lazy_tokenizer: LazyTokenizer, error: dict[str, Any]) -> None:
    first = fresh(lazy_tokenizer, 1)
    first.scripts.add({"reply": [{"error": error}, {"content": "Well."}]}, first.errors)
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}
    sent: list[Sent] = [(COMPAT, False, body)] * 2
    heard = play(first, sent)
    assert [status for status, _ in heard][1] == 200
    assert replayed(lazy_tokenizer, first, sent) == heard


def test_what_the_cloud_refuses_by_itself_is_not_exported(lazy_tokenizer: LazyTokenizer) -> None:
    engine = fresh(lazy_tokenizer, 1)
    play(engine, [(COMPAT, False, {"model": "qwen-plus"})])
    engine.stage.change(None, on_miss="error")
    play(
        engine,
        [(COMPAT, False, {"model": "qwen-plus", "messages": [{"role": "user", "content": "a"}]})],
    )
    assert len(engine.journal) == 2
    assert scenario_of(engine.journal, engine.errors)["replies"] == []


def test_a_reply_of_several_choices_is_written_as_such() -> None:
    reply = Reply((Choice("a"), Choice("b", finish_reason="length")), usage={"prompt_tokens": 7})
    assert reply_spec(reply) == {
        "choices": [
            {"content": "a", "finish_reason": "stop"},
            {"content": "b", "finish_reason": "length"},
        ],
        "usage": {"prompt_tokens": 7},
    }


def test_an_error_in_the_words_of_the_catalogue_is_named_by_its_code() -> None:
    refusal = ERRORS.refuse("auth.wrong-key")
    assert error_spec(refusal, ERRORS)["error"]["code"] == refusal.words["native"].code
