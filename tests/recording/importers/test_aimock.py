"""Fixtures of aimock 1.43: what was said becomes a script."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.recording.importers import Scripted, found
from tests.recording.importers.reading import skipped, written

CALL = {"name": "brew", "arguments": '{"a": 1}', "id": "call_1"}


def fixture(match: Any = None, **response: Any) -> dict[str, Any]:
    asked = {"userMessage": "which tea?", "model": "qwen-plus", "turnIndex": 0, "hasToolResult": False}
    return {"match": asked if match is None else match, "response": response}


def script(path: Path) -> dict[str, Any]:
    ((kind, one),) = found(path)
    assert kind == "aimock"
    assert isinstance(one, Scripted)
    return one.script


@pytest.mark.parametrize(
    ("response", "reply"),
    [
        ({"content": "龙井", "usage": {}}, {"content": "龙井"}),
        ({"content": "a", "reasoning": "b"}, {"content": "a", "reasoning_content": "b"}),
        (
            {
                "toolCalls": [
                    {"name": "brew", "arguments": '{"a": 1}', "id": "call_1"},
                    {"name": "pour", "arguments": {"b": 2}},
                ]
            },
            {
                "tool_calls": [
                    {"name": "brew", "arguments": '{"a": 1}', "id": "call_1"},
                    {"name": "pour", "arguments": '{"b":2}'},
                ]
            },
        ),
        (
            {"error": {"message": "m", "type": "invalid_request_error"}, "status": 401},
            {"error": {"status": 401, "code": "invalid_request_error", "message": "m"}},
        ),
        ({"error": {"code": "c"}}, {"error": {"status": 500, "code": "c", "message": ""}}),
    ],
)
def test_what_was_said_is_said_again(tmp_path: Path, response: Any, reply: Any) -> None:
    path = written(tmp_path / "a.json", {"fixtures": [fixture(**response)]})
    assert script(path) == {"match": {"model": "qwen-plus", "last_user": "which tea?"}, "reply": reply}


def test_a_fixture_of_any_model_matches_any(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"fixtures": [fixture({"userMessage": "hi"}, content="a")]})
    assert script(path)["match"] == {"last_user": "hi"}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (fixture({"inputText": "a"}, content="a"), "it matches no text of a user"),
        (fixture(image={"url": "x"}), "it is no chat"),
        ({"match": {}, "response": 5}, "it has no match or no response"),
        (fixture(toolCalls=[{}]), "one of its tool calls has no name"),
        (fixture(error={}, status="x"), "its status is 'x'"),
    ],
)
def test_what_is_no_script_is_skipped(tmp_path: Path, broken: Any, words: str) -> None:
    path = written(tmp_path / "a.json", {"fixtures": [broken]})
    assert words in skipped(path)[0]
