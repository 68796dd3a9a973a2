"""Files of the native side, as the dashscope SDK uploads them (cnblogs/dashscope-sdk, 2025-11)."""

from base64 import b64encode
from datetime import datetime
from hashlib import blake2b, md5
from typing import TYPE_CHECKING, Any

from mockserver.catalogue.making import RESULTS_PATH
from mockserver.endpoints import files
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.files import Stored
from mockserver.endpoints.paging import ZONE, page, whole
from mockserver.talk.refused import Refused

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_PAGE_SIZE = 10
_DEFAULT_PURPOSE = "fine-tune"
"""What the SDK uploads for when it says nothing; it does not send it."""


def upload(engine: "Engine", call: Call) -> dict[str, Any]:
    """Keeps all files of a form. Raises `Refused` for a form without one."""
    if call.form is None or not call.form.files:
        raise Refused(engine.errors.refuse("body.malformed"))
    fields = call.form.fields
    taken = []
    for file in call.form.files:
        stored = Stored(
            engine.ids.request_id(),
            file.name,
            fields.get("purpose", _DEFAULT_PURPOSE),
            file.content,
            engine.clock(),
            fields.get("descriptions", ""),
        )
        files.keep(engine, call.world, stored)
        taken.append({"name": stored.name, "file_id": stored.id})
    return {"data": {"uploaded_files": taken, "failed_uploads": []}, "request_id": call.request_id}


def _shown(stored: Stored, call: Call) -> dict[str, Any]:
    """A file as the native side shows it; accounts are numbers that tell keys apart and nothing else."""
    account = str(int.from_bytes(blake2b(call.world.key.encode(), digest_size=6).digest()))
    created = datetime.fromtimestamp(stored.created, ZONE)
    digest = md5(stored.content, usedforsecurity=False).digest()
    return {
        "id": int.from_bytes(blake2b(stored.id.encode(), digest_size=4).digest()),
        "name": stored.name,
        "description": stored.description,
        "purpose": stored.purpose,
        "size": len(stored.content),
        "md5": b64encode(digest).decode(),
        "region": "cn-beijing",
        "file_id": stored.id,
        "url": f"{call.origin}{RESULTS_PATH}/{stored.id}/content",
        "user_id": account,
        "api_key_id": account[:5],
        "gmt_create": f"{created:%Y-%m-%d %H:%M:%S}",
    }


def retrieval(engine: "Engine", call: Call) -> dict[str, Any]:
    """One file. Raises `Refused`."""
    stored = files.find(engine, call.world, call.places["id"])
    return {"data": _shown(stored, call), "request_id": call.request_id}


def listing(engine: "Engine", call: Call) -> dict[str, Any]:
    """A page of the files, the newest first. Raises `Refused`."""
    number, size = whole(engine, call, "page_no", 1), whole(engine, call, "page_size", _PAGE_SIZE)
    found: list[Stored] = list(engine.shelf.all(call.world, files.SHELF, now=engine.clock()))
    data = {
        "total": len(found),
        "files": [_shown(stored, call) for stored in page(found, number, size)],
        "page_size": size,
        "page_no": number,
    }
    return {"data": data, "request_id": call.request_id}


def deletion(engine: "Engine", call: Call) -> dict[str, Any]:
    """Takes a file out. Raises `Refused`."""
    stored = files.find(engine, call.world, call.places["id"])
    engine.shelf.remove(call.world, files.SHELF, stored.id)
    return {"request_id": call.request_id}


def address(engine: "Engine", name: str) -> bytes | None:
    """The bytes of a file, for whoever knows its address; None when there is no such one."""
    stored: Stored | None = engine.shelf.anywhere(files.SHELF, name, now=engine.clock())
    return None if stored is None else stored.content
