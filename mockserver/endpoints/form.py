"""A form with a file, `multipart/form-data`, read piece by piece (RFC 7578)."""

from collections.abc import AsyncIterator, Mapping

from mockserver.base.jsontext import dumps
from mockserver.base.values import value
from mockserver.wire.disposition import DispositionError, parameter, read_head

FORM_BYTES = 64 * 1024
"""How much of a form may stand before its file, and behind it when that is read."""


class MalformedError(Exception):
    """A body is no form."""


class TooLargeError(Exception):
    """A body is larger than it may be; the rest of it was not read."""


@value
class File:
    """A file of a form: the names of its field and its own, its size, and its bytes if they were kept."""

    field: str
    name: str
    size: int
    content: bytes = b""


@value
class Form:
    """A form: its fields and its files."""

    fields: Mapping[str, str]
    files: tuple[File, ...] = ()

    def file(self, *names: str) -> File | None:
        """The first file in a field of one of these names; None when there is none."""
        return next((file for file in self.files if file.field in names), None)

    @property
    def described(self) -> bytes:
        """The form as JSON, for a journal: its fields, and of its files their names and sizes."""
        files = [{"field": file.field, "filename": file.name, "bytes": file.size} for file in self.files]
        return dumps({**self.fields, "files": files})


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


def _said(header: str | None, name: str) -> str | None:
    try:
        return parameter(header, name)
    except DispositionError:
        raise MalformedError from None


async def read_form(content_type: str, stream: AsyncIterator[bytes], *, limit: int, keep: bool) -> Form:
    """The form of a body, with all its files when they are to be kept.

    Otherwise the one in the field `file` is counted, and what stands behind it is ignored, as OSS does (OSS
    docs, PostObject). Raises `MalformedError` for what is no form, and `TooLargeError` for a body of more
    than `limit` bytes.
    """
    boundary = _said(content_type, "boundary")
    if not boundary or content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise MalformedError
    mark = b"\r\n--" + boundary.encode("utf-8", "replace")
    # An empty chunk ends a stream, and only the last one may be empty.
    parts = _Parts((chunk async for chunk in stream if chunk), limit)
    fields: dict[str, str] = {}
    files: list[File] = []
    await parts.until(mark)
    while not (await parts.until(b"\r\n")).startswith(b"--"):
        head = read_head((await parts.until(b"\r\n\r\n")).decode("utf-8", "replace"))
        disposition = head.get("content-disposition")
        name, file_name = _said(disposition, "name") or "", _said(disposition, "filename")
        if name != "file" and (file_name is None or not keep):
            fields[name] = (await parts.until(mark)).decode("utf-8", "replace")
            continue
        kept = bytearray() if keep else None
        size = await parts.file(mark, kept)
        files.append(File(name, file_name or "", size, bytes(kept or b"")))
        if not keep:
            break
    if files:
        await parts.drain()
    return Form(fields, tuple(files))
