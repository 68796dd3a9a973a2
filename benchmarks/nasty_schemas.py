"""JSON schemas that are legal and cost a careless maker of instances much: more rows of `holdups.py`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nasty import Nasty, chat, row, tool

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]

STRING = {"type": "string"}


def structured(schema: Json) -> Nasty:
    """Return a chat whose answer has to fit a schema."""
    wrapped = {"name": "it", "schema": schema}
    return chat(response_format={"type": "json_schema", "json_schema": wrapped})


def forced(schema: Json) -> Nasty:
    """Return a chat that has to call a tool with arguments of a schema."""
    return chat(tools=[tool("brew", schema)], tool_choice={"type": "function", "function": {"name": "brew"}})


def chained(number: int) -> Json:
    """Return a schema with so many branches, of which one is met."""
    branches = [
        {
            "if": {"properties": {"leaf": {"const": f"l{each}"}}, "required": ["leaf"]},
            "then": {"properties": {f"f{each}": STRING}, "required": [f"f{each}"]},
        }
        for each in range(number)
    ]
    leaves = {"leaf": {"enum": [f"l{each}" for each in range(number)]}}
    return {"type": "object", "properties": leaves, "required": ["leaf"], "allOf": branches}


def doubled(levels: int) -> Json:
    """Return a schema whose instance has two of the next level in each, and must have them."""
    parts = {
        f"d{level}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/d{level + 1}"} for side in ("l", "r")},
            "required": ["l", "r"],
        }
        for level in range(levels)
    }
    return {
        "type": "object",
        "$defs": {**parts, f"d{levels}": STRING},
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "required": ["a"],
    }


def contradicting(number: int) -> Json:
    """Return a schema with so many choices of which no two go together, though each may be taken."""
    choices = [
        {"anyOf": [{"properties": {"a": {"const": f"{each} {way}"}}} for way in range(5)]}
        for each in range(number)
    ]
    return {"type": "object", "properties": {"a": STRING}, "required": ["a"], "allOf": choices}


def text(pattern: str, **more: Any) -> Json:
    """Return an object with a text that has to match a pattern."""
    return {"type": "object", "properties": {"p": {**STRING, "pattern": pattern, **more}}, "required": ["p"]}


def _asked(how: Callable[[Json], Nasty], schema: Callable[[], Json]) -> Nasty:
    return how(schema())


SCHEMAS: dict[str, Callable[[], Json]] = {
    "20 branches": lambda: chained(20),
    "200 branches": lambda: chained(200),
    "required doubling": lambda: doubled(30),
    "contradicting choices": lambda: contradicting(10),
    "a lookahead": lambda: text(r"^a(?=\s)(.*?)(x|y)$"),
    "a pattern that steps back": lambda: text(r"^(a+)+\1?(?=b)c$"),
    "a huge pattern": lambda: text("^((((a?){90}){90}){9}){9}$", minLength=20_000),
    "a pattern that nothing matches": lambda: text("^(?!.)(.|x)+$"),
    "1,000 different items": lambda: {
        "type": "object",
        "properties": {
            "a": {"type": "array", "uniqueItems": True, "minItems": 1000, "items": {"type": "integer"}}
        },
        "required": ["a"],
    },
    "800 required properties": lambda: {
        "type": "object",
        "properties": {f"p{each}": STRING for each in range(800)},
        "required": [f"p{each}" for each in range(800)],
    },
}
"""The schemas, by the names of their rows."""

for name, schema in SCHEMAS.items():
    row(f"schema: {name}")(partial(_asked, structured, schema))
    row(f"schema: {name}, forced")(partial(_asked, forced, schema))
