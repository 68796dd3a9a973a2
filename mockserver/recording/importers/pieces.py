"""What importers share: files with limits, times, and the borders of bodies that came without any."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockserver.recording import coding, documents
from mockserver.recording.interaction import Chunk, Interaction, Request, Response
from mockserver.recording.redaction import Pairs

MOST_BYTES = 64 * 1024 * 1024
"""The largest file that is imported, in bytes."""

_FRAME_END = re.compile(rb"\r?\n\r?\n|\r\r")
_METHOD = re.compile(r"[A-Z]{1,20}")


class ImportFaultError(ValueError):
    """What cannot be imported; the message says where and why."""


def fault(where: str, reason: str) -> ImportFaultError:
    """The error for a place."""
    return ImportFaultError(f"{where}: {reason}"[:500])


def content(path: Path) -> bytes:
    """The bytes of a file. Raises `ImportFaultError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise fault(path.name, f"it is larger than {MOST_BYTES // 1024**2} MB; split it")
        return path.read_bytes()
    except OSError as error:
        raise fault(path.name, f"it cannot be read: {error.strerror}") from None


def files(path: Path, endings: Sequence[str]) -> Iterator[Path]:
    """The file itself, or those below a folder with such endings, sorted. Raises `ImportFaultError`."""
    if not path.is_dir():
        yield path
        return
    found = [
        inner for inner in sorted(path.rglob("*")) if inner.is_file() and inner.name.endswith(tuple(endings))
    ]
    if not found:
        raise fault(path.name, f"it holds no {' or '.join(endings)} file")
    yield from found


def frames(body: bytes) -> list[bytes]:
    """A stream in its frames, as the cloud sends them; any other body in one piece, an empty one in none."""
    if not documents.is_sse(body):
        return [body] if body else []
    found, at = [], 0
    for match in _FRAME_END.finditer(body):
        found.append(body[at : match.end()])
        at = match.end()
    return [*found, body[at:]] if body[at:] else found


def _is_packed(body: bytes, name: str) -> bool:
    """Whether a body has a coding: one that can be read tells; of another, what is text has none."""
    if name in ("gzip", "x-gzip", "deflate"):
        try:
            return coding.decoded(body, name.removeprefix("x-")) != body
        except coding.TooLargeError:
            return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def plain_headers(headers: Pairs, body: bytes) -> Pairs:
    """Headers that hold for a body as it is given.

    Recorders unpack bodies and leave the headers as they were; a coding that the body does not have is left
    out, and a length that it does not have is put right.
    """
    name = coding.header(headers, "content-encoding").strip().lower()
    packed = name == "identity" or _is_packed(body, name)
    kept = []
    for key, value in headers:
        lower = key.lower()
        if lower == "content-encoding" and not packed:
            continue
        kept.append((key, str(len(body)) if lower == "content-length" else value))
    return kept


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


def data(value: Any, where: str) -> bytes:
    """A body: a text, bytes, nothing, or JSON that stands there as it is. Raises `ImportFaultError`."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, dict | list):
        try:
            return documents.dump_like(value, '{"a":"\u00e9"}').encode("utf-8", "replace")
        except (TypeError, ValueError, RecursionError) as error:
            raise fault(where, f"its body is no JSON: {error}") from None
    raise fault(where, f"its body is a {type(value).__name__}; it must be a text or JSON")


def status_of(value: Any, where: str) -> int:
    """A status. Raises `ImportFaultError`."""
    code = value.get("code") if isinstance(value, dict) else value
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


def exchange(
    *,
    method: str,
    target: tuple[str, str],
    asked: tuple[Pairs, bytes],
    answered: tuple[int, Pairs, bytes],
    recorded: str,
    source: str,
    times: tuple[float, float] = (0.0, 0.0),
) -> Interaction:
    """The interaction of what an importer read. `times`: when its first byte and its last came, in ms."""
    status, headers, body = answered
    pieces = frames(body)
    first, last = times
    step = (last - first) / (len(pieces) - 1) if len(pieces) > 1 else 0.0
    return Interaction(
        request=Request(method=method, path=target[0], query=target[1], headers=asked[0], body=asked[1]),
        response=Response(
            status=status,
            headers=plain_headers(headers, body),
            chunks=tuple(Chunk(first + at * step, piece) for at, piece in enumerate(pieces)),
        ),
        recorded=recorded,
        client=coding.header(asked[0], "user-agent"),
        source=source,
    )
