"""Cassettes as other tools read them: HTTP archives (HAR 1.2), vcrpy, go-vcr and WireMock."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import yaml

from mockserver.base.version import __version__
from mockserver.recording import coding, documents
from mockserver.recording.importers import charsets
from mockserver.recording.importers.told import MARK
from mockserver.recording.interaction import Interaction


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _url(interaction: Interaction) -> str:
    host = coding.header(interaction.request.headers, "host") or "dashscope.aliyuncs.com"
    query = interaction.request.query
    return f"https://{host}{interaction.request.path}" + (f"?{query}" if query else "")


def _text(body: bytes) -> dict[str, str]:
    """A body as text; in base64 where a reader could take the text for something else."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\ufffd"
    if "\ufffd" in text or charsets.misread(text, cut=True) is not None:
        return _base64(body)
    return {"text": text}


def _typed(body: bytes, mime: str) -> dict[str, str]:
    """The same for a body whose type may name another charset, in which a reader would write the text."""
    return _text(body) if charsets.named(mime) in ("", "utf-8") else _base64(body)


def _base64(body: bytes) -> dict[str, str]:
    return {"text": b64encode(body).decode(), "encoding": "base64"}


def _marked(interaction: Interaction, name: str = MARK) -> dict[str, Any]:
    """What a recording is, where it is not complete, under a name that other tools pass over."""
    mark = interaction.response.mark
    return {name: mark} if mark else {}


def _entry(interaction: Interaction) -> dict[str, Any]:
    request, response = interaction.request, interaction.response
    first = response.chunks[0].at if response.chunks else 0.0
    last = response.chunks[-1].at if response.chunks else 0.0
    mime = coding.header(response.headers, "content-type") or "application/octet-stream"
    content = {"size": len(response.body), "mimeType": mime, **_typed(response.body, mime)}
    asked: dict[str, Any] = {
        "method": request.method,
        "url": _url(interaction),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in request.headers],
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        mime = coding.header(request.headers, "content-type") or "application/json"
        asked["postData"] = {"mimeType": mime, **_text(request.body)}
    return {
        "startedDateTime": interaction.recorded or "1970-01-01T00:00:00.000Z",
        "time": last,
        "request": asked,
        "response": {
            "status": response.status,
            "statusText": _phrase(response.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in response.headers],
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(response.raw),
        },
        "cache": {},
        "timings": {"send": 0, "wait": first, "receive": last - first},
        **_marked(interaction, f"_{MARK}"),
    }


def har(interactions: Iterable[Interaction]) -> str:
    """An HTTP archive. Bodies are unpacked; the borders of chunks are lost, and so are all times but two."""
    log = {
        "version": "1.2",
        "creator": {"name": "dashscope-mock", "version": __version__},
        "entries": [_entry(interaction) for interaction in interactions],
    }
    return json.dumps({"log": log}, indent=1, ensure_ascii=False) + "\n"


def _grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped


def _yaml_body(body: bytes) -> str | bytes:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return body
    return body if "\x85" in text else text  # YAML takes U+0085 for the end of a line


def vcr(interactions: Iterable[Interaction]) -> str:
    """A cassette of vcrpy. Bodies are as they were sent; borders of chunks and times are lost."""
    entries = [
        {
            "request": {
                "body": _yaml_body(interaction.request.body) or None,
                "headers": _grouped(interaction.request.headers),
                "method": interaction.request.method,
                "uri": _url(interaction),
            },
            "response": {
                "body": {"string": _yaml_body(interaction.response.raw)},
                "headers": _grouped(interaction.response.headers),
                "status": {
                    "code": interaction.response.status,
                    "message": _phrase(interaction.response.status),
                },
            },
            **_marked(interaction),
        }
        for interaction in interactions
    ]
    written: str = yaml.dump({"interactions": entries, "version": 1}, allow_unicode=True, sort_keys=False)
    return written


def _first(interaction: Interaction) -> float:
    """When the first byte came, in milliseconds."""
    return interaction.response.chunks[0].at if interaction.response.chunks else 0.0


def go_vcr(interactions: Iterable[Interaction]) -> str:
    """A cassette of go-vcr 3 and 4. Bodies are as they were sent; of times only the first byte's is kept."""
    entries = [
        {
            "id": number,
            "request": {
                "body": _yaml_body(interaction.request.body),
                "headers": _grouped(interaction.request.headers),
                "url": _url(interaction),
                "method": interaction.request.method,
            },
            "response": {
                "body": _yaml_body(interaction.response.raw),
                "headers": _grouped(interaction.response.headers),
                "status": f"{interaction.response.status} {_phrase(interaction.response.status)}".strip(),
                "code": interaction.response.status,
                "duration": f"{_first(interaction):.6f}ms",
            },
            **_marked(interaction),
        }
        for number, interaction in enumerate(interactions)
    ]
    written: str = yaml.dump({"version": 2, "interactions": entries}, sort_keys=False)
    return written


def _asked(body: bytes) -> list[dict[str, str]]:
    """What a mapping matches a body by: JSON as such, else the text or the bytes."""
    if not body:
        return []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return [{"binaryEqualTo": b64encode(body).decode()}]
    return [{"equalToJson" if isinstance(documents.parse(body), dict | list) else "equalTo": text}]


def wiremock(interactions: Iterable[Interaction]) -> str:
    """Mappings of WireMock, the first one made with the highest number. Bodies are as they were sent."""
    made = list(interactions)
    mappings = []
    for at, interaction in enumerate(made):
        request, response = interaction.request, interaction.response
        said = _typed(response.raw, coding.header(response.headers, "content-type"))
        url = request.path + (f"?{request.query}" if request.query else "")
        body = {"base64Body": said["text"]} if "encoding" in said else {"body": said["text"]}
        mappings.append(
            {
                "request": {"url": url, "method": request.method, "bodyPatterns": _asked(request.body)},
                "response": {"status": response.status, **body, "headers": _grouped(response.headers)},
                "insertionIndex": len(made) - at,
                **({"metadata": mark} if (mark := _marked(interaction)) else {}),
            }
        )
    return json.dumps({"mappings": mappings}, indent=1, ensure_ascii=False) + "\n"


EXPORTERS: dict[str, Callable[[Iterable[Interaction]], str]] = {
    "har": har,
    "vcr": vcr,
    "go-vcr": go_vcr,
    "wiremock": wiremock,
}
"""The exporters by the names of their formats."""
