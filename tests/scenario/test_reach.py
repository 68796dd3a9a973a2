"""Replies that can never be given are found; those that can are left alone."""

import json
from typing import Any

import pytest
from hypothesis import given

from mockserver.catalogue import models as model_catalogue
from mockserver.scenario.reach import covers, warnings
from mockserver.scripts.match import Match
from mockserver.talk.request import ChatRequest
from tests.scenario.playing import playable
from tests.scripts.test_index import matches, requests


def warned(text: str) -> list[str]:
    """The warnings of a scenario."""
    return [str(problem) for problem in warnings(playable(text), model_catalogue.load())]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({}, {"turn": 1}),
        ({"last_user": "tea"}, {"last_user": "tea", "turn": 1}),
        ({"last_user": {"contains": "tea"}}, {"last_user": "green tea"}),
        ({"last_user": {"contains": "tea"}}, {"last_user": {"contains": "green tea"}}),
        ({"system": {"regex": "t.a"}}, {"system": "tea"}),
        ({"model": "qwen-*"}, {"model": "qwen-plus"}),
        ({"tools": ["a"]}, {"tools": ["a", "b"]}),
        ({"header": {"X-A": "1"}}, {"header": {"x-a": "1", "x-b": "2"}}),
        ({"parameters": {"seed": 1}}, {"parameters": {"seed": 1, "n": 2}}),
        ({"conversation": [{"user": {"contains": "a"}}]}, {"conversation": [{"user": "ab"}]}),
        ({"conversation": [{"user": None}]}, {"conversation": [{"user": {"regex": "x"}}]}),
    ],
)
def test_a_reply_behind_a_wider_one_is_never_given(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert covers(wide, narrow)
    assert not covers(narrow, wide)
    text = json.dumps(
        [{"match": wide, "reply": {"content": "a"}}, {"match": narrow, "reply": {"content": "b"}}]
    )
    (warning,) = warned(f"replies: {text}")
    assert "warning: this reply is never given: main.yaml:1 answers all that it matches" in warning


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"last_user": "tea"}, {"system": "tea"}),
        ({"last_user": {"regex": "t"}}, {"last_user": {"contains": "t"}}),
        ({"last_user": {"contains": "t"}}, {"last_user": {"regex": "t"}}),
        ({"model": "qwen-plus"}, {"model": "qwen-*"}),
        ({"header": {"a": "1"}}, {"header": {"b": "1"}}),
        ({"conversation": [{"user": "a"}]}, {"conversation": [{"tool": "a"}]}),
        ({"conversation": [{"user": "a"}]}, {"conversation": [{"user": None}]}),
        ({"turn": 1}, {"turn": 2}),
        ({"system": {"regex": "("}}, {"system": "tea"}),
    ],
)
def test_what_cannot_be_told_is_not_claimed(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert not covers(wide, narrow)


@given(matches, matches, requests)
def test_what_is_covered_never_matches_alone(
    wide: dict[str, Any], narrow: dict[str, Any], request: ChatRequest
) -> None:
    if covers(wide, narrow) and Match.read(narrow).holds("sk-test", request):
        assert Match.read(wide).holds("sk-test", request)


def test_a_reply_with_times_and_one_that_says_the_same_hide_nothing() -> None:
    assert warned("replies: [{reply: {content: a}, times: 1}, {reply: {content: b}}]") == []
    assert warned("replies: [{reply: {content: a}}, {match: {turn: 1}, reply: {content: a}}]") == []


def test_a_reply_is_warned_of_once() -> None:
    assert len(warned("replies: [{reply: {content: a}}, {reply: {content: b}}, {reply: {content: c}}]")) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "replies: [{match: {model: qwen-plis}, reply: {}}]",
            "no model is named 'qwen-plis' (the nearest is 'qwen-plus'",
        ),
        ("replies: [{match: {model: 'gpt-*'}, reply: {}}]", "no model is named 'gpt-*'"),
        (
            "conversations: [{match: {turn: 2}, messages: [{user: a}, {assistant: b}]}]",
            "the conversation has 1 user lines and turn is 2 (take turn out)",
        ),
        (
            "replies: [{reply: [{content: a}, {content: b}], times: 1}]",
            "times is 1: the last 1 of 2 replies are never given",
        ),
    ],
)
def test_a_reply_that_nothing_can_match_is_warned_of(text: str, words: str) -> None:
    (warning,) = warned(text)
    assert words in warning
