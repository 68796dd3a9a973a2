"""Texts that come in two: whole or streamed, in blocks, parts or messages; nothing else changes."""

import json
from typing import Any

import pytest

from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.faults.planned import Frame, Planned
from mockserver.faults.several import with_several_messages, with_several_texts, with_several_thoughts
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules.schemas import violations
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall
from tests.faults.careful import planned
from tests.wire.exchanges import (
    Exchange,
    anthropic_exchange,
    compat_exchange,
    native_exchange,
    responses_exchange,
)

TEXT = "A moment: I look it up for you."
CALL = ToolCall("brew", '{"leaf": "sencha"}', "call_1")
SPOKEN = Reply((Choice(TEXT, "Which leaf?", (CALL,), "tool_calls"),))
SHORT = Reply((Choice("I"),))
NATIVE: dict[str, Any] = {"result_format": "message", "incremental_output": True}


def payloads(frames: tuple[Frame, ...]) -> list[dict[str, Any]]:
    return [frame.payload or {} for frame in frames]


def body(frames: tuple[Frame, ...]) -> dict[str, Any]:
    (payload,) = payloads(frames)
    return payload


def others(tokenizer: Tokenizer, reply: Reply) -> list[Planned]:
    """Answers of dialects whose text is one, whole and streamed."""
    exchanges = [
        compat_exchange("qwen-plus", reply, tokenizer),
        native_exchange("qwen-plus", reply, tokenizer, **NATIVE),
        native_exchange("qwen-plus", reply, tokenizer, incremental_output=True),
    ]
    return [planned(exchange, stream=stream) for exchange in exchanges for stream in (True, False)]


def seen(reply: Reply, tokenizer: Tokenizer) -> Exchange:
    return native_exchange("qwen3-vl-plus", reply, tokenizer, surface=NATIVE_MULTIMODAL, **NATIVE)


# Texts.


def test_a_streamed_text_of_anthropics_may_stand_in_two_blocks(tokenizer: Tokenizer) -> None:
    answer = planned(anthropic_exchange("qwen-plus", SPOKEN, tokenizer))
    told = payloads(with_several_texts(answer))
    begun = [one["content_block"]["type"] for one in told if one.get("type") == "content_block_start"]
    assert begun == ["thinking", "text", "text", "tool_use"]
    texts = {1: "", 2: ""}
    for one in told:
        if one.get("delta", {}).get("type") == "text_delta":
            texts[one["index"]] += one["delta"]["text"]
    assert all(texts.values())
    assert texts[1] + texts[2] == TEXT
    ended = [one["index"] for one in told if one.get("type") == "content_block_stop"]
    assert ended == [0, 1, 2, 3]
    assert [one for payload in told for one in violations("anthropic.event", payload)] == []


def test_a_whole_text_of_anthropics_may_stand_in_two_blocks(tokenizer: Tokenizer) -> None:
    answer = planned(anthropic_exchange("qwen-plus", SPOKEN, tokenizer), stream=False)
    told = body(with_several_texts(answer))
    assert [block["type"] for block in told["content"]] == ["thinking", "text", "text", "tool_use"]
    texts = [block["text"] for block in told["content"] if block["type"] == "text"]
    assert all(texts)
    assert "".join(texts) == TEXT
    assert violations("anthropic.response", told) == []
    before = body(answer.frames)
    assert {**told, "content": None} == {**before, "content": None}


def test_a_streamed_text_of_a_response_may_stand_in_two_parts(tokenizer: Tokenizer) -> None:
    answer = planned(responses_exchange("qwen-plus", SPOKEN, tokenizer))
    told = payloads(with_several_texts(answer))
    assert [one["sequence_number"] for one in told] == list(range(len(answer.frames) + 3))
    (message,) = [one for one in told[-1]["response"]["output"] if one["type"] == "message"]
    parts = [part["text"] for part in message["content"]]
    assert all(parts)
    assert "".join(parts) == TEXT
    for at, text in enumerate(parts):
        of_part = [one for one in told if one.get("content_index") == at and one["item_id"] == message["id"]]
        assert "".join(one["delta"] for one in of_part if "delta" in one) == text
        assert [one["text"] for one in of_part if "text" in one] == [text]
        assert [one["part"]["text"] for one in of_part if "part" in one] == ["", text]
    done = [one["item"] for one in told if one["type"] == "response.output_item.done"]
    assert done == told[-1]["response"]["output"]


