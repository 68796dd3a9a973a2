"""Lists of words: what they find, and what cannot be in them."""

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
