"""Which tool message answers which call: by id, or by order where an older client names none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.rules.pairing import Kind, pairs
from mockserver.talk.request import Message, ToolCall

ASK = Message("user", "Sing.")


def calls(*ids: str) -> Message:
    return Message("assistant", "", tool_calls=tuple(ToolCall("sing", "{}", call) for call in ids))


def result(call_id: str | None = None, role: str = "tool") -> Message:
    return Message(role, "Sung.", tool_call_id=call_id)


@pytest.mark.parametrize(
    ("messages", "named", "found"),
    [
        ([calls("a"), result("a")], True, []),
        ([calls("a"), result("a"), ASK], True, []),
        ([result("a")], True, [(Kind.WITHOUT_CALL, 0)]),
        ([result("a", "function")], True, []),
        ([result("a", "function"), result("a")], True, [(Kind.WITHOUT_CALL, 1)]),
        ([calls("a"), result("a"), ASK, result("a")], True, [(Kind.WITHOUT_CALL, 3)]),
        ([calls("a"), result()], True, [(Kind.UNKNOWN_ID, 1), (Kind.WITHOUT_RESULT, 0)]),
        ([calls("a"), result()], False, []),
        ([calls("a"), result(), result()], False, [(Kind.DUPLICATE_ID, 2)]),
        ([calls("a", "b"), result()], False, [(Kind.WITHOUT_RESULT, 0)]),
        ([calls("a"), result(role="function")], True, []),
        ([calls("a", "b"), result("b"), result("a")], True, [(Kind.OUT_OF_ORDER, 1)]),
        ([calls("a", "a"), result("a"), result("a")], True, []),
        ([calls("a")], True, [(Kind.WITHOUT_RESULT, 0)]),
        ([calls("a"), ASK, result("a")], True, [(Kind.WITHOUT_RESULT, 0), (Kind.WITHOUT_CALL, 2)]),
        ([calls("a"), calls("b"), result("b")], True, [(Kind.WITHOUT_RESULT, 0)]),
    ],
)
def test_what_does_not_fit_is_found_at_its_message(
    messages: list[Message], *, named: bool, found: list[tuple[Kind, int]]
) -> None:
    assert list(pairs(messages, named=named)) == found


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4, unique=True), max_size=5))
def test_calls_that_are_answered_in_order_always_fit(turns: list[list[str]]) -> None:
    messages = [ASK]
    for ids in turns:
        messages += [calls(*(f"c{call}" for call in ids)), *(result(f"c{call}") for call in ids), ASK]
    assert list(pairs(messages, named=True)) == []


MESSAGES = st.sampled_from([ASK, calls("a"), calls("a", "b"), result("a"), result("b"), result(None)])


@given(messages=st.lists(MESSAGES, max_size=10), named=st.booleans())
def test_whatever_is_sent_is_judged(messages: list[Message], *, named: bool) -> None:
    for _, index in pairs(messages, named=named):
        assert messages[index].tool_calls or messages[index].role == "tool"


class Counted(str):
    """An id that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "from the last"])
def test_a_result_costs_the_same_however_many_calls_there_are(*, turned: bool) -> None:
    def cost(number: int) -> int:
        ids = [Counted(f"call-{index}") for index in range(number)]
        results = [result(Counted(f"call-{index}")) for index in range(number)]
        Counted.compared = 0
        found = list(pairs([calls(*ids), *(results[::-1] if turned else results)], named=True))
        assert len(found) == (number - 1 if turned else 0)
        return Counted.compared

    assert cost(400) <= 4 * cost(100) + 100
