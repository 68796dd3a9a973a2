"""The tools that a prompt describes in words, as a request would offer them."""

import re
from ast import literal_eval
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from mockserver.answer.course import known
from mockserver.answer.typed import type_named
from mockserver.base.jsontext import loads_bounded

_MOST = 64
"""How many tools of a prompt are known."""

_LONGEST = 60_000


@cache
def _patterns() -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in known()["formats"]["tools"]]


def tools_in(text: str) -> list[Mapping[str, Any]]:
    """The tools of a prompt: as lines of JSON, in blocks, or as signatures of functions."""
    text = text[:_LONGEST]
    found: dict[str, Mapping[str, Any]] = {}
    for tool in (*_lines(text), *_blocks(text)):
        found.setdefault(tool["function"]["name"], tool)
    return list(found.values())[:_MOST]


def _lines(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        with suppress(ValueError):
            value = loads_bounded(line.encode("utf-8", "surrogatepass"))
            function = value.get("function", value)
            if isinstance(function, Mapping) and isinstance(function.get("name"), str):
                yield {"type": "function", "function": function}


def _blocks(text: str) -> Iterator[Mapping[str, Any]]:
    for pattern in _patterns():
        for match in pattern.finditer(text):
            groups = match.groupdict()
            function: dict[str, Any] = {"name": match["name"], "description": match["said"].strip(" \"'")}
            parameters = _parameters(groups)
            if parameters is not None:
                function["parameters"] = parameters
            yield {"type": "function", "function": function}


def _parameters(groups: Mapping[str, str | None]) -> dict[str, Any] | None:
    signature = groups.get("signature")
    if signature is not None:
        return _signature(signature)
    value = _read(groups.get("schema") or groups.get("args") or "")
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("properties"), dict):
        return value
    properties = {name: below for name, below in value.items() if isinstance(below, dict)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _read(text: str) -> Any:
    """A value in JSON, or as Python shows one."""
    with suppress(ValueError):
        return loads_bounded(text.encode("utf-8", "surrogatepass"))
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        return literal_eval(text)
    return None


def _signature(text: str) -> dict[str, Any]:
    """The parameters of a function: those with a default may be left out."""
    properties: dict[str, Any] = {}
    required = []
    for part in text.split(","):
        name, _, said = part.partition(":")
        said, equals, _ = said.partition("=")
        name = name.partition("=")[0].strip()
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            continue
        properties[name] = type_named(said) or {"type": "string"}
        if not equals and "=" not in part:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}
