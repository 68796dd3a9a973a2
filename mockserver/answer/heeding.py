"""What a complaint about an answer demands of the next one: a schema with what was missing added.

Complaints are read in the words of the common validators (`fixtures/agents.json`); what is not understood
there is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from itertools import islice
from typing import Any

from mockserver.answer.course import known

_LONGEST = 8_000
"""How much of a complaint is read."""

_MOST = 24
"""How many places of an answer a complaint may name."""

_WORD = re.compile(r"\w+")


@cache
def _places() -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in known()["errors"]["places"]]


@cache
def _demands() -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    return [(re.compile(entry["says"], re.IGNORECASE), entry) for entry in known()["errors"]["demands"]]


def complaints(text: str) -> list[tuple[tuple[str, ...], str]]:
    """The places that a complaint names, each with what is said of it."""
    text = text[:_LONGEST]
    found: dict[tuple[tuple[str, ...], str], None] = {}
    for pattern in _places():
        for match in pattern.finditer(text):
            groups = match.groupdict()
            place = groups.get("place")
            steps = tuple(place.split(".")) if place else tuple(_listed(groups.get("list") or ""))
            found.setdefault((steps, groups["said"]))
    return list(found)[:_MOST]


def _listed(text: str) -> Iterator[str]:
    """The steps of a place that stands as a list: names and indices."""
    for step in text.split(","):
        yield step.strip().strip("\"'")


def demand(said: str) -> dict[str, Any]:
    """What a sentence demands, as keywords of a schema; `required` stands for itself."""
    for pattern, entry in _demands():
        match = pattern.search(said)
        if match:
            return _keywords(entry, {name: text for name, text in match.groupdict().items() if text})
    return {}


def _keywords(entry: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, Any]:
    holds = entry["holds"]
    number = groups.get("number") or groups.get("number2")
    if number is not None:
        value = float(number)
        return {holds: int(value) if value.is_integer() else value}
    match holds:
        case "required":
            return {"required": True}
        case "range":
            return {"minimum": float(groups["low"]), "maximum": float(groups["high"])}
        case "positive":
            return {"exclusiveMinimum": 0}
        case "enum":
            return {"enum": re.findall(r"['\"`]([^'\"`\n]+)['\"`]", groups["members"])}
        case _:
            return {holds: groups.get("text") or entry["value"]}


def heeding(schema: Any, complaint: str) -> Any:
    """A schema that also demands what a complaint asks for; the schema itself where it asks for nothing."""
    if not isinstance(schema, Mapping):
        return schema
    mended = deepcopy(dict(schema))
    demanded = cache(demand)
    for steps, said in complaints(complaint) or _about(mended, complaint):
        keywords = demanded(said)
        if keywords:
            _place(mended, steps, keywords, mended)
    return mended


def _about(schema: Mapping[str, Any], text: str) -> list[tuple[tuple[str, ...], str]]:
    """The properties that a text without places speaks of, each with the whole text."""
    properties = schema.get("properties")
    names = map(str, properties if isinstance(properties, Mapping) else ())
    text = text[:_LONGEST]
    lowered = text.casefold()
    words = frozenset(_WORD.findall(lowered))
    said = (name for name in names if _named(name.casefold(), lowered, words))
    return [((name,), text) for name in islice(said, _MOST)]


def _named(name: str, text: str, words: frozenset[str]) -> bool:
    """Whether a text has a name as a word of its own; `words` are those of the text.

    No expression is made for a name: a schema may have thousands.
    """
    if _WORD.fullmatch(name):
        return name in words
    at = text.find(name) if name else -1
    while at >= 0:
        if not _joined(text, at) and not _joined(text, at + len(name)):
            return True
        at = text.find(name, at + 1)
    return False


def _joined(text: str, at: int) -> bool:
    """Whether a word goes on at a place of a text."""
    return _WORD.fullmatch(text, max(at - 1, 0), at + 1) is not None and 0 < at < len(text)


def _place(
    schema: dict[str, Any], steps: tuple[str, ...], keywords: dict[str, Any], root: dict[str, Any]
) -> None:
    """Put keywords to the subschema where the steps lead, as far as the schema has them."""
    at = schema
    for index, step in enumerate(steps):
        at = _resolved(at, root)
        below = at.get("items") if step.isdigit() else (at.get("properties") or {}).get(step)
        last = index == len(steps) - 1
        if last and "required" in keywords and not step.isdigit():
            at["required"] = list(dict.fromkeys((*at.get("required", ()), step)))
            return
        if not isinstance(below, dict):
            return
        if last:
            demanded = {name: value for name, value in keywords.items() if name != "required"}
            below["allOf"] = [*below.get("allOf", ()), demanded]
            return
        at = below


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference within the document."""
    ref = schema.get("$ref")
    if not isinstance(ref, str) or not ref.startswith("#/"):
        return schema
    at: Any = root
    for step in ref[2:].split("/"):
        at = at.get(step) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else schema
