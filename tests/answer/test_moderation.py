"""Moderation: requests that are refused, answers that are refused, streams that are broken off."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.moderation import Moderation, cut
from mockserver.answer.wordlist import WordList
from mockserver.catalogue.errors import Errors
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.rendering import Stream
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.surface import Surface
from mockserver.wire import sse
from mockserver.wire.ids import Ids
from tests.asking import COMPLETIONS, ask, body_of
from tests.conftest import NOW, MakeHeaders, make_headers

MODELS = {
    COMPAT: "qwen-plus",
    NATIVE_TEXT: "qwen-plus",
    NATIVE_MULTIMODAL: "qwen3-vl-plus",
}
ON_EACH_SURFACE = pytest.mark.parametrize("surface", COMPLETIONS)
Chat = Callable[..., Answer]


@pytest.fixture
def chat(engine: Engine) -> Chat:
    """Asks the engine, whose moderation finds "secret"; what it says is scripted."""
    words = WordList(("secret",))
    engine.moderation = Moderation(words, words)

    def send(
        surface: Surface, said: Any = "Hi", *, stream: bool = False, reply: Any = None, **parameters: Any
    ) -> Answer:
        if reply is not None:
            engine.scripts.add({"reply": reply, "times": 1}, engine.errors)
        model = parameters.pop("model", MODELS[surface])
        body = body_of(said, model=model, surface=surface, stream=stream, parameters=parameters)
        extra = {"X-DashScope-SSE": "enable"} if stream else {}
        return engine.chat(surface, make_headers(extra), json.dumps(body).encode(), arrived=NOW)

    return send


def documents(answer: Answer) -> list[Any]:
    """The JSON of each frame."""
    return [json.loads(frame.data or "") for frame in sse.read(b"".join(answer.frames))]


def content(surface: Surface, document: Any) -> str:
    """What a frame says in its first choice."""
    if surface is COMPAT:
        return document["choices"][0]["delta"].get("content") or ""
    found = document["output"]["choices"][0]["message"]["content"]
    return found if isinstance(found, str) else "".join(part["text"] for part in found)


@ON_EACH_SURFACE
@pytest.mark.parametrize("stream", [False, True])
def test_a_blocked_word_in_a_request_is_refused(chat: Chat, surface: Surface, *, stream: bool) -> None:
    answer = chat(surface, "My SECRET", stream=stream)
    frame = sse.read(answer.body)[0] if stream else None
    assert answer.status == (200 if stream and surface.dialect == "native" else 400)
    document = json.loads((frame.data or "") if frame else answer.body)
    error = document if surface.dialect == "native" else document["error"]
    code = "DataInspectionFailed" if surface.dialect == "native" else "data_inspection_failed"
    assert (error["code"], error["message"]) == (
        code,
        "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.",
    )


def test_the_word_is_found_whoever_spoke_it(chat: Chat) -> None:
    said = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "a secret"},
        {"role": "user", "content": "Go on"},
    ]
    assert chat(COMPAT, said).status == 400


@ON_EACH_SURFACE
def test_an_answer_with_a_blocked_word_is_refused_as_a_whole(
    chat: Chat, engine: Engine, surface: Surface
) -> None:
    answer = chat(surface, reply={"content": "It is a secret."})
    assert answer.status == 400
    assert "Output data may contain inappropriate content." in answer.body.decode()
    (entry,) = engine.journal
    assert entry.refusal is not None
    assert entry.refusal.id == "moderation.output"
    assert chat(surface, reply={"content": "It is open."}).status == 200


@ON_EACH_SURFACE
@pytest.mark.parametrize("incremental", [True, False])
def test_a_stream_ends_before_the_word_with_an_error(
    chat: Chat, engine: Engine, surface: Surface, *, incremental: bool
) -> None:
    parameters: dict[str, Any] = {} if surface is COMPAT else {"incremental_output": incremental}
    if surface is NATIVE_TEXT:
        parameters["result_format"] = "message"
    reply = {"chunks": ["It ", "is ", "a se", "cret", " now."]}
    answer = chat(surface, stream=True, reply=reply, **parameters)
    assert answer.status == 200
    *said, last = documents(answer)
    texts = [content(surface, document) for document in said]
    cumulative = surface.dialect == "native" and not incremental
    assert (texts[-1] if cumulative else "".join(texts)) == "It is "
    error = last if surface.dialect == "native" else last["error"]
    assert "Output data may contain inappropriate content." in error["message"]
    final = answer.frames[-1]
    if surface.dialect == "native":
        assert final.startswith(b"id:%d\nevent:error\n:HTTP_STATUS/400\ndata:{" % len(answer.frames))
    else:
        assert final.startswith(b'data: {"error":{"code":"data_inspection_failed","param":null,')
        assert last["request_id"] == last["id"].removeprefix("chatcmpl-")
    (entry,) = engine.journal
    assert (entry.status, entry.refusal is not None and entry.refusal.id) == (200, "moderation.output")


@given(st.data(), st.sampled_from(COMPLETIONS), st.booleans())
def test_a_stream_sends_every_piece_that_ends_before_the_word(
    lazy_tokenizer: LazyTokenizer,
    data: st.DataObject,
    surface: Surface,
    incremental: bool,  # noqa: FBT001
) -> None:
    letters = st.text("ab 茶", max_size=12)
    before, behind = data.draw(letters), data.draw(letters)
    said = f"{before}secret{behind}"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(said) - 1))))
    chunks = [said[start:end] for start, end in pairwise([0, *cuts, len(said)])]
    engine = Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
    engine.moderation = Moderation(output=WordList(("secret",)))
    engine.scripts.add({"reply": {"chunks": chunks}}, engine.errors)
    asked: dict[str, Any] = {"incremental_output": incremental} if surface.dialect == "native" else {}
    if surface is NATIVE_TEXT:
        asked["result_format"] = "message"
    body = body_of("Hi", model=MODELS[surface], surface=surface, stream=True, parameters=asked)
    head = make_headers({"X-DashScope-SSE": "enable"})
    answer = engine.chat(surface, head, json.dumps(body).encode(), arrived=NOW)
    *pieces, last = documents(answer)
    texts = [content(surface, piece) for piece in pieces]
    cumulative = surface.dialect == "native" and not incremental
    told = (texts[-1] if texts else "") if cumulative else "".join(texts)
    whole = [end for end in (0, *cuts) if end <= len(before)]
    assert told == said[: whole[-1]]
    assert "error" in last or last["code"] == "DataInspectionFailed"


def test_the_text_format_is_broken_off_too(chat: Chat) -> None:
    answer = chat(NATIVE_TEXT, stream=True, reply={"chunks": ["My ", "secret"]}, result_format="text")
    first, last = documents(answer)
    assert first["output"]["text"] == "My "
    assert last["code"] == "DataInspectionFailed"


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_text_format_does_not_send_is_not_looked_at(chat: Chat, *, stream: bool) -> None:
    reply = {"choices": [{"content": "Open.", "reasoning_content": "secret"}, {"content": "secret"}]}
    answer = chat(NATIVE_TEXT, stream=stream, reply=reply, result_format="text", n=2)
    assert answer.status == 200
    assert b"DataInspectionFailed" not in answer.body + b"".join(answer.frames)


def test_a_stream_that_never_comes_to_the_place_stays_whole(errors: Errors) -> None:
    said = b'data: {"choices":[{"delta":{"content":"Open."},"index":0}]}\n\n'
    stream = Stream([said, sse.DONE], [1, 0])
    assert cut(stream, {(0, "content"): 5}, errors.refuse("moderation.output"), ask("Hi"), "r") == stream


def test_a_word_in_the_thinking_ends_the_stream_there(chat: Chat) -> None:
    reply = {"reasoning_content": "Think of the secret", "content": "Fine."}
    answer = chat(COMPAT, stream=True, reply=reply, enable_thinking=True)
    *said, last = documents(answer)
    thought = "".join(piece["choices"][0]["delta"].get("reasoning_content") or "" for piece in said)
    assert thought == "Think of the"
    assert not any(content(COMPAT, piece) for piece in said)
    assert last["error"]["code"] == "data_inspection_failed"


def test_a_word_in_the_second_choice_ends_the_whole_stream(chat: Chat) -> None:
    reply = {"choices": [{"content": "One two three four five"}, {"content": "a secret"}]}
    *said, last = documents(chat(COMPAT, stream=True, reply=reply, n=2))
    assert all(piece["choices"][0].get("finish_reason") is None for piece in said)
    assert "error" in last


def test_a_paced_stream_that_is_broken_off_is_still_paced(chat: Chat) -> None:
    reply = {"chunks": ["a ", "b ", "secret"], "pace": {"first_ms": 10, "per_token_ms": 5}}
    answer = chat(COMPAT, stream=True, reply=reply)
    assert len(answer.due) == len(answer.frames)


def test_a_stream_without_the_word_is_left_alone(chat: Chat) -> None:
    answer = chat(COMPAT, stream=True, reply={"content": "All is open."})
    assert answer.frames[-1] == sse.DONE


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_the_place_of_a_word_is_where_it_first_stands(before: str, thought: str, behind: str) -> None:
    moderation = Moderation(output=WordList(("\ue000word",)))
    choice = Choice(content=before + "\ue000word" + behind, reasoning=thought)
    assert moderation.places(ask("Hi"), Reply((choice,))) == {(0, "content"): len(before)}


def test_words_of_the_settings_are_looked_for_on_both_ways(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    engine = Engine(Settings(block_words=("tea",)), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
    assert engine.moderation.blocks(ask("Tea?"))
    assert engine.moderation.places(ask("Hi"), Reply((Choice(content="Tea"),))) == {(0, "content"): 0}
    engine.moderation = Moderation()
    engine.reset("sk-test")
    assert not engine.moderation.input
    engine.reset()
    assert engine.moderation.output.words == ("tea",)
