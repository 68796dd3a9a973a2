"""Lists of words: what they find, and what cannot be in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.wordlist import WordError, WordList


def test_a_word_is_found_where_it_begins_in_large_and_small_letters() -> None:
    words = WordList(("Tea", "敏感词"))
    assert words.find("Green TEA and tea") == 6
    assert words.find("这是敏感词。") == 2
    assert words.find("Coffee") is None


def test_no_words_find_nothing() -> None:
    assert not WordList()
    assert WordList().find("anything") is None


@given(st.text(), st.text(min_size=1, max_size=10).filter(str.strip), st.text())
def test_a_word_is_found_in_any_text_whatever_its_characters(before: str, word: str, behind: str) -> None:
    found = WordList((word,)).find(before + word + behind)
    assert found is not None
    assert found <= len(before)


ALIKE = "aAsSſkK\u212aiIİıßẞσΣςµμ\u0345ιΙ\u1fbeθϑϴÅ\u212bǅΐ\u1fd3ﬅﬆвВᲀ茶.-^]\\ "
"""Signs that are alike in ways of their own, and some that mean something in a regular expression."""


@given(
    st.lists(st.text(ALIKE, min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=6),
    st.text(ALIKE, max_size=20),
)
def test_the_first_place_is_that_of_a_regular_expression(words: list[str], text: str) -> None:
    begun = re.search("|".join(map(re.escape, words)), text, re.IGNORECASE)
    assert WordList(tuple(words)).find(text) == (None if begun is None else begun.start())


def test_a_thousand_words_that_begin_alike_are_looked_for_at_once() -> None:
    words = WordList(tuple(f"{'a' * 190}{number:04}" for number in range(1000)))
    long = "A" * 200_000
    assert words.find(long) is None
    assert words.find(f"{long}0999{long}") == len(long) - 190


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((" ",), "' ' cannot be blocked: a word has 1 to 200 characters"),
        (("x" * 201,), "'xxxxxxxxxxxxxxxxxxxx' cannot be blocked"),
        (("x",) * 1001, "1001 words are blocked: at most 1000 may be"),
    ],
)
def test_what_cannot_be_blocked_is_explained(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(WordError, match=message):
        WordList(words)