def test_a_whole_text_of_a_response_may_stand_in_two_parts(tokenizer: Tokenizer) -> None:
    answer = planned(responses_exchange("qwen-plus", SPOKEN, tokenizer), stream=False)
    told = body(with_several_texts(answer))
    kinds = [item["type"] for item in told["output"]]
    assert kinds == [item["type"] for item in body(answer.frames)["output"]]
    (message,) = [item for item in told["output"] if item["type"] == "message"]
    assert len(message["content"]) == 2
    assert "".join(part["text"] for part in message["content"]) == TEXT
    assert violations("responses.response", told) == []


def test_a_whole_content_of_the_multimodal_surface_may_have_two_texts(tokenizer: Tokenizer) -> None:
    answer = planned(seen(SPOKEN, tokenizer), stream=False)
    told = body(with_several_texts(answer))
    (choice,) = told["output"]["choices"]
    texts = [part["text"] for part in choice["message"]["content"]]
    assert len(texts) == 2
    assert "".join(texts) == TEXT
    streamed = planned(seen(SPOKEN, tokenizer))
    assert with_several_texts(streamed) == streamed.frames


@pytest.mark.parametrize("several", [with_several_texts, with_several_messages])
def test_short_texts_and_other_dialects_stay_as_they_are(several: Any, tokenizer: Tokenizer) -> None:
    for stream in (True, False):
        for exchange in (anthropic_exchange, responses_exchange):
            answer = planned(exchange("qwen-plus", SHORT, tokenizer), stream=stream)
            assert payloads(several(answer)) == payloads(answer.frames)
        answer = planned(seen(SHORT, tokenizer), stream=stream)
        assert payloads(several(answer)) == payloads(answer.frames)
    for answer in others(tokenizer, SPOKEN):
        assert payloads(several(answer)) == payloads(answer.frames)


# Thoughts.


def test_a_streamed_thought_of_anthropics_may_stand_in_two_blocks(tokenizer: Tokenizer) -> None:
    answer = planned(anthropic_exchange("qwen-plus", SPOKEN, tokenizer))
    told = payloads(with_several_thoughts(answer))
    begun = [one for one in told if one.get("type") == "content_block_start"]
    assert [one["content_block"]["type"] for one in begun] == ["thinking", "thinking", "text", "tool_use"]
    assert [one["index"] for one in begun] == [0, 1, 2, 3]
    pieces = [(one["index"], one["delta"]["thinking"]) for one in told if "thinking" in one.get("delta", {})]
    assert {index for index, _ in pieces} == {0, 1}
    assert "".join(text for _, text in pieces) == "Which leaf?"


def test_a_whole_thought_may_stand_in_two_blocks_or_parts(tokenizer: Tokenizer) -> None:
    blocks = body(
        with_several_thoughts(planned(anthropic_exchange("qwen-plus", SPOKEN, tokenizer), stream=False))
    )
    thoughts = [block["thinking"] for block in blocks["content"] if block["type"] == "thinking"]
    items = body(
        with_several_thoughts(planned(responses_exchange("qwen-plus", SPOKEN, tokenizer), stream=False))
    )
    parts = [part["text"] for item in items["output"] for part in item.get("summary", ())]
    assert len(thoughts) == len(parts) == 2
    assert "".join(thoughts) == "".join(parts) == "Which leaf?"
    assert violations("anthropic.response", blocks) == violations("responses.response", items) == []


