"""What was told: which histories a client may send, and which of them it sent."""

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.told import (
    Told,
    ended,
    fitted,
    likely,
    optional,
    rejoined,
    settled,
    shape_of,
    spoken_over,
    variants,
)
from mockserver.dialects.messages import Placed
from mockserver.talk.request import Message, ToolCall

SAID = Told(role="user", text="Weather?")
CALLING = Told(role="assistant", calls=(ToolCall("weather", "{}", "call_1"),))
RESULT = Told(role="tool", text="fine", call_id="call_1")
HALF = Told(role="assistant", text="It is fine.", beginning=True)
NEXT = Told(role="user", text="Next.")


def sent(history: Sequence[Told]) -> list[Message]:
    return [Message(one.role, one.text, (), one.calls, one.call_id) for one in history]


@pytest.mark.parametrize("groups", range(9))
def test_there_are_variants_of_the_newest_failed_turns_only(groups: int) -> None:
    history = [Told(role="user", text=str(at), group=at + 1) for at in range(groups)]
    assert sum(1 for _ in variants(history)) == 2 ** min(groups, 6)


@pytest.mark.parametrize("turns", [7, 8])
def test_the_older_failed_turns_count_as_gone_and_what_was_answered_stays(turns: int) -> None:
    failed = [Told(role="user", text=f"Bad {at}.", group=at + 1) for at in range(turns)]
    heard = [Told(role="user", text=f"Good {at}.") for at in range(8)]
    for variant in variants([*heard, *failed]):
        assert variant[:8] == heard
        assert set(variant[8:]) <= set(failed[-6:])


def test_the_older_calls_that_the_user_spoke_over_count_as_sent() -> None:
    history: list[Told] = []
    for at in range(8):
        call = ToolCall("weather", "{}", f"call_{at}")
        history = spoken_over(
            [*history, replace(SAID, text=f"{at}?"), replace(CALLING, calls=(call,))], at + 1
        )
    tried = [*variants(history)]
    assert len(tried) == 2**6
    assert all(variant[:6] == history[:6] for variant in tried)


def test_of_a_stopped_answer_the_words_are_tried_without_its_calls() -> None:
    stopped = optional([SAID, replace(TWO, beginning=True)], 0, 1)
    words = replace(stopped[1], calls=())
    tried = {tuple(variant) for variant in variants([*stopped, NEXT])}
    assert tried == {(stopped[0], words, NEXT), (stopped[0], NEXT), (NEXT,)}
    failed = optional([SAID, TWO], 0, 1)
    assert {tuple(variant) for variant in variants([*failed, NEXT])} == {(*failed, NEXT), (NEXT,)}


def test_a_truth_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(SAID, "text", "")  # noqa: B010 - what the types forbid


def test_all_from_a_place_on_is_optional_together() -> None:
    assert optional([SAID, NEXT, NEXT], 1, 7) == [SAID, replace(NEXT, group=7), replace(NEXT, group=7)]


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2)), max_size=20), st.data())
def test_whatever_a_client_may_send_is_found(turns: list[tuple[str, int]], data: st.DataObject) -> None:
    history: list[Told] = []
    chosen: list[Told] = []
    for number, (text, failed) in enumerate(turns):
        turn = [replace(SAID, text=text), CALLING, RESULT, *([HALF] if failed == 2 else [])]
        if failed:
            turn = [replace(told, group=number + 1) for told in turn]
            ends = [0, 1, 3, *([4] if failed == 2 else [])]
            kept = turn[: data.draw(st.sampled_from(ends))]
        else:
            kept = turn
        history += turn
        chosen += kept
    shortened = [replace(told, text=told.text[:3]) if told.beginning else told for told in chosen]
    found = fitted(history, sent(shortened))
    assert found is not None
    assert [replace(told, group=0) for told in found] == [replace(told, group=0) for told in shortened]


@pytest.mark.parametrize(
    "kept",
    [
        [SAID, CALLING, NEXT],  # a call without its result
        [CALLING, RESULT, NEXT],  # a later round without the words
        [SAID, replace(RESULT, call_id="call_2"), NEXT],
        [SAID, replace(HALF, text="fine."), NEXT],
        [SAID],
        [SAID, NEXT, NEXT],
    ],
)
def test_what_no_client_may_send_is_not_found(kept: list[Told]) -> None:
    history = [*optional([SAID, CALLING, RESULT, HALF], 0, 1), NEXT]
    assert fitted(history, sent(kept)) is None


