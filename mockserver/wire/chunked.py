"""Frames as HTTP sends them: each is a chunk of its own (RFC 9112, 7.1)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import overload

LAST = b"0\r\n\r\n"
"""The chunk that ends a body."""


def chunk(frame: bytes) -> bytes:
    """A frame as a chunk."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)


Places = Sequence[tuple[int, int]]
"""Where each frame begins and ends within the chunks of all."""


def places(frames: Iterable[bytes]) -> Places:
    """Where these frames lie when each is a chunk."""
    sizes = [(len(frame), len(chunk(frame))) for frame in frames]
    ends = accumulate(whole for _, whole in sizes)
    return tuple((end - 2 - size, end - 2) for (size, _), end in zip(sizes, ends, strict=True))


class Chunked(Sequence[bytes]):
    """Frames that lie in one piece, chunk behind chunk; `size` are their own bytes, without what frames them.

    Nobody need take them apart but who looks at one of them.
    """

    __slots__ = ("_places", "data", "size")

    def __init__(self, data: bytes, places: Places, size: int) -> None:
        self.data = data
        self.size = size
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[bytes]:
        data = self.data
        return (data[start:end] for start, end in self._places)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self.data[start:end] for start, end in self._places[at]]
        start, end = self._places[at]
        return self.data[start:end]

    def chunks(self) -> list[bytes]:
        """Each frame as the chunk that it is."""
        ends = [0, *(end + 2 for _, end in self._places)]
        return [self.data[start:end] for start, end in pairwise(ends)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def chunked(frames: Sequence[bytes]) -> bytes:
    """All frames, each a chunk."""
    return frames.data if isinstance(frames, Chunked) else b"".join(map(chunk, frames))


def chunks(frames: Sequence[bytes]) -> Sequence[bytes]:
    """Each frame as a chunk."""
    return frames.chunks() if isinstance(frames, Chunked) else [*map(chunk, frames)]


def unchunked(data: bytes) -> list[bytes]:
    """The frames of chunks that have no extensions; what stands behind the last one is not read."""
    frames, at = [], 0
    while (end := data.index(b"\r\n", at)) and (size := int(data[at:end], 16)):
        frames.append(data[end + 2 : end + 2 + size])
        at = end + size + 4
    return frames


def size_of(frames: Sequence[bytes]) -> int:
    """How many bytes frames have."""
    return frames.size if isinstance(frames, Chunked) else sum(map(len, frames))
