"""Anthropic's Messages rendered: whatever a model says arrives whole, as one body and as a stream."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.anthropic.render import tool_input
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules import schemas
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from mockserver.wire import sse
from tests import folding
from tests.wire.exchanges import RID, Exchange, anthropic_exchange
from tests.wire.strategies import replies, texts

THOUGHT = Choice("Three minutes.", "Green tea is meant.")
CALL = ToolCall("brew_tea", '{"leaf": "sencha"}', "toolu_0123456789abcdef01234567")


def test_a_body_as_it_was_recorded(tokenizer: Tokenizer) -> None:
    body = anthropic_exchange("qwen3.7-plus", Reply((THOUGHT,)), tokenizer, usage=Usage(12, 9, 5)).body()
    assert body.decode() == (
        '{"content":[{"signature":"","thinking":"Green tea is meant.","type":"thinking"},'
        '{"text":"Three minutes.","type":"text"}],'
        f'"id":"msg_{RID}","model":"qwen3.7-plus","role":"assistant","stop_reason":"end_turn","type":"message",'
        '"usage":{"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
        '"input_tokens":12,"output_tokens":9}}'
    )


def test_a_body_with_a_call(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("", tool_calls=(CALL,), finish_reason="tool_calls"),))
    body = json.loads(anthropic_exchange("glm-5.1", reply, tokenizer).body())
    assert json.dumps(body["content"], separators=(",", ":")) == (
        '[{"id":"toolu_0123456789abcdef01234567","input":{"leaf":"sencha"},"name":"brew_tea","type":"tool_use"}]'
    )
    assert body["stop_reason"] == "tool_use"


def test_a_stream_as_it_was_recorded(tokenizer: Tokenizer) -> None:
    choice = Choice("Hi", "Yes", (CALL,), "tool_calls")
    reply = Reply((replace(choice, tool_calls=(replace(CALL, chunks=('{"leaf": ', '"sencha"}')),)),))
    exchange = anthropic_exchange("kimi-k2.5", reply, tokenizer, usage=Usage(20, 11, 4, cached=8))
    assert exchange.lines() == (
        'event:message_start\ndata:{"message":{"model":"kimi-k2.5",'
        f'"id":"msg_{RID}","role":"assistant","type":"message","content":[],'
        '"usage":{"input_tokens":20,"output_tokens":0}},"type":"message_start"}\n\n'
        'event:ping\ndata:{"type":"ping"}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"thinking","signature":"","thinking":""},"index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"thinking_delta","thinking":"Yes"},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"signature_delta","signature":""},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":0}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"text","text":""},"index":1}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"text_delta","text":"Hi"},'
        '"type":"content_block_delta","index":1}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":1}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start","content_block":'
        '{"name":"brew_tea","input":{},"id":"toolu_0123456789abcdef01234567","type":"tool_use"},"index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"{\\"leaf\\": ","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"\\"sencha\\"}","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":2}\n\n'
        'event:message_delta\ndata:{"delta":{"stop_reason":"tool_use"},"type":"message_delta",'
        '"usage":{"output_tokens":11,"cache_creation_input_tokens":0,'
        '"input_tokens":12,"cache_read_input_tokens":8}}\n\n'
        'event:message_stop\ndata:{"type":"message_stop"}\n\n'
    )


def test_a_thought_of_glm_is_opened_without_a_signature_and_ends_with_an_empty_one(
    tokenizer: Tokenizer,
) -> None:
    exchange = anthropic_exchange("glm-4.7", Reply((THOUGHT,)), tokenizer)
    lines = exchange.lines()
    opened = '"content_block":{"type":"thinking","thinking":""},"index":0}'
    ended = '{"delta":{"type":"signature_delta","signature":""},"type":"content_block_delta","index":0}'
    assert (lines.count(opened), lines.count(ended), lines.count('signature"')) == (1, 1, 1)
    assert b'[{"thinking":"Green tea is meant.","type":"thinking"},' in exchange.body()
    assert schemas.violations("anthropic.response", json.loads(exchange.body())) == []
    for event in folding.anthropic_events(lines.encode()):
        assert schemas.violations("anthropic.event", event) == []


def test_the_host_of_a_token_plan_puts_the_type_first(tokenizer: Tokenizer) -> None:
    own = anthropic_exchange("qwen3.7-plus", Reply((Choice("Hi", "Yes", (CALL,), "tool_calls"),)), tokenizer)
    host = {"host": "token-plan.cn-beijing.maas.aliyuncs.com"}
    planned = replace(own, request=replace(own.request, headers=host))
    asked = replace(own, reply=replace(own.reply, dialect="type-first"))
    assert planned.lines() == asked.lines() != own.lines()
    assert planned.body() == own.body()
    start, *events = folding.anthropic_events(planned.lines().encode())
    assert list(start) == ["type", "message"]
    assert start["message"]["stop_reason"] is None
    assert list(start["message"])[-2:] == ["stop_reason", "usage"]
    assert list(events[-2]) == ["type", "delta", "usage"]
    assert {next(iter(event)) for event in events} == {"type"}
    for event in (start, *events):
        assert schemas.violations("anthropic.event", event) == []


def asked_for(dialect: str, tokenizer: Tokenizer, **more: Any) -> Exchange:
    """An exchange in a form that a script asks for."""
    reply = Reply((THOUGHT,), dialect=dialect)
    return anthropic_exchange("qwen3.8-flash", reply, tokenizer, **more)


def test_a_usage_may_tell_of_a_cache_twice(tokenizer: Tokenizer) -> None:
    exchange = asked_for("detailed", tokenizer, usage=Usage(100, 9, cached=64))
    body = json.loads(exchange.body())
    assert list(body["usage"])[-1] == "prompt_tokens_details"
    assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 64}
    assert schemas.violations("anthropic.response", body) == []
    *_, delta, _ = folding.anthropic_events(exchange.lines().encode())
    assert delta["usage"]["prompt_tokens_details"] == {"cached_tokens": 64}
    assert schemas.violations("anthropic.event", delta) == []


def test_the_start_of_a_stream_may_guess_the_input(tokenizer: Tokenizer) -> None:
    start, *_, delta, _ = folding.anthropic_events(
        asked_for("guessing", tokenizer, usage=Usage(67, 9)).lines().encode()
    )
    assert (start["message"]["usage"]["input_tokens"], delta["usage"]["input_tokens"]) == (6, 67)


def test_a_blank_may_stand_behind_the_colon_of_a_name(tokenizer: Tokenizer) -> None:
    spaced, own = (asked_for(dialect, tokenizer).lines() for dialect in ("spaced", "recorded"))
    assert spaced == own.replace("event:", "event: ")
    read = [[(frame.event, frame.data) for frame in sse.read(lines.encode())] for lines in (spaced, own)]
    assert read[0] == read[1]


def test_a_stray_end_of_a_thought_is_part_of_a_text(tokenizer: Tokenizer) -> None:
    said = Reply((Choice("</think>\n\nThree minutes."),))
    exchange = anthropic_exchange("qwen3.7-plus", said, tokenizer)
    (block,) = json.loads(exchange.body())["content"]
    assert block == {"text": "</think>\n\nThree minutes.", "type": "text"}
    events = folding.anthropic_events(exchange.lines().encode())
    texts = [event["delta"]["text"] for event in events if event.get("delta", {}).get("type") == "text_delta"]
    assert "".join(texts) == block["text"]


def test_a_serializer_of_another_dialect_changes_nothing(tokenizer: Tokenizer) -> None:
    own = anthropic_exchange("qwen3.7-plus", Reply((THOUGHT,)), tokenizer)
    assert replace(own, reply=replace(own.reply, dialect="classic")).lines() == own.lines()


def test_the_split_of_the_input_stands_at_the_end_only(tokenizer: Tokenizer) -> None:
    usage = Usage(8849, 40, cached=8000, created=831)
    start, *_, delta, _ = folding.anthropic_events(
        b"".join(
            anthropic_exchange("qwen3.7-plus", Reply((THOUGHT,)), tokenizer, usage=usage).stream().frames
        )
    )
    assert start["message"]["usage"] == {"input_tokens": 8849, "output_tokens": 0}
    assert delta["usage"] == {
        "output_tokens": 40,
        "cache_creation_input_tokens": 831,
        "input_tokens": 18,
        "cache_read_input_tokens": 8000,
        "cache_creation": {"ephemeral_5m_input_tokens": 831},
    }


def test_the_numbers_of_a_script_are_laid_over(tokenizer: Tokenizer) -> None:
    reply = Reply((THOUGHT,), usage={"input_tokens": 7})
    exchange = anthropic_exchange("qwen3.7-plus", reply, tokenizer)
    body, stream = folding.anthropic_body(exchange.body()), folding.anthropic_stream(exchange.stream().frames)
    assert body.usage is not None
    assert stream.usage is not None
    assert body.usage["input_tokens"] == stream.usage["input_tokens"] == 7


@pytest.mark.parametrize(
    ("reason", "stop"), [("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use")]
)
def test_how_an_answer_ends(tokenizer: Tokenizer, reason: str, stop: str) -> None:
    exchange = anthropic_exchange("qwen-plus", Reply((Choice("Hi", finish_reason=reason),)), tokenizer)
    assert json.loads(exchange.body())["stop_reason"] == stop


def test_of_several_choices_the_first_is_said(tokenizer: Tokenizer) -> None:
    exchange = anthropic_exchange("qwen-plus", Reply((Choice("one"), Choice("two"))), tokenizer)
    assert folding.anthropic_body(exchange.body()).choices == (Choice("one"),)
    assert folding.anthropic_stream(exchange.stream().frames).choices == (Choice("one"),)


def test_who_says_nothing_sends_no_block(tokenizer: Tokenizer) -> None:
    exchange = anthropic_exchange("qwen-plus", Reply((Choice(),)), tokenizer)
    assert json.loads(exchange.body())["content"] == []
    assert folding.anthropic_stream(exchange.stream().frames).choices == (Choice(),)


def test_pieces_of_a_script_are_the_deltas(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("one two"),), chunks=("one", " two"))
    events = folding.anthropic_stream(
        anthropic_exchange("qwen-plus", reply, tokenizer).stream().frames
    ).chunks
    assert [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"] == [
        "one",
        " two",
    ]


@pytest.mark.parametrize(
    ("arguments", "given_"),
    [
        ("", {}),
        ("{}", {}),
        ('{"a": [1]}', {"a": [1]}),
        ('{"leaf": "sen', {"raw_arguments": '{"leaf": "sen'}),
        ("[1]", {"raw_arguments": "[1]"}),
        ("\ud800", {"raw_arguments": "\ufffd"}),
    ],
)
def test_an_input_is_an_object_or_stands_in_one(arguments: str, given_: dict[str, Any]) -> None:
    assert tool_input(arguments) == given_


def test_a_deep_input_stands_in_it_as_text() -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    assert tool_input(deep) == {"raw_arguments": deep}


@given(reply=replies(most=1))
def test_what_is_rendered_reads_back_and_is_as_the_schemas_say(tokenizer: Tokenizer, reply: Reply) -> None:
    exchange = anthropic_exchange("qwen3.7-plus", reply, tokenizer)
    assert schemas.violations("anthropic.response", json.loads(exchange.body())) == []
    stream = folding.anthropic_stream(exchange.stream().frames)
    for event in stream.chunks:
        assert schemas.violations("anthropic.event", event) == []
    assert stream.choices == reply.choices
    body = folding.anthropic_body(exchange.body())
    assert body.usage is not None
    assert stream.usage is not None
    assert body.usage == stream.usage
    (said,), (whole,) = reply.choices, body.choices
    assert replace(whole, tool_calls=()) == replace(said, tool_calls=())
    assert [(call.name, call.id, json.loads(call.arguments)) for call in whole.tool_calls] == [
        (call.name, call.id, tool_input(call.arguments)) for call in said.tool_calls
    ]


@given(said=texts.filter(bool), tokens=st.integers(0, 99))
def test_tokens_are_carried_by_what_says_something(tokenizer: Tokenizer, said: str, tokens: int) -> None:
    exchange = anthropic_exchange("qwen-plus", Reply((Choice(said),)), tokenizer, usage=Usage(9, tokens))
    stream = exchange.stream()
    assert sum(stream.tokens) == len(tokenizer.ends(said))
