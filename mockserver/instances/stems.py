"""English word forms brought together, roughly: multiply, multiplies, multiplied, multiplying."""

from mockserver.base.forgetting import memo

_ENDINGS = ("ations", "ation", "ings", "ying", "ing", "ied", "ies", "ed", "es", "er", "or", "s", "y", "e")
_SHORTEST = 3
_WORD = 40
"""How long a word is at most of which the stem is remembered."""


def stem(word: str) -> str:
    """The beginning that the forms of a word share."""
    return _known(word) if len(word) <= _WORD else _stem(word)


def _stem(word: str) -> str:
    word = word.lower()
    if not word.endswith("ss"):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
                return word[: -len(ending)]
    return word


_known = memo(most=4096)(_stem)
