"""Responses rendered: whatever a model says arrives whole, as one body and as a stream."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.responses.render import item_id
from mockserver.dialects.responses.serializer import names
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules.schemas import violations
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from tests import folding
from tests.wire.exchanges import RID, responses_exchange
from tests.wire.strategies import replies

THOUGHT = Choice("Three minutes.", "Green tea is meant.")
CALL = ToolCall("brew_tea", '{"leaf": "sencha"}', "call_1")
CALLED = Choice("", tool_calls=(CALL,), finish_reason="tool_calls")
FILES = {"type": "file_search_call", "queries": ["tea"], "results": []}
MCP = {"type": "mcp_call", "name": "brew", "arguments": "{}", "server_label": "leaves", "output": "A cup."}
FIRST, SECOND = (item_id(RID, name) for name in ("reasoning 0", "content 0"))


def kinds(stream: list[bytes]) -> list[str]:
    """The types of events, without what they all begin with; pieces once."""
    found = [event["type"].removeprefix("response.") for event in folding.response_events(b"".join(stream))]
    return [kind for at, kind in enumerate(found) if not at or kind != found[at - 1]]


def test_a_body_has_the_keys_of_a_live_one_sorted(tokenizer: Tokenizer) -> None:
    exchange = responses_exchange("qwen3.7-plus", Reply((THOUGHT,)), tokenizer, usage=Usage(40, 12, 9))
    assert exchange.body().decode() == (
        '{"background":false,"completed_at":1770000000,"created_at":1770000000,"frequency_penalty":0.0,'
        f'"id":"resp_{RID}","max_output_tokens":null,"metadata":{{}},"model":"qwen3.7-plus","object":"response",'
        f'"output":[{{"id":"{FIRST}","summary":[{{"text":"Green tea is meant.","type":"summary_text"}}],'
        '"type":"reasoning"},{"content":[{"annotations":[],"text":"Three minutes.","type":"output_text",'
        f'"logprobs":null}}],"id":"{SECOND}","role":"assistant","status":"completed","type":"message"}}],'
        '"parallel_tool_calls":true,"presence_penalty":0.0,"reasoning":null,"service_tier":"default",'
        '"status":"completed","store":true,"temperature":1.0,"tool_choice":"auto","tools":[],"top_logprobs":0,'
        '"top_p":1.0,"usage":{"total_tokens":52,"input_tokens_details":{"cached_tokens":0},"output_tokens":12,'
        '"input_tokens":40,"output_tokens_details":{"reasoning_tokens":9},"x_details":[{"total_tokens":52,'
        '"x_billing_type":"response_api","output_tokens":12,"input_tokens":40,'
        '"output_tokens_details":{"reasoning_tokens":9},"prompt_tokens_details":{"cached_tokens":0}}]}}'
    )


def test_every_item_has_an_id_of_the_same_kind(tokenizer: Tokenizer) -> None:
    reply = Reply(
        (replace(THOUGHT, tool_calls=(CALL, CALL), finish_reason="tool_calls"),), acts=(FILES, FILES)
    )
    ids = [
        item["id"] for item in json.loads(responses_exchange("qwen-plus", reply, tokenizer).body())["output"]
    ]
    assert len(set(ids)) == len(ids) == 6
    assert all(len(name) == 40 and name.startswith("msg_") for name in ids)


def test_the_keys_of_a_usage_stand_as_in_a_recorded_event(tokenizer: Tokenizer) -> None:
    body = json.loads(
        responses_exchange("qwen3-coder-plus", Reply((Choice("Tea."),)), tokenizer, usage=Usage(57, 3)).body()
    )
    usage = body["usage"]
    assert list(usage) == [
        "total_tokens",
        "input_tokens_details",
        "output_tokens",
        "input_tokens",
        "output_tokens_details",
        "x_details",
    ]
    (details,) = usage["x_details"]
    assert list(details) == [
        "total_tokens",
        "x_billing_type",
        "output_tokens",
        "input_tokens",
        "prompt_tokens_details",
    ]
    assert usage["output_tokens_details"] == {"reasoning_tokens": 0}


def test_a_plain_stream_in_its_order(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("one two three"),), chunks=("one", " two", " three"))
    exchange = responses_exchange("qwen3-coder-plus", reply, tokenizer)
    events = folding.response_events(b"".join(exchange.stream().frames))
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 3,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert events[-1]["sequence_number"] == 10
    assert list(events[-1])[:3] == ["sequence_number", "type", "response"]
    created, progress = (event["response"] for event in events[:2])
    assert (created["status"], created["model"], created["output"]) == ("queued", "", [])
    assert progress["status"] == "in_progress"
    assert events[3]["part"] == {"type": "output_text", "text": "", "annotations": [], "logprobs": None}
    assert list(events[4]) == [
        "sequence_number",
        "type",
        "content_index",
        "delta",
        "item_id",
        "logprobs",
        "output_index",
    ]


def test_the_frames_of_a_stream(tokenizer: Tokenizer) -> None:
    first, *_, last = (
        responses_exchange("qwen3-coder-plus", Reply((Choice("Tea."),)), tokenizer).stream().frames
    )
    assert first.startswith(
        b'id:1\nevent:response.created\n:HTTP_STATUS/200\ndata:{"sequence_number":0,"type":"response.created",'
    )
    assert last.endswith(b"}\n\n")
    assert b"[DONE]" not in last


@pytest.mark.parametrize(
    ("form", "piece"),
    [
        (None, "reasoning_text"),
        ("current", "reasoning_text"),
        ("summary", "reasoning_summary_text"),
        ("arguments", "reasoning_text"),
    ],
)
def test_a_thought_comes_before_the_message(tokenizer: Tokenizer, form: str | None, piece: str) -> None:
    exchange = responses_exchange("qwen3.7-plus", Reply((THOUGHT,), dialect=form), tokenizer)
    events = folding.response_events(b"".join(exchange.stream().frames))
    assert kinds(exchange.stream().frames) == [
        "created",
        "in_progress",
        "output_item.added",
        f"{piece}.delta",
        f"{piece}.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    added = [event for event in events if event["type"].endswith("item.added")]
    assert [(event["output_index"], event["item"]["type"]) for event in added] == [
        (0, "reasoning"),
        (1, "message"),
    ]
    assert added[0]["item"]["summary"] == []


def test_a_call_comes_whole_with_its_item_or_in_pieces(tokenizer: Tokenizer) -> None:
    whole = responses_exchange("qwen-plus", Reply((CALLED,)), tokenizer).stream()
    assert kinds(whole.frames) == [
        "created",
        "in_progress",
        "output_item.added",
        "output_item.done",
        "completed",
    ]
    assert whole.tokens[3] > 0, "what is not sent in pieces is paced with its item"
    pieces = responses_exchange("qwen-plus", Reply((CALLED,), dialect="arguments"), tokenizer).stream()
    assert kinds(pieces.frames)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    item = folding.response_events(b"".join(pieces.frames))[-2]["item"]
    assert {**item, "id": ""} == {
        "arguments": CALL.arguments,
        "call_id": "call_1",
        "id": "",
        "name": "brew_tea",
        "status": "completed",
        "type": "function_call",
    }


def test_what_tools_of_the_service_did_stands_between_thought_and_message(tokenizer: Tokenizer) -> None:
    reply = Reply((THOUGHT,), acts=(FILES, MCP, {"type": "web_extractor_call", "goal": "tea"}))
    exchange = responses_exchange("qwen3.7-plus", reply, tokenizer)
    body = json.loads(exchange.body())
    assert [item["type"] for item in body["output"]] == [
        "reasoning",
        "file_search_call",
        "mcp_call",
        "web_extractor_call",
        "message",
    ]
    assert body["usage"]["x_tools"] == {
        "file_search": {"count": 1},
        "mcp": {"count": 1},
        "web_extractor": {"count": 1},
    }
    assert body["usage"]["x_details"][0]["plugins"] == body["usage"]["x_tools"]
    frames = exchange.stream().frames
    assert kinds(frames)[6:-6] == [
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.done",
        "mcp_call_arguments.delta",
        "mcp_call_arguments.done",
        "output_item.added",
        "mcp_call.in_progress",
        "mcp_call.completed",
        "output_item.done",
        "output_item.added",
        "output_item.done",
        "output_item.added",
    ]
    assert folding.response_stream(frames).choices == (THOUGHT,)


def test_an_answer_that_is_cut_is_incomplete(tokenizer: Tokenizer) -> None:
    exchange = responses_exchange("qwen-plus", Reply((Choice("Tea", finish_reason="length"),)), tokenizer)
    body = json.loads(exchange.body())
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert body["output"][0]["status"] == "incomplete"
    assert kinds(exchange.stream().frames)[-1] == "incomplete"


def test_an_answer_of_nothing_has_no_items(tokenizer: Tokenizer) -> None:
    exchange = responses_exchange("qwen-plus", Reply((Choice(),)), tokenizer)
    assert json.loads(exchange.body())["output"] == []
    assert kinds(exchange.stream().frames) == ["created", "in_progress", "completed"]


def test_caches_and_pictures_show_in_the_usage(tokenizer: Tokenizer) -> None:
    usage = Usage(1524, 40, 10, cached=1305, created=213, image=300)
    body = json.loads(responses_exchange("qwen3.7-plus", Reply((THOUGHT,)), tokenizer, usage=usage).body())[
        "usage"
    ]
    assert body["input_tokens_details"] == {"image_tokens": 300, "text_tokens": 1224, "cached_tokens": 1305}
    assert body["output_tokens_details"] == {"text_tokens": 30, "reasoning_tokens": 10}
    assert body["x_details"][0]["prompt_tokens_details"] == {
        "cached_tokens": 1305,
        "cache_creation_input_tokens": 213,
        "cache_creation": {"ephemeral_5m_input_tokens": 213},
        "cache_type": "ephemeral",
    }


def test_the_usage_of_a_script_lies_over_it(tokenizer: Tokenizer) -> None:
    reply = Reply((THOUGHT,), usage={"input_tokens": 7, "x_tools": {"mcp": {"count": 2}}})
    usage = json.loads(responses_exchange("qwen3.7-plus", reply, tokenizer).body())["usage"]
    assert (usage["input_tokens"], usage["x_tools"]) == (7, {"mcp": {"count": 2}})


@given(
    reply=replies(most=2), form=st.sampled_from(names()), more=st.sampled_from([(), (FILES,), (MCP, FILES)])
)
def test_bodies_and_events_keep_to_their_schemas(
    tokenizer: Tokenizer, reply: Reply, form: str, more: tuple[dict[str, Any], ...]
) -> None:
    exchange = responses_exchange("qwen3.7-plus", replace(reply, dialect=form, acts=more), tokenizer)
    assert violations("responses.response", json.loads(exchange.body())) == []
    stream = exchange.stream().frames
    for event in folding.response_events(b"".join(stream)):
        assert violations("responses.event", event) == []
    assert folding.response_stream(stream).choices == folding.response_body(exchange.body()).choices
