"""One exchange as a test sees it, whatever was asked."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.testing.exchange import Exchange
from tests.wire.strategies import json_values


def exchange(body: Any = None, **more: Any) -> Exchange:
    """An exchange with this body; the rest is what a short chat has."""
    shown = {
        "number": 3,
        "surface": "compat",
        "model": "qwen-plus",
        "stream": True,
        "status": 200,
        "body": body,
        "answer": [{"content": "Oolong.", "finish_reason": "stop"}, {"content": "Green."}],
        "error": None,
        "usage": None,
        "findings": ({"rule": "a"},),
        "answered_by": "reply-1",
    }
    return Exchange({**shown, **more})


def said(*messages: tuple[str, Any]) -> list[dict[str, Any]]:
    """Messages by their roles."""
    return [{"role": role, "content": content} for role, content in messages]


@pytest.mark.parametrize(
    ("body", "last_user"),
    [
        ({"messages": said(("user", "a"), ("assistant", "b"), ("user", "c"), ("tool", "d"))}, "c"),
        ({"input": {"messages": said(("user", [{"image": "x"}, {"text": "Tea?"}]))}}, "[image]Tea?"),
        ({"input": {"prompt": "Tea?"}}, "Tea?"),
        ({"messages": said(("system", "a"), ("assistant", "b"))}, ""),
        ({"messages": said(("user", None))}, ""),
        ({"messages": [7]}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_last_user_is_the_last_that_a_user_said(body: Any, last_user: str) -> None:
    assert exchange(body).last_user == last_user


def test_the_answer_is_the_first_choice() -> None:
    made = exchange()
    assert made.answer == "Oolong."
    assert made.choices == [{"content": "Oolong.", "finish_reason": "stop"}, {"content": "Green."}]
    assert made.findings == [{"rule": "a"}]


@pytest.mark.parametrize("answer", [None, []])
def test_without_an_answer_there_is_none(answer: Any) -> None:
    made = exchange(answer=answer)
    assert (made.answer, made.choices, made.usage) == ("", [], {})


def test_it_is_named_by_its_last_message_and_its_answer_both_cut() -> None:
    made = exchange(
        {"messages": said(("user", "a"), ("tool", "b" * 61))},
        answer=[{"content": "c" * 61}],
        model=None,
        status=404,
    )
    assert repr(made) == f"<Exchange 3 None tool: {'b' * 60!r} -> 404 {'c' * 60!r}>"


def test_two_exchanges_are_the_same_when_all_of_them_is() -> None:
    assert exchange() == exchange()
    assert exchange() != exchange(number=4)


@given(json_values)
def test_no_body_is_too_odd_to_be_looked_at(body: Any) -> None:
    for made in (exchange(body), exchange({"messages": body}), exchange({"messages": [body]})):
        assert repr(made).startswith("<Exchange 3 qwen-plus ")
        assert not made.last_user or "user" in [message.get("role") for message in made.messages]
