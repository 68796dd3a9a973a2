"""An exchange in short."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.base.jsontext import dumps
from mockserver.catalogue.errors import Errors
from mockserver.faults.reading import read_faults
from mockserver.state.brief import brief, last_message, spoken, system_of, tools_of
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.fault import Fault
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from tests.wire.strategies import json_values

HERE = World("sk-here", "sk-***here")


def entry(body: Any = None) -> Entry:
    content = body if isinstance(body, bytes) else dumps(body or {})
    return Entry("1", HERE, "compat", stream=False, body=content, arrived=100.0)


def asking(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def test_an_exchange_in_short_says_what_it_was_about(errors: Errors) -> None:
    told = entry(asking("Tea?"))
    told.number, told.model, told.usage = 7, "qwen-plus", Usage(5, 7)
    told.reply = Reply((Choice("Oolong."),))
    told.started, told.finished = 100.25, 101.0
    told.fault = read_faults("slow;ms=5", errors).at(0)
    told.findings = (
        Finding("parameters.type", Severity.HARMFUL, "n", "no"),
        Finding("parameters.type", Severity.HARMFUL, "m", "no"),
    )
    assert isinstance(told.fault, Fault)
    assert brief(told) == {
        "number": 7,
        "id": "1",
        "time": 100.0,
        "key": "sk-***here",
        "surface": "compat",
        "endpoint": None,
        "model": "qwen-plus",
        "stream": False,
        "status": 200,
        "answered_by": "mock",
        "findings": ["parameters.type"],
        "fault": str(told.fault),
        "input_tokens": 5,
        "output_tokens": 7,
        "first_byte_ms": 250.0,
        "finished_ms": 1000.0,
        "bytes": len(told.body),
        "asked": "Tea?",
        "answered": "Oolong.",
    }


def test_calls_are_named_and_a_refusal_says_why(errors: Errors) -> None:
    told = entry()
    told.reply = Reply((Choice("", "", (ToolCall("brew", "{}"), ToolCall("pour", "{}"))),))
    assert brief(told)["answered"] == "brew(), pour()"
    told.refusal = errors.refuse("parameter.n-range")
    assert brief(told)["answered"].endswith("Range of n should be [1, 4]")


@pytest.mark.parametrize("body", [b"tea", b"", b"[" * 300 + b"]" * 300, b"1" * 70_000])
def test_a_body_that_is_no_json_or_long_asks_nothing(body: bytes) -> None:
    assert brief(entry(body))["asked"] == ""


def test_a_long_text_is_cut_behind_the_mask_of_the_key() -> None:
    told = brief(entry(asking("x" * 196 + "sk-here" + "y" * 100)))["asked"]
    assert told.startswith("x" * 196 + "sk-")
    assert "sk-here"[:6] not in told
    assert len(told) == 201


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": " a"}], "[image_url] a"),
        ([{"image": "x"}, "b"], "[image]b"),
        ([{}, 7, None], "[part]"),
        (7, ""),
    ],
)
def test_parts_that_are_no_text_are_named(content: Any, text: str) -> None:
    assert last_message(asking(content)) == ("user", text)


@given(json_values)
def test_any_body_is_shown_in_short(body: Any) -> None:
    assert isinstance(brief(entry(dumps(body)))["asked"], str)


@pytest.mark.parametrize(
    ("body", "system", "tools"),
    [
        (
            {
                "messages": [{"role": "system", "content": "You sell tea."}],
                "tools": [{"type": "function", "function": {"name": "brew"}}, {"type": "web_search"}, 7, {}],
            },
            "You sell tea.",
            ["brew", "web_search", "a tool without a name"],
        ),
        (
            {
                "input": {"messages": [{"role": "system", "content": [{"text": "You sell tea."}]}]},
                "parameters": {"tools": [{"type": "function", "function": {"name": "brew"}}]},
            },
            "You sell tea.",
            ["brew"],
        ),
        (
            {"system": [{"type": "text", "text": "You sell tea."}], "tools": [{"name": "brew"}]},
            "You sell tea.",
            ["brew"],
        ),
        ({"instructions": "You sell tea.", "input": "Tea?", "tools": 7}, "You sell tea.", []),
        ({"messages": [{"role": "developer", "content": "You sell tea."}]}, "You sell tea.", []),
        ({"messages": 7}, "", []),
        ("tea", "", []),
    ],
)
def test_every_surface_tells_the_model_who_it_is_and_what_it_may_call(
    body: Any, system: str, tools: list[str]
) -> None:
    assert (system_of(body), tools_of(body)) == (system, tools)


@given(json_values)
def test_system_tools_and_messages_of_any_body_are_found_or_not(body: Any) -> None:
    for wrapped in (body, {"messages": body, "tools": body, "system": body}, {"input": body}):
        assert isinstance(system_of(wrapped), str)
        assert all(isinstance(name, str) for name in tools_of(wrapped))
        assert all(message.get("role") != "system" for message in spoken(wrapped))