FAILED = optional([SAID, CALLING, RESULT], 0, 1)


@pytest.mark.parametrize(
    ("kept", "meant"),
    [
        ([NEXT], {(*FAILED, SAID, NEXT), (SAID, NEXT)}),  # what is older: with all that failed, or with none
        ([SAID, NEXT], {(*FAILED, SAID, NEXT), (SAID, NEXT)}),
        ([FAILED[0], SAID, NEXT], {(FAILED[0], SAID, NEXT)}),
        ([*FAILED, SAID, NEXT], {(*FAILED, SAID, NEXT)}),
        ([replace(NEXT, text="Wrong.")], set()),
        ([CALLING, RESULT, SAID, NEXT], set()),  # a later round without the words
        ([NEXT, *FAILED, SAID, NEXT], set()),  # more than was told
        ([SAID], set()),
    ],
)
def test_a_history_may_be_sent_from_any_of_its_messages_on(
    kept: list[Told], meant: set[tuple[Told, ...]]
) -> None:
    assert {tuple(one) for one in ended([*FAILED, SAID, NEXT], sent(kept))} == meant


@pytest.mark.parametrize("text", ["", "It", "It is fine. "])
def test_of_an_answer_that_came_whole_no_beginning_will_do(text: str) -> None:
    history = [SAID, replace(HALF, beginning=False), NEXT]
    assert fitted(history, sent([SAID, replace(HALF, text=text), NEXT])) is None


def test_the_whole_of_a_turn_may_be_sent_even_with_a_call_left_open() -> None:
    history = [*optional([SAID, CALLING], 0, 1), NEXT]
    assert fitted(history, sent([SAID, CALLING, NEXT])) == history


def test_a_request_most_likely_means_those_turns_whose_words_are_in_it() -> None:
    history = [
        replace(SAID, text="One.", group=1),
        replace(SAID, text="Two.", group=2),
        replace(HALF, group=2),
    ]
    history.append(NEXT)
    assert likely(history, sent([history[1], replace(NEXT, text="Wrong.")])) == [history[1], NEXT]
    begun = [history[0], history[1], replace(HALF, text="It")]
    assert likely(history, sent(begun)) == history


@pytest.mark.parametrize(
    "other", [Message("user", "It is"), Message("assistant", "", tool_calls=CALLING.calls)]
)
def test_a_stopped_answer_is_likely_there_only_where_the_model_says_words_of_it(other: Message) -> None:
    history = [*optional([SAID, HALF], 0, 1), NEXT]
    assert likely(history, [*sent([SAID]), other]) == [history[0], NEXT]


TWO = replace(CALLING, calls=(*CALLING.calls, ToolCall("time", "{}", "call_2")), text="Let me see.")
CLOSED = [replace(RESULT, text="not done", call_id=call) for call in ("call_1", "call_2")]
WORDS = replace(TWO, calls=())


@pytest.mark.parametrize(
    ("kept", "allowed"),
    [
        ([TWO, *CLOSED], True),
        ([WORDS], True),
        ([], True),
        ([TWO], False),  # both calls without results: the cloud refuses that
        ([TWO, CLOSED[0]], False),
        ([TWO, *CLOSED, CLOSED[1]], False),
        ([TWO, *CLOSED[::-1]], False),
        (CLOSED, False),
    ],
)
def test_calls_that_the_user_spoke_over_have_results_or_are_gone(kept: list[Told], *, allowed: bool) -> None:
    history = [*spoken_over([SAID, TWO], 1), NEXT]
    request = sent([SAID, *kept, NEXT])
    assert (fitted(history, request) is not None) is allowed
    rough = [settled(variant, request) for variant in variants(history)]
    assert any(sent(variant) == request for variant in rough) is allowed


@pytest.mark.parametrize(
    ("kept", "meant"), [([TWO, *CLOSED], [TWO, *spoken_over([TWO], 1)[1:]]), ([WORDS], [WORDS]), ([], [])]
)
def test_open_calls_are_likely_there_where_they_have_results(kept: list[Told], meant: list[Told]) -> None:
    history = [*spoken_over([SAID, TWO], 1), NEXT]
    wanted = [SAID, *(replace(told, open=1) for told in meant), NEXT]
    assert likely(history, sent([SAID, *kept, replace(NEXT, text="Wrong.")])) == wanted


