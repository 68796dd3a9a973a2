"""Mappings of WireMock, one to a file or in a list, with bodies in `__files` beside the folder `mappings`.

A mapping answers what it matches; only one that names a whole request is a recording.
"""

from pathlib import Path
from typing import Any

from mockserver.recording import coding
from mockserver.recording.importers import charsets, pieces
from mockserver.recording.importers.assembling import rebuilt
from mockserver.recording.importers.told import MARK, Body, Skipped, Told, mark_of

FILES = "__files"
"""The folder of the bodies."""

_ITS_OWN = b"Network failure trying to make a proxied request from WireMock"
"""What WireMock 3 answers, and records as an answer, when its upstream fails."""


def _exact(value: Any) -> Any:
    """What a matcher wants to be equal; None for one that wants something else."""
    return value.get("equalTo") if isinstance(value, dict) else value


def _asked(request: dict[str, Any], where: str) -> Body | None:
    """The body that is matched; None when it is matched by a pattern."""
    patterns = request.get("bodyPatterns") or []
    if not patterns:
        return Body()
    for pattern in patterns:
        wanted = pattern if isinstance(pattern, dict) else {}
        value = wanted.get("equalToJson", wanted.get("equalTo"))
        if isinstance(value, str):
            return Body(data=charsets.utf8(value))
        if value is not None:
            return rebuilt(pieces.json_of(value, where), "WireMock")
        if "binaryEqualTo" in wanted:
            return Body(data=pieces.base64(wanted["binaryEqualTo"], where))
    return None


def files_of(path: Path) -> Path:
    """The folder of the bodies: beside the nearest folder `mappings` around a file, else beside the file."""
    around = next((parent.parent for parent in path.parents if parent.name == "mappings"), path.parent)
    return around / FILES


def _recoded(data: bytes, charset: str) -> Body:
    """The body in a file: WireMock writes texts there as UTF-8, whatever charset they were sent in."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Body(data=data)
    found = charsets.encoded(text, charset)
    if found is None or found.kept != "whole":
        return Body(data=data) if found is None else found
    words = f"WireMock writes texts as UTF-8; put back to {charset}"
    return found if found.data == data else Body(data=found.data, kept="rebuilt", lost=words)


def _answered(response: dict[str, Any], path: Path, where: str) -> Body:
    mime = coding.header(pieces.pairs(response.get("headers"), where), "content-type")
    charset = charsets.named(mime) or "utf-8"
    name = response.get("bodyFileName")
    if name is not None:
        folder = files_of(path).resolve()
        inner = (folder / name).resolve() if isinstance(name, str) and "\x00" not in name else folder
        if inner == folder or not inner.is_relative_to(folder):
            words = f"its body is in {str(name)[:80]!r}, outside of {FILES}; put the file there"
            raise pieces.fault(where, words)
        return _recoded(pieces.content(inner), charset)
    if response.get("base64Body") is not None:
        return Body(data=pieces.base64(response["base64Body"], where))
    if "jsonBody" in response:
        return rebuilt(pieces.json_of(response["jsonBody"], where), "WireMock")
    body = response.get("body")
    if body is not None and not isinstance(body, str):
        raise pieces.fault(where, f"its body is a {type(body).__name__}; it must be a text")
    found = charsets.encoded(body or "", charset)
    if found is None:
        raise pieces.fault(where, f"its text cannot be written in its charset {charset!r}")
    return found


def entries(document: Any) -> list[Any]:
    """The mappings of a file, those that were made first in front; WireMock counts the newest as first."""
    held = document.get("mappings")
    found = held if isinstance(held, list) else [document]
    return sorted(found, key=place_of)


def place_of(mapping: Any) -> int:
    """What mappings are ordered by, so that those that were made first stand in front."""
    place = mapping.get("insertionIndex") if isinstance(mapping, dict) else None
    return -place if isinstance(place, int) else 0


def told(mapping: Any, path: Path, where: str) -> Told | Skipped:
    """What a mapping tells; `path` is its file. Raises `ImportFaultError`."""
    request = mapping.get("request") if isinstance(mapping, dict) else None
    response = mapping.get("response") if isinstance(mapping, dict) else None
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise pieces.fault(where, "it has no request or no response")
    url = request.get("url", request.get("urlPath"))
    asked = _asked(request, where)
    if url is None or asked is None:
        words = (
            "it matches by a pattern and names no one request; write a scenario for it (docs/scenarios.md)"
        )
        return Skipped(where, words)
    if response.get("fault") or response.get("proxyBaseUrl") or response.get("transformers"):
        words = "its answer is a fault, a proxy's or a template; write a scenario for it (docs/scenarios.md)"
        return Skipped(where, words)
    answered = _answered(response, path, where)
    if answered.data.startswith(_ITS_OWN):
        return Skipped(where, "WireMock did not reach the upstream and answered itself; record it again")
    wanted = request.get("headers")
    exact = {name: _exact(value) for name, value in wanted.items()} if isinstance(wanted, dict) else {}
    return Told(
        method=pieces.method_of(request.get("method"), where),
        target=pieces.target_of(url, where),
        sent=pieces.pairs({name: value for name, value in exact.items() if value is not None}, where),
        asked=asked,
        status=pieces.status_of(response.get("status"), where),
        headers=pieces.pairs(response.get("headers"), where),
        answered=answered,
        headless=True,
        mark=mark_of(metadata.get(MARK) if isinstance(metadata := mapping.get("metadata"), dict) else None),
    )
