"""One semantic answer, many renderings: each folds back to the same reply and the same usage."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from mockserver.dialects.anthropic.render import tool_input
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.dialects.responses.serializer import names
from mockserver.dialects.serializers import DIALECTS
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from tests import folding
from tests.conftest import RENDERED
from tests.wire.exchanges import (
    Exchange,
    anthropic_exchange,
    compat_exchange,
    cost,
    native_exchange,
    responses_exchange,
)
from tests.wire.strategies import replies

COMPAT_MODELS = ("qwen-plus", "qwen-turbo", "qwen-max", "qwen3-max", "qwen3-vl-plus", "qwen3.8-max")
TEXT_MODELS = ("qwen-turbo", "qwen-plus", "qwen3-max")
ANTHROPIC_MODELS = ("qwen-plus", "qwen3.7-plus", "glm-5.1")
MULTIMODAL_MODELS = ("qwen3-vl-plus", "qwen3.8-max")


def _compat(reply: Reply, tokenizer: Tokenizer) -> list[Exchange]:
    own = [compat_exchange(model, reply, tokenizer) for model in COMPAT_MODELS]
    scripted = Reply(reply.choices)
    for dialect in DIALECTS:
        asked = Reply(scripted.choices, dialect=dialect)
        own.append(compat_exchange("qwen-plus", asked, tokenizer))
    return own


def _native(reply: Reply, tokenizer: Tokenizer, *, incremental: bool) -> list[Exchange]:
    options: dict[str, Any] = {"incremental_output": incremental, "result_format": "message"}
    text = [native_exchange(model, reply, tokenizer, **options) for model in TEXT_MODELS]
    multimodal = [
        native_exchange(model, reply, tokenizer, surface=NATIVE_MULTIMODAL, **options)
        for model in MULTIMODAL_MODELS
    ]
    return [*text, *multimodal]


def _anthropic(reply: Reply, tokenizer: Tokenizer) -> list[Exchange]:
    return [anthropic_exchange(model, reply, tokenizer) for model in ANTHROPIC_MODELS]


def _responses(reply: Reply, tokenizer: Tokenizer) -> list[Exchange]:
    form = names()[len(reply.choices[0].content) % len(names())]
    return [responses_exchange("qwen3.7-plus", replace(reply, dialect=form), tokenizer)]


def _said(choice: Choice) -> Choice:
    """A choice as a body of Anthropic's dialect has it: the input of a call is an object."""
    calls = tuple(
        replace(call, arguments=json.dumps(tool_input(call.arguments))) for call in choice.tool_calls
    )
    return replace(choice, tool_calls=calls)


def _answered(choice: Choice) -> Choice:
    """A choice as a response has it: calls end it, whatever else may."""
    return replace(choice, finish_reason="tool_calls") if choice.tool_calls else choice


def _total(usage: dict[str, object] | None) -> object:
    return None if usage is None else usage["total_tokens"]


@settings(max_examples=RENDERED)
@given(reply=replies())
def test_every_rendering_of_an_answer_folds_back_to_it(tokenizer: Tokenizer, reply: Reply) -> None:
    total = cost(reply, tokenizer).total
    for exchange in _compat(reply, tokenizer):
        for folded in (folding.compat_body(exchange.body()), folding.compat_stream(exchange.stream().frames)):
            assert (folded.choices, _total(folded.usage)) == (reply.choices, total)
    for exchange in _anthropic(reply, tokenizer):
        # There is one choice, and the usage has no total.
        (first, *_) = reply.choices
        whole = folding.anthropic_body(exchange.body())
        streamed = folding.anthropic_stream(exchange.stream().frames)
        assert (whole.choices, streamed.choices) == ((_said(first),), (first,))
        for usage in (whole.usage, streamed.usage):
            assert usage is not None
            assert usage["input_tokens"] + usage["output_tokens"] == total
    for exchange in _responses(reply, tokenizer):
        for folded in (
            folding.response_body(exchange.body()),
            folding.response_stream(exchange.stream().frames),
        ):
            assert (folded.choices, _total(folded.usage)) == ((_answered(reply.choices[0]),), total)
    for incremental in (True, False):
        for exchange in _native(reply, tokenizer, incremental=incremental):
            body = folding.native_body(exchange.body())
            assert (body.choices, _total(body.usage)) == (reply.choices, total)
            stream = folding.native_stream(exchange.stream().frames, incremental=incremental)
            assert stream.choices == reply.choices
            if len(reply.choices) == 1:
                assert _total(stream.usage) == total


@settings(max_examples=RENDERED // 4)
@given(reply=replies(most=1, calls=False, thinks=False))
def test_text_format_says_the_same(tokenizer: Tokenizer, reply: Reply) -> None:
    for incremental in (True, False):
        exchange = native_exchange(
            "qwen-turbo", reply, tokenizer, incremental_output=incremental, result_format="text"
        )
        body = folding.native_body(exchange.body())
        stream = folding.native_stream(exchange.stream().frames, incremental=incremental)
        assert body.choices == stream.choices == reply.choices
        assert _total(body.usage) == _total(stream.usage) == exchange.usage.total
