"""Dumps of `curl -i`: the answer with its head; the request beside it, or only its surface.

For `answer.txt` the request is read from `answer.request.json` (the body that was sent) beside it, and from
the `> ` lines where the dump was made with `-v`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from mockserver.dialects.table import detect
from mockserver.recording import documents
from mockserver.recording.importers import messages, pieces
from mockserver.recording.interaction import Interaction
from mockserver.recording.redaction import Pairs


def _verbose(raw: bytes) -> tuple[list[bytes], bytes]:
    """The lines that `-v` marks with `> `, and the dump without all that `-v` adds."""
    sent: list[bytes] = []
    kept: list[bytes] = []
    for line in raw.splitlines(keepends=True):
        if line.startswith(b"> "):
            sent.append(line[2:].strip())
        elif not re.match(rb"[*>{}<] |[*>]\s*$|[{}<] \[|<\s*$", line) or kept:
            kept.append(line)
    return [line for line in sent if line], b"".join(kept)


def _answer(raw: bytes, where: str) -> tuple[int, Pairs, bytes]:
    head, body = messages.split(raw)
    status, headers = messages.response_head(head, where)
    if 100 <= status < 200 or (status < 300 and b"onnection established" in head.split(b"\n")[0]):  # noqa: PLR2004 - HTTP
        return _answer(body, where)  # an interim answer, or that of a proxy
    return status, headers, messages.unchunked(body, headers)


def _interaction(path: Path) -> Interaction:
    sent, raw = _verbose(pieces.content(path))
    status, headers, body = _answer(raw.lstrip(b"\r\n"), path.name)
    beside = path.with_name(f"{path.stem}.request.json")
    asked = pieces.content(beside) if beside.is_file() else b""
    document = documents.parse(asked) if asked else None
    method, target = "POST" if asked else "GET", detect(document).surfaces[0].paths[0]
    told: Pairs = []
    if sent:
        method, target, told = messages.request_head(b"\n".join(sent), path.name)
    return pieces.exchange(
        method=method,
        target=pieces.target_of(target, path.name),
        asked=(told, asked),
        answered=(status, headers, body),
        recorded="",
        source=path.name,
    )


def read(path: Path) -> Iterator[Interaction]:
    """The interactions of a dump, or of all `.txt` dumps in a folder. Raises `ImportFaultError`."""
    for file in pieces.files(path, (".txt", ".http", ".dump")):
        try:
            yield _interaction(file)
        except RecursionError:
            raise pieces.fault(file.name, "it has more interim answers than can be") from None
