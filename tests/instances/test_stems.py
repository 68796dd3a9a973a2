"""The forms of a word, brought together as far as it goes without a dictionary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.stems import stem

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", max_size=14)


@pytest.mark.parametrize(
    ("forms", "shared"),
    [
        (("calculate", "calculates", "calculated", "calculating", "calculation", "calculator"), "calcul"),
        (("divide", "divides", "divided", "dividing", "divider"), "divid"),
        (("search", "searches", "searched", "searching"), "search"),
        (("carry", "carries", "carried", "carrying"), "carr"),
        (("city", "cities"), "cit"),
        (("Add", "ADDS", "adding"), "add"),
    ],
)
def test_the_forms_of_a_word_begin_alike(forms: tuple[str, ...], shared: str) -> None:
    assert {stem(form)[: len(shared)] for form in forms} == {shared}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("news", "new"),
        ("ring", "ring"),
        ("king", "king"),
        ("bring", "bring"),
        ("string", "str"),
        ("class", "class"),
        ("boss", "boss"),
        ("classes", "class"),
        ("red", "red"),
        ("bees", "bee"),
        ("", ""),
        ("天气", "天气"),
    ],
)
def test_a_word_keeps_what_it_cannot_do_without(word: str, expected: str) -> None:
    assert stem(word) == expected


@given(LETTERS)
def test_a_stem_is_the_beginning_of_its_word_and_not_too_short(word: str) -> None:
    found = stem(word)
    assert word.startswith(found)
    assert len(found) >= min(len(word), 3)
    assert stem(word.upper()) == found


@given(st.text(max_size=10))
def test_any_text_has_a_stem(text: str) -> None:
    assert text.lower().startswith(stem(text))