def test_where_a_thought_is_one_it_stays(tokenizer: Tokenizer) -> None:
    for answer in (
        *others(tokenizer, SPOKEN),
        planned(responses_exchange("qwen-plus", SPOKEN, tokenizer)),
        planned(anthropic_exchange("qwen-plus", SHORT, tokenizer)),
    ):
        assert payloads(with_several_thoughts(answer)) == payloads(answer.frames)


# Messages.


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_what_is_said_in_a_streamed_response_may_stand_in_two_messages(
    finish: str, tokenizer: Tokenizer
) -> None:
    calls, finish = ((), finish) if finish == "length" else ((CALL,), "tool_calls")
    answer = planned(
        responses_exchange("qwen-plus", Reply((Choice(TEXT, "Which leaf?", calls, finish),)), tokenizer)
    )
    frames = with_several_messages(answer)
    told = payloads(frames)
    assert [one["sequence_number"] for one in told] == list(range(len(answer.frames) + 5))
    assert [frame.data.partition(b"\n")[0] for frame in frames] == [
        b"id:%d" % at for at in range(1, len(told) + 1)
    ]
    output = told[-1]["response"]["output"]
    first, second = [item for item in output if item["type"] == "message"]
    assert [item["type"] for item in output][:3] == ["reasoning", "message", "message"]
    assert (first["status"], second["status"]) == (
        "completed",
        "incomplete" if finish == "length" else "completed",
    )
    assert first["id"] != second["id"]
    for item in (first, second):
        at, text = output.index(item), item["content"][0]["text"]
        own = [
            one
            for one in told
            if one.get("item_id") == item["id"] or one.get("item", {}).get("id") == item["id"]
        ]
        assert {one["output_index"] for one in own} == {at}
        assert "".join(one["delta"] for one in own if "delta" in one) == text
        assert [one["type"].removeprefix("response.") for one in own if "delta" not in one] == [
            "output_item.added",
            "content_part.added",
            "output_text.done",
            "content_part.done",
            "output_item.done",
        ]
    assert first["content"][0]["text"] + second["content"][0]["text"] == TEXT
    done = [one["item"] for one in told if one["type"] == "response.output_item.done"]
    assert done == output
    opened = [one["output_index"] for one in told if one["type"] == "response.output_item.added"]
    assert opened == list(range(len(output)))
    assert sum(frame.tokens for frame in frames) == sum(frame.tokens for frame in answer.frames)
    assert [one for payload in told for one in violations("responses.event", payload)] == []


def test_what_is_said_in_a_whole_response_may_stand_in_two_messages(tokenizer: Tokenizer) -> None:
    answer = planned(responses_exchange("qwen-plus", SPOKEN, tokenizer), stream=False)
    told = body(with_several_messages(answer))
    assert [item["type"] for item in told["output"]] == ["reasoning", "message", "message", "function_call"]
    messages = told["output"][1:3]
    assert "".join(item["content"][0]["text"] for item in messages) == TEXT
    assert len({item["id"] for item in told["output"]}) == 4
    assert violations("responses.response", told) == []


def test_messages_of_anthropics_are_one(tokenizer: Tokenizer) -> None:
    for stream in (True, False):
        answer = planned(anthropic_exchange("qwen-plus", SPOKEN, tokenizer), stream=stream)
        assert with_several_messages(answer) == answer.frames


def test_a_second_message_has_the_same_id_each_time(tokenizer: Tokenizer) -> None:
    answer = planned(responses_exchange("qwen-plus", SPOKEN, tokenizer), stream=False)
    assert with_several_messages(answer) == with_several_messages(answer)
    streamed = planned(responses_exchange("qwen-plus", SPOKEN, tokenizer))
    whole = body(with_several_messages(answer))["output"]
    ended = payloads(with_several_messages(streamed))[-1]["response"]["output"]
    assert [item["id"] for item in whole] == [item["id"] for item in ended]
    assert json.dumps(whole).count("msg_") == 4
