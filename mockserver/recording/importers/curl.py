"""Dumps of `curl -i`: the answer with its head; the request beside it, or only its surface.

For `answer.txt` the request is read from `answer.request.json` (the body that was sent) beside it, and from
the `> ` lines where the dump was made with `-v`.
"""

import re
from pathlib import Path

from mockserver.dialects.table import detect
from mockserver.recording import documents
from mockserver.recording.importers import messages, pieces
from mockserver.recording.importers.told import Body, Told
from mockserver.recording.redaction import Pairs

_MARKED = re.compile(rb"[*>{}<] |[*>]\s*$|[{}<] \[|<\s*$")
_CLOSING = (b"left intact", b"losing connection")
"""What `-v` says on the last line, behind `* `; a body that has no line end stands before it."""

_COUNTED = re.compile(rb"[{}] \[\d{1,20} bytes data\]\r?\n\Z")
_COUNTED_BYTES = 64
"""What `-v` says on the line before, and how long that may be."""


def _verbose(raw: bytes) -> tuple[list[bytes], bytes]:
    """The lines that `-v` marks with `> `, and the dump without all that `-v` adds before it and behind."""
    sent: list[bytes] = []
    at = 0
    for line in raw.splitlines(keepends=True):
        if not _MARKED.match(line):
            break
        at += len(line)
        if line.startswith(b"> "):
            sent.append(line[2:].strip())
    return [line for line in sent if line], _unclosed(raw[at:]) if sent else raw[at:]


def _unclosed(dump: bytes) -> bytes:
    """A dump without what `-v` says behind a body."""
    end = len(dump.rstrip())
    last = max(dump.rfind(b"\n", 0, end), dump.rfind(b"\r", 0, end)) + 1
    said = max(dump.rfind(words, last, end) for words in _CLOSING)
    mark = dump.rfind(b"* ", last, max(said, 0))
    if mark < 0:
        return dump
    counted = _COUNTED.search(dump, max(mark - _COUNTED_BYTES, 0), mark)
    return dump[: counted.start() if counted else mark]


def _answer(raw: bytes, where: str) -> tuple[int, Pairs, bytes]:
    head, body = messages.split(raw)
    status, headers = messages.response_head(head, where)
    if 100 <= status < 200 or (status < 300 and b"onnection established" in head.split(b"\n")[0]):  # noqa: PLR2004 - HTTP
        return _answer(body, where)  # an interim answer, or that of a proxy
    return status, headers, messages.unchunked(body, headers)


def told(path: Path) -> Told:
    """What a dump tells. Raises `ImportFaultError`."""
    sent, raw = _verbose(pieces.content(path))
    try:
        status, headers, body = _answer(raw.lstrip(b"\r\n"), path.name)
    except RecursionError:
        raise pieces.fault(path.name, "it has more interim answers than can be") from None
    beside = path.with_name(f"{path.stem}.request.json")
    asked = pieces.content(beside) if beside.is_file() else b""
    document = documents.parse(asked) if asked else None
    method, target = "POST" if asked else "GET", detect(document).surfaces[0].paths[0]
    headed: Pairs = []
    if sent:
        method, target, headed = messages.request_head(b"\n".join(sent), path.name)
    return Told(
        method=method,
        target=pieces.target_of(target, path.name),
        sent=headed,
        asked=Body(data=asked),
        status=status,
        headers=headers,
        answered=Body(data=body),
        headless=not sent,
    )
