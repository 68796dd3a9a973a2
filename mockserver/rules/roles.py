"""Roles that a surface does not know, taken for their nearest where a server is lenient."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.names import meant
from mockserver.talk.surface import Surface

RULE = "messages.role"
"""The rule that finds them."""


@cache
def _like() -> Mapping[str, list[str]]:
    table: Mapping[str, list[str]] = resources.fixture("rules")["roles"]
    return table


@cache
def roles_of(surface: Surface) -> tuple[str, ...]:
    """The roles that the request schema of a surface lists, each once."""
    return tuple(dict.fromkeys(_listed(resources.schema(f"{surface.name}.request"))))


def _listed(schema: Any) -> Iterator[str]:
    """The members of every property `role` in a schema."""
    below: Iterable[Any] = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and isinstance(role := schema.get("role"), dict):
        yield from role.get("enum", ())
    for part in below:
        if isinstance(part, dict | list):
            yield from _listed(part)


def nearest_role(role: object, known: Iterable[str]) -> str:
    """The role of those known that one stands for; `user` for what is like none."""
    known = tuple(known)
    name = role.casefold() if isinstance(role, str) else ""
    like = (each for each in (name, *_like().get(name, ())) if each in known)
    return next(like, None) or meant(name, known) or "user"


def with_known_roles(surface: Surface, data: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body in which every message has a role of the surface."""
    known = roles_of(surface)

    def mended(held: Any, way: list[str]) -> Any:
        if way:
            return {**held, way[0]: mended(held.get(way[0]), way[1:])} if isinstance(held, dict) else held
        if not isinstance(held, list):
            return held
        return [
            {**message, "role": nearest_role(message.get("role"), known)}
            if isinstance(message, dict) and message.get("role") not in known
            else message
            for message in held
        ]

    return dict(mended(dict(data), surface.messages_at.split(".")))
