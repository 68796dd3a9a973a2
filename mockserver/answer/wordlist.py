"""Lists of words, found in any text."""

import re
from bisect import bisect
from collections.abc import Mapping
from dataclasses import field
from functools import cache

from mockserver.base.values import value

_MOST_WORDS, _MOST_CHARACTERS = 1000, 200

_STRETCH = 64 * 1024
"""So many characters are folded at once: other threads have their turn in between."""


class WordError(ValueError):
    """A word that cannot be blocked; the message shows value, rule and fix."""


@cache
def _twins() -> Mapping[int, str]:
    """Small letters that are one with an earlier one, as they have one capital letter: ſ with s."""
    first: dict[str, str] = {}
    small = (sign for sign in map(chr, range(0x10000)) if sign.lower() == sign != sign.upper())
    return {ord(sign): found for sign in small if (found := first.setdefault(sign.upper(), sign)) != sign}


def _folded(text: str) -> str:
    """A text in small letters, as long as it was. Two signs are alike when regular expressions say so."""
    stretches = (text[at : at + _STRETCH] for at in range(0, len(text), _STRETCH))
    # İ is the only sign whose small letter would be two.
    return "".join(each.replace("İ", "i").lower().translate(_twins()) for each in stretches)


@value
class WordList:
    """WordList to be found wherever they stand, large or small letters alike. False when there are none.

    Raises `WordError` for a blank or overlong word, or for too many.
    """

    words: tuple[str, ...] = ()
    _sorted: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _begins: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises `WordError`."""
        if len(self.words) > _MOST_WORDS:
            msg = f"{len(self.words)} words are blocked: at most {_MOST_WORDS} may be"
            raise WordError(msg)
        for word in self.words:
            if not word.strip() or len(word) > _MOST_CHARACTERS:
                msg = f"{word[:20]!r} cannot be blocked: a word has 1 to {_MOST_CHARACTERS} characters"
                raise WordError(msg)
        kept: list[str] = []
        for word in sorted(map(_folded, self.words)):
            # Where a longer word begins, the shorter one that it begins with has been found.
            if not kept or not word.startswith(kept[-1]):
                kept.append(word)
        signs = "".join(re.escape(sign) for sign in sorted({word[0] for word in kept}))
        object.__setattr__(self, "_sorted", tuple(kept))
        object.__setattr__(self, "_begins", re.compile(f"[{signs}]" if signs else "(?!)"))

    def __bool__(self) -> bool:
        return bool(self.words)

    def find(self, text: str) -> int | None:
        """Where in a text the first of the words begins; None when none is in it.

        No word begins with another one, so only the last of them that is not behind what stands at a place
        can begin there: however many there are, each place is looked up once.
        """
        if not self.words:
            return None
        folded, words = _folded(text), self._sorted
        for begun in self._begins.finditer(folded):
            at = begun.start()
            near = bisect(words, folded[at : at + _MOST_CHARACTERS])
            if near and folded.startswith(words[near - 1], at):
                return at
        return None
