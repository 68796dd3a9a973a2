"""What importers share: files with limits, and values that may be anything, read as what they must be."""

import json
import re
from base64 import b64decode
from binascii import Error
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockserver.recording.redaction import Pairs

MOST_BYTES = 64 * 1024 * 1024
"""The largest file that is imported, in bytes."""

_METHOD = re.compile(r"[A-Z]{1,20}")


class ImportFaultError(ValueError):
    """What cannot be imported; the message says where and why."""


def fault(where: str, reason: str) -> ImportFaultError:
    """The error for a place."""
    return ImportFaultError(f"{where}: {reason}"[:500])


def sized(path: Path) -> None:
    """Raises `ImportFaultError` for a file that is too large, or not there."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise fault(path.name, f"it cannot be read: {error.strerror}") from None
    if not path.is_file():
        raise fault(path.name, "it is no file")
    if size > MOST_BYTES:
        raise fault(path.name, f"it is larger than {MOST_BYTES // 1024**2} MB; split it")


def content(path: Path) -> bytes:
    """The bytes of a file. Raises `ImportFaultError`."""
    sized(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise fault(path.name, f"it cannot be read: {error.strerror}") from None


def pairs(value: Any, where: str) -> Pairs:
    """Headers: an object of names with a text or several, or a list of pairs or of name and value.

    Raises `ImportFaultError`.
    """
    found: Pairs = []
    if value is None:
        return found
    if isinstance(value, dict):
        for name, held in value.items():
            found += [(str(name), text(one, where)) for one in (held if isinstance(held, list) else [held])]
        return found
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and {"name", "value"} <= item.keys():
                found.append((text(item["name"], where), text(item["value"], where)))
            elif isinstance(item, list) and len(item) == 2:  # noqa: PLR2004 - a pair
                found.append((text(item[0], where), text(item[1], where)))
            else:
                raise fault(where, "a header is no pair of name and value")
        return found
    raise fault(where, f"headers are a {type(value).__name__}; they must be an object or a list of pairs")


def text(value: Any, where: str) -> str:
    """A text of a header, without line ends. Raises `ImportFaultError`."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, bool | int | float):
        value = str(value)
    if not isinstance(value, str):
        raise fault(where, f"a {type(value).__name__} stands where a text must stand")
    return re.sub(r"[\r\n\x00]+", " ", value).encode("utf-8", "replace").decode("utf-8")


def base64(value: Any, where: str) -> bytes:
    """Bytes of base64, strictly: what is no base64 is not left out. Raises `ImportFaultError`."""
    if not isinstance(value, str | bytes):
        raise fault(where, f"a {type(value).__name__} stands where base64 must stand")
    try:
        return b64decode(value, validate=True)
    except (Error, ValueError):
        raise fault(where, "its body is no base64") from None


def json_of(value: Any, where: str) -> bytes:
    """A JSON value as compact JSON. Raises `ImportFaultError`."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise fault(where, f"its body is no JSON: {error}") from None
    return text.encode("utf-8", "backslashreplace")  # half characters stay what JSON escapes them to


def status_of(value: Any, where: str) -> int:
    """A status. Raises `ImportFaultError`."""
    code = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{3}", value) else value
    if isinstance(code, bool) or not isinstance(code, int) or not 100 <= code <= 599:  # noqa: PLR2004 - HTTP
        raise fault(where, f"its status is {str(code)[:40]!r}; it must be a number from 100 to 599")
    return code


def method_of(value: Any, where: str) -> str:
    """A method. Raises `ImportFaultError`."""
    method = str(value).upper() if isinstance(value, str) else ""
    if not _METHOD.fullmatch(method):
        raise fault(where, f"its method is {str(value)[:40]!r}; it must be POST, GET or the like")
    return method


def target_of(url: Any, where: str) -> tuple[str, str]:
    """The path and the query of a URL or of a path. Raises `ImportFaultError`."""
    if not isinstance(url, str) or not url:
        raise fault(where, "it has no URL")
    bare = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", url).partition("#")[0]
    path, _, query = bare.partition("?")
    clean = (path or "/").encode("utf-8", "replace").decode("utf-8")
    return clean if clean.startswith("/") else f"/{clean}", query.encode("utf-8", "replace").decode("utf-8")


def moment_of(value: Any) -> str:
    """A moment as cassettes write it; "" for one that is not told."""
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return ""
    else:
        return ""
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError):
        return ""
