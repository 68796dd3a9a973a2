"""The truth against what is sent: each difference has its name and its place."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.told import Told, optional, spoken_over
from mockserver.contract.truth import Comparison, first_difference, media_of
from mockserver.talk.request import Message, Part, ToolCall

CALL = ToolCall("weather", '{"city": "Rome"}', "call_1")
OTHER = ToolCall("time", "{}", "call_2")
SYSTEM = Told(role="system", text="Be brief.")
HISTORY = [
    SYSTEM,
    Told(role="user", text="Weather?"),
    Told(role="assistant", calls=(CALL, OTHER)),
    Told(role="tool", text="fine", call_id="call_1"),
    Told(role="tool", text="noon", call_id="call_2"),
    Told(role="assistant", text="Fine."),
    Told(role="user", text="Thanks."),
]


def sent(history: list[Told]) -> list[Message]:
    return [
        Message(
            told.role,
            told.text,
            tuple(Part(kind, value) for kind, value in told.media),
            told.calls,
            told.call_id,
            partial=told.partial,
        )
        for told in history
    ]


def found(
    history: list[Told], messages: list[Message], foreign: frozenset[str] = frozenset()
) -> list[tuple[str, str]]:
    compare = Comparison(place="messages", number=1, foreign=foreign)
    return [(failure.requirement, failure.place) for failure in compare.failures(history, messages)]


def test_what_was_said_is_found_right() -> None:
    assert found(HISTORY, sent(HISTORY)) == []


def test_a_message_is_found_where_its_dialect_puts_it() -> None:
    compare = Comparison(place="messages", number=1, places=("system", *[f"m[{at}]" for at in range(6)]))
    messages = sent(HISTORY)
    messages[3] = replace(messages[3], text="rain")
    assert [failure.place for failure in compare.failures(HISTORY, messages)] == ["m[2].content"]


@pytest.mark.parametrize(
    ("said", "written", "requirement"),
    [
        (
            '{"b": [1.0, {"c": null}], "a": "é"}',
            '{"a":"\\u00e9","b":[1,{"c":null}]}',
            "tools.arguments-exact",
        ),
        ('{"a": 1e30}', '{"a":1E30}', "tools.arguments-exact"),  # no whole number of 64 bits
        ('{"a": 1.5}', '{"a": 1}', "tools.arguments"),
        ('{"a": true}', '{"a": 1}', "tools.arguments"),
        ('{"a": "x', '{"a":"x', "tools.arguments"),
    ],
)
def test_arguments_are_written_anew_or_are_others(said: str, written: str, requirement: str) -> None:
    calling = Told(role="assistant", calls=(OTHER, replace(CALL, arguments=said)))
    anew = replace(calling, calls=(OTHER, replace(CALL, arguments=written)))
    (failure,) = found([HISTORY[1], calling], sent([HISTORY[1], anew]))
    assert failure == (requirement, "messages[1].tool_calls[1].function.arguments")


def test_wrong_messages_in_a_row_are_named_each_in_its_place() -> None:
    messages = sent(HISTORY)
    messages[5:] = [replace(messages[5], text="Rain."), replace(messages[6], text="Oh.")]
    assert found(HISTORY, messages) == [
        ("history.text", "messages[5].content"),
        ("history.text", "messages[6].content"),
    ]


def test_one_of_very_many_equal_messages_is_missed_alone() -> None:
    history = [Told(role="user", text="Go on."), Told(role="assistant", text="La.")] * 120
    assert found(history, sent([*history[:121], *history[122:]])) == [("history.complete", "messages")]


def lost(index: int) -> list[Message]:
    return sent([told for at, told in enumerate(HISTORY) if at != index])


@pytest.mark.parametrize(
    ("index", "requirement"),
    [
        (0, "history.system"),
        (1, "history.complete"),
        (2, "tools.calls"),
        (3, "tools.results"),
        (5, "history.complete"),
    ],
)
def test_a_lost_message_is_named_by_what_it_was(index: int, requirement: str) -> None:
    assert found(HISTORY, lost(index)) == [(requirement, "messages")]


def changed(index: int, **fields: Any) -> list[Message]:
    messages = sent(HISTORY)
    messages[index] = replace(messages[index], **fields)
    return messages


@pytest.mark.parametrize(
    ("messages", "failure"),
    [
        (changed(0, text="Be brief"), ("history.system", "messages[0].content")),
        (changed(1, text="Weather"), ("history.text", "messages[1].content")),
        (changed(1, text="alien"), ("history.separate", "messages[1].content")),
        (changed(1, role="assistant"), ("history.roles", "messages[1].role")),
        (changed(1, media=(Part("image", "x"),)), ("media.sent", "messages[1].content")),
        (changed(1, partial=True), ("partial.sent", "messages[1].partial")),
        (changed(2, tool_calls=(CALL,)), ("tools.calls", "messages[2].tool_calls")),
        (
            changed(2, tool_calls=(ToolCall("weather", CALL.arguments, "x"), OTHER)),
            ("tools.ids", "messages[2].tool_calls[0].id"),
        ),
        (
            changed(2, tool_calls=(ToolCall("weather", '{"city":"Rome"}', "call_1"), OTHER)),
            ("tools.arguments-exact", "messages[2].tool_calls[0].function.arguments"),
        ),
        (
            changed(2, tool_calls=(ToolCall("weather", "{", "call_1"), OTHER)),
            ("tools.arguments", "messages[2].tool_calls[0].function.arguments"),
        ),
        (changed(3, text="fine "), ("tools.results", "messages[3].content")),
        (changed(3, tool_call_id="call_2"), ("tools.ids", "messages[3].tool_call_id")),
    ],
)
def test_a_changed_message_is_named(messages: list[Message], failure: tuple[str, str]) -> None:
    assert found(HISTORY, messages, frozenset({"alien"})) == [failure]


def test_a_mark_that_is_missing_or_too_much_is_told() -> None:
    compare = Comparison(place="messages", number=1)
    (surplus,) = compare.failures(HISTORY, changed(5, partial=True))
    assert surplus.message == "this message must not carry partial: true"
    begun = [Told(role="user", text="Go."), Told(role="assistant", text="So", partial=True)]
    (missing,) = compare.failures(begun, sent([begun[0], replace(begun[1], partial=False)]))
    assert missing.message == "this message has to carry partial: true"


@pytest.mark.parametrize(
    ("order", "requirement"),
    [
        ([0, 1, 2, 4, 3, 5, 6], "tools.order"),
        ([0, 6, 2, 3, 4, 5, 1], "history.order"),
        ([1, 0, 2, 3, 4, 5, 6], "history.system"),
    ],
)
def test_messages_in_the_wrong_order(order: list[int], requirement: str) -> None:
    messages = sent(HISTORY)
    ((kind, _),) = found(HISTORY, [messages[at] for at in order])
    assert kind == requirement


def test_what_nobody_said_is_invented_or_was_said_elsewhere() -> None:
    extra = Message("user", "alien")
    assert found(HISTORY, [*sent(HISTORY), extra]) == [("history.invented", "messages[7]")]
    told_elsewhere = found(HISTORY, [*sent(HISTORY), extra], frozenset({"alien"}))
    assert told_elsewhere == [("history.separate", "messages[7]")]
    prefix = Message("assistant", "So", partial=True)
    assert found(HISTORY, [*sent(HISTORY), prefix]) == [("partial.sent", "messages[7]")]


def test_a_result_too_many_is_blamed_on_open_calls_only_where_there_are_some() -> None:
    twice = [*sent(HISTORY[:5]), *sent(HISTORY[4:])]
    assert found(HISTORY, twice) == [("history.invented", "messages[5]")]
    history = [*spoken_over(HISTORY[:3], 1), HISTORY[6]]
    answers = [replace(told, text="not done") for told in HISTORY[3:5]]
    request = sent([*HISTORY[:3], *answers, answers[1], HISTORY[6]])
    assert found(history, request) == [("tools.open", "messages[5]")]
    request = sent([*HISTORY[:3], *answers, HISTORY[6], HISTORY[6]])
    assert found(history, request) == [("history.invented", "messages[6]")]


def test_what_the_user_never_said_is_invented_beside_a_failed_turn_too() -> None:
    history = [*optional([Told(role="user", text="Bad.")], 0, 1), Told(role="user", text="Good.")]
    request = [*sent(history), Message("user", "Oh.")]
    assert found(history, request) == [("history.invented", "messages[2]")]


def test_a_failed_turn_may_be_there_or_not_but_leaves_no_answer() -> None:
    history = [*optional([Told(role="user", text="Bad.")], 0, 1), Told(role="user", text="Good.")]
    whole, short = sent(history), sent(history[1:])
    assert found(history, whole) == found(history, short) == []
    whole.insert(1, Message("assistant", "Sorry."))
    assert found(history, whole) == [("history.failed-turn", "messages[1]")]


def test_a_failed_turn_that_is_sent_wrong_is_held_against_what_was_said() -> None:
    history = [Told(role="user", text="Bad.", group=1), Told(role="user", text="Good.")]
    messages = sent(history)
    messages[0] = replace(messages[0], text="Worse.")
    assert found(history, messages) == [("history.text", "messages[0].content")]


@pytest.mark.parametrize("limit", [None, 5])
def test_a_beginning_is_found_where_the_same_words_come_again(limit: int | None) -> None:
    asked, whole = Told(role="user", text="a"), Told(role="assistant", text="One two three")
    stopped = [replace(asked, group=1), replace(whole, group=1, beginning=True)]
    history = [*stopped, asked, whole, asked]
    begun = [replace(told, text="One") if told.beginning else told for told in history]
    compare = Comparison(place="messages", number=1)
    if limit is None:
        assert compare.failures(history, sent(begun)) == []
        assert compare.failures(history, sent([replace(begun[1], text="No"), *begun[2:]])) != []
    else:
        assert compare.kept(history, sent(begun), most=limit) == []


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_limit_leaves_the_words_of_a_turn_that_failed_where_the_next_has_the_same(kept: int) -> None:
    failed = [replace(told, group=1) for told in (HISTORY[1], replace(HISTORY[2], calls=(CALL,)), HISTORY[3])]
    again = [HISTORY[1], replace(HISTORY[2], calls=(replace(CALL, id="call_3"),))]
    again.append(replace(HISTORY[3], call_id="call_3"))
    compare = Comparison(place="messages", number=1)
    history = [SYSTEM, *failed, *again]
    assert compare.kept(history, sent([SYSTEM, *failed[:kept], *again]), most=6) == []
    assert compare.kept(history, sent([SYSTEM, *failed[:2], *again]), most=6) != []
    assert compare.kept([SYSTEM, *HISTORY[5:], *history[1:]], sent([SYSTEM, *again]), most=3) == []
    assert compare.kept([SYSTEM, HISTORY[1], HISTORY[5], *again], sent([SYSTEM, *again]), most=6) != []


@pytest.mark.parametrize(
    ("history", "requirement", "text"),
    [
        (
            optional([HISTORY[1], replace(HISTORY[2], beginning=True)], 0, 1),
            "history.failed-turn",
            "of an answer that was stopped only whole calls may stay: ",
        ),
        (
            spoken_over(HISTORY[1:3], 1),
            "tools.open",
            "the user spoke over these calls, and they stay whole or go: ",
        ),
    ],
)
def test_calls_that_did_not_stay_whole_are_told_by_the_first_of_them(
    history: list[Told], requirement: str, text: str
) -> None:
    calls = tuple(replace(call, arguments="[]") for call in HISTORY[2].calls)
    messages = sent([HISTORY[1], replace(HISTORY[2], calls=calls), *HISTORY[3:5], HISTORY[6]])
    (failure,) = Comparison(place="messages", number=1).failures([*history, HISTORY[6]], messages)
    assert (failure.requirement, failure.place) == (requirement, "messages[1].tool_calls")
    assert failure.message == text + first_difference(CALL.arguments, "[]")


def test_any_beginning_of_a_stopped_answer_will_do() -> None:
    history = [
        Told(role="user", text="Go.", group=1),
        Told(role="assistant", text="One two three", group=1, beginning=True),
        Told(role="user", text="Next."),
    ]
    for text in ("", "One", "One two three"):
        messages = sent(history)
        messages[1] = replace(messages[1], text=text)
        assert found(history, messages) == []
    assert found(history, sent([history[0], history[2]])) == []
    messages = sent(history)
    messages[1] = replace(messages[1], text="Two")
    assert found(history, messages) != []


def test_a_prefix_has_to_be_sent_and_joined() -> None:
    history = [Told(role="user", text="Go."), Told(role="assistant", text="So be it", joined=True)]
    messages = sent(history)
    messages[1] = replace(messages[1], text=" be it")
    assert found(history, messages) == [("partial.joined", "messages[1].content")]
    begun = [Told(role="user", text="Go."), Told(role="assistant", text="So", partial=True)]
    assert found(begun, sent(begun[:1])) == [("partial.sent", "messages")]
    messages = sent(begun)
    messages[1] = replace(messages[1], text="no")
    assert found(begun, messages) == [("partial.sent", "messages[1].content")]


def test_a_history_is_cut_in_front_of_a_turn() -> None:
    compare = Comparison(place="messages", number=1)
    assert compare.kept(HISTORY, sent(HISTORY), most=6) == []
    assert compare.kept(HISTORY, sent([SYSTEM, HISTORY[-1]]), most=3) == []
    (failure,) = compare.kept(HISTORY, sent([SYSTEM, HISTORY[-1]]), most=6)
    assert failure.requirement == "history.truncation"
    for wrong in (HISTORY, HISTORY[-1:], [SYSTEM, *HISTORY[-3:]], HISTORY[:2]):
        (failure,) = compare.kept(HISTORY, sent(wrong), most=3)
        assert failure.requirement == "history.truncation"


def test_a_history_that_is_cut_well_is_blamed_for_what_else_it_should_be() -> None:
    messages = sent([SYSTEM, *HISTORY[1:]])
    calls = (replace(CALL, arguments='{"city":"Rome"}'), OTHER)
    messages[2] = replace(messages[2], tool_calls=calls)
    (failure,) = Comparison(place="messages", number=1).kept(HISTORY, messages, most=6)
    assert failure.requirement == "tools.arguments-exact"


@pytest.mark.parametrize(("most", "start"), [(1, 4), (2, 4), (3, 2), (4, 2), (5, 0)])
def test_the_newest_turns_that_fit_are_kept_and_no_fewer(most: int, start: int) -> None:
    compare = Comparison(place="messages", number=1)
    texts = [
        ("user", "Hi."),
        ("assistant", "Hello."),
        ("user", "Tea?"),
        ("assistant", "Yes."),
        ("user", "Oh."),
    ]
    history = [SYSTEM, *(Told(role=role, text=text) for role, text in texts)]
    for begin in (0, 2, 4):
        kept = compare.kept(history, sent([SYSTEM, *history[1 + begin :]]), most=most)
        assert [one.requirement for one in kept] == ([] if begin == start else ["history.truncation"])


def test_of_a_running_turn_that_is_too_long_nothing_is_cut_and_all_before_it_is() -> None:
    compare = Comparison(place="messages", number=1)
    begun = [SYSTEM, *[Told(role="user", text="Hi."), Told(role="assistant", text="Hello.")] * 2]
    history = [*begun, *HISTORY[1:5]]
    assert compare.kept(history, sent([SYSTEM, *HISTORY[1:5]]), most=2) == []
    for start in (1, 3):
        (failure,) = compare.kept(history, sent([SYSTEM, *history[start:]]), most=2)
        assert failure.requirement == "history.truncation"


def test_media_are_read_however_they_are_wrapped() -> None:
    parts = (Part("image", {"url": "a"}), Part("audio", {"data": "b"}), Part("image", "c"))
    message = Message("user", "", parts)
    assert media_of(message) == (("image", "a"), ("audio", "b"), ("image", "c"))


@given(st.text(), st.text())
def test_a_difference_is_told_in_characters_that_can_be_seen(said: str, other: str) -> None:
    text = first_difference(said, other)
    assert text.isprintable()
    assert "part at character" in text


def test_characters_are_shown_as_they_are_where_all_of_a_text_can_be_seen() -> None:
    assert first_difference("né", "né\n").startswith("said 'né', sent 'n\\xe9\\n'; they part")


def test_a_text_beyond_eighty_characters_is_shortened() -> None:
    assert first_difference("a" * 78, "b").startswith(f"said '{'a' * 78}', sent 'b'; ")
    assert first_difference("a" * 79, "b").startswith(f"said '{'a' * 79}… (79 characters), sent 'b'; ")


def test_a_wrong_cut_says_how_many_and_the_first_two_reasons() -> None:
    wrong = sent([SYSTEM, HISTORY[1], HISTORY[5], HISTORY[5]])
    (failure,) = Comparison(place="messages", number=1).kept(HISTORY, wrong, most=2)
    assert failure.message == (
        "3 messages beside the system message, at most 2 were asked for; they have to be the newest that "
        "fit, begin with the user and keep calls with their results: said 'Thanks.', sent 'Weather?'; "
        "they part at character 0: 'Thanks.' became 'Weather?'; the assistant's message 'Fine.' was never "
        "said, or was said once and is sent twice"
    )


def test_of_a_difference_eight_characters_are_shown_again() -> None:
    text = first_difference("0123456789abcdef", "01ABCDEFGHIJKLMN")
    assert text.endswith("they part at character 2: '23456789' became 'ABCDEFGH'")


def test_any_number_of_failed_turns_may_stay_or_go_each_by_itself() -> None:
    history = [Told(role="user", text=f"Turn {at}.", group=at) for at in range(1, 15)]
    history[3:3] = [Told(role="assistant", text="Half an answer.", group=3, beginning=True)]
    history.append(Told(role="user", text="Last."))
    kept = [told for told in history if told.group % 3 == 0]
    assert found(history, sent(kept)) == []
    begun = [replace(told, text="Half") if told.beginning else told for told in kept]
    assert found(history, sent(begun)) == []
    assert found(history, sent([told for told in kept if not told.beginning])) == []
    wrong = [*sent(kept)[:-1], Message("user", "Past.")]
    assert found(history, wrong) == [("history.text", f"messages[{len(kept) - 1}].content")]


def test_of_a_turn_that_failed_behind_calls_the_words_may_stay_alone() -> None:
    history = [*optional(HISTORY, 1, 1), Told(role="user", text="Next.")]
    for end in (1, 2, 5, 6, 7):
        assert found(history, sent([*HISTORY[:end], history[-1]])) == []
    for end in (3, 4):
        assert found(history, sent([*HISTORY[:end], history[-1]])) != []


def test_a_prefix_counts_as_one_of_the_messages_that_are_kept_or_not() -> None:
    compare = Comparison(place="messages", number=1)
    history = [*HISTORY, Told(role="assistant", text="You are", partial=True)]
    assert compare.kept(history, sent(history[-2:]), most=2) != []
    assert compare.kept(history, sent([SYSTEM, *history[-2:]]), most=2) == []
    for most in (6, 7):
        assert compare.kept(history, sent(history), most=most) == []
    (failure,) = compare.kept(history, sent(history), most=5)
    assert failure.requirement == "history.truncation"


def test_a_prefix_that_lost_its_mark_says_nothing_of_the_cut() -> None:
    compare = Comparison(place="messages", number=1)
    history = [*HISTORY, Told(role="assistant", text="You are", partial=True)]
    unmarked = [*history[:-1], replace(history[-1], partial=False)]
    (failure,) = compare.kept(history, sent(unmarked), most=6)
    assert failure.requirement == "partial.sent"
    (failure,) = compare.kept(history, sent(unmarked), most=5)
    assert failure.requirement == "history.truncation"
