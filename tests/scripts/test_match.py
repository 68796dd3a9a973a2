"""When a scripted reply answers: every condition, what holds it and what just misses it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.scripts.match import Match, MatchError, text_test
from mockserver.talk.request import ChatRequest
from tests.asking import ask
from tests.wire.strategies import texts

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
TIME = {"type": "function", "function": {"name": "get_time"}}
TEA = ask(
    [
        {"role": "system", "content": "You pour tea."},
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Is it hot?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "1", "function": {"name": "feel", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "80 degrees", "tool_call_id": "1"},
        {"role": "user", "content": "Pour me one, please."},
    ],
    stream=True,
    headers={"x-trace": "abc-1", "user-agent": "OpenAI/Python 3.52.0"},
    tools=[WEATHER, TIME],
)
PICTURE = ask("Look.", model="qwen-vl-max", surface=NATIVE_MULTIMODAL)

TALK: list[dict[str, Any]] = [
    {"user": "Is it hot?"},
    {"assistant": ""},
    {"tool": {"contains": "80"}},
    {"user": "Pour me one, please."},
]
"""The conversation of `TEA`."""

CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"surface": "compat"}, {"surface": "native-text"}),
    ({"model": "qwen-plus"}, {"model": "qwen-plus-latest"}),
    ({"model": "qwen-*"}, {"model": "qwen3*"}),
    ({"model": "qwen-p?us"}, {"model": "Qwen-plus"}),
    ({"stream": True}, {"stream": False}),
    ({"turn": 2}, {"turn": 1}),
    ({"last_user": "Pour me one, please."}, {"last_user": "Is it hot?"}),
    ({"last_user": {"contains": "Pour"}}, {"last_user": {"contains": "pour"}}),
    ({"last_user": {"regex": "^Pour .* please\\.$"}}, {"last_user": {"regex": "^Pour$"}}),
    ({"system": "You pour tea."}, {"system": "Be brief."}),
    ({"system": {"contains": "tea"}}, {"system": {"contains": "coffee"}}),
    ({"any_message": "Is it hot?"}, {"any_message": "Is it"}),
    ({"any_message": {"contains": "brief"}}, {"any_message": {"contains": "briefs"}}),
    ({"tool_result": "80 degrees"}, {"tool_result": "Is it hot?"}),
    ({"tool_result": {"regex": "\\d+"}}, {"tool_result": {"regex": "hot"}}),
    ({"tools": ["get_time"]}, {"tools": ["get_time", "get_date"]}),
    ({"tools": ["get_time", "get_weather"]}, {"tools": ["get"]}),
    ({"header": {"X-Trace": "abc-1"}}, {"header": {"X-Trace": "abc"}}),
    (
        {"header": {"user-agent": {"contains": "OpenAI"}, "x-trace": {"regex": "1$"}}},
        {"header": {"user-agent": {"contains": "OpenAI"}, "x-span": {"regex": ""}}},
    ),
    ({"key": "sk-test"}, {"key": "sk-other"}),
    ({"parameters": {"stream": True, "model": "qwen-plus"}}, {"parameters": {"stream": True, "n": 1}}),
    ({"conversation": TALK}, {"conversation": [*TALK[:-1], {"user": "Pour me one."}]}),
    ({"request": TEA.parameters}, {"request": {**TEA.parameters, "temperature": 0.5}}),
]
"""Each condition of a script: one that holds for `TEA`, and one that just misses it."""


def holds(spec: dict[str, Any] | None, request: ChatRequest = TEA, *, key: str = "sk-test") -> bool:
    """Whether a `match` object matches a request."""
    return Match.read(spec).holds(key, request)


@pytest.mark.parametrize(("spec", "miss"), CASES)
def test_a_condition_holds_and_a_near_miss_does_not(spec: dict[str, Any], miss: dict[str, Any]) -> None:
    assert holds(spec)
    assert not holds(miss)


def test_every_condition_of_the_schema_is_tried_here_and_can_be_read() -> None:
    names = set(resources.schema("control.reply")["$defs"]["match"]["properties"])
    assert {name for spec, _ in CASES for name in spec} == names


@pytest.mark.parametrize("spec", [None, {}])
def test_no_condition_matches_everything(spec: dict[str, Any] | None) -> None:
    assert holds(spec)
    assert holds(spec, PICTURE, key="sk-other")


def test_all_conditions_must_hold() -> None:
    assert holds({"stream": True, "turn": 2, "key": "sk-test"})
    assert not holds({"stream": True, "turn": 1, "key": "sk-test"})
    assert not holds({"stream": False, "turn": 2, "key": "sk-test"})
    assert not holds({"stream": True, "turn": 2, "key": "sk-other"})


def test_a_picture_is_matched_by_its_surface_and_the_text_beside_it() -> None:
    assert holds({"surface": "native-multimodal", "last_user": "Look.", "model": "qwen-vl-*"}, PICTURE)
    assert not holds({"tools": ["get_time"]}, PICTURE)
    assert holds({"tools": []}, PICTURE)
    assert not holds({"header": {"x-trace": {"contains": ""}}}, PICTURE)
    assert holds({"system": ""}, PICTURE)


def test_a_regular_expression_that_is_none_is_refused_with_its_place_and_its_fault() -> None:
    with pytest.raises(MatchError) as caught:
        Match.read({"last_user": {"regex": "(tea"}})
    assert str(caught.value) == (
        "match.last_user.regex '(tea' is not a regular expression: "
        "missing ), unterminated subpattern at position 0"
    )
    with pytest.raises(MatchError, match=re.escape("match.header.X-Trace.regex '*'")):
        Match.read({"header": {"X-Trace": {"regex": "*"}}})


@pytest.mark.parametrize(
    ("steps", "matches"),
    [
        ([{"system": None}, {"system": "Be brief."}, *TALK], True),
        ([{"system": "You pour tea."}, *TALK], False),
        ([{"user": None}, {"assistant": None}, {"tool": None}, {"user": None}], True),
        ([{"user": None}, {"tool": None}, {"assistant": None}, {"user": None}], False),
        (TALK[:-1], False),
        ([*TALK, {"assistant": None}], False),
        (TALK[1:], False),
    ],
)
def test_a_conversation_is_matched_step_by_step_from_its_beginning(
    steps: list[dict[str, Any]], *, matches: bool
) -> None:
    assert holds({"conversation": steps}) is matches


def test_what_the_model_said_is_matched_without_the_blanks_around_it_and_a_prefix_is_a_step_of_its_own() -> (
    None
):
    request = ask(
        [
            {"role": "user", "content": "Tea?"},
            {"role": "assistant", "content": "Yes. "},
            {"role": "user", "content": "Which?"},
            {"role": "assistant", "content": "Green", "partial": True},
        ],
        model="qwen-plus",
    )
    steps = [{"user": "Tea?"}, {"assistant": " Yes."}, {"user": "Which?"}, {"prefix": "Green"}]
    assert holds({"conversation": steps}, request)
    assert not holds({"conversation": [*steps[:-1], {"assistant": "Green"}]}, request)


def test_a_request_is_the_same_on_its_own_dialect_only() -> None:
    body = {"model": "qwen-plus", "input": {"prompt": "Tea?"}, "parameters": {"seed": 7}}
    native = ask("Tea?", surface=NATIVE_TEXT, seed=7)
    assert holds({"request": body}, native)
    assert holds({"request": {**body, "input": {"messages": [{"role": "user", "content": "Tea?"}]}}}, native)
    assert not holds({"request": {**body, "model": "qwen-max"}}, native)
    assert not holds({"request": {**body, "parameters": {}}}, native)
    assert not holds({"request": {"model": "qwen-plus", "messages": []}}, native)


def test_a_request_without_messages_cannot_be_matched() -> None:
    with pytest.raises(MatchError, match=re.escape("match.request cannot be matched: it holds no messages")):
        Match.read({"request": {"model": "qwen-plus"}})


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(MatchError, match=re.escape("match.colour is no condition")):
        Match.read({"colour": "green"})


def test_a_match_does_not_show_its_key() -> None:
    assert "sk-secret" not in repr(Match.read({"key": "sk-secret", "turn": 1}))


@given(texts, texts)
def test_a_plain_text_matches_what_is_equal_to_it(spec: str, text: str) -> None:
    test = text_test(spec, name="last_user")
    assert test(spec)
    assert test(text) is (text == spec)
    assert not test(spec + "x")


@given(texts, texts, texts)
def test_contains_matches_wherever_the_part_stands(part: str, before: str, behind: str) -> None:
    test = text_test({"contains": part}, name="last_user")
    assert test(before + part + behind)
    assert test(before) is (part in before)


@given(texts, texts, texts)
def test_a_regular_expression_is_found_anywhere_in_the_text(part: str, before: str, behind: str) -> None:
    test = text_test({"regex": re.escape(part)}, name="last_user")
    assert test(before + part + behind)
    assert test(before) is (part in before)


@given(st.text(max_size=12), texts)
def test_any_pattern_is_either_refused_or_searches(pattern: str, text: str) -> None:
    try:
        test = text_test({"regex": pattern}, name="system")
    except MatchError:
        return
    assert test(text) in (True, False)


def test_a_condition_that_cannot_be_decided_says_so() -> None:
    match = Match.read({"last_user": {"regex": r"^(?=a)(a|aa)+$(?!x)"}})
    with pytest.raises(MatchError, match=r"match.last_user.regex .* went back 20000 times"):
        match.holds("sk-a", ask("a" * 60 + "b"))
