"""Cassettes of vcrpy and pytest-recording: YAML, or JSON, with a list of interactions."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mockserver.recording import documents
from mockserver.recording.importers import pieces
from mockserver.recording.interaction import Interaction


def _document(path: Path) -> Any:
    raw = pieces.content(path)
    if path.suffix.lower() == ".json":
        found = documents.parse(raw)
        if found is documents.UNREADABLE:
            raise pieces.fault(path.name, "it is no JSON")
        return found
    try:
        # The safe loader knows no tag that makes objects; an alias is a reference and not a copy.
        return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is safe
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
        AttributeError,
        TypeError,
        KeyError,
        OverflowError,
    ) as error:
        words = " ".join(str(error).split())
        raise pieces.fault(path.name, f"it is no plain YAML: {words}") from None


def _body(value: Any, where: str) -> bytes:
    if isinstance(value, dict):
        if "base64_string" in value and isinstance(value["base64_string"], str | bytes):
            try:
                return b64decode(value["base64_string"])
            except (Error, ValueError):
                raise pieces.fault(where, "its body is no base64") from None
        if "string" in value:
            return pieces.data(value["string"], where)
    return pieces.data(value, where)


def _interaction(entry: Any, where: str) -> Interaction:
    if not isinstance(entry, dict):
        raise pieces.fault(where, "it is no interaction with request and response")
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise pieces.fault(where, "it has no request or no response")
    status = response.get("status", response.get("status_code"))
    asked = request.get("body", request.get("parsed_body"))
    answered = response.get("body", response.get("content", response.get("parsed_body")))
    return pieces.exchange(
        method=pieces.method_of(request.get("method"), where),
        target=pieces.target_of(request.get("uri", request.get("url")), where),
        asked=(pieces.pairs(request.get("headers"), where), _body(asked, where)),
        answered=(
            pieces.status_of(status, where),
            pieces.pairs(response.get("headers"), where),
            _body(answered, where),
        ),
        recorded=pieces.moment_of(entry.get("recorded_at")),
        source=where,
    )


def read(path: Path) -> Iterator[Interaction]:
    """The interactions of a file, or of all files below a folder. Raises `ImportFaultError`."""
    for file in pieces.files(path, (".yaml", ".yml")):
        document = _document(file)
        entries = document.get("interactions") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise pieces.fault(file.name, "it has no list of interactions")
        for at, entry in enumerate(entries, 1):
            yield _interaction(entry, f"{file.name} #{at}")
