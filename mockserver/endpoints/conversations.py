"""Conversations: what was said, kept under an id that a request for a response may name.

Source: Model Studio docs, Conversations, 2026; sample bodies have sorted keys. What is said of an unknown id
is not known: the words are those for a response.
"""

from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

from mockserver.corridor.threads import CONVERSATION, Conversation, Items, Written, read, size_of, written
from mockserver.corridor.work import Steps, sized
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


def _items(engine: "Engine", call: Call) -> Steps[tuple[Written, Items]]:
    """The items of a conversation, which may be gone itself, written and read. Raises `Refused`."""
    name = call.places["id"]
    found = engine.threads.items(call.world, name, now=engine.clock())
    kept = there(engine, found, "conversation.not-found", id=name)
    return kept, (yield from sized(size_of(kept), read, kept))


def _item(engine: "Engine", call: Call) -> Steps[tuple[bytes, dict[str, Any]]]:
    """The item of a conversation that a path names, written and read. Raises `Refused`."""
    kept, found = yield from _items(engine, call)
    name = call.places["item"]
    for text, item in zip(kept, found, strict=True):
        if item["id"] == name:
            return text, dict(item)
    raise Refused(engine.errors.refuse("conversation.item-not-found", id=name))


def _read(engine: "Engine", call: Call, schema: str) -> Steps[dict[str, Any]]:
    """The body of a call; nothing at all is an empty one. Raises `Refused`."""
    body = call.body or b"{}"
    data = yield from sized(len(body), engine.door.parse, body)
    yield from sized(len(body), engine.door.allow, schema, data, call.surface)
    return data


def _new(engine: "Engine", data: dict[str, Any]) -> Items:
    ids = (f"msg_{make()}" for make in repeat(engine.ids.request_id))
    return tuple(stored(data.get("items") or (), ids))


def creation(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """Begins a conversation, perhaps with items. Raises `Refused`."""
    data, now = (yield from _read(engine, call, "conversations.request")), engine.clock()
    name = f"conv_{engine.ids.request_id()}"
    kept = yield from sized(len(call.body), written, _new(engine, data))
    conversation = Conversation(name, int(1000 * now), data.get("metadata") or {})
    engine.threads.put(call.world, conversation, now=now)
    engine.threads.put_items(call.world, name, kept, now=now)
    return _shown(conversation)


def retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """A conversation. Raises `Refused`."""
    return _shown(_found(engine, call))


def change(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """Puts other metadata in the place of those that are there. Raises `Refused`."""
    _found(engine, call)
    data = yield from _read(engine, call, "conversations.change")
    changed = replace(_found(engine, call), metadata=data["metadata"] or {})
    engine.threads.put(call.world, changed, now=engine.clock())
    return _shown(changed)


def deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes a conversation out; its items stay. Raises `Refused`."""
    found = _found(engine, call)
    engine.shelf.remove(call.world, CONVERSATION, found.id)
    return {"deleted": True, "id": found.id, "object": "conversation.deleted"}


def addition(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """Puts items behind those that are there. Raises `Refused`."""
    _found(engine, call)
    new = _new(engine, (yield from _read(engine, call, "conversations.items")))
    kept = yield from sized(len(call.body), written, new)
    # Others may have had their turn since it was there.
    found, now = _found(engine, call), engine.clock()
    before = engine.threads.items(call.world, found.id, now=now) or ()
    engine.threads.put_items(call.world, found.id, (*before, *kept), now=now)
    return {"data": new, "first_id": new[0]["id"], "has_more": False, "last_id": new[-1]["id"]}


def listing(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """A page of the items, the newest first unless the query says otherwise. Raises `Refused`."""
    _, found = yield from _items(engine, call)
    return listed(engine, call, found)


def item(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """One item. Raises `Refused`."""
    _, found = yield from _item(engine, call)
    return found


def item_deletion(engine: "Engine", call: Call) -> Steps[dict[str, Any]]:
    """Takes an item out. Raises `Refused`."""
    text, gone = yield from _item(engine, call)
    name, now = call.places["id"], engine.clock()
    before = engine.threads.items(call.world, name, now=now) or ()
    kept = tuple(one for one in before if one is not text)
    engine.threads.put_items(call.world, name, kept, now=now)
    return {"deleted": True, "id": gone["id"], "object": "conversation.item.deleted"}
