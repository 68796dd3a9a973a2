"""Long texts in pieces: the pieces are the text, none is too long, and their tokens are the text's own."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.spans import MOST, spans

WORDS = st.lists(
    st.sampled_from(
        [
            *"aB é中文，。 \n\t\r.,'s12٣_-<|>😀",
            "e\u0301",
            "'ll",
            "\u200d",
            "\u0902",
            "  ",
            "\n\n",
            "tea",
            "<|im_end|>",
            "<think>",
        ]
    ),
    max_size=40,
).map("".join)


@given(WORDS, st.integers(1, 12))
def test_the_pieces_are_the_text_and_none_is_longer_than_asked(text: str, most: int) -> None:
    pieces = list(spans(text, most))
    assert "".join(pieces) == text
    assert all(1 <= len(piece) <= most for piece in pieces) or (text, pieces) == ("", [""])


@pytest.mark.parametrize("vocabulary", ["qwen", "qwen3.5"])
@given(text=WORDS, most=st.integers(6, 24))
def test_where_there_is_a_border_the_pieces_have_the_tokens_of_the_text(
    vocabulary: str, text: str, most: int
) -> None:
    working = tokenizers.load(vocabulary)
    pieces = list(spans(text, most))
    # A cut of full length may be one by length alone.
    assume(all(len(piece) < most for piece in pieces[:-1]))
    for read in (working.encode, working.read):
        assert [token for piece in pieces for token in read(piece)] == read(text)


def test_a_run_without_a_border_is_cut_by_its_length() -> None:
    assert list(spans("a" * 10, 4)) == ["aaaa", "aaaa", "aa"]
    assert list(spans(" " * 5, 4)) == ["    ", " "]


def test_a_border_is_looked_for_near_the_end_and_then_everywhere() -> None:
    assert list(spans("one two three", 9)) == ["one two", " three"]
    far = "tea " + "a" * 1_000
    assert next(spans(far, 900)) == "tea"
    assert list(spans("1" * 6, 4)) == ["1111", "11"]


def test_a_short_text_is_its_only_piece() -> None:
    assert list(spans("tea")) == ["tea"]
    assert list(spans("")) == [""]
    assert len(list(spans("tea " * (MOST // 4)))) == 1
    assert len(list(spans("tea " * MOST))) == 5


@pytest.mark.parametrize("vocabulary", ["qwen", "qwen3.5"])
def test_no_marker_has_a_border_inside(vocabulary: str) -> None:
    for marker in resources.fixture("prompt")["added_tokens"][vocabulary]["tokens"]:
        assert next(spans(marker, len(marker) - 1)) == marker[:-1]
