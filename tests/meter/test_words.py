"""Texts are split where the expressions of the vocabularies split them."""

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.meter.words import EXPRESSIONS, Splitter
from tests.meter import library
from tests.wire.strategies import texts

OLDER, NEWER = Splitter(marks=False), Splitter(marks=True)


def test_the_expressions_are_those_of_the_vendor() -> None:
    assert EXPRESSIONS == library.EXPRESSIONS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Say it's 12 o'CLOCK", ["Say", " it", "'s", " ", "1", "2", " o", "'CLOCK"]),
        ("I'LL he’ll", ["I", "'LL", " he", "’ll"]),
        ("IT'\u017f", ["IT", "'\u017f"]),
        ("你好，世界。", ["你好", "，世界", "。"]),
        ("a  b\t\tc \n\n d", ["a", " ", " b", "\t", "\tc", " \n\n", " d"]),
        ("x\u00a0\u00a0y\u3000", ["x", "\u00a0", "\u00a0y", "\u3000"]),
        ("==> !!\n?", ["==>", " !!\n", "?"]),
        ("x²½Ⅷ一", ["x", "²", "½", "Ⅷ", "一"]),
        ("a\x1cb", ["a", "\x1cb"]),
    ],
)
def test_words_and_blanks(text: str, words: list[str]) -> None:
    assert OLDER.words(text) == NEWER.words(text) == words


def test_marks_are_letters_to_the_newer_vocabulary_only() -> None:
    assert OLDER.words("हिन्दी x\u0301y") == ["ह", "िन", "्द", "ी", " x", "\u0301y"]
    assert NEWER.words("हिन्दी x\u0301y") == ["हिन्दी", " x\u0301y"]


@given(st.one_of(texts, st.text(st.characters())))
def test_the_words_of_a_text_join_to_the_text(text: str) -> None:
    assert "".join(OLDER.words(text)) == "".join(NEWER.words(text)) == text


@pytest.mark.parametrize(
    ("kind", "expression"),
    [("letter", r"\p{L}"), ("number", r"\p{N}"), ("mark", r"\p{M}"), ("blank", r"\s")],
)
def test_kinds_of_characters_are_those_of_the_library(kind: str, expression: str) -> None:
    ranges = resources.fixture("kinds")["ranges"][kind]
    listed = {code for first, last in ranges for code in range(first, last + 1)}
    ends = {code for first, last in ranges for code in (first - 1, first, last, last + 1)}
    asked = sorted({*range(0x80, 0xD800), *range(0xE000, 0x10000), *ends, *range(0x10000, 0x110000, 0x100)})
    only = tiktoken.Encoding(
        kind,
        pat_str=expression,
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={},
    )
    found = bytes(only.encode_ordinary("".join(map(chr, asked)))).decode()  # what matches nothing is left out
    assert [*map(ord, found)] == [code for code in asked if code in listed]
