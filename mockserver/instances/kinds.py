"""What kind of thing a property holds, by its name and description, and made-up things of each kind.

The tables are data (`fixtures/instances.json`).
"""

import re
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.forgetting import memo
from mockserver.base.kept import remembered

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN = re.compile(r"[A-Za-z]+")
_BREAK = re.compile(r"[^\w]+|_+")
_VAGUE = frozenset({"", "text", "person", "tag", "code", "id"})
_NAMED, _NAME = 2048, 64
"""Of how many names the words are remembered, and how many characters such a name has at most."""


@cache
def tables() -> dict[str, Any]:
    """The parsed tables."""
    data: dict[str, Any] = resources.fixture("instances")
    return data


def parts(name: str) -> list[str]:
    """The words of a name in any case: ``getCurrent_weather`` has get, current and weather."""
    return list(_known_parts(name) if len(name) <= _NAME else _parts(name))


def _parts(name: str) -> tuple[str, ...]:
    return tuple([part.lower() for part in _BREAK.split(_HUMP.sub("_", name)) if part])


_known_parts = memo(most=_NAMED)(_parts)


@remembered(most=1024, characters=1 << 20)
def kind_of(name: str, description: str) -> str:
    """The kind of a property; "" when neither its name nor its description tells."""
    words = parts(name)
    whole = "".join(words)
    kinds: dict[str, dict[str, list[str]]] = tables()["kinds"]
    found = ""
    forms = {form for word in words for form in (word, word.removesuffix("s"), re.sub("ies$", "y", word))}
    for kind, table in kinds.items():
        if whole in table.get("whole", ()) or not forms.isdisjoint(table["parts"]):
            found = kind
            break
        if any(not said.isascii() and said in name for said in table["says"]):
            found = kind
            break
    if found not in _VAGUE:
        return found
    for kind, table in kinds.items():
        if any(shown in description for shown in table.get("shows", ())):
            return kind
    said_words = {word.lower() for word in _LATIN.findall(description)}
    for kind, table in kinds.items():
        if any(said in said_words if said.isascii() else said in description for said in table["says"]):
            return kind if not found or kind not in _VAGUE else found
    return found


def made_up(kind: str, language: str) -> list[str]:
    """Things of a kind in a language; English ones where it has none, anything for an unknown kind."""
    table = tables()["kinds"].get(kind) or tables()["other"]
    things: list[str] = table.get(language) or table["en"]
    return things


def counts(name: str) -> bool:
    """Whether a number of this name counts something, whatever numbers its schema allows."""
    ranges, fractional = tables()["numbers"], tables()["fractional"]
    known = next((word for word in reversed(parts(name)) if word in ranges), None)
    return known is not None and known not in fractional


def usual(name: str) -> tuple[int, int]:
    """The usual range of a number of this name."""
    ranges = tables()["numbers"]
    low, high = next((ranges[word] for word in reversed(parts(name)) if word in ranges), (1, 100))
    return low, high
