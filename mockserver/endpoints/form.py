"""A form with a file, `multipart/form-data`, read piece by piece (RFC 7578)."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

FORM_BYTES = 64 * 1024
"""How much of a form may stand before its file, and behind it when that is read."""


class MalformedError(Exception):
    """A body is no form."""


class TooLargeError(Exception):
    """A body is larger than it may be; the rest of it was not read."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its fields, and how many bytes its file has; None without a file.

    `name` is the name of the file. `content` are its bytes, when they were to be kept.
    """

    fields: Mapping[str, str]
    size: int | None
    name: str = ""
    content: bytes = b""


class _Parts:
    """A body, read piece by piece and forgotten."""

    def __init__(self, stream: AsyncIterator[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit
        self._buffer = bytearray(b"\r\n")
        self._seen = 0

    async def _next(self) -> bytes:
        chunk = await anext(self._stream, b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLargeError
        return chunk

    async def _more(self) -> None:
        chunk = await self._next()
        if not chunk:
            raise MalformedError
        self._buffer += chunk

    async def until(self, mark: bytes) -> bytes:
        """What stands before the next mark, which is passed over."""
        start = 0
        while (found := self._buffer.find(mark, start)) < 0:
            if self._seen + len(self._buffer) > FORM_BYTES:
                raise MalformedError
            start = max(0, len(self._buffer) - len(mark) + 1)
            await self._more()
        taken = bytes(self._buffer[:found])
        self._seen += found
        del self._buffer[: found + len(mark)]
        return taken

    async def file(self, mark: bytes, kept: bytearray | None) -> int:
        """How many bytes stand before the next mark, which is passed over; they are gone, or kept."""
        size = 0
        while (found := self._buffer.find(mark)) < 0:
            spare = max(0, len(self._buffer) - len(mark) + 1)
            size += self._take(spare, kept)
            await self._more()
        size += self._take(found, kept)
        del self._buffer[: len(mark)]
        return size

    def _take(self, count: int, kept: bytearray | None) -> int:
        if kept is not None:
            kept += self._buffer[:count]
        del self._buffer[:count]
        return count

    async def drain(self) -> None:
        """Reads what is left, so that the connection can serve on."""
        while await self._next():
            pass


def _parameter(message: Message, header: str, name: str) -> str | None:
    value = message.get_param(name, header=header)
    return value if isinstance(value, str) else None


async def read_form(content_type: str, stream: AsyncIterator[bytes], *, limit: int, keep: bool) -> Form:
    """The form of a body, with the content of its first file when that is to be kept.

    Otherwise what stands behind the file is ignored, as OSS does (OSS docs, PostObject). Raises
    `MalformedError` for what is no form, and `TooLargeError` for a body of more than `limit` bytes.
    """
    head = Message()
    head["content-type"] = content_type
    boundary = _parameter(head, "content-type", "boundary")
    if not boundary or head.get_content_type() != "multipart/form-data":
        raise MalformedError
    mark = b"\r\n--" + boundary.encode("utf-8", "replace")
    # An empty chunk ends a stream, and only the last one may be empty.
    parts = _Parts((chunk async for chunk in stream if chunk), limit)
    fields: dict[str, str] = {}
    kept = bytearray() if keep else None
    size, file_name = None, ""
    await parts.until(mark)
    while not (await parts.until(b"\r\n")).startswith(b"--"):
        described = HeaderParser().parsestr((await parts.until(b"\r\n\r\n")).decode("utf-8", "replace"))
        name = _parameter(described, "content-disposition", "name")
        if name == "file" and size is None:
            file_name = _parameter(described, "content-disposition", "filename") or ""
            size = await parts.file(mark, kept)
            if kept is None:
                break
        else:
            fields[name or ""] = (await parts.until(mark)).decode("utf-8", "replace")
    if size is not None:
        await parts.drain()
    return Form(fields, size, file_name, bytes(kept or b""))
