"""Stored responses: got, deleted, and the items of their input listed.

Sources: Model Studio docs, Responses API (get, delete), 2026; notes of live probes, 2026-09.
"""

from typing import TYPE_CHECKING, Any

from mockserver.base.jsontext import loads
from mockserver.corridor.threads import RESPONSE, Stored, read, size_of
from mockserver.corridor.work import Steps, sized
from mockserver.endpoints.endpoint import Call, Said
from mockserver.endpoints.paging import listed
from mockserver.endpoints.refusing import there

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine


def _found(engine: "Engine", call: Call) -> Stored:
    """The response that a path names. Raises `Refused` for one that is unknown, foreign or gone."""
    name = call.places["id"]
    found = engine.threads.response(call.world, name, now=engine.clock())
    return there(engine, found, "response.not-found", id=name)


def retrieval(engine: "Engine", call: Call) -> Said:
    """A response, as it was answered. Raises `Refused`."""
    return Said(_found(engine, call).body)


def deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes a response out. What went on from it has all that was said. Raises `Refused`."""
    _found(engine, call)
    engine.shelf.remove(call.world, RESPONSE, call.places["id"])
    return {"deleted": True, "id": call.places["id"]}


def input_items(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """A page of the items of a response's input, with what it was asked in. Raises `Refused`."""
    stored = _found(engine, call)
    response = yield from sized(len(stored.body), loads, stored.body)
    items = yield from sized(size_of(stored.asked), read, stored.asked)
    return {
        **listed(engine, call, items),
        "id": response["id"],
        "model": response["model"],
        "created_at": 1000 * response["created_at"],
        "previous_response_id": response.get("previous_response_id"),
    }
