"""How Redis writes what it holds: names and values in turn, and the entries of streams."""

from collections.abc import Iterator, Sequence


def pairs(rows: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The names of a hash, each with its value."""
    return zip(rows[::2], rows[1::2], strict=True)


def events(entries: Sequence[tuple[bytes, Sequence[bytes]]]) -> Iterator[tuple[int, dict[bytes, bytes]]]:
    """The entries of a stream, each with the number that it was entered under."""
    return ((int(name.partition(b"-")[0]), dict(pairs(fields))) for name, fields in entries)
