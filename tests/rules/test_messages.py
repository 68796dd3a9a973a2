"""What the table of cases does not say of messages and calls."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules import check
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from tests.asking import ask

SYSTEM = {"role": "system", "content": "Be loud."}
ASK = {"role": "user", "content": "Sing."}
SAID = {"role": "assistant", "content": "La."}


def found(request: ChatRequest, errors: Errors) -> list[tuple[str, str]]:
    return [(finding.rule, finding.path) for finding in check(request, errors)]


@pytest.mark.parametrize(
    ("model", "late"),
    [
        ("qwen-plus-character", SYSTEM),
        ("qwen-long", {"role": "system", "content": "fileid://file-fe-1"}),
    ],
)
def test_a_late_system_message_that_is_documented_has_not_moved(
    model: str, late: dict[str, Any], errors: Errors
) -> None:
    assert found(ask([SYSTEM, ASK, SAID, late, ASK], model=model), errors) == []


def test_a_character_may_speak_first_and_go_on(errors: Errors) -> None:
    begun: dict[str, Any] = {"role": "assistant", "content": "Jiang Rang:", "partial": True}
    started = [SYSTEM, SAID, SAID, begun]
    assert found(ask(started, model="qwen-plus-character"), errors) == []
    assert ("messages.no-user", "messages") in found(ask(started, model="qwen-plus"), errors)


def test_a_moved_system_message_is_found_with_those_in_their_place_left_alone(errors: Errors) -> None:
    request = ask([SYSTEM, SYSTEM, ASK, SAID, SYSTEM, ASK], model="qwen-max")
    assert found(request, errors) == [("messages.system-moved", "messages[4].role")]


@pytest.mark.parametrize(
    "text",
    [
        'data: {"error":{"message":"No.","code":"limit_requests"}}',
        'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling"}',
        '{"error":{"message":"No.","type":"a","code":"a"},"id":"chatcmpl-1"}',
    ],
)
def test_each_form_of_an_error_is_told_from_an_answer(text: str, errors: Errors) -> None:
    request = ask([ASK, {"role": "assistant", "content": text}, ASK], model="qwen-max")
    assert found(request, errors) == [("messages.error-as-answer", "messages[1].content")]


@pytest.mark.parametrize("text", ['{"song": "La"}', "data: 3, 4", "The error code is a message."])
def test_an_answer_in_json_is_no_error(text: str, errors: Errors) -> None:
    request = ask([ASK, {"role": "assistant", "content": text}, ASK], model="qwen-max")
    assert found(request, errors) == []


@pytest.mark.parametrize(
    ("surface", "refusal"),
    [
        (COMPAT, None),
        (NATIVE_TEXT, "content.empty"),
        (NATIVE_MULTIMODAL, None),
    ],
)
def test_an_empty_message_is_refused_on_the_native_text_surface_alone(
    surface: Surface, refusal: str | None, errors: Errors
) -> None:
    found = {finding.rule: finding.refusal for finding in check(ask("", surface=surface), errors)}
    refused = found["messages.empty-content"]
    assert (refused and refused.id) == refusal


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),
    [
        ("", "La.", [("messages.empty-content", "messages[0].content")]),
        ("Sing.", "", [("messages.empty-answer", "messages[1].content")]),
    ],
)
def test_an_empty_message_is_found_by_who_said_it(
    asked: str, answered: str, expected: list[tuple[str, str]], errors: Errors
) -> None:
    turn = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    assert found(ask([*turn, ASK]), errors) == expected


def test_two_calls_with_one_id_are_told_apart(errors: Errors) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "sing", "arguments": "{}"}}
    result = {"role": "tool", "content": "Sung.", "tool_call_id": "a"}
    request = ask([ASK, {**SAID, "tool_calls": [call, call]}, result, result], model="qwen-max")
    assert found(request, errors) == [("tools.call-id", "messages[1].tool_calls[1].id")]


@pytest.mark.parametrize(
    ("parameters", "broken"),
    [
        (None, False),
        ([], False),
        ({}, False),
        ({"type": "object", "required": ["a"]}, False),
        ({"type": "object", "required": "a"}, True),
        ({"type": "object", "required": [1]}, True),
        ({"type": "object", "properties": []}, False),
        ({"type": "object", "properties": ["a"]}, True),
        ({"type": "array"}, True),
    ],
)
def test_parameters_of_a_function_are_an_object(parameters: Any, *, broken: bool, errors: Errors) -> None:
    tools = [{"function": {"name": "sing", "parameters": parameters}}]
    expected = [("tools.parameters-schema", "tools[0].function.parameters")] if broken else []
    assert found(ask("Hi", model="qwen-max", tools=tools), errors) == expected


def test_a_system_message_after_a_result_alone_is_late(errors: Errors) -> None:
    result = {"role": "tool", "tool_call_id": "call_1", "content": "fine"}
    assert ("messages.system-moved", "messages[1].role") in found(ask([result, SYSTEM, ASK]), errors)


def test_an_error_that_the_user_quotes_is_no_answer(errors: Errors) -> None:
    quoted = {"role": "user", "content": '{"error":{"message":"m","code":"c"},"request_id":"r"}'}
    answered = {**quoted, "role": "assistant"}
    request = ask([quoted, answered, ASK])
    assert found(request, errors) == [("messages.error-as-answer", "messages[1].content")]


def test_a_call_without_words_is_no_empty_answer(errors: Errors) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "sing", "arguments": "{}"}}
    result = {"role": "tool", "content": "Sung.", "tool_call_id": "a"}
    request = ask([ASK, {"role": "assistant", "content": "", "tool_calls": [call]}, result])
    assert "messages.empty-answer" not in {rule for rule, _ in found(request, errors)}