def test_a_result_in_the_clients_own_words_is_the_one_of_its_call() -> None:
    history = [*spoken_over([SAID, TWO], 1), NEXT]
    assert [told.text for told in settled(history, sent([SAID, TWO, *CLOSED[::-1], NEXT]))] == [
        "Weather?",
        "Let me see.",
        "not done",
        "not done",
        "Next.",
    ]
    assert settled([SAID, RESULT], sent([SAID, replace(RESULT, text="other")])) == [SAID, RESULT]


@pytest.mark.parametrize(
    ("kept", "allowed"),
    [
        ([replace(TWO, text="Let")], False),
        ([replace(TWO, text="Let"), *CLOSED], True),
        ([replace(CALLING, text="Let me see."), CLOSED[0]], True),
        ([replace(CALLING, text="Let me see."), CLOSED[1]], False),
        ([replace(WORDS, text="Let")], True),
        ([], True),
    ],
)
def test_of_a_stopped_answer_whole_calls_may_stay_with_results(kept: list[Told], *, allowed: bool) -> None:
    history = [*optional([SAID, replace(TWO, beginning=True)], 0, 1), NEXT]
    assert (fitted(history, sent([SAID, *kept, NEXT])) is not None) is allowed
    assert ([told.role for told in likely(history, sent([NEXT]))] == ["user"]) is True


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        ([], ()),
        (["a", {"text": "b"}, {"image": "data:,"}], ("text", "media")),
        ([{"type": "image_url"}, {"type": "image_url"}, {"type": "text", "text": "b"}], ("media", "text")),
        (
            [{"text": "a"}, {"text": ""}, {"image": ""}, "", {"image": ""}, {"text": "b"}],
            ("text", "media", "text"),
        ),
    ],
)
def test_the_parts_of_a_content_have_an_order(content: list[Any], shape: tuple[str, ...]) -> None:
    assert shape_of(content) == shape


ANSWER = Told(role="assistant", text="Fine: it is noon.", calls=CALLING.calls)


@pytest.mark.parametrize(
    "texts", [["Fine: it is noon."], ["Fine: ", "it is noon."], ["Fine: ", "it ", "is noon."]]
)
def test_an_answer_may_be_sent_in_the_messages_in_which_it_came(texts: list[str]) -> None:
    *before, last = [Message("assistant", text) for text in texts]
    pieces = [*before, replace(last, tool_calls=ANSWER.calls)]
    placed = [Placed(one, f"input[{at}]", ("call",) * len(one.tool_calls)) for at, one in enumerate(pieces)]
    question = Placed(Message("user", "Weather?"), "")
    whole = rejoined([SAID, ANSWER], [question, *placed])
    assert whole == [question, Placed(sent([ANSWER])[0], "input[0]", ("call",))]


def test_each_answer_of_a_history_may_be_sent_in_pieces() -> None:
    first, second = replace(WORDS, text="Let me see."), replace(ANSWER, calls=())
    history = [SAID, first, NEXT, second]
    texts = [("user", "Weather?"), ("assistant", "Let "), ("assistant", "me see."), ("user", "Next.")]
    pieces = [*texts, ("assistant", "Fine: "), ("assistant", "it is noon.")]
    whole = rejoined(history, [Placed(Message(*piece), "") for piece in pieces])
    assert [one.message for one in whole] == sent(history)


@pytest.mark.parametrize(
    "pieces",
    [
        [Message("assistant", "it is noon."), Message("assistant", "Fine: ")],
        [Message("assistant", "Fine: it is noon."), Message("assistant", "Fine: it is noon.")],
        [Message("assistant", "Fine: ", tool_calls=CALLING.calls), Message("assistant", "it is noon.")],
        [Message("user", "Fine: "), Message("assistant", "it is noon.")],
        [Message("assistant", "Fine: "), Message("user", "it is noon.")],
        [Message("assistant", ""), Message("assistant", "Fine: it is noon.")],
        [Message("assistant", "Fine: it is noon."), Message("assistant", "")],
    ],
)
def test_what_is_no_piece_of_an_answer_stays_by_itself(pieces: list[Message]) -> None:
    placed = [Placed(one, "") for one in pieces]
    assert rejoined([SAID, ANSWER], placed) == placed
