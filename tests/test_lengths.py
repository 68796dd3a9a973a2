"""The patterns of the built-in model that read a user's words take as long as the words.

One call of `re` holds all others until it returns, so none may go back over what it has read. A test that
ends is the proof: at this length a pattern that does would be at it for minutes.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from typing import Any

import pytest

from mockserver import answer, instances
from mockserver.answer.course import any_of
from mockserver.instances.words import _beside

LENGTH = 30_000
"""How long the texts are: longer than most patterns are ever given."""

ELSEWHERE = frozenset({"formats", "prompted", "prompt_tools"})
"""The rooms whose own tests drive their patterns."""

GIVEN: dict[str, list[tuple[str, ...]]] = {
    "any_of": [("complaints", "says"), ("ending", "says"), ("closing", "says")],
    "_beside": [("count",), ("a",), ("1",), ("年",)],
}
"""What the functions are given that make a pattern of something."""

MATCHED = ("words._VALUE", "any_of(results)")
"""The patterns that are looked for at one place only."""

PIECES = (
    *(
        "\n",
        " ",
        "\n ",
        "a",
        "A",
        "1",
        "`",
        "'",
        '"',
        '\\"',
        "[",
        "(",
        "{",
        "<",
        "/",
        "“",
        "「",
        "中",
        "データ",
    ),
    *(
        "a-",
        "1.",
        "1-",
        "1,111,",
        "A-",
        "A ",
        "Ab, ",
        "a.",
        "a ",
        "'a', ",
        "/a",
        "/*",
        "a@",
        "a:",
        "a\n",
        "- a\n",
    ),
)
"""What no person writes over and over."""

_WORD = re.compile(r"[A-Za-z]{3,}|[^\x00-\x7f\W]{2,}")
_ESCAPE = re.compile(r"\\[a-zA-Z]|\(\?P?<?\w*>?")
_MOST_WORDS = 12


def _within(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(each)


def _made(name: str, make: Any) -> Iterator[tuple[str, Any]]:
    """What a function of a module makes that makes patterns."""
    if not signature(make).parameters:
        yield name, make()
        return
    for given in GIVEN[make.__name__]:
        yield f"{name}({','.join(given)})", make(*given)


def _held() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every pattern of the rooms by its name, held in a module or made by a function of it."""
    for room in (answer, instances):
        for found in iter_modules(room.__path__):
            module = import_module(f"{room.__name__}.{found.name}")
            for name, value in vars(module).items() if found.name not in ELSEWHERE else ():
                if getattr(value, "__module__", None) == module.__name__ and callable(value):
                    makes = "Pattern" in str(getattr(value, "__annotations__", {}).get("return"))
                    for made, held in _made(name, value) if makes else ():
                        yield from ((f"{found.name}.{made}", each) for each in _within(held))
                else:
                    yield from ((f"{found.name}.{name}", each) for each in _within(value))


PATTERNS = [*_held(), ("course.any_of(results)", any_of("results", "begins", at_start=True))]


def _long(pattern: str) -> Iterator[str]:
    """Texts of one piece over and over, alone and behind each word of a pattern."""
    words = list(dict.fromkeys(_WORD.findall(_ESCAPE.sub(" ", pattern))))[:_MOST_WORDS]
    for piece in (*PIECES, *words, *(f"{word} " for word in words)):
        yield piece * (LENGTH // len(piece))
    for word in words:
        yield from (f"{word}{sign}{' ' * LENGTH}x" for sign in ("", ":"))


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_a_pattern_takes_as_long_as_its_text(name: str, pattern: re.Pattern[str]) -> None:
    anchored = name.endswith(MATCHED)
    for text in _long(pattern.pattern):
        if anchored:
            pattern.match(text)
        else:
            assert len(list(pattern.finditer(text))) <= len(text) + 1
        pattern.fullmatch(f"{text}!")


def test_no_room_and_no_maker_of_patterns_is_left_out() -> None:
    names = {name.partition("(")[0].rpartition(".")[2] for name, _ in PATTERNS}
    assert names >= {
        "_beside",
        "any_of",
        "_LISTED",
        "_places",
        "_FORMULA",
        "_TOKEN",
        "_directories",
        "_steps",
    }
    assert _beside("count")
