"""HTTP archives (HAR 1.2), as browsers, proxies and Polly.js write them.

What is not there was not kept: browsers leave out the bodies of answers that broke off, and proxies those
that they passed on. Attached files are read in the archive's folder and nowhere else.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mockserver.recording import coding
from mockserver.recording.importers import charsets, pieces
from mockserver.recording.importers.bodies import from_hex
from mockserver.recording.importers.told import MARK, Body, Skipped, Told, mark_of

_MOST_MILLISECONDS = 1e9
"""Twelve days: no answer takes longer."""

_PACKING = 64
"""What packing may add to a body, in bytes: head, tail and blocks."""


def attached(name: Any, beside: Path, where: str) -> Path:
    """The file that an archive names. Raises `ImportFaultError` when it is not in the archive's folder."""
    folder = beside.parent.resolve()
    path = (folder / name).resolve() if isinstance(name, str) and "\x00" not in name else None
    if path is None or not path.is_relative_to(folder) or Path(str(name)).is_absolute():
        words = f"its body is in {str(name)[:80]!r}, outside of the archive's folder; put the file beside it"
        raise pieces.fault(where, words)
    return path


def _pieces(text: str, where: str, *, hexadecimal: bool) -> Body:
    """Bytes in one piece, or in a JSON list of several as Polly.js has them of a packed answer."""
    read = from_hex if hexadecimal else pieces.base64
    if text.startswith("["):
        try:
            parts = json.loads(text)
        except (ValueError, RecursionError):
            raise pieces.fault(where, "its body is no list of pieces") from None
        return Body(data=b"".join(read(part, where) for part in parts))
    return Body(data=read(text, where))


def _sizes(held: dict[str, Any], size: Any) -> set[int]:
    """How long a body may have been, as it was sent or unpacked: tools write either; empty if nobody says."""
    saved = held.get("compression")
    found = {size} if isinstance(size, int) and not isinstance(size, bool) and size > 0 else set()
    if found and isinstance(saved, int) and saved > 0:
        found.add(size + saved)
    return found


def _measured(body: Body, sizes: set[int], *, packed: bool) -> Body:
    """The body, marked when it cannot be as long as it was: a tool that cuts long ones does not say so."""
    if not sizes or len(body.data) in sizes or body.kept != "whole":
        return body
    if packed and len(body.data) + _PACKING >= min(sizes):
        return body  # the size may be that of the packed one
    return Body(
        data=body.data, kept="rebuilt", lost=f"it holds {len(body.data)} bytes, and {min(sizes)} were sent"
    )


def _body(held: Any, beside: Path, where: str, read: Callable[[str], Body]) -> Body | None:
    """The body of a message, a text of which is read so; None when it was not kept."""
    if held is None:
        return None
    if not isinstance(held, dict):
        raise pieces.fault(where, "its content is no object with a text")
    if held.get("_file") is not None:
        return Body(data=pieces.content(attached(held["_file"], beside, where)))
    text = held.get("text")
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise pieces.fault(where, f"its body is a {type(text).__name__}; it must be a text")
    if held.get("encoding") == "base64" or held.get("_isBinary") is True:
        return _pieces(text, where, hexadecimal=held.get("encoding") != "base64")
    if held.get("encoding"):
        words = f"its body has the encoding {str(held['encoding'])[:40]!r}; known is base64"
        raise pieces.fault(where, words)
    return read(text)


def _number(value: Any) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and 0 <= value < _MOST_MILLISECONDS else 0.0


def _asked(request: dict[str, Any], sent: list[tuple[str, str]], beside: Path, where: str) -> Body:
    size = request.get("bodySize")
    held = request.get("postData")
    length = size if isinstance(size, int) and not isinstance(size, bool) else 0
    found = _body(held, beside, where, lambda text: charsets.asked(text, length))
    if found is not None:
        return found
    wanted = length > 0
    described = isinstance(held, dict) and bool(held.get("params"))
    typed = size != 0 and "json" in coding.header(sent, "content-type").lower()
    return Body(kept="missing") if wanted or described or typed else Body()


def _answered(response: dict[str, Any], headers: list[tuple[str, str]], beside: Path, where: str) -> Body:
    content = response.get("content")
    size = content.get("size") if isinstance(content, dict) else None
    sizes = _sizes(content, size) if isinstance(content, dict) else set()
    packed = bool(coding.codings_of(headers))
    mime = f"{content.get('mimeType')}; " if isinstance(content, dict) else ""
    mime += coding.header(headers, "content-type")

    def read(text: str) -> Body:
        found = charsets.proved(text, sizes, mime=mime, packed=packed)
        return _measured(found, sizes, packed=packed)

    found = _body(content, beside, where, read)
    if found is not None:
        return found
    if isinstance(size, int) and size > 0:
        return Body(kept="missing", lost=f"the tool kept no body, though {size} bytes were sent")
    return Body()


def told(entry: Any, beside: Path, where: str) -> Told | Skipped:
    """What an entry tells; `beside` is the archive. Raises `ImportFaultError`."""
    request = entry.get("request") if isinstance(entry, dict) else None
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise pieces.fault(where, "it has no request or no response")
    failure = response.get("_failureText") or response.get("_error") or ""
    if response.get("status") in (0, -1):
        return Skipped(
            where, f"there was no answer: {str(failure)[:120] or 'its status is 0'}; record it again"
        )
    held = entry.get("timings")
    timings = held if isinstance(held, dict) else {}
    first = _number(timings.get("send")) + _number(timings.get("wait"))
    sent, headers = pieces.pairs(request.get("headers"), where), pieces.pairs(response.get("headers"), where)
    return Told(
        method=pieces.method_of(request.get("method"), where),
        target=pieces.target_of(request.get("url"), where),
        sent=sent,
        asked=_asked(request, sent, beside, where),
        status=pieces.status_of(response.get("status"), where),
        headers=headers,
        answered=_answered(response, headers, beside, where),
        recorded=pieces.moment_of(entry.get("startedDateTime")),
        first=first,
        last=first + _number(timings.get("receive")),
        sure=False,
        failure=f"the answer broke off: {str(failure)[:120]}" if failure else "",
        left="ABORTED" in str(failure).upper(),
        mark=mark_of(entry.get(f"_{MARK}")),
    )


def attachments(document: Any, path: Path) -> Iterator[Path]:
    """The files that an archive names, as far as they may be read: they are no recordings of their own."""
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        for side, name in (("request", "postData"), ("response", "content")):
            message = entry.get(side) if isinstance(entry, dict) else None
            held = message.get(name) if isinstance(message, dict) else None
            if isinstance(held, dict) and isinstance(held.get("_file"), str) and "\x00" not in held["_file"]:
                yield (path.parent / held["_file"]).resolve()
