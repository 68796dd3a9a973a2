"""`logit_bias`: what must never be said, and what is always said."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.bias import biased
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.tokenizer import Tokenizer
from tests.wire.strategies import texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

TEA, SPACED_TEA, CHA, BLANK = 81594, 15243, 100019, 220
"""The ids of "tea", " tea", "茶" and " "."""

HALF = 122
"""A token that is one byte from within a character."""


def test_the_ids_are_those_of_the_vocabulary(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token(token) for token in (TEA, SPACED_TEA, BLANK)] == [b"tea", b" tea", b" "]
    assert tokenizer.token(CHA) == "茶".encode()
    half = tokenizer.token(HALF)
    assert half is not None
    assert half.decode("utf-8", "ignore") == ""


def test_without_a_bias_of_a_hundred_the_text_stays(tokenizer: Tokenizer) -> None:
    assert biased("Hot tea.", {}, tokenizer) == "Hot tea."
    assert biased("Hot tea.", {str(TEA): -99.5, str(SPACED_TEA): 99, str(CHA): 0}, tokenizer) == "Hot tea."


def test_a_banned_token_does_not_appear_not_even_inside_a_longer_word(tokenizer: Tokenizer) -> None:
    assert biased("A teapot of tea: 绿茶。", {str(SPACED_TEA): -100}, tokenizer) == "A pot of : 绿茶。"
    assert biased("A teapot of tea: 绿茶。", {str(CHA): -100.0}, tokenizer) == "A teapot of tea: 绿。"


def test_what_a_cut_joins_to_a_banned_text_is_cut_too(tokenizer: Tokenizer) -> None:
    assert biased("ttteaeaea.", {str(TEA): -100}, tokenizer) == "."


def test_a_banned_blank_is_a_blank(tokenizer: Tokenizer) -> None:
    assert biased("A cup of tea", {str(BLANK): -100}, tokenizer) == "Acupoftea"


def test_ids_that_are_no_text_ban_nothing_and_force_nothing(tokenizer: Tokenizer) -> None:
    for value in (-100, 100):
        bias = {str(HALF): value, "999999": value, "99999999999999999999999": value}
        assert biased("Hot tea.", bias, tokenizer) == "Hot tea."


def test_a_token_that_is_always_taken_is_a_loop_that_some_length_ends(tokenizer: Tokenizer) -> None:
    assert biased("Hot tea.", {str(CHA): 100}, tokenizer) == "茶" * 32
    assert biased("Hot tea.", {str(CHA): 100}, tokenizer, most=3) == "茶" * 4
    assert tokenizer.head("茶" * 4, 3) == "茶" * 3


def test_of_two_tokens_that_are_always_taken_the_first_is(tokenizer: Tokenizer) -> None:
    assert biased("Hot.", {str(SPACED_TEA): 100, str(CHA): 100}, tokenizer, most=1) == " tea tea"


@given(
    texts,
    st.lists(st.sampled_from([TEA, SPACED_TEA, CHA, BLANK, HALF]) | st.integers(0, 151_642), max_size=5),
)
def test_no_banned_text_is_left_and_only_characters_are_taken_away(text: str, banned: list[int]) -> None:
    left = biased(text, {str(token): -100 for token in banned}, WORKING)
    for token in banned:
        part = (WORKING.token(token) or b"").decode("utf-8", "ignore")
        assert not part or part not in left
    rest = iter(text)
    assert all(char in rest for char in left)
    if not banned:
        assert left == text
