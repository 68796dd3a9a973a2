"""Bodies as the recorders of `fixtures/recorders.json` write them; each way has its name there."""

import re
from collections.abc import Callable
from typing import Any

from mockserver.recording import documents
from mockserver.recording.importers import charsets, pieces
from mockserver.recording.importers.assembling import rebuilt
from mockserver.recording.importers.told import Body

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_UNICODE = "utf-8"
_BLANKS = "\ufeff \t\r\n"
_QUOTED = "nock does not tell a text from a JSON string that says it"


def from_hex(value: Any, where: str) -> bytes:
    """Bytes of hexadecimal digits, strictly. Raises `ImportFaultError`."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise pieces.fault(where, "its body is no text of hexadecimal digits")
    return bytes.fromhex(value)


def _values(value: Any, where: str, tool: str) -> Body:
    return rebuilt(pieces.json_of(value, where), tool)


def _described(value: dict[str, Any], where: str, tool: str) -> Body | None:
    """A body in an object with `string` and its `encoding`, or `base64_string`; None for any other object."""
    if value.get("base64_string"):
        return Body(data=pieces.base64(value["base64_string"], where))
    if "string" not in value or not value.keys() <= {"string", "encoding", "base64_string"}:
        return None
    text, charset = value["string"], value.get("encoding")
    if not isinstance(text, str):
        return plain(text, where, tool)
    found = charsets.encoded(text, str(charset or _UNICODE).replace("ASCII-8BIT", _UNICODE))
    if found is None:
        raise pieces.fault(where, f"its text cannot be written in its encoding {str(charset)[:40]!r}")
    return found


def plain(value: Any, where: str, tool: str, _: Any = None) -> Body:
    """A text, bytes or nothing, also in an object that says which.

    Values of JSON that stand there by themselves are written as JSON. Raises `ImportFaultError`.
    """
    if value is None:
        return Body()
    if isinstance(value, bytes | str):
        return Body(data=value) if isinstance(value, bytes) else charsets.of_unicode(value)
    found = _described(value, where, tool) if isinstance(value, dict) else None
    return found or _values(value, where, tool)


def typed(holder: Any, where: str, tool: str, _: Any = None) -> Body:
    """What cassetter writes: `body` with `type` and `content`, in TOML `body_type` and `body_content`.

    Raises `ImportFaultError`.
    """
    body = holder.get("body")
    nested = body if isinstance(body, dict) else {}
    kind = nested.get("type", holder.get("body_type", "none"))
    content = nested.get("content", holder.get("body_content"))
    if kind == "none":
        return Body()
    if kind == "binary":
        return Body(data=from_hex(content, where))
    if kind == "text" and isinstance(content, str):
        return charsets.of_unicode(content)
    if kind == "json":
        if isinstance(content, str) and not nested:  # TOML has no null, so JSON is a text there
            return rebuilt(charsets.utf8(content), tool)
        return _values(content, where, tool)
    raise pieces.fault(
        where, f"its body has the type {str(kind)[:40]!r}; known are json, text, binary and none"
    )


def nock(value: Any, where: str, tool: str, holder: Any) -> Body:
    """What nock.back writes: JSON as values, a packed answer as a list of hex, one that is no UTF-8 as hex.

    A text may be what was sent or a JSON string that says it: what is no event stream, `_stringed` tells.
    Raises `ImportFaultError`.
    """
    headers = {str(name).lower(): str(held) for name, held in pieces.pairs(_raw_headers(holder), where)}
    if isinstance(value, list) and "content-encoding" in headers:
        return Body(data=b"".join(from_hex(part, where) for part in value))
    if isinstance(value, str):
        if holder.get("responseIsBinary"):
            return Body(data=from_hex(value, where))
        return _stringed(value, headers.get("content-type", "").lower(), where, tool)
    if value is None and "response" not in holder:
        return Body()
    return _values(value, where, tool)


def _stringed(value: str, mime: str, where: str, tool: str) -> Body:
    """A text of which nobody tells whether quotes stood around it."""
    if documents.parse(value) is not documents.UNREADABLE:  # without quotes it would be kept as its value
        return _values(value, where, tool)
    if not value or "event-stream" in mime or value.lstrip(_BLANKS)[:1] in ("{", "["):
        return charsets.of_unicode(value)
    if "json" in mime:
        return _values(value, where, tool)
    found = charsets.of_unicode(value)
    return found if found.kept == "rebuilt" else Body(data=found.data, kept="rebuilt", lost=_QUOTED)


def _raw_headers(holder: Any) -> Any:
    """Headers as nock has them: an object, or a flat list of names and values."""
    held = holder.get("rawHeaders", holder.get("headers"))
    if isinstance(held, list) and held and not isinstance(held[0], list | dict):
        return [[name, value] for name, value in zip(held[::2], held[1::2], strict=False)]
    return held


Reader = Callable[[Any, str, str, Any], Body]

READERS: dict[str, Reader] = {"text": plain, "typed": typed, "nock": nock}
"""The ways by their names."""
