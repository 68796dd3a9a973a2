"""English word forms brought together, roughly: multiply, multiplies, multiplied, multiplying."""

_ENDINGS = ("ations", "ation", "ings", "ying", "ing", "ied", "ies", "ed", "es", "er", "or", "s", "y", "e")
_SHORTEST = 3


def stem(word: str) -> str:
    """The beginning that the forms of a word share."""
    word = word.lower()
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
