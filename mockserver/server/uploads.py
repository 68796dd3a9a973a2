"""Local files on their way into a message: a signed policy, then the form that carries the file.

An SDK asks for a policy, posts the file to its `upload_host` as OSS wants it, and names it `oss://...` in a
message (Model Studio docs, temporary file URLs, 2026-03). A file is counted as it comes in and thrown away.
"""

import hashlib
import hmac
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from html import escape
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mockserver import beside
from mockserver.door import Refused, bearer_key
from mockserver.engine import Engine
from mockserver.rules import schemas
from mockserver.server.asgi import RawResponse
from mockserver.server.neighbours import any_method, refuse
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.request import Surface

log = logging.getLogger("mockserver")

FILES_PATH = "/api/v1/uploads/files"
"""Where the mock takes the form; the cloud names a host of OSS instead."""

MAX_FILE_MB = 100
"""The largest file, in MB (Model Studio docs, temporary file URLs, 2026-03)."""

_EXPIRES = 300
"""How long a policy is good, in seconds (Model Studio docs, temporary file URLs, 2026-03)."""

_FORM_BYTES = 64 * 1024
"""How much of a form may stand before its file."""

_SIGNING_KEY = b"dashscope-mock"
"""Signs every policy. It guards nothing: a file is not kept."""


class OssError(Exception):
    """A refusal in the words of OSS (OSS docs, PostObject)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


def _malformed() -> OssError:
    message = "The body of your POST request is not well-formed multipart/form-data."
    return OssError(400, "MalformedPOSTRequest", message)


def signature(policy: str) -> str:
    """The signature of a policy, as OSS makes it (OSS docs, PostObject)."""
    return b64encode(hmac.digest(_SIGNING_KEY, policy.encode(), hashlib.sha1)).decode()


def certificate(engine: Engine, request: Request, request_id: str) -> dict[str, Any]:
    """What a client needs to upload files for a model. Raises `Refused`."""
    query = dict(request.query_params)
    found = schemas.violations("uploads.request", query)
    if found:
        raise Refused(schemas.refusal(found[0], Surface.NATIVE_TEXT, engine.errors))
    key = bearer_key(RequestHeaders(request.scope["headers"])) or ""
    account = hashlib.sha256(key.encode()).hexdigest()[:32]
    now = datetime.fromtimestamp(engine.clock(), UTC)
    upload_dir = f"dashscope-instant/{account}/{now:%Y-%m-%d}/{request_id}"
    ends = (now + timedelta(seconds=_EXPIRES)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    conditions = [["content-length-range", 0, MAX_FILE_MB * 1024**2], ["starts-with", "$key", upload_dir]]
    policy = b64encode(json.dumps({"expiration": ends, "conditions": conditions}).encode()).decode()
    host = request.headers.get("host") or request.url.netloc
    return {
        "request_id": request_id,
        "data": {
            "policy": policy,
            "signature": signature(policy),
            "upload_dir": upload_dir,
            "upload_host": f"{request.scope['scheme']}://{host}{FILES_PATH}",
            "expire_in_seconds": _EXPIRES,
            "max_file_size_mb": MAX_FILE_MB,
            "capacity_limit_mb": 999999999,
            "oss_access_key_id": "LTAIdashscopemock",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        },
    }


@dataclass(frozen=True, slots=True)
class Form:
    """An upload's form: its fields, and how many bytes its file has; None without a file."""

    fields: Mapping[str, str]
    size: int | None


