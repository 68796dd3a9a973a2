"""Types as people write them in prompts, read as JSON Schemas.

What looks like TypeScript, like a type of BAML, or like an example whose values are left open:
``{ name: string; tags?: string[] }``, ``{"age": <int>, "mood": "good" | "bad"}``. It is read leniently: what
is no known type is a text.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.answer.course import known
from mockserver.instances.kinds import counts, parts, tables

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<comment>//[^\n]*|#[^\n]*|/\*.*?\*/)"
    r"|(?<!\\)(?P<text>\"(?:[^\"\\\n]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+')"
    r"|(?P<word>[^\W\d][\w.$-]*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<dots>\.\.\.)|(?P<hole><[^<>{}\n]*>)"
    r"|(?P<sign>/\*.*|.)",
    re.DOTALL,
)
"""A token. A quotation mark behind a backslash opens no text, and what opens a comment that never ends is a
sign to the end: neither is part of a type, and each is looked through once."""

_HOLDERS = ("Array", "List", "list", "Optional", "Set")
_DEEPEST = 12
_MOST_TOKENS = 4_000


class _NoTypeError(ValueError):
    """A text that is no type."""


@cache
def _words() -> Mapping[str, str]:
    """The JSON type that each word stands for."""
    return {word: name for name, words in known()["types"].items() for word in words}


def type_named(words: str) -> dict[str, Any]:
    """The schema of a type in words: ``int``, ``list of strings``; {} when they name none."""
    found = [_words()[word] for word in re.findall(r"[a-z]+", words.lower()) if word in _words()]
    if not found:
        return {}
    if found[0] == "array":
        return {"type": "array", "items": {"type": found[1] if len(found) > 1 else "string"}}
    return {"type": found[0]}


def type_by_name(name: str) -> dict[str, Any]:
    """The schema of a property of which only the name is known: numbers have names of their own."""
    words = parts(name)
    if words[:1] in (["is"], ["has"]):
        return {"type": "boolean"}
    if words and words[-1] in tables()["numbers"]:
        return {"type": "integer" if counts(name) else "number"}
    return {"type": "string"}


def type_of(text: str, names: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The schema of an object type; None when the text is none. `names` are types that it may speak of."""
    reader = _Reader(text, names or {})
    try:
        schema = reader.object(0)
    except _NoTypeError:
        return None
    return schema if schema["properties"] and reader.at == len(reader.tokens) else None


