"""Pairs of request and response, one JSON object on each line.

`{"request": {"method", "path" or "url", "headers", "body"}, "response": {"status", "headers", "body"}}`; a
body is a text or JSON. Left out: POST, the path by the form of the body, no headers, status 200.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.dialects.table import detect
from mockserver.recording import documents
from mockserver.recording.importers import bodies, pieces
from mockserver.recording.importers.told import Told


def _held(value: Any) -> dict[str, Any]:
    """A request or response: as described, or just its body."""
    described = isinstance(value, dict) and bool(value.keys() & {"body", "headers", "status", "path", "url"})
    return value if described and "model" not in value else {"body": value}


def entries(path: Path, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The lines of a file that hold something, each with its place."""
    for at, line in enumerate(raw.split(b"\n"), 1):
        if line.strip():
            yield f"{path.name} line {at}", line


def told(line: bytes, where: str) -> Told:
    """What a line tells. Raises `ImportFaultError`."""
    value = documents.parse(line)
    if value is documents.UNREADABLE:
        raise pieces.fault(where, "it is no JSON")
    if isinstance(value, dict) and "answered_by" in value:
        words = "it is of a server's journal, which holds no bytes; dashscope-mock export writes a scenario"
        raise pieces.fault(where, words)
    if not isinstance(value, dict) or "request" not in value or "response" not in value:
        raise pieces.fault(where, "it is no object with request and response")
    request, response = _held(value["request"]), _held(value["response"])
    url = request.get("url") or request.get("path") or detect(request.get("body")).surfaces[0].paths[0]
    return Told(
        method=pieces.method_of(request.get("method", "POST"), where),
        target=pieces.target_of(url, where),
        sent=pieces.pairs(request.get("headers"), where),
        asked=bodies.plain(request.get("body"), where, "a line of JSON"),
        status=pieces.status_of(response.get("status", 200), where),
        headers=pieces.pairs(response.get("headers"), where),
        answered=bodies.plain(response.get("body"), where, "a line of JSON"),
        recorded=pieces.moment_of(value.get("recorded", value.get("time"))),
    )
