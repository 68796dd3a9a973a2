"""Conversations: what was said, kept under an id that a request for a response may name.

Source: Model Studio docs, Conversations, 2026; sample bodies have sorted keys. What is said of an unknown id
is not known: the words are those for a response.
"""

from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

from mockserver.corridor.threads import CONVERSATION, Conversation, Items
from mockserver.dialects.responses.items import stored
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.paging import listed
from mockserver.endpoints.refusing import there
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine


def _shown(conversation: Conversation) -> dict[str, Any]:
    return {
        "created_at": conversation.created,
        "id": conversation.id,
        "metadata": conversation.metadata,
        "object": "conversation",
    }


def _found(engine: "Engine", call: Call) -> Conversation:
    """The conversation that a path names. Raises `Refused` for one that is unknown, foreign or gone."""
    name = call.places["id"]
    found = engine.threads.conversation(call.world, name, now=engine.clock())
    return there(engine, found, "conversation.not-found", id=name)


def _items(engine: "Engine", call: Call) -> Items:
    """The items of a conversation, which may be gone itself. Raises `Refused`."""
    name = call.places["id"]
    found = engine.threads.items(call.world, name, now=engine.clock())
    return there(engine, found, "conversation.not-found", id=name)


def _item(engine: "Engine", call: Call) -> tuple[Items, dict[str, Any]]:
    """All items of a conversation, and the one that a path names. Raises `Refused`."""
    found, name = _items(engine, call), call.places["item"]
    for item in found:
        if item["id"] == name:
            return found, dict(item)
    raise Refused(engine.errors.refuse("conversation.item-not-found", id=name))


def _read(engine: "Engine", call: Call, schema: str) -> dict[str, Any]:
    """The body of a call; nothing at all is an empty one. Raises `Refused`."""
    data = engine.door.parse(call.body or b"{}")
    engine.door.allow(schema, data, call.surface)
    return data


def _new(engine: "Engine", data: dict[str, Any]) -> Items:
    ids = (f"msg_{make()}" for make in repeat(engine.ids.request_id))
    return tuple(stored(data.get("items") or (), ids))


def creation(engine: "Engine", call: Call) -> dict[str, Any]:
    """Begins a conversation, perhaps with items. Raises `Refused`."""
    data, now = _read(engine, call, "conversations.request"), engine.clock()
    name = f"conv_{engine.ids.request_id()}"
    conversation = Conversation(name, int(1000 * now), data.get("metadata") or {})
    engine.threads.put(call.world, conversation, now=now)
    engine.threads.put_items(call.world, name, _new(engine, data), now=now)
    return _shown(conversation)


def retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """A conversation. Raises `Refused`."""
    return _shown(_found(engine, call))


def change(engine: "Engine", call: Call) -> dict[str, Any]:
    """Puts other metadata in the place of those that are there. Raises `Refused`."""
    found = _found(engine, call)
    data = _read(engine, call, "conversations.change")
    changed = replace(found, metadata=data["metadata"] or {})
    engine.threads.put(call.world, changed, now=engine.clock())
    return _shown(changed)


def deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes a conversation out; its items stay. Raises `Refused`."""
    found = _found(engine, call)
    engine.shelf.remove(call.world, CONVERSATION, found.id)
    return {"deleted": True, "id": found.id, "object": "conversation.deleted"}


def addition(engine: "Engine", call: Call) -> dict[str, Any]:
    """Puts items behind those that are there. Raises `Refused`."""
    found = _found(engine, call)
    new = _new(engine, _read(engine, call, "conversations.items"))
    now = engine.clock()
    before = engine.threads.items(call.world, found.id, now=now) or ()
    engine.threads.put_items(call.world, found.id, (*before, *new), now=now)
    return {"data": new, "first_id": new[0]["id"], "has_more": False, "last_id": new[-1]["id"]}


def listing(engine: "Engine", call: Call) -> dict[str, Any]:
    """A page of the items, the newest first unless the query says otherwise. Raises `Refused`."""
    return listed(engine, call, _items(engine, call))


def item(engine: "Engine", call: Call) -> dict[str, Any]:
    """One item. Raises `Refused`."""
    return _item(engine, call)[1]


def item_deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes an item out. Raises `Refused`."""
    found, gone = _item(engine, call)
    kept = tuple(one for one in found if one["id"] != gone["id"])
    engine.threads.put_items(call.world, call.places["id"], kept, now=engine.clock())
    return {"deleted": True, "id": gone["id"], "object": "conversation.item.deleted"}
