"""Names in sentences: what a misspelt one probably meant, and how many there are of one."""

from collections.abc import Iterable
from difflib import get_close_matches

_SEEN = 80
_LIKE = 0.5


def _closest(name: object, known: Iterable[str], likeness: float) -> list[str]:
    """The closest known name, if one is that like, of 0 to 1; case does not count, the first of equals wins.

    Only the first 80 characters are looked at: a name comes from outside, and likeness costs its square.
    """
    names = {candidate.casefold(): candidate for candidate in reversed(list(known))}
    found = get_close_matches(str(name)[:_SEEN].casefold(), names, n=1, cutoff=likeness)
    return [names[folded] for folded in found]


def nearest(name: object, known: Iterable[str]) -> str:
    """The known name that is most like one that is not. Raises `IndexError` when nothing is known."""
    return _closest(name, known, 0.0)[0]


def meant(name: object, known: Iterable[str]) -> str | None:
    """The known name that an unknown one is so like that it must be a slip; None when there is none."""
    return next(iter(_closest(name, known, _LIKE)), None)


def several(number: int, noun: str) -> str:
    """A number of things in words: `1 recording`, `2 recordings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
