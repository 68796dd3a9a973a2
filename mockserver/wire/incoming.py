"""The headers of a request, read only as far as they are asked for."""

from collections.abc import Iterable, Iterator, Mapping


class RequestHeaders(Mapping[str, str]):
    """A request's headers by lower-case name, over the raw pairs of the server; the first one counts."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        wanted = name.encode("latin-1", "replace")
        for key, value in self._raw:
            if key == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        wanted = str(name).encode("latin-1", "replace")
        # Cheaper than a lookup that raises: every request is asked for headers that few send.
        for key, _ in self._raw:  # noqa: SIM110
            if key == wanted:
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter({key.decode("latin-1"): None for key, _ in self._raw})

    def __len__(self) -> int:
        return len({key for key, _ in self._raw})
