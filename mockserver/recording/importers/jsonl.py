"""Pairs of request and response, one JSON object on each line.

`{"request": {"method", "path" or "url", "headers", "body"}, "response": {"status", "headers", "body"}}`; a
body is a text or JSON. Left out: POST, the path by the form of the body, no headers, status 200.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.dialects.table import detect
from mockserver.recording import documents
from mockserver.recording.importers import pieces
from mockserver.recording.interaction import Interaction


def _held(value: Any) -> dict[str, Any]:
    """A request or response: as described, or just its body."""
    described = isinstance(value, dict) and bool(value.keys() & {"body", "headers", "status", "path", "url"})
    return value if described and "model" not in value else {"body": value}


def _path(body: Any) -> str:
    return detect(body).surfaces[0].paths[0]


def _interaction(line: Any, where: str) -> Interaction:
    if not isinstance(line, dict) or "request" not in line or "response" not in line:
        raise pieces.fault(where, "it is no object with request and response")
    request, response = _held(line["request"]), _held(line["response"])
    path = request.get("url") or request.get("path") or _path(request.get("body"))
    return pieces.exchange(
        method=pieces.method_of(request.get("method", "POST"), where),
        target=pieces.target_of(path, where),
        asked=(pieces.pairs(request.get("headers"), where), pieces.data(request.get("body"), where)),
        answered=(
            pieces.status_of(response.get("status", 200), where),
            pieces.pairs(response.get("headers"), where),
            pieces.data(response.get("body"), where),
        ),
        recorded=pieces.moment_of(line.get("recorded", line.get("time"))),
        source=where,
    )


def read(path: Path) -> Iterator[Interaction]:
    """The interactions of a file, or of all files below a folder. Raises `ImportFaultError`."""
    for file in pieces.files(path, (".jsonl", ".ndjson")):
        for at, line in enumerate(pieces.content(file).split(b"\n"), 1):
            if not line.strip():
                continue
            where = f"{file.name} line {at}"
            value = documents.parse(line)
            if value is documents.UNREADABLE:
                raise pieces.fault(where, "it is no JSON")
            yield _interaction(value, where)
