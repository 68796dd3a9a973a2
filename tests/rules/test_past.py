"""A history is held against what the server answered: what repeats it is not found, what does not is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.catalogue import models as model_catalogue
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.read import read_request as read_compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.past import Past, Trail, course_of, heard
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import Part, ToolCall
from tests.asking import ask
from tests.conftest import NOW, make_headers

Turns = list[dict[str, Any]]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def remember(past: Past, trail: Trail, reply: Reply) -> None:
    """An answer, heard and remembered."""
    past.remember(trail, heard(trail, reply))


def talk(past: Past, *turns: tuple[str, str]) -> Turns:
    """A conversation that was held; its history."""
    history: Turns = []
    for asked, answer in turns:
        history.append(user(asked))
        remember(past, past.trace(ask(history)), Reply((Choice(answer),)))
        history.append(said(answer))
    return history


def found(past: Past, messages: Turns, **more: Any) -> list[tuple[str, int]]:
    trail = past.trace(ask(messages, **more))
    return [(how.name.lower(), index) for how, index in trail.deviations]


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def history(past: Past) -> Turns:
    """Three turns that were held."""
    return talk(past, ("A?", "a"), ("B?", "b"), ("C?", "c"))


NEXT = user("D?")
SYSTEM = {"role": "system", "content": "Now."}
Change = Callable[[Turns], Turns]
DEVIATIONS: list[tuple[str, Change, list[tuple[str, int]]]] = [
    ("as it was", lambda h: h, []),
    ("an answer changed", lambda h: [*h[:3], said("other"), *h[4:]], [("changed", 3)]),
    ("an answer stripped", lambda h: [*h[:5], said("c ")], [("changed", 5)]),
    ("an answer dropped", lambda h: [*h[:3], *h[4:]], [("dropped", 3)]),
    ("a turn dropped", lambda h: [*h[:2], *h[4:]], [("dropped", 3)]),
    ("an answer doubled", lambda h: [*h[:2], h[1], *h[2:]], [("doubled", 2)]),
    ("a turn doubled", lambda h: [*h[:2], *h[:2], *h[2:]], [("doubled", 3)]),
    ("turns in another order", lambda h: [*h[:2], *h[4:], *h[2:4]], [("dropped", 3), ("reordered", 5)]),
    ("turns the other way round", lambda h: [*h[4:], *h[2:4], *h[:2]], [("reordered", 3), ("reordered", 5)]),
    ("the oldest turns left out", lambda h: h[2:], []),
    ("a system message", lambda h: [SYSTEM, *h], []),
    ("a change behind a system message", lambda h: [SYSTEM, *h[:3], said("other"), *h[4:]], [("changed", 4)]),
    ("thinking sent back", lambda h: [h[0], {**h[1], "reasoning_content": "Hm."}, *h[2:]], []),
    ("another conversation", lambda _: [user("X?"), said("x"), user("Y?"), said("y")], []),
]


@pytest.mark.parametrize(
    ("name", "change", "deviations"), DEVIATIONS, ids=[name for name, _, _ in DEVIATIONS]
)
def test_what_a_history_does_not_repeat(
    name: str, change: Change, deviations: list[tuple[str, int]], past: Past, history: Turns
) -> None:
    assert found(past, [*change(history), NEXT]) == deviations


def test_a_question_is_asked_again_and_answered_otherwise(past: Past) -> None:
    talk(past, ("A?", "a"))
    assert found(past, [user("A?")]) == []
    talk(past, ("A?", "another a"))
    assert found(past, [user("A?"), said("a"), NEXT]) == []
    assert found(past, [user("A?"), said("another a"), NEXT]) == []


def test_every_choice_may_be_the_one_that_is_kept(past: Past) -> None:
    remember(past, past.trace(ask("A?")), Reply((Choice("one"), Choice("two"))))
    assert found(past, [user("A?"), said("two"), NEXT]) == []
    assert found(past, [user("A?"), said("three"), NEXT]) == [("changed", 1)]
    remember(past, past.trace(ask("A?")), Reply((Choice("two"), Choice("three"))))
    assert found(past, [user("A?"), said("three"), NEXT]) == []


def test_a_continued_text_is_kept_as_a_whole(past: Past) -> None:
    prefix = {"role": "assistant", "content": "La", "partial": True}
    remember(past, past.trace(ask([user("Sing."), prefix])), Reply((Choice(" la"),)))
    assert found(past, [user("Sing."), said("La la"), NEXT]) == []
    assert found(past, [user("Sing."), said(" la"), NEXT]) == [("changed", 1)]


def test_a_text_is_continued_behind_other_turns(past: Past, history: Turns) -> None:
    prefix = {"role": "assistant", "content": "La", "partial": True}
    remember(past, past.trace(ask([*history, user("Sing."), prefix])), Reply((Choice(" la"),)))
    assert found(past, [*history, user("Sing."), said("La la"), NEXT]) == []
    assert found(past, [*history, user("Sing."), said("La"), NEXT]) == [("changed", 7)]


def test_a_question_with_a_picture_is_another_one(past: Past) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/1.png"}}
    look = {"role": "user", "content": [{"type": "text", "text": "Look."}, picture]}
    remember(past, past.trace(ask([look])), Reply((Choice("A cup."),)))
    assert found(past, [look, said("other"), NEXT]) == [("changed", 1)]
    assert found(past, [user("Look."), said("other"), NEXT]) == []


def test_a_result_of_another_call_is_another_one(past: Past) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "sing", "arguments": "{}"}}
    calls = {"role": "assistant", "content": None, "tool_calls": [call]}
    first, second = ({"role": "tool", "content": "Sung.", "tool_call_id": name} for name in ("c1", "c2"))
    remember(past, past.trace(ask([user("A?"), calls, first])), Reply((Choice("Done."),)))
    assert found(past, [user("A?"), calls, first, said("other"), NEXT]) == [("changed", 3)]
    assert found(past, [user("A?"), calls, second, said("other"), NEXT]) == []


@pytest.mark.parametrize(
    ("arguments", "deviations"),
    [
        ('{"a": "é", "b": 0.0}', []),
        ('{"a":"é","b":0}', []),
        ('{"b":0,"a":"\\u00e9"}', []),
        ('{"a": "é", "b": 0.5}', [("changed", 1)]),
        ('{"a": "é"}', [("changed", 1)]),
        ('{"a": ', [("changed", 1)]),
    ],
)
def test_calls_are_the_same_however_their_arguments_are_written(
    arguments: str, deviations: list[tuple[str, int]], past: Past
) -> None:
    call = ToolCall("sing", '{"a": "é", "b": 0.0}', "c1")
    reply = Reply((Choice(tool_calls=(call,), finish_reason="tool_calls"),))
    remember(past, past.trace(ask("A?")), reply)
    sent = {"id": "c1", "type": "function", "function": {"name": "sing", "arguments": arguments}}
    result = {"role": "tool", "content": "Sung.", "tool_call_id": "c1"}
    messages = [user("A?"), {"role": "assistant", "content": None, "tool_calls": [sent]}, result]
    assert found(past, messages) == deviations


def test_beyond_ten_thousand_the_oldest_answers_are_forgotten(past: Past) -> None:
    history = talk(past, ("A?", "a"))
    for number in range(10_000):
        remember(past, Trail(number + 1, number + 1), Reply((Choice(str(number)),)))
    assert found(past, [history[0], said("other"), NEXT]) == []
    assert (len(past._answers), len(past._turns)) == (10_000, 10_000)


def test_the_newest_sixteen_answers_to_one_question_are_remembered(past: Past) -> None:
    for number in range(20):
        remember(past, past.trace(ask("A?")), Reply((Choice(str(number)),)))
    for number in (4, 19):
        assert found(past, [user("A?"), said(str(number)), NEXT]) == []
    for number in (0, 3):
        assert found(past, [user("A?"), said(str(number)), NEXT]) == [("changed", 1)]


TURNS = st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=6)


@given(TURNS)
def test_a_history_that_is_repeated_never_deviates(turns: list[tuple[str, str]]) -> None:
    past = Past()
    history = talk(past, *turns)
    for end in range(1, len(history) + 1, 2):
        assert found(past, history[:end]) == []
    assert found(past, [*history, NEXT]) == []


@given(TURNS, st.data())
def test_a_changed_answer_is_always_found(turns: list[tuple[str, str]], data: st.DataObject) -> None:
    past = Past()
    history = talk(past, *turns)
    index = data.draw(st.integers(0, len(turns) - 1)) * 2 + 1
    history[index] = said(history[index]["content"] + "?")
    assert ("changed", index) in found(past, [*history, NEXT])


def chat(engine: Engine, messages: Turns, key: str = "sk-test") -> tuple[str, list[str]]:
    """What the engine answers, and which rules of the history it finds broken."""
    body = dumps({"model": "qwen-plus", "messages": messages})
    entry = engine.chat(COMPAT, make_headers(key=key), body, arrived=NOW).entry
    assert entry is not None
    assert entry.reply is not None
    return entry.reply.choices[0].content, [found.rule for found in entry.findings]


def test_the_engine_holds_a_history_against_the_answers_of_its_key(engine: Engine) -> None:
    answer, _ = chat(engine, [user("Hi")])
    assert chat(engine, [user("Hi"), said(answer), NEXT])[1] == []
    assert chat(engine, [user("Hi"), said("Not so"), NEXT])[1] == ["history.changed"]
    assert chat(engine, [user("Hi"), NEXT])[1] == ["history.dropped"]
    doubled = [user("Hi"), said(answer), said(answer), NEXT]
    assert chat(engine, doubled)[1] == ["history.doubled"]
    assert chat(engine, [user("Hi"), said("Not so"), NEXT], key="sk-other")[1] == []
    engine.reset("sk-test")
    assert chat(engine, [user("Hi"), said("Not so"), NEXT])[1] == []


def test_the_engine_finds_turns_in_another_order(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(tokenizer=lazy_tokenizer)
    first, _ = chat(engine, [user("A?")])
    held = [user("A?"), said(first), user("B?")]
    second, _ = chat(engine, held)
    swapped = [user("B?"), said(second), user("A?"), said(first), NEXT]
    assert chat(engine, swapped)[1] == ["history.reordered"]


def test_a_conversation_may_outlive_its_turns(past: Past) -> None:
    history = talk(past, ("A?", "a"))
    past._turns.clear()
    assert found(past, [*history, NEXT]) == []


def test_a_picture_that_was_answered_may_come_back_or_not(past: Past) -> None:
    question: Turns = [user("A cup?")]
    trail = past.trace(ask(question))
    remember(past, trail, Reply((Choice("Here:", media=(Part("image", "https://a.example/cup.png"),)),)))
    picture = {"type": "image_url", "image_url": {"url": "https://a.example/cup.png"}}
    seen = {"role": "assistant", "content": [{"type": "text", "text": "Here:"}, picture]}
    for answer in (said("Here:"), seen):
        messages: Turns = [*question, answer, NEXT]
        body = {"model": "qwen-vl-plus", "messages": messages}
        request = read_compat(body, model_catalogue.load()["qwen-vl-plus"], {})
        assert past.trace(request).deviations == ()


@given(TURNS, st.data())
def test_a_course_comes_to_the_same_trail_whatever_was_answered(
    turns: list[tuple[str, str]], data: st.DataObject
) -> None:
    past, messages = Past(), list[dict[str, Any]]()
    for question, answer in turns:
        messages.append(user(question))
        if data.draw(st.booleans(), label="answered"):
            remember(past, past.trace(ask(messages)), Reply((Choice(answer),)))
        messages.append(said(data.draw(st.sampled_from([answer, "tea"]), label="told")))
    request = ask([*messages, user("And now?")])
    course = course_of(request)
    assert past.follow(course) == past.trace(request)
    assert Past().follow(course) == Past().trace(request) == course.trail


@pytest.mark.parametrize(
    ("kept", "deviates"),
    [
        (lambda h: [h[0], said("other")], True),  # what was asked is known, and no turn of it
        (lambda h: h[2:4], False),  # a turn is known, behind which others may follow, and not what was asked
    ],
)
def test_a_course_is_gone_again_where_something_of_it_was_answered(
    kept: Change, past: Past, history: Turns, *, deviates: bool
) -> None:
    request = ask([*kept(history), NEXT])
    trail = past.follow(course_of(request))
    assert trail == past.trace(request) != course_of(request).trail
    assert bool(trail.deviations) is deviates


def test_a_course_is_not_gone_again_where_nothing_of_it_was_answered(
    past: Past, history: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, new = (course_of(ask([*before, user("And now?")])) for before in (history, []))
    gone: list[object] = []
    monkeypatch.setattr(past, "trace", gone.append)
    past.follow(new)
    assert gone == []
    past.follow(known)
    assert gone == [known.request]
