"""Recorded responses in the words of chat completions, however odd they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.responses.dialect import Responses
from mockserver.dialects.responses.retell import lanes, retold, spoke
from mockserver.recording.fold import fold

CALL = {"type": "function_call", "id": "msg_1", "call_id": "call_1", "name": "brew", "arguments": "{}"}
TOLD = {"index": 1, "id": "call_1", "function": {"name": "brew", "arguments": "{}"}}
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "Tea."}]}
THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}


@pytest.mark.parametrize(
    ("document", "whether"),
    [
        ({"object": "response"}, True),
        ({"type": "response.created"}, True),
        ({"type": "message"}, False),
        ({"object": "chat.completion"}, False),
        ({"type": 7}, False),
    ],
)
def test_who_spoke(document: dict[str, Any], *, whether: bool) -> None:
    assert spoke(document) is whether


def test_a_body_is_one_message() -> None:
    body = {"object": "response", "status": "completed", "output": [THOUGHT, CALL, MESSAGE]}
    said = {"content": "Tea.", "reasoning_content": "Hm.", "tool_calls": [TOLD]}
    assert retold(body) == [{"index": 0, "message": said, "finish_reason": "tool_calls"}]


@pytest.mark.parametrize(
    ("status", "output", "reason"),
    [
        ("completed", [], "stop"),
        ("incomplete", [], "length"),
        ("completed", [CALL], "tool_calls"),
        ("incomplete", [CALL], "length"),
        ("failed", [], None),
        ("queued", [], None),
    ],
)
def test_how_an_answer_ended(status: str, output: list[Any], reason: str | None) -> None:
    event = {"type": f"response.{status}", "response": {"status": status, "output": output}}
    told = [{"index": 0, "delta": {}, "finish_reason": reason}] if reason else []
    assert retold(event) == told


def test_pieces_and_calls() -> None:
    pieces = {
        "response.output_text.delta": "content",
        "response.reasoning_text.delta": "reasoning_content",
        "response.reasoning_summary_text.delta": "reasoning_content",
    }
    for kind, name in pieces.items():
        assert retold({"type": kind, "delta": "Te"}) == [{"index": 0, "delta": {name: "Te"}}]
    done = {"type": "response.output_item.done", "output_index": 1, "item": CALL}
    assert retold(done) == [{"index": 0, "delta": {"tool_calls": [TOLD]}}]
    assert retold({"type": "response.output_text.done", "text": "Tea."}) == []


def test_a_response_that_failed_is_a_failure() -> None:
    error = {"message": "No tea.", "code": "InvalidParameter"}
    body = b'{"object":"response","status":"failed","output":[],"error":%b}'
    stream = (
        b"id:1\nevent:response.failed\n:HTTP_STATUS/200\n"
        b'data:{"type":"response.failed","response":{"status":"failed","error":%b}}\n\n'
    )
    written = b'{"message":"No tea.","code":"InvalidParameter"}'
    for answer in (body % written, stream % written):
        folded = fold(answer, status=200)
        assert folded.error is not None
        assert (folded.error.code, folded.error.message) == (error["code"], error["message"])


def test_a_usage_is_that_of_the_response() -> None:
    dialect, usage = Responses(), {"input_tokens": 1}
    for document in ({"usage": usage}, {"response": {"usage": usage}}):
        assert dialect.holder(document)["usage"] == usage


def test_a_piece_goes_on_in_others_of_its_item() -> None:
    event = {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Te"}
    assert list(lanes(event)) == [(("msg_1", "response.output_text.delta"), event, "delta")]
    assert list(lanes({"type": "response.completed"})) == []


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["message", "reasoning", "function_call", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "content", "summary", "text", "id"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["response.completed", "response.output_item.done", "response.created"])},
        optional=dict.fromkeys(["object", "response", "item", "output", "output_index", "delta"], VALUES),
    ),
    VALUES,
)
def test_what_cannot_be_understood_says_nothing(document: dict[str, Any], output: Any) -> None:
    retold(document)
    retold({"object": "response", "output": output})
    list(lanes(document))


def test_the_dialect_tells_it_again() -> None:
    dialect = Responses()
    event = {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Te"}
    assert dialect.spoke(event)
    assert dialect.retold(event) == [{"index": 0, "delta": {"content": "Te"}}]
    assert [holder for _, holder, _ in dialect.lanes(event)] == [event]
    opening = {"type": "response.output_item.added", "item": {"type": "function_call"}, "output_index": 0}
    assert dialect.opening(opening) == ({}, {"index": 0})


@pytest.mark.parametrize(
    ("document", "schema"),
    [
        ({"response": {}}, "responses.event"),
        ({"object": "response"}, "responses.response"),
        ({"code": "InvalidParameter"}, "native.error"),
    ],
)
def test_a_refusal_has_the_schema_of_its_form(document: dict[str, Any], schema: str) -> None:
    assert Responses().error_schema(document) == schema
