"""Raw replies: status, headers and bytes as a script writes them, and nothing of our own.

What would break the exchange itself is refused: a header that splits the response, a length that lies, a
body where HTTP has none. Broken answers on purpose are faults (`docs/faults.md`).
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.talk.reply import Raw

FIELDS = ("status", "headers", "body", "frames")
"""The fields of a raw reply."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
"""The name of a header (RFC 9110, 5.6.2)."""

_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""The value of a header (RFC 9110, 5.5): no line end and no control character."""

_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""The headers of one connection (RFC 9110, 7.6.1), which the server sets itself."""

_FRAMING = frozenset({"content-length", "content-encoding", "content-range"})
"""The headers that say how the body is packed; it goes out as it stands."""

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED})
"""The statuses that have no body (RFC 9110, 15)."""


class BadRawError(ValueError):
    """A raw reply that cannot be sent; the message says what is wrong and how to mend it."""


def is_raw(spec: Mapping[str, Any]) -> bool:
    """Whether a reply is a raw one; a text in the place of an error's object is one too."""
    return any(name in spec for name in FIELDS) or isinstance(spec.get("error"), str)


def status_of(spec: Mapping[str, Any]) -> int | None:
    """The status that a script names; 418.0 is an integer of JSON too."""
    status = spec.get("status")
    return None if status is None else int(status)


def read_raw(spec: Mapping[str, Any]) -> Raw:
    """A raw reply as its schema allows it. Raises `BadRawError`."""
    if isinstance(spec.get("error"), str):
        spec = {"status": 400, **spec, "body": {"error": spec["error"]}}
    if "body" in spec and "frames" in spec:
        msg = "body does not go with frames, which are one in pieces: take one of them out"
        raise BadRawError(msg)
    status = status_of(spec) or HTTPStatus.OK.value
    written = spec.get("body")
    body = b"" if written is None else _utf8(written, "body") if isinstance(written, str) else dumps(written)
    frames = tuple(_utf8(frame, f"frames[{at}]") for at, frame in enumerate(spec.get("frames") or ()))
    if status in _BODILESS and (body or frames):
        msg = f"{'frames' if frames else 'body'}: a {status} has none: take it out, or choose another status"
        raise BadRawError(msg)
    headers = dict(_headers(spec.get("headers") or {}))
    if "content-type" not in headers and not frames and not isinstance(written, dict | list):
        headers["content-type"] = ("text/plain; charset=utf-8",) if body else None
    return Raw(status, tuple(headers.items()), body, frames)


def _utf8(text: str, place: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        msg = f"{place} holds half a surrogate pair, which UTF-8 cannot carry: write the whole character"
        raise BadRawError(msg) from None


def _headers(written: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The headers, names in lower case; a value of null takes the surface's own away."""
    seen: set[str] = set()
    for name, value in written.items():
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            msg = f"headers: {name[:80]!r} is no name of a header: letters, digits and hyphens make one"
            raise BadRawError(msg)
        if lower in _CONNECTION:
            msg = f"headers: {lower} belongs to the connection, which the server keeps; break one by a fault"
            raise BadRawError(msg)
        if lower in _FRAMING:
            msg = f"headers: {lower} cannot be set: the body goes out as it stands; tear one by a fault"
            raise BadRawError(msg)
        if lower in seen:
            msg = f"headers: {lower} stands there twice; several values stand in one list"
            raise BadRawError(msg)
        seen.add(lower)
        yield lower, None if value is None else _values(lower, [value] if isinstance(value, str) else value)


def _values(name: str, values: list[str]) -> tuple[str, ...]:
    for value in values:
        if not _VALUE.fullmatch(value) or value != value.strip(" \t"):
            msg = f"headers: {name} cannot be {value[:80]!r}: one line of Latin-1, with no blank around it"
            raise BadRawError(msg)
    return tuple(values)


def spec_of(raw: Raw) -> dict[str, Any]:
    """A raw reply as a script says it and as the journal shows it."""
    spec: dict[str, Any] = {"status": raw.status}
    if raw.headers:
        spec["headers"] = {
            name: values if values is None else values[0] if len(values) == 1 else list(values)
            for name, values in raw.headers
        }
    if raw.frames:
        spec["frames"] = [frame.decode() for frame in raw.frames]
    elif raw.body:
        # A body that nothing else says the type of is JSON.
        labelled = any(name == "content-type" for name, _ in raw.headers)
        spec["body"] = raw.body.decode() if labelled else loads(raw.body)
    return spec
