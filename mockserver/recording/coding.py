"""Content codings of recorded bodies: read for redaction and for their meaning, never for the client."""

import zlib
from collections.abc import Iterable
from contextlib import suppress

READABLE = ("gzip", "deflate", "identity")
"""The codings that can be read here, and so kept; what cannot be read cannot be cleaned of secrets."""

MOST = 32 * 1024 * 1024
"""The largest body that is unpacked, in bytes; no answer of text comes near it, and what does is a bomb."""


class UncleanError(ValueError):
    """A body that cannot be kept, because it cannot be cleaned of secrets; the message says why."""


class TooLargeError(UncleanError):
    """A packed body that holds more than is unpacked."""

    def __init__(self) -> None:
        super().__init__(f"unpacked, the body is larger than {MOST // 1024**2} MB; only less can be cleaned")


class UnreadableCodingError(UncleanError):
    """A body in a coding that cannot be read here; `coding` is its name."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        super().__init__(
            f"the body is coded as {coding!r}; only {', '.join(READABLE)} can be kept without secrets"
        )


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The value of a header by its lower-case name; "" without one."""
    return next((value for key, value in headers if key.lower() == name), "")


def codings_of(headers: Iterable[tuple[str, str]]) -> str:
    """What the headers say of a body's codings, in lower case, one after another; "" when nothing."""
    return ", ".join(value.strip().lower() for key, value in headers if key.lower() == "content-encoding")


def coding_of(headers: Iterable[tuple[str, str]]) -> str:
    """The coding of a body, `identity` for none. Raises `UnreadableCodingError`, also for several at once."""
    coding = codings_of(headers).replace("x-gzip", "gzip") or "identity"
    if coding not in READABLE:
        raise UnreadableCodingError(coding)
    return coding


def decoded(body: bytes, coding: str) -> bytes:
    """A body unpacked as far as it goes; the body itself when it is not packed as it says.

    Raises `TooLargeError`.
    """
    if coding == "identity":
        return body
    for wbits in (31,) if coding == "gzip" else (15, -15):
        with suppress(zlib.error):
            return _unpacked(body, wbits)
    return _as_far_as_possible(body)


def _unpacked(body: bytes, wbits: int) -> bytes:
    """What is packed in a body, and what is packed behind it; a rest that is not packed stays as it is."""
    unpacker = zlib.decompressobj(wbits=wbits)
    plain = bytearray(unpacker.decompress(body, MOST + 1))
    while (rest := unpacker.unused_data) and len(plain) <= MOST:
        unpacker = zlib.decompressobj(wbits=wbits)
        try:
            plain += unpacker.decompress(rest, MOST + 1 - len(plain))
        except zlib.error:
            plain += rest
            break
    return _bounded(plain)


def _as_far_as_possible(body: bytes) -> bytes:
    """What a damaged gzip body still holds; the body itself when it holds nothing."""
    unpacker = zlib.decompressobj(wbits=31)
    plain = bytearray()
    try:
        for at in range(0, len(body), 64):
            plain += unpacker.decompress(body[at : at + 64], MOST)
    except zlib.error:
        return bytes(plain) or body
    return bytes(plain)  # pragma: no cover - what fails as a whole, within that size, fails in pieces


def _bounded(plain: bytearray) -> bytes:
    if len(plain) > MOST:
        raise TooLargeError
    return bytes(plain)


def packed(plain: bytes, coding: str) -> bytes:
    """A body packed again, always to the same bytes."""
    if coding == "identity":
        return plain
    packer = zlib.compressobj(level=6, wbits=31 if coding == "gzip" else 15)
    return packer.compress(plain) + packer.flush()
