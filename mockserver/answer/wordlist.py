"""Lists of words, found in any text."""

import re
from dataclasses import field

from mockserver.base.values import value

_MOST_WORDS, _MOST_CHARACTERS = 1000, 200


class WordError(ValueError):
    """A word that cannot be blocked; the message shows value, rule and fix."""


@value
class WordList:
    """WordList to be found wherever they stand, large or small letters alike. False when there are none.

    Raises `WordError` for a blank or overlong word, or for too many.
    """

    words: tuple[str, ...] = ()
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises `WordError`."""
        if len(self.words) > _MOST_WORDS:
            msg = f"{len(self.words)} words are blocked: at most {_MOST_WORDS} may be"
            raise WordError(msg)
        for word in self.words:
            if not word.strip() or len(word) > _MOST_CHARACTERS:
                msg = f"{word[:20]!r} cannot be blocked: a word has 1 to {_MOST_CHARACTERS} characters"
                raise WordError(msg)
        pattern = re.compile("|".join(map(re.escape, self.words)), re.IGNORECASE)
        object.__setattr__(self, "_pattern", pattern)

    def __bool__(self) -> bool:
        return bool(self.words)

    def find(self, text: str) -> int | None:
        """Where in a text the first of the words begins; None when none is in it."""
        found = self._pattern.search(text) if self.words else None
        return None if found is None else found.start()
