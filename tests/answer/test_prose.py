"""The sentences of the built-in model: which ones it says, and what is filled in."""

from collections.abc import Iterator
from itertools import count, islice, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import prose
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.instances.language import language
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.wire.strategies import texts

LANGUAGES = ("en", "zh", "ja")
CALL = {"id": "call_1", "type": "function", "function": {"name": "brew", "arguments": "{}"}}


def turns(*said: str) -> Messages:
    """A conversation: the user speaks first, then the model and the user by turns."""
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]


def called(result: str) -> Messages:
    """A conversation in which a tool has just answered."""
    return [
        {"role": "user", "content": "Tea?"},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "content": result, "tool_call_id": "call_1"},
    ]


def first_numbers(request: ChatRequest, index: int = 0) -> list[int]:
    return list(islice(prose.numbers(request, index), 200))


def zeros() -> Iterator[int]:
    """Numbers that pick the first of everything."""
    return repeat(0)


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_lexicon_has_the_sentences_of_its_language_and_is_read_once(name: str) -> None:
    words = prose.lexicon(name)
    assert prose.lexicon(name) is words
    assert words.blank == (" " if name == "en" else "")
    for sentence in (*words.first, *words.middle, *words.last, *words.thought, *words.onward):
        filled = sentence.format(model="", topic="", turn=1, before="", result="")
        assert language(filled) == name or name == "ja", sentence


@given(st.lists(st.integers(), min_size=1, unique=True).map(tuple), st.integers(0, 255))
def test_a_pick_is_one_of_the_sentences_and_takes_one_number(values: tuple[int, ...], number: int) -> None:
    sentences = tuple(map(str, values))
    drawn = count(number)
    assert prose.pick(sentences, drawn) == sentences[number % len(sentences)]
    assert next(drawn) == number + 1


@given(texts, st.integers(0, 2**31 - 1), st.integers(0, 3))
def test_the_numbers_are_bytes_that_follow_from_request_and_index(text: str, seed: int, index: int) -> None:
    request = ask(text, seed=seed)
    drawn = first_numbers(request, index)
    assert all(0 <= number < 256 for number in drawn)
    assert drawn == first_numbers(ask(text, seed=seed), index)
    assert drawn != first_numbers(request, index + 1)
    assert drawn != first_numbers(ask(text, seed=seed + 1 if seed < 2**31 - 1 else 0), index)


@pytest.mark.parametrize(
    "changed", [{"temperature": 0.5}, {"top_p": 0.5}, {"seed": 7}, {"presence_penalty": 1.0}]
)
def test_what_samples_changes_the_numbers(changed: dict[str, Any]) -> None:
    assert first_numbers(ask("Tea?", **changed)) != first_numbers(ask("Tea?"))


def test_role_and_place_of_a_text_change_the_numbers() -> None:
    system: Messages = [{"role": "system", "content": "Tea?"}]
    assert first_numbers(ask(system)) != first_numbers(ask("Tea?"))
    assert first_numbers(ask(turns("a", "b", "c"))) != first_numbers(ask(turns("c", "b", "a")))


def test_a_picture_changes_the_numbers() -> None:
    def look(url: str) -> list[int]:
        said = [{"role": "user", "content": [{"image": url}, {"text": "What is this?"}]}]
        return first_numbers(ask(said, model="qwen-vl-max", surface=NATIVE_MULTIMODAL))

    assert look("https://example.com/cup.png") == look("https://example.com/cup.png")
    assert look("https://example.com/cup.png") != look("https://example.com/pot.png")


def test_a_first_answer_speaks_of_the_topic_and_of_nothing_before() -> None:
    assert prose.answer(ask("What is\n tea?"), zeros()) == (
        "This is a mock answer from qwen-plus. "
        'You wrote "What is tea?", and that is what this reply is about. '
        "The words are made up, yet the shape is real. "
        "Is there anything else you would like to test?"
    )


def test_a_later_answer_knows_the_turn_and_what_was_said() -> None:
    assert prose.answer(ask(turns("Tea?", "Hot.", "Why?")), zeros()) == (
        "This is a mock answer from qwen-plus. "
        'You wrote "Why?", and that is what this reply is about. '
        'We are now in turn 2 of this conversation; before that you said "Tea?". '
        "The words are made up, yet the shape is real. "
        "Is there anything else you would like to test?"
    )


def test_an_answer_behind_a_tool_repeats_what_the_tool_said() -> None:
    said = prose.answer(ask(called("80  degrees,\n3 minutes")), zeros())
    assert "The tool answered: 80 degrees, 3 minutes" in said
    assert "turn" not in said


def test_an_answer_has_one_to_three_sentences_in_its_middle_and_none_twice() -> None:
    middle = prose.lexicon("en").middle
    for steps in range(3):
        said = prose.answer(ask("Tea?"), iter([0, 0, 9, steps, 0]))
        assert sum(sentence in said for sentence in middle) == steps + 1
        assert middle[9] in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 40, "a" * 40),
        ("a" * 41, "a" * 40 + "…"),
        ("a" * 39 + " b", "a" * 39 + "…"),
        (" \n ", "…"),
        ("{turn}", "{turn}"),
    ],
)
def test_a_topic_is_one_line_of_forty_characters(text: str, shown: str) -> None:
    assert f'You wrote "{shown}", and' in prose.answer(ask(text), zeros())


def test_a_result_is_shown_with_two_hundred_characters() -> None:
    said = prose.answer(ask(called("b" * 201)), zeros())
    assert "The tool answered: " + "b" * 200 + "… " in said


def test_a_conversation_without_a_user_is_in_its_first_turn() -> None:
    request = ask([{"role": "system", "content": "Speak."}])
    assert 'You wrote "…", and' in prose.answer(request, zeros())
    assert prose.thought(request).startswith('The user wrote "…". This is turn 1 of')


@pytest.mark.parametrize(("text", "name"), [("Tea?", "en"), ("什么是茶？", "zh"), ("お茶とは？", "ja")])
def test_thinking_says_all_its_sentences_in_order(text: str, name: str) -> None:
    words = prose.lexicon(name)
    sentences = [sentence.format(topic=text, turn=1) for sentence in words.thought]
    assert prose.thought(ask(text)) == words.blank.join(sentences)


def test_a_text_goes_on_in_its_own_language_or_else_in_that_of_the_user() -> None:
    english, chinese = prose.lexicon("en"), prose.lexicon("zh")
    request = ask("Tea?")
    assert prose.onward(request, "It is", zeros()) == " ".join(
        [english.onward[0], english.middle[0], english.middle[3]]
    )
    assert prose.onward(request, "茶是", zeros()) == "".join(
        [chinese.onward[0], chinese.middle[0], chinese.middle[3]]
    )
    assert prose.onward(ask("什么是茶？"), "", zeros()) == prose.onward(request, "茶是", zeros())


@given(texts, texts, st.integers(0, 2**31 - 1))
def test_any_words_are_answered_in_their_language_and_nothing_is_left_to_fill_in(
    text: str, before: str, seed: int
) -> None:
    request = ask(turns(before, "Yes.", text), seed=seed)
    said = prose.answer(request, prose.numbers(request, 0))
    openings = [sentence.format(model="qwen-plus") for sentence in prose.lexicon(language(text)).first]
    assert said.startswith(tuple(openings))
    left = said.replace(" ".join(text.split())[:40].rstrip(), "").replace(
        " ".join(before.split())[:40].rstrip(), ""
    )
    assert not any(name in left for name in ("{model}", "{topic}", "{turn}", "{before}", "{result}"))
