"""The headers of a request, read only as far as they are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.talk.surface import Surface, Trait


class RequestHeaders(Mapping[str, str]):
    """A request's headers by lower-case name, over the raw pairs of the server; the first one counts."""

    __slots__ = ("_first", "_packed", "raw")

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self.raw = raw
        self._first = {name.decode("latin-1"): value for name, value in reversed(raw)}
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """All of them in one piece, which is made once."""
        if self._packed is None:
            self._packed = _BETWEEN.join([piece for pair in self.raw for piece in pair])
        return self._packed

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return str(value)

    def get(self, name: str, default: Any = None) -> Any:
        """A header's value; `default` when it was not sent."""
        # Cheaper than a lookup that raises: every request is asked for headers that few send.
        value = self._first.get(name)
        return default if value is None else value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return name in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.decode("latin-1") for key, _ in self.raw))

    def __len__(self) -> int:
        return len(self._first)


_BETWEEN = b"\n"
"""What stands in no header."""


def packed(headers: Mapping[str, str]) -> bytes:
    """Headers in one piece: a journal that kept them as they came would be slow for its size alone."""
    if isinstance(headers, RequestHeaders):
        return headers.packed
    return "\n".join([piece for pair in headers.items() for piece in pair]).encode("latin-1", "replace")


def unpacked(data: bytes) -> RequestHeaders:
    """The headers of such a piece."""
    pieces = data.split(_BETWEEN)
    return RequestHeaders(list(zip(pieces[::2], pieces[1::2], strict=False)))


def key_of(surface: Surface, headers: Mapping[str, str]) -> str | None:
    """The API key of a request to a surface; None when it sends none.

    Where `x-api-key` may carry it, too, `Authorization` comes first (Model Studio docs, Anthropic-compatible
    Messages, 2026-11: either; both at once are not documented).
    """
    key = bearer_key(headers)
    if key is None and Trait.API_KEY_HEADER in surface.traits:
        key = headers.get("x-api-key")
        return None if key is None else key.strip()
    return key


def bearer_key(headers: Mapping[str, str]) -> str | None:
    """The API key of a request; None when there is no Authorization header."""
    value = headers.get("authorization")
    if value is None:
        return None
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