class _Parts:
    """A body, read piece by piece and forgotten."""

    def __init__(self, stream: AsyncIterator[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit
        self._buffer = bytearray(b"\r\n")
        self._kept = 0

    async def _next(self) -> bytes:
        chunk = await anext(self._stream, b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise OssError(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        return chunk

    async def _more(self) -> None:
        chunk = await self._next()
        if not chunk:
            raise _malformed()
        self._buffer += chunk

    async def until(self, mark: bytes) -> bytes:
        """What stands before the next mark, which is passed over."""
        start = 0
        while (found := self._buffer.find(mark, start)) < 0:
            if self._kept + len(self._buffer) > _FORM_BYTES:
                raise _malformed()
            start = max(0, len(self._buffer) - len(mark) + 1)
            await self._more()
        taken = bytes(self._buffer[:found])
        self._kept += found
        del self._buffer[: found + len(mark)]
        return taken

    async def count(self, mark: bytes) -> int:
        """How many bytes stand before the next mark; they are gone then."""
        size = 0
        while (found := self._buffer.find(mark)) < 0:
            spare = max(0, len(self._buffer) - len(mark) + 1)
            size += spare
            del self._buffer[:spare]
            await self._more()
        return size + found

    async def drain(self) -> None:
        """Reads what is left, so that the connection can serve on."""
        while await self._next():
            pass


def _parameter(message: Message, header: str, name: str) -> str | None:
    value = message.get_param(name, header=header)
    return value if isinstance(value, str) else None


async def read_form(content_type: str, stream: AsyncIterator[bytes], *, limit: int) -> Form:
    """The form of an upload. What stands behind its file is ignored (OSS docs, PostObject).

    Raises `OssError` for what is no form, and for a body of more than `limit` bytes.
    """
    head = Message()
    head["content-type"] = content_type
    boundary = _parameter(head, "content-type", "boundary")
    if not boundary or head.get_content_type() != "multipart/form-data":
        raise _malformed()
    mark = b"\r\n--" + boundary.encode("utf-8", "replace")
    # An empty chunk ends a stream, and only the last one may be empty.
    parts = _Parts((chunk async for chunk in stream if chunk), limit)
    fields: dict[str, str] = {}
    await parts.until(mark)
    while not (await parts.until(b"\r\n")).startswith(b"--"):
        described = BytesHeaderParser().parsebytes(await parts.until(b"\r\n\r\n"))
        name = _parameter(described, "content-disposition", "name")
        if name == "file":
            size = await parts.count(mark)
            await parts.drain()
            return Form(fields, size)
        fields[name or ""] = (await parts.until(mark)).decode("utf-8", "replace")
    return Form(fields, None)


def permits(fields: Mapping[str, str], now: float) -> bool:
    """Whether the form carries a policy of ours that is still good, for a name below its folder."""
    policy = fields.get("policy", "")
    if not hmac.compare_digest(signature(policy).encode(), fields.get("Signature", "").encode()):
        return False
    stated = json.loads(b64decode(policy))
    folder = stated["conditions"][1][2]
    until = datetime.fromisoformat(stated["expiration"]).timestamp()
    return now <= until and fields.get("key", "").startswith(f"{folder}/")


def _oss_refusal(error: OssError, request_id: str) -> Response:
    words = {"Code": error.code, "Message": str(error), "RequestId": request_id, "HostId": "dashscope-mock"}
    inner = "".join(f"  <{name}>{escape(text, quote=False)}</{name}>\n" for name, text in words.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n{inner}</Error>\n'
    headers = {"x-oss-request-id": request_id, "connection": "close"}
    return Response(body, error.status, headers, "application/xml")


async def _take(engine: Engine, request: Request) -> Response:
    """Takes a file. Raises `OssError`."""
    limit = MAX_FILE_MB * 1024**2 + _FORM_BYTES
    form = await read_form(request.headers.get("content-type", ""), request.stream(), limit=limit)
    if not permits(form.fields, engine.clock()):
        words = engine.errors["upload.policy-expired"]
        raise OssError(words.status, words.native.code or "", words.native.message)
    if form.size is None:
        message = "POST requires exactly one file upload per request."
        raise OssError(400, "IncorrectNumberOfFilesInPOSTRequest", message)
    log.info("took the file %r, %d bytes", form.fields["key"].rpartition("/")[2], form.size)
    return Response(status_code=200 if form.fields.get("success_action_status") == "200" else 204)


def routes(engine: Engine) -> list[BaseRoute]:
    """The two routes of an upload."""

    async def policies(request: Request) -> Response:
        """Gives a policy."""
        if request.method != "GET":
            return refuse(engine, request, "method.unsupported", method=request.method)
        answer = beside.simple(
            engine,
            Surface.NATIVE_TEXT,
            RequestHeaders(request.scope["headers"]),
            lambda request_id: certificate(engine, request, request_id),
            arrived=engine.clock(),
            header_set="native-json",
        )
        return RawResponse(answer)

    async def files(request: Request) -> Response:
        """Takes a file; the form's signature stands in for a key."""
        request_id = engine.ids.request_id().replace("-", "")[:24].upper()
        if request.method != "POST":
            message = "The specified method is not allowed against this resource."
            return _oss_refusal(OssError(405, "MethodNotAllowed", message), request_id)
        try:
            return await _take(engine, request)
        except OssError as error:
            return _oss_refusal(error, request_id)
        except ClientDisconnect:
            return Response(status_code=400)

    return [any_method("/api/v1/uploads", policies), any_method(FILES_PATH, files)]
