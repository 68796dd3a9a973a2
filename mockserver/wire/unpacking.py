"""Packed request bodies: unpacked piece by piece, and never beyond a limit.

Nothing is known of what the cloud does with `Content-Encoding` in a request; gateways and HTTP clients send
it. A packed body counts as what it is unpacked: one that would become larger than the limit is given up where
it does, so that a small request cannot take much memory.
"""

import sys
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Protocol

_WINDOW_LOG = 23
"""The largest window of zstd, as a power of two: 8 MB, what RFC 9659 allows in HTTP."""

_METHOD, _CHECK = 8, 31
"""What tells a zlib header: the method in its first four bits, a check of its first two bytes (RFC 1950)."""

_MOST_MEMBERS = 10_000
"""How many members a body may have; what is packed block by block needs a few hundred of them."""

_OTHERWISE, _EARLY = "is not packed so", "ends too early"


class UnpackError(ValueError):
    """A body that is not read; the message says why, `entry` is what the catalogue calls it."""

    def __init__(self, message: str, entry: str) -> None:
        super().__init__(message)
        self.entry = entry


class TooMuchError(Exception):
    """A body that is larger than the limit when it is unpacked."""


class _Stage(Protocol):
    """One run of an unpacker."""

    @property
    def broken(self) -> type[Exception]:
        """What it raises for what is not packed so."""

    @property
    def eof(self) -> bool:
        """Whether what is packed has come to its end."""

    @property
    def unused_data(self) -> bytes:
        """What stood behind that end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Some of what is unpacked; more of it comes when there was no room."""


class _Zlib:
    """gzip, or deflate with or without a zlib header: some programs write none."""

    broken = zlib.error

    def __init__(self, wbits: int | None = None) -> None:
        self._wbits = wbits
        self._unpacker = zlib.decompressobj(wbits) if wbits else None
        self._begin = b""

    @property
    def eof(self) -> bool:
        return self._unpacker is not None and self._unpacker.eof

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data if self._unpacker is not None else self._begin

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._unpacker is None:
            self._begin += data
            if len(self._begin) < 2:  # noqa: PLR2004 - the header has two bytes
                return b""
            first, second = self._begin[:2]
            headed = first & 0x0F == _METHOD and (first << 8 | second) % _CHECK == 0
            self._unpacker = zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)
            data = self._begin
        return self._unpacker.decompress(data, max_length)


class _Brotli:
    """Brotli, which has one run only."""

    unused_data = b""

    def __init__(self) -> None:
        import brotli  # noqa: PLC0415 - hardly a body is packed so

        self.broken = brotli.error
        self._unpacker = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        return bool(self._unpacker.is_finished())

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked: bytes = self._unpacker.process(data, output_buffer_limit=max_length)
        return unpacked


@cache
def _zstd() -> Any:
    """What reads zstd; None where Python 3.14 was built without it."""
    try:
        return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    except ImportError:
        return None


class _Zstd:
    """One frame of zstd."""

    def __init__(self) -> None:
        library = _zstd()
        self.broken = library.ZstdError
        window = {library.DecompressionParameter.window_log_max: _WINDOW_LOG}
        self._unpacker = library.ZstdDecompressor(options=window)

    @property
    def eof(self) -> bool:
        return bool(self._unpacker.eof)

    @property
    def unused_data(self) -> bytes:
        data: bytes = self._unpacker.unused_data
        return data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked: bytes = self._unpacker.decompress(data, max_length)
        return unpacked


_STAGES: dict[str, Callable[[], _Stage]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": _Zlib,
    "br": _Brotli,
    "zstd": _Zstd,
}


def readable() -> tuple[str, ...]:
    """The codings that are read."""
    return tuple(coding for coding in _STAGES if coding != "zstd" or _zstd() is not None)


class Unpacker:
    """Unpacks one body, to `limit` bytes. Raises `UnpackError` for a coding that is not read."""

    def __init__(self, coding: str, *, limit: int) -> None:
        self._coding = coding
        if coding not in _STAGES or (coding == "zstd" and _zstd() is None):
            fix = f"send it plain, or as one of {', '.join(readable())}"
            lacking = ", and the Python of this server was built without zstd" if coding == "zstd" else ""
            msg = f"the body's content-encoding is {coding[:80]!r}{lacking}: {fix}"
            raise UnpackError(msg, "body.coding")
        self._make = _STAGES[coding]
        self._stage = self._make()
        self._left = limit
        self._begun = False
        self._members = 1

    def feed(self, data: bytes) -> bytes:
        """What more bytes unpack to. Raises `TooMuchError`, and `UnpackError` for what is not packed so."""
        found = bytearray()
        while data:
            if self._stage.eof:
                # A gzip or zstd body may have members, one behind the other.
                self._stage = self._make()
                self._members += 1
                if self._members > _MOST_MEMBERS:
                    how = f"is the last of more than {_MOST_MEMBERS} members: pack it as one"
                    raise self._broken(how)
            try:
                piece = self._stage.decompress(data, self._left + 1)
            except self._stage.broken:
                raise self._broken(_OTHERWISE) from None
            self._begun = True
            found += piece
            self._left -= len(piece)
            if self._left < 0:
                raise TooMuchError
            data = self._stage.unused_data if self._stage.eof else b""
        return bytes(found)

    def finish(self) -> None:
        """Raises `UnpackError` for a body that ends too early."""
        if self._begun and not self._stage.eof:
            raise self._broken(_EARLY)

    def _broken(self, how: str) -> UnpackError:
        part = "it" if self._members == 1 else "what stands behind its first end"
        message = f"the body's content-encoding is {self._coding!r}, but {part} {how}"
        return UnpackError(message, "body.not-so-packed")


def coding_of(value: str) -> str:
    """The coding that a `content-encoding` names; empty for none."""
    coding = value.strip().lower()
    return {"identity": "", "x-gzip": "gzip"}.get(coding, coding)
