"""Whole conversations, held against a transcript or against the body of a request."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.scripts.conversation import Lead, conversation_test, kind, messages_of, request_test, said
from mockserver.scripts.match import text_test
from mockserver.talk.request import ChatRequest, Message
from tests.asking import ask, body_of
from tests.wire.strategies import json_values


def holds(steps: Sequence[dict[str, Any]], request: ChatRequest) -> bool:
    """Whether a conversation is these steps."""
    return conversation_test(steps, lambda text: text_test(text, name="conversation"))(request)


def told(*messages: tuple[str, str]) -> list[dict[str, Any]]:
    """Messages by their roles."""
    return [{"role": role, "content": content} for role, content in messages]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Message("system", "s"), "system"),
        (Message("developer", "s"), "system"),
        (Message("user", "u"), "user"),
        (Message("user", "u", partial=True), "user"),
        (Message("assistant", "a"), "assistant"),
        (Message("assistant", "a", partial=True), "prefix"),
        (Message("tool", "t"), "tool"),
    ],
)
def test_a_message_is_named_by_its_role_or_as_a_prefix(message: Message, expected: str) -> None:
    assert kind(message) == expected


def test_instructions_count_only_where_they_are_asked_for() -> None:
    request = ask(told(("system", "s"), ("user", "u"), ("system", "late")))
    assert [message.text for message in said(request, system=True)] == ["s", "u", "late"]
    assert [message.text for message in said(request, system=False)] == ["u"]


@pytest.mark.parametrize(
    ("steps", "matches"),
    [
        ([{"user": "Tea?"}, {"assistant": "Yes."}, {"user": " Which? "}], True),
        ([{"user": "Tea?"}, {"assistant": "  Yes.\n"}, {"user": " Which? "}], True),
        ([{"user": "Tea?"}, {"assistant": "Yes."}, {"user": "Which?"}], False),
        ([{"user": {"contains": "Te"}}, {"assistant": {"regex": "^Yes.$"}}, {"user": None}], True),
        ([{"user": None}, {"assistant": None}], False),
        ([{"user": None}, {"user": None}, {"user": None}], False),
        ([{"system": "Be brief."}, {"user": None}, {"assistant": None}, {"user": None}], True),
        ([{"system": "Be long."}, {"user": None}, {"assistant": None}, {"user": None}], False),
        ([{"user": None}, {"system": None}, {"assistant": None}, {"user": None}], False),
        ([], False),
    ],
)
def test_a_conversation_is_its_steps_in_order_and_no_more(
    steps: list[dict[str, Any]], *, matches: bool
) -> None:
    talk = ask(told(("system", "Be brief."), ("user", "Tea?"), ("assistant", " Yes. "), ("user", " Which? ")))
    assert holds(steps, talk) is matches


def test_a_prefix_is_a_step_of_its_own() -> None:
    request = ask([*told(("user", "Tea?")), {"role": "assistant", "content": "Gr", "partial": True}])
    assert holds([{"user": None}, {"prefix": "Gr"}], request)
    assert not holds([{"user": None}, {"assistant": "Gr"}], request)


TALKS = st.lists(
    st.tuples(st.sampled_from(["user", "assistant"]), st.text("ab ", min_size=1, max_size=3)),
    min_size=1,
    max_size=4,
)


@given(one=TALKS, other=TALKS)
def test_a_conversation_holds_for_itself_and_for_no_other(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    def levelled(talk: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(role, text.strip() if role == "assistant" else text) for role, text in talk]

    steps = [{role: text} for role, text in one]
    assert holds(steps, ask(told(*one)))
    assert holds(steps, ask(told(*other))) is (levelled(one) == levelled(other))


def test_the_messages_of_a_body_are_read_in_either_dialect() -> None:
    expected = (Message("user", "Tea?"),)
    for body in ({"messages": told(("user", "Tea?"))}, {"input": {"messages": told(("user", "Tea?"))}}):
        assert messages_of(body) == expected
    assert messages_of({"input": {"prompt": "Tea?"}}) == expected


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "KeyError('messages')"),
        ({"messages": None}, "TypeError("),
        ({"messages": [5]}, "TypeError("),
        ({"messages": [{"content": "a"}]}, "KeyError('role')"),
        ({"input": 5}, "Error("),
    ],
)
def test_a_body_without_messages_is_explained(body: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^it holds no messages that can be read \\(.*{re.escape(fault)}"):
        request_test(body)


@given(json_values)
def test_no_body_is_too_odd_for_messages_or_a_clear_error(value: Any) -> None:
    for body in (
        {"messages": value},
        {"messages": [value]},
        {"input": value},
        {"input": {"messages": value}},
    ):
        try:
            read = messages_of(body)
        except ValueError:
            continue
        assert isinstance(read, tuple)


BODY = body_of("Tea?", model="qwen-plus", parameters={"temperature": 0.5})
NATIVE = body_of("Tea?", model="qwen-plus", surface=NATIVE_TEXT, parameters={"top_p": 0.5})


def test_a_request_is_the_same_when_all_of_its_body_is() -> None:
    request = ask("Tea?", temperature=0.5)
    assert request_test(BODY)(request)
    assert not request_test({**BODY, "temperature": 0.6})(request)
    assert not request_test({**BODY, "model": "qwen-max"})(request)
    assert not request_test({**BODY, "stream": True})(request)
    assert not request_test({**BODY, "messages": told(("user", "Tea!"))})(request)


def test_a_native_request_has_its_model_beside_its_parameters() -> None:
    request = ask("Tea?", surface=NATIVE_TEXT, top_p=0.5)
    assert request_test(NATIVE)(request)
    assert not request_test({**NATIVE, "model": "qwen-max"})(request)
    assert not request_test({**NATIVE, "parameters": {}})(request)
    assert not request_test({**NATIVE, "input": {"prompt": "Tea!"}})(request)


def test_a_request_of_one_dialect_is_none_of_the_other() -> None:
    plain = body_of("Tea?", model="qwen-plus")
    assert not request_test(plain)(ask("Tea?", surface=NATIVE_TEXT))
    assert not request_test({**NATIVE, "parameters": {}})(ask("Tea?"))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["system", "user", "assistant", "tool", "prefix"]), st.none() | st.text("ab")
    ).map(lambda pair: {pair[0]: pair[1]}),
    min_size=1,
)


@given(STEPS, st.integers(-3, 3))
def test_a_lead_is_the_list_of_its_steps(steps: list[dict[str, Any]], at: int) -> None:
    lead = Lead.of(steps)
    assert lead is not None
    assert Lead.of(lead) is lead
    assert (list(lead), len(lead), lead[-1]) == (steps, len(steps), steps[-1])
    assert [len(each) for each in lead.back()] == [*range(len(steps), 0, -1)]
    assert lead[at:] == steps[at:]
    assert lead.opens_with_system == ("system" in steps[0])


def test_no_steps_are_no_lead() -> None:
    assert Lead.of([]) is None


def test_what_two_leads_have_in_common_is_read_once() -> None:
    read: list[Any] = []

    def test(text: Any) -> Any:
        read.append(text)
        return lambda _: True

    lead = None
    for number in range(50):
        lead = Lead(lead, {"user": f"Cup {number}?"})
        conversation_test(lead, test)
    assert read == [f"Cup {number}?" for number in range(50)]
