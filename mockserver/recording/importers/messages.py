"""HTTP messages as text: a first line, headers, a blank line, a body."""

import re

from mockserver.recording.importers import pieces
from mockserver.recording.redaction import Pairs

_STATUS = re.compile(r"HTTP/[0-9.]+ +(\d{3})(?: .*)?")
_REQUEST = re.compile(r"([A-Za-z]+) +(\S+)(?: +HTTP/[0-9.]+)?")


def split(message: bytes) -> tuple[bytes, bytes]:
    """The head and the body of a message, whatever its line ends."""
    found = re.search(rb"\r?\n\r?\n", message)
    return (message, b"") if found is None else (message[: found.start()], message[found.end() :])


def lines(head: bytes) -> list[str]:
    """The lines of a head."""
    return [
        line for line in head.decode("utf-8", "replace").replace("\r\n", "\n").split("\n") if line.strip()
    ]


def headers(rows: list[str], where: str) -> Pairs:
    """The headers in lines. Raises `ImportFaultError`."""
    found: Pairs = []
    for row in rows:
        name, sign, value = row.partition(":")
        if not sign or not name.strip() or re.search(r"[\s\x00-\x1f]", name.strip()):
            raise pieces.fault(where, f"{row[:60]!r} is no header")
        found.append((name.strip(), pieces.text(value.strip(), where)))
    return found


def response_head(head: bytes, where: str) -> tuple[int, Pairs]:
    """Status and headers. Raises `ImportFaultError`."""
    rows = lines(head)
    found = _STATUS.fullmatch(rows[0].strip()) if rows else None
    if found is None:
        raise pieces.fault(where, "it does not begin with a status line such as HTTP/1.1 200 OK")
    return pieces.status_of(int(found[1]), where), headers(rows[1:], where)


def request_head(head: bytes, where: str) -> tuple[str, str, Pairs]:
    """Method, target and headers. Raises `ImportFaultError`."""
    rows = lines(head)
    found = _REQUEST.fullmatch(rows[0].strip()) if rows else None
    if found is None:
        raise pieces.fault(where, "it does not begin with a request line such as POST /path HTTP/1.1")
    return pieces.method_of(found[1], where), found[2], headers(rows[1:], where)


def unchunked(body: bytes, head: Pairs) -> bytes:
    """A body without the framing of chunks, where a dump kept it."""
    if not any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in head):
        return body
    plain, at = bytearray(), 0
    while found := re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r\n").match(body, at):
        size = int(found[1], 16)
        if not size:
            return bytes(plain)
        if body[found.end() + size : found.end() + size + 2] != b"\r\n":
            return body
        plain += body[found.end() : found.end() + size]
        at = found.end() + size + 2
    return bytes(plain) if at == len(body) else body
