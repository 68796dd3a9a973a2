"""The OpenAI-compatible dialect: whatever a model says arrives whole, in every serializer."""

import json
import re
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.serializers import DIALECTS
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules import schemas
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from mockserver.wire.chunking import Chunker
from tests import folding
from tests.wire.exchanges import (
    PICTURE,
    RID,
    TOOLS,
    Exchange,
    compat_exchange,
    spoken,
    told,
    with_logprobs,
)
from tests.wire.strategies import replies

MODELS = ["qwen-plus", "qwen-turbo", "qwen-max", "qwen3-max", "qwen3-vl-plus", "qwen3.8-max"]
FORMS = [(model, None) for model in MODELS] + [("qwen-max", dialect) for dialect in DIALECTS]


def exchange(form: tuple[str, str | None], reply: Reply, tokenizer: Tokenizer, **more: Any) -> Exchange:
    model, dialect = form
    return compat_exchange(model, Reply(reply.choices, dialect=dialect), tokenizer, **more)


def check_usage(usage: dict[str, Any], expected: Usage) -> None:
    assert usage["prompt_tokens"] == expected.input
    assert usage["completion_tokens"] == expected.output
    assert usage["total_tokens"] == expected.input + expected.output
    reasoning = usage.get("completion_tokens_details", {}).get("reasoning_tokens")
    assert reasoning == expected.reasoning


@given(form=st.sampled_from(FORMS), reply=replies())
def test_a_body_holds_the_reply(tokenizer: Tokenizer, form: tuple[str, str | None], reply: Reply) -> None:
    said = exchange(form, reply, tokenizer)
    body = said.body()
    assert schemas.violations("compat.response", json.loads(body)) == []
    folded = folding.compat_body(body)
    assert folded.choices == reply.choices
    assert (folded.id, folded.model) == (f"chatcmpl-{RID}", form[0])
    assert folded.usage is not None
    check_usage(folded.usage, said.usage)


@given(
    form=st.sampled_from(FORMS),
    reply=replies(),
    include_usage=st.booleans(),
    more=st.sampled_from([{}, {"tools": TOOLS}, {"messages": PICTURE}]),
)
def test_a_stream_folds_back_to_the_reply(
    tokenizer: Tokenizer,
    form: tuple[str, str | None],
    reply: Reply,
    more: dict[str, Any],
    *,
    include_usage: bool,
) -> None:
    said = exchange(form, reply, tokenizer, include_usage=include_usage, **more)
    folded = folding.compat_stream(said.stream().frames)
    for chunk in folded.chunks:
        assert schemas.violations("compat.chunk", chunk) == []
    assert folded.choices == reply.choices
    assert (folded.id, folded.model) == (f"chatcmpl-{RID}", form[0])
    assert (folded.usage is not None) is include_usage
    if folded.usage is not None:
        check_usage(folded.usage, said.usage)


@given(form=st.sampled_from(FORMS), reply=replies(calls=False))
def test_pieces_are_those_of_the_models_ramp(
    tokenizer: Tokenizer, form: tuple[str, str | None], reply: Reply
) -> None:
    said = exchange(form, reply, tokenizer)
    stream = said.stream()
    chunks = folding.compat_stream(stream.frames).chunks
    chunker, family = Chunker(tokenizer), said.request.model.family
    tokens = 0
    for index, choice in enumerate(reply.choices):
        deltas = [piece["delta"] for chunk in chunks for piece in chunk["choices"] if piece["index"] == index]
        for key, text in (("content", choice.content), ("reasoning_content", choice.reasoning)):
            behind = key == "content" and choice.reasoning
            pieces, sizes = chunker.pieces(text, (behind and family.answer_ramp) or family.ramp)
            assert tuple(delta[key] for delta in deltas if delta.get(key)) == pieces
            tokens += sum(sizes)
    assert sum(stream.tokens) == tokens


@given(form=st.sampled_from(FORMS), reply=replies())
def test_thinking_comes_before_text_and_text_before_calls(
    tokenizer: Tokenizer, form: tuple[str, str | None], reply: Reply
) -> None:
    chunks = folding.compat_stream(exchange(form, reply, tokenizer).stream().frames).chunks
    for index, choice in enumerate(reply.choices):
        kinds = []
        for chunk in chunks:
            for piece in chunk["choices"]:
                if piece["index"] == index:
                    delta = piece["delta"]
                    kinds += ["reasoning"] if delta.get("reasoning_content") else []
                    kinds += ["content"] if delta.get("content") else []
                    kinds += [f"call {call['index']}" for call in delta.get("tool_calls", ())]
        expected = ["reasoning"] * bool(choice.reasoning) + ["content"] * bool(choice.content)
        expected += [f"call {at}" for at in range(len(choice.tool_calls))]
        assert [kind for kind, _ in groupby(kinds)] == expected


def test_two_choices_take_turns(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("One two three."), Choice("Four five six.")))
    chunks = folding.compat_stream(compat_exchange("qwen-turbo", reply, tokenizer).stream().frames).chunks
    turns = [chunk["choices"][0]["index"] for chunk in chunks if chunk["choices"]]
    assert turns == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1]


