"""What lists are asked with: numbers, times, and the page that comes out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from mockserver.endpoints.endpoint import Call
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

Thing = TypeVar("Thing")

ZONE = timezone(timedelta(hours=8))
"""The clock of lists and tasks is that of Beijing (recordings: cnblogs/dashscope-sdk, 2026-04)."""

_FORMS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
"""The documented forms of a time by their length: a day, or a second of it."""


def whole(engine: "Engine", call: Call, name: str, default: int) -> int:
    """A whole number from 1 of the query. Raises `Refused`."""
    value = call.asked(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < len(str(1 << 32))):
        raise Refused(engine.errors.refuse("schema.type", expected="integer", path=name, name=name))
    if int(value) < 1:
        raise Refused(engine.errors.refuse("schema.minimum", value=value, limit=1, path=name))
    return int(value)


def day(engine: "Engine", call: Call, name: str) -> float | None:
    """A time of the query, such as `20260202` or `20260202024000`, in seconds since 1970.

    None when it was not sent. Raises `Refused`.
    """
    value = call.asked(name)
    if value is None:
        return None
    form = _FORMS.get(len(value)) if value.isascii() and value.isdigit() else None
    try:
        return datetime.strptime(value, form or "").replace(tzinfo=ZONE).timestamp()
    except ValueError:
        refusal = engine.errors.refuse("schema.type", expected="datetime", path=name, name=name)
        raise Refused(refusal) from None


def page(things: Sequence[Thing], number: int, size: int) -> Sequence[Thing]:
    """The page of that number, from 1."""
    return things[(number - 1) * size : number * size]


_LIMIT, _LARGEST = 20, 100
"""How many items a page has when the query does not say, and at most."""


def listed(engine: "Engine", call: Call, things: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A page of things that have an `id`, given the oldest first: those behind `after`, at most `limit`.

    They come the newest first, unless `order` is asc (Model Studio docs, Conversations, 2026). Raises
    `Refused`.
    """
    limit = whole(engine, call, "limit", _LIMIT)
    if limit > _LARGEST:
        raise Refused(engine.errors.refuse("schema.maximum", value=limit, limit=_LARGEST, path="limit"))
    order = call.asked("order") or "desc"
    if order not in ("asc", "desc"):
        raise Refused(
            engine.errors.refuse("schema.enum", value=order, expected="['asc', 'desc']", path="order")
        )
    found = list(things) if order == "asc" else list(reversed(things))
    after = call.asked("after")
    if after:
        found = found[next((at + 1 for at, thing in enumerate(found) if thing["id"] == after), len(found)) :]
    shown = found[:limit]
    ends = [shown[0]["id"], shown[-1]["id"]] if shown else [None, None]
    return {
        "data": shown,
        "first_id": ends[0],
        "has_more": len(found) > limit,
        "last_id": ends[1],
        "object": "list",
    }