class _Reader:
    """Reads tokens from the front; comments describe what stands before them in their line, or below it."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        self._names = names
        self._behind: dict[int, str] = {}
        self._above: dict[int, str] = {}
        new_line = True
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind == "comment":
                comments = self._above if new_line else self._behind
                comments[len(self.tokens)] = match[0].strip("/*# \n")
            elif kind != "space":
                self.tokens.append((kind, match[0]))
            new_line = "\n" in match[0] or (new_line and kind in ("space", "comment"))
            if len(self.tokens) > _MOST_TOKENS:
                break

    def _next(self) -> tuple[str, str]:
        """The next token, read; ends raise `_NoTypeError`."""
        if self.at >= len(self.tokens):
            raise _NoTypeError
        self.at += 1
        return self.tokens[self.at - 1]

    def _is(self, *signs: str) -> bool:
        """Whether the next token is one of these; it is read then."""
        if self.at < len(self.tokens) and self.tokens[self.at][1] in signs:
            self.at += 1
            return True
        return False

    def whole(self, depth: int) -> dict[str, Any]:
        """The type that all tokens are."""
        schema = self._type(depth)
        if self.at < len(self.tokens):
            raise _NoTypeError
        return schema

    def object(self, depth: int) -> dict[str, Any]:
        """An object type, from its opening brace on."""
        if depth > _DEEPEST or not self._is("{"):
            raise _NoTypeError
        properties: dict[str, Any] = {}
        required = []
        while not self._is("}"):
            if self._is(",", ";", "..."):
                continue
            above = self._above.get(self.at, "")
            kind, name = self._next()
            if kind not in ("word", "text"):
                raise _NoTypeError
            name = name.strip("\"'")
            optional = self._is("?")
            if not self._is(":"):
                raise _NoTypeError
            properties[name] = self._type(depth + 1)
            self._is(",", ";")
            comment = above or self._behind.get(self.at, "")
            if comment:
                properties[name].setdefault("description", comment)
            if not optional:
                required.append(name)
        return {"type": "object", "properties": properties, "required": required}

    def _type(self, depth: int) -> dict[str, Any]:
        """A type: alternatives of it, each perhaps in a list."""
        ways = [self._one(depth)]
        while self._is("|", "or"):
            ways.append(self._one(depth))
        if len(ways) == 1:
            return ways[0]
        values = [way["const"] for way in ways if "const" in way]
        if len(values) == len(ways):
            return {"enum": values}
        return {"anyOf": ways}

    def _one(self, depth: int) -> dict[str, Any]:
        schema = self._plain(depth)
        while self._is("["):
            if not self._is("]"):
                raise _NoTypeError
            schema = {"type": "array", "items": schema}
        return schema

    def _plain(self, depth: int) -> dict[str, Any]:
        """A type without what stands behind it."""
        if depth > _DEEPEST:
            raise _NoTypeError
        if self.at < len(self.tokens) and self.tokens[self.at][1] == "{":
            return self.object(depth)
        kind, text = self._next()
        if text == "[":
            return self._list(depth)
        if text == "(":
            return self._closed(self._type(depth + 1), ")")
        if kind == "word":
            return self._named(text, depth)
        return self._shown(kind, text)

    def _closed(self, schema: dict[str, Any], *signs: str) -> dict[str, Any]:
        """A schema behind which one of these signs stands."""
        if not self._is(*signs):
            raise _NoTypeError
        return schema

    def _shown(self, kind: str, text: str) -> dict[str, Any]:
        """The type of which a value is shown, or a hole for one."""
        match kind:
            case "text":
                return _open(text[1:-1], literal=self._literal())
            case "number":
                return {"type": "integer" if text.lstrip("-").isdigit() else "number"}
            case "hole":
                return _open(text.strip("<>"), literal=False)
            case "dots":
                return {"type": "string"}
            case _:
                raise _NoTypeError

    def _literal(self) -> bool:
        """Whether the text that was read is one of several values."""
        before = self.tokens[self.at - 2][1] if self.at > 1 else ""
        behind = self.tokens[self.at][1] if self.at < len(self.tokens) else ""
        return "|" in (before, behind) or "or" in (before, behind)

    def _list(self, depth: int) -> dict[str, Any]:
        """A list in brackets, from behind the opening one on: its first item tells what it holds."""
        items: dict[str, Any] = {"type": "string"}
        first = True
        while not self._is("]"):
            if self._is(",", "..."):
                continue
            item = self._type(depth + 1)
            items, first = (item, False) if first else (items, False)
        return {"type": "array", "items": items}

    def _named(self, word: str, depth: int) -> dict[str, Any]:
        """A type by its name; several words, as in `list of strings`, are one."""
        if word in _HOLDERS and self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            inner = None
            if kind == "hole":
                self.at += 1
                inner = _Reader(text[1:-1], self._names).whole(depth + 1)
            elif self._is("<", "["):
                inner = self._closed(self._type(depth + 1), ">", "]")
            if inner is not None:
                return inner if word == "Optional" else {"type": "array", "items": inner}
        if word in self._names:
            return dict(self._names[word])
        words = [word]
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "word" and not self._ends():
            words.append(self._next()[1])
        if words == ["null"]:
            return {"type": "null"}
        return type_named(" ".join(words)) or {"type": "string", "description": " ".join(words)}

    def _ends(self) -> bool:
        """Whether the next word is the name of another property, or stands between alternatives."""
        behind = [text for _, text in self.tokens[self.at + 1 : self.at + 3]]
        return self.tokens[self.at][1] == "or" or behind[:1] == [":"] or behind == ["?", ":"]


def _open(text: str, *, literal: bool) -> dict[str, Any]:
    """The schema of a value that stands for others: a text, or the name of a type in its place."""
    if literal:
        return {"const": text}
    ways = [way.strip().strip("\"'") for way in text.strip("<>").split("|")]
    if len(ways) > 1 and all(ways):
        return {"enum": ways}
    if len(text.split()) <= _FEW:
        named = type_named(text)
        if named:
            return named
    return {"type": "string", "description": text} if text.strip(".… ") else {"type": "string"}


_FEW = 3
"""How many words the name of a type has at most."""


def like(value: Any) -> dict[str, Any]:
    """The schema of an example: its keys, and the types of its values, which say nothing else."""
    if isinstance(value, dict):
        return {
            "type": "object",
            "properties": {name: like(below) for name, below in value.items()},
            "required": list(value),
        }
    if isinstance(value, list):
        return {"type": "array", "items": like(value[0]) if value else {"type": "string"}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    return {"type": ["string", "null"]} if value is None else _open(value, literal=False)
