"""HTTP archives (HAR 1.2), as browsers and proxies write them."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.recording import documents
from mockserver.recording.importers import pieces
from mockserver.recording.interaction import Interaction


def _body(held: Any, where: str) -> bytes:
    if held is None:
        return b""
    if not isinstance(held, dict):
        raise pieces.fault(where, "its content is no object with a text")
    if held.get("encoding") == "base64":
        try:
            return b64decode(pieces.data(held.get("text"), where))
        except (Error, ValueError):
            raise pieces.fault(where, "its content is no base64") from None
    return pieces.data(held.get("text"), where)


def _number(value: Any) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and 0 <= value < 1e9 else 0.0  # noqa: PLR2004 - twelve days


def _interaction(entry: Any, where: str) -> Interaction:
    request = entry.get("request") if isinstance(entry, dict) else None
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise pieces.fault(where, "it has no request or no response")
    timings = entry.get("timings") if isinstance(entry.get("timings"), dict) else {}
    first = _number(timings.get("send")) + _number(timings.get("wait"))
    return pieces.exchange(
        method=pieces.method_of(request.get("method"), where),
        target=pieces.target_of(request.get("url"), where),
        asked=(pieces.pairs(request.get("headers"), where), _body(request.get("postData"), where)),
        answered=(
            pieces.status_of(response.get("status"), where),
            pieces.pairs(response.get("headers"), where),
            _body(response.get("content"), where),
        ),
        recorded=pieces.moment_of(entry.get("startedDateTime")),
        source=where,
        times=(first, first + _number(timings.get("receive"))),
    )


def read(path: Path) -> Iterator[Interaction]:
    """The interactions of a file, or of all files below a folder. Raises `ImportFaultError`."""
    for file in pieces.files(path, (".har", ".json")):
        document = documents.parse(pieces.content(file).removeprefix(b"\xef\xbb\xbf"))
        log = document.get("log") if isinstance(document, dict) else None
        entries = log.get("entries") if isinstance(log, dict) else None
        if not isinstance(entries, list):
            raise pieces.fault(file.name, "it is no HTTP archive: it has no log.entries")
        for at, entry in enumerate(entries, 1):
            yield _interaction(entry, f"{file.name} #{at}")