def test_prescribed_pieces_are_sent_as_they_are(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Three minutes."),), chunks=("Thr", "ee min", "utes."))
    chunks = folding.compat_stream(compat_exchange("qwen-plus", reply, tokenizer).stream().frames).chunks
    contents = [chunk["choices"][0]["delta"]["content"] for chunk in chunks if chunk["choices"]]
    assert contents == ["", "Thr", "ee min", "utes.", ""]


@pytest.mark.parametrize("model", MODELS)
def test_the_numbers_of_a_script_lie_over_the_computed_usage(tokenizer: Tokenizer, model: str) -> None:
    over = {"prompt_tokens": 1000, "prompt_tokens_details": {"cached_tokens": 896}}
    said = compat_exchange(model, Reply((Choice("Tea."),), usage=over), tokenizer)
    for usage in (folding.compat_body(said.body()).usage, folding.compat_stream(said.stream().frames).usage):
        assert usage is not None
        assert usage["prompt_tokens"] == 1000
        assert usage["prompt_tokens_details"]["cached_tokens"] == 896
        assert usage["completion_tokens"] == said.usage.output


def test_the_usage_of_images_is_told_apart(tokenizer: Tokenizer) -> None:
    usage = Usage(120, 3, image=92)
    reply = Reply((Choice("A cup."),))
    said = compat_exchange("qwen3.8-max", reply, tokenizer, usage=usage, messages=PICTURE)
    for shown in (folding.compat_body(said.body()).usage, folding.compat_stream(said.stream().frames).usage):
        assert shown is not None
        assert (shown["prompt_tokens"], shown["completion_tokens"], shown["total_tokens"]) == (120, 3, 123)
        assert shown["prompt_tokens_details"] == {"cached_tokens": 0, "image_tokens": 92, "text_tokens": 28}


def test_qwen3_vl_opens_with_its_first_text_when_tools_were_sent(tokenizer: Tokenizer) -> None:
    said = compat_exchange("qwen3-vl-plus", Reply((Choice("Three minutes."),)), tokenizer, tools=TOOLS)
    folded = folding.compat_stream(said.stream().frames)
    assert folded.choices == said.reply.choices
    deltas = [chunk["choices"][0]["delta"] for chunk in folded.chunks if chunk["choices"]]
    assert deltas == [
        {"content": "Three", "role": "assistant"},
        {"content": " minutes"},
        {"content": "."},
        {"content": ""},
    ]


def test_a_call_without_arguments_is_still_opened_and_named(tokenizer: Tokenizer) -> None:
    call = ToolCall("brew_tea", "", "call_0000000000000000000001")
    reply = Reply((Choice(tool_calls=(call,), finish_reason="tool_calls"),))
    for form in FORMS:
        said = exchange(form, reply, tokenizer)
        folded = folding.compat_stream(said.stream().frames)
        assert folded.choices == reply.choices


SETTINGS = st.sampled_from([{}, {"tools": TOOLS}, {"messages": PICTURE}])


@given(form=st.sampled_from(FORMS), reply=replies(), more=SETTINGS, top=st.integers(0, 5))
def test_a_body_holds_the_logprobs_of_its_contents(
    tokenizer: Tokenizer, form: tuple[str, str | None], reply: Reply, more: dict[str, Any], *, top: int
) -> None:
    said = exchange(form, with_logprobs(reply, tokenizer, top=top), tokenizer, **more)
    body = said.body()
    assert schemas.violations("compat.response", json.loads(body)) == []
    assert folding.compat_body(body).choices == reply.choices
    for shown, choice in zip(json.loads(body)["choices"], said.reply.choices, strict=True):
        assert shown["logprobs"] == {"content": told(choice)}
        assert spoken(shown["logprobs"]["content"]) == choice.content
        assert all(len(entry["top_logprobs"]) == top for entry in shown["logprobs"]["content"])


@given(form=st.sampled_from(FORMS), reply=replies(), more=SETTINGS)
def test_the_logprobs_of_a_stream_come_with_the_text_of_their_tokens(
    tokenizer: Tokenizer, form: tuple[str, str | None], reply: Reply, more: dict[str, Any]
) -> None:
    said = exchange(form, with_logprobs(reply, tokenizer), tokenizer, **more)
    stream = said.stream()
    folded = folding.compat_stream(stream.frames)
    plain = exchange(form, reply, tokenizer, **more).stream()
    assert (folded.choices, stream.tokens) == (reply.choices, plain.tokens)
    entries: dict[int, list[Any]] = {index: [] for index in range(len(reply.choices))}
    for chunk, size in zip(folded.chunks, stream.tokens, strict=False):
        assert schemas.violations("compat.chunk", chunk) == []
        for piece in chunk["choices"]:
            shown = piece.get("logprobs")
            assert (shown is not None) == bool(piece["delta"].get("content"))
            if shown is not None:
                assert len(shown["content"]) == size
                entries[piece["index"]] += shown["content"]
    for index, choice in enumerate(said.reply.choices):
        assert entries[index] == told(choice)


def test_a_piece_carries_its_logprobs_as_they_are(tokenizer: Tokenizer) -> None:
    entry = b'{"top_logprobs":[],"logprob":-0.25,"bytes":[84,101,97],"token":"Tea"}'
    choice = Choice("Tea", logprobs=(entry,))
    said = compat_exchange("qwen-max", Reply((choice,)), tokenizer, include_usage=False)
    assert f'"logprobs":{{"content":[{entry.decode()}]}}' in said.lines()
    other = compat_exchange("qwen-max", Reply((replace(choice, logprobs=None),)), tokenizer)
    assert set(re.findall('"logprobs":([a-z{]+)', other.lines())) == {"null"}
