"""Files of the compatible side: kept with their content for some time, found by their own key only.

Sources: recordings of cnblogs/dashscope-sdk, 2025-11 and 2026-04 (content); Model Studio docs, OpenAI
compatible files, 2026.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.endpoints.endpoint import Call, Said
from mockserver.endpoints.paging import day, whole
from mockserver.endpoints.refusing import there
from mockserver.state.shelf import FILE
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

SHELF = FILE
"""Where files lie on the shelf."""

_ID_DIGITS = 24
_LARGEST_PAGE = 2000


@value
class Stored:
    """One file. `created` is in seconds since 1970."""

    id: str
    name: str
    purpose: str
    content: bytes
    created: float
    description: str = ""

    def shown(self) -> dict[str, Any]:
        """The file as the compatible side shows it, its keys in the recorded order."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "created_at": int(self.created),
        }


@cache
def table() -> dict[str, Any]:
    """What there is to know of files and batches, with sources."""
    known: dict[str, Any] = resources.fixture("batches")
    return known


def file_id(engine: "Engine", purpose: str) -> str:
    """A new id of a file for a purpose."""
    digits = engine.ids.request_id().replace("-", "")[:_ID_DIGITS]
    return f"{table()['purposes'][purpose]}{digits}"


def keep(engine: "Engine", world: World, stored: Stored) -> None:
    """Puts a file on the shelf."""
    ends = stored.created + table()["lasts"]
    engine.shelf.put(world, SHELF, stored.id, stored, ends=ends, size=len(stored.content) + 500)


def find(engine: "Engine", world: World, name: str) -> Stored:
    """A file of this key. Raises `Refused` for one that is unknown, foreign or gone."""
    stored: Stored | None = engine.shelf.get(world, SHELF, name, now=engine.clock())
    return there(engine, stored, "resource.not-found")


def upload(engine: "Engine", call: Call) -> Any:
    """Keeps a file. Raises `Refused` for a form without one."""
    file = call.form.file("file") if call.form is not None else None
    if call.form is None or file is None:
        raise Refused(engine.errors.refuse("body.malformed"))
    purpose = call.form.fields.get("purpose", "")
    if purpose not in table()["uploaded"]:
        # Neither an id nor a request id stands beside it (recording: cnblogs/dashscope-sdk, 2024-07).
        words = engine.errors.refuse("file.purpose").words["compat"]
        error = {"message": words.message, "type": words.type, "param": "purpose", "code": words.code}
        return Said({"error": error}, status=400)
    stored = Stored(file_id(engine, purpose), file.name, purpose, file.content, engine.clock())
    keep(engine, call.world, stored)
    return stored.shown()


def listing(engine: "Engine", call: Call) -> dict[str, Any]:
    """A page of the files, the newest first. Raises `Refused`."""
    since, until = day(engine, call, "create_after"), day(engine, call, "create_before")
    found = [
        stored
        for stored in engine.shelf.all(call.world, SHELF, now=engine.clock())
        if call.asked("purpose") in (None, stored.purpose)
        and (since is None or stored.created >= since)
        and (until is None or stored.created <= until)
    ]
    shown, more = behind(engine, call, found, table()["files_page_size"])
    return {"object": "list", "data": [stored.shown() for stored in shown], "has_more": more}


def behind(engine: "Engine", call: Call, things: Sequence[Any], size: int) -> tuple[Sequence[Any], bool]:
    """The things behind the one whose id is `after`, at most `limit`, and whether more follow.

    Raises `Refused`.
    """
    limit = min(whole(engine, call, "limit", size), _LARGEST_PAGE)
    after = call.asked("after")
    if after:
        places = [at for at, thing in enumerate(things) if thing.id == after]
        things = things[places[0] + 1 :] if places else []
    return things[:limit], len(things) > limit


def retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """One file. Raises `Refused`."""
    return find(engine, call.world, call.places["id"]).shown()


def content(engine: "Engine", call: Call) -> Said:
    """The bytes of a file. Raises `Refused`."""
    return Said(find(engine, call.world, call.places["id"]).content)


def deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes a file out. Raises `Refused`."""
    stored = find(engine, call.world, call.places["id"])
    engine.shelf.remove(call.world, SHELF, stored.id)
    return {"id": stored.id, "object": "file", "deleted": True}
