"""Long texts for the patterns of a room: made of one piece over and over, as no person writes.

A pattern that goes back over them needs minutes where one that grows with its text needs milliseconds: a test
that ends is the proof.
"""

import re
from collections.abc import Iterator
from types import ModuleType

LENGTH = 100_000
"""How long the texts are."""

PIECES = (
    *(
        "\n",
        " ",
        "\n ",
        "a",
        "1",
        "`",
        "[",
        "(",
        '"',
        '\\"',
        ">",
        "*",
        "、",
        "和",
        "a ",
        "a,",
        "- a\n",
        "a:\n",
    ),
    *("a(b)\n", "a(", "a -> ", "`a` (", "```\n"),
)
"""What the texts are made of, beside the words of the pattern itself."""

_RUNS = ("", " ", "\n", "a")
"""What stands behind each word of a pattern, once or without end."""


def patterns(room: ModuleType) -> list[re.Pattern[str]]:
    """All patterns that a module has compiled, alone or beside each other."""
    held = [value if isinstance(value, tuple | list) else [value] for value in vars(room).values()]
    return [each for values in held for each in values if isinstance(each, re.Pattern)]


def over_and_over(piece: str, *, begins: str = "", ends: str = "") -> str:
    """A piece as often as makes a long text."""
    return begins + piece * (LENGTH // len(piece)) + ends


def long_texts(*told: str) -> Iterator[str]:
    """Long texts of all pieces, and of the words that some patterns look for."""
    for piece in PIECES:
        yield over_and_over(piece)
    for word in sorted({word for pattern in told for word in _words(pattern)}):
        for run in _RUNS:
            yield over_and_over(word + run)
            if run:
                yield over_and_over(run, begins=word, ends="!")


def drive(pattern: re.Pattern[str]) -> int:
    """Looks for a pattern everywhere in long texts; says how many were gone through."""
    texts = list(long_texts(pattern.pattern))
    for text in texts:
        for _ in pattern.finditer(text):
            pass
    return len(texts)


def _words(pattern: str) -> list[str]:
    """The words that stand in a pattern, with the signs around them."""
    plain = re.sub(r"\(\?P?[<:=!]+\w*>?|\\([wsSbAZ])|\\n", "|", pattern).replace("\\", "")
    return [word.strip(" ") for word in re.findall(r"[<\[`]*[\[#A-Za-z][#A-Za-z _]{2,}[]:>(]{0,2}", plain)]
