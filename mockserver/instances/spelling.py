"""A schema, spelled as strictly as its validator reads.

People write what other validators accept: references that are no URI, patterns that only compile without the
u flag (ECMA-262, Annex B), constraints beside a `$ref` (draft-07 and before ignore them, ajv does not). The
strict spelling means the same to all, so a value that fits it is valid for all.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
"""The keywords that hold subschemas by name."""

_SPELLED = frozenset({"$ref", "pattern", "patternProperties"})
VALUES = frozenset({"enum", "const", "default", "examples"})
"""The keywords that hold values, whatever these look like."""

_URI = "/?:@!$&'()*+,;=-._~%"
"""What may stand in a reference beside letters and digits (RFC 3986, 3.5)."""

_PLAIN = re.compile(r"[A-Za-z0-9/$_.:-]*+(?:#[A-Za-z0-9/$_.-]*+)?")
"""A reference that is spelled strictly already."""

_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAMING = frozenset(
    {"$ref", "$id", "id", "$schema", "$comment", "$defs", "definitions", "title", "description", "default"}
    | {"examples", "deprecated", "readOnly", "writeOnly", "markdownDescription"}
)
"""What may stand beside a reference and demands nothing."""

_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")
_ESCAPE = re.compile(
    r"\\(?:[pPu]\{[^}\\]*+\}|k<[^>\\]*+>|c[A-Za-z]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_ANCHORS = {r"\A": "^", r"\Z": "$", r"\z": "$"}
"""What other dialects write for the ends of a text; ECMA-262 has no use for it."""

_SURROGATE = re.compile(r"\\u([dD][89a-fA-F][0-9a-fA-F]{2})")
_HIGH, _LOW = 0xD800, 0xDC00
_SETS = frozenset({r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"})


def strictly(schema: Any) -> list[dict[str, Any]]:
    """Spell the references and patterns of a document strictly; what is given is changed.

    What comes back are its subschemas that have any.
    """
    found = [each for each in _schemas(schema) if not _SPELLED.isdisjoint(each)]
    for each in found:
        ref = each.get("$ref")
        if isinstance(ref, str):
            each["$ref"] = reference(ref)
        text = each.get("pattern")
        if isinstance(text, str):
            each["pattern"] = pattern(text)
        named = each.get("patternProperties")
        if isinstance(named, dict):
            each["patternProperties"] = {pattern(name): below for name, below in named.items()}
    return found


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document that is, or may be, a schema: no value, and no map of schemas."""
    todo = [(schema, False)]
    while todo:
        value, named = todo.pop()
        if isinstance(value, list):
            todo += [(below, False) for below in value if isinstance(below, dict | list)]
        elif isinstance(value, dict):
            if not named:
                yield value
            todo += [
                (below, not named and name in MAPS)
                for name, below in value.items()
                if isinstance(below, dict | list) and (named or name not in VALUES)
            ]


def patterns(spelled: Iterable[dict[str, Any]]) -> list[str]:
    """The patterns of subschemas, each once."""
    found: dict[str, None] = {}
    for each in spelled:
        named = each.get("patternProperties")
        found |= dict.fromkeys(named if isinstance(named, dict) else ())
        text = each.get("pattern")
        found |= {text: None} if isinstance(text, str) else {}
    return list(found)


def with_siblings(spelled: Iterable[dict[str, Any]], *, binding: bool = True) -> bool:
    """Let what stands beside a `$ref` bind where it demands anything, or take it away; whether there was any.

    What binds stands beside an `allOf` of the reference, which is how drafts since 2019-09 read it. What is
    given is changed.
    """
    found = False
    for each in spelled:
        if not isinstance(each.get("$ref"), str) or _NAMING.issuperset(each):
            continue
        found = True
        if binding:
            held = each.get("allOf")
            each["allOf"] = [*(held if isinstance(held, list) else ()), {"$ref": each.pop("$ref")}]
        else:
            for keyword in each.keys() - _NAMING:
                del each[keyword]
    return found


def reference(ref: str) -> str:
    """A reference as a URI: what no URI may hold is quoted."""
    if _PLAIN.fullmatch(ref):
        return ref
    base, sign, fragment = ref.partition("#")
    return (
        quote(_PERCENT.sub("%25", base), safe=_URI) + sign + quote(_PERCENT.sub("%25", fragment), safe=_URI)
    )


def pattern(text: str) -> str:
    """A pattern that means with the u flag what it means without: its plain signs are escaped."""
    made: list[str] = []
    at = 0
    while at < len(text):
        escape = _ESCAPE.match(text, at)
        count = _COUNT.match(text, at)
        if escape:
            part = escape[0]
            spelled = _ANCHORS.get(part, part)
        elif count and made:
            part = spelled = count[0]
        elif text[at] == "[":
            part, spelled = _bracket(text, at)
        else:
            part = text[at]
            spelled = "\\" + part if part in "]{}" else part
        made.append(spelled)
        at += len(part)
    return "".join(made)


def _bracket(text: str, start: int) -> tuple[str, str]:
    """The class that begins there, as written and as spelled."""
    at = start + 1 + (text[start + 1 : start + 2] == "^")
    signs: list[str] = []
    while at < len(text) and text[at] != "]":
        escape = _ESCAPE.match(text, at)
        signs.append(escape[0] if escape else text[at])
        at += len(signs[-1])
    if at >= len(text):
        return text[start:], text[start:]
    part = text[start : at + 1]
    if not signs:
        return part, r"[\s\S]" if part == "[^]" else r"[^\s\S]"
    signs = _whole(signs)
    for index, sign in enumerate(signs):
        if sign == "[" or (sign == "-" and _SETS & set(signs[max(index - 1, 0) : index + 2])):
            signs[index] = "\\" + sign
    return part, part[: 2 if part[1] == "^" else 1] + "".join(signs) + "]"


def _whole(signs: list[str]) -> list[str]:
    """The signs of a class with surrogates in pairs; one alone, or a range of such, is in no text."""
    halves = [int(half[1], 16) if (half := _SURROGATE.fullmatch(sign)) else 0 for sign in signs] + [0, 0]
    found: list[str] = []
    at = 0
    while at < len(signs):
        if not halves[at]:
            found.append(signs[at])
            at += 1
        elif halves[at] < _LOW <= halves[at + 1]:
            found.append(f"\\u{{{0x10000 + ((halves[at] - _HIGH) << 10) + halves[at + 1] - _LOW:x}}}")
            at += 2
        else:
            at += 3 if signs[at + 1 : at + 2] == ["-"] and halves[at + 2] else 1
    return found
