"""How the bytes of an answer go out: in which pieces, and whether to their end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from mockserver.faults.kinds import kinds
from mockserver.talk.fault import Kind

ENDS = ("cut", "reset", "stall", "hang", "error")
"""How a stream may end before its end: the connection closes, is reset, falls silent; an error comes.

A whole answer comes to its end; where it is to `hang`, it falls silent too, like a stream that stalls.
"""

SILENT = ("stall", "hang")
"""The ends behind which nothing comes any more."""

CHOPPED = (1, 2, 3, 5, 7, 11, 13)
"""Sizes of pieces, in bytes, that part every frame and every character of more than one byte somewhere."""

MOST_PIECES = 4096
"""The most pieces of one answer; what is left comes at once."""


_SPOILING = ("incomplete", "error")
_RAW = ("status", "body", "frames")


def kind_of(reply: Mapping[str, Any]) -> Kind | None:
    """The kind of the fault that a reply of the control API has; None for none, or for one not in text."""
    fault = reply.get("fault")
    return kinds().get(fault.partition("=")[0].partition(";")[0]) if isinstance(fault, str) else None


def spoilt(reply: Mapping[str, Any]) -> bool:
    """Whether a reply of the control API is no answer: raw bytes, or a fault that loses a part of it."""
    kind = kind_of(reply)
    return any(field in reply for field in _RAW) or (kind is not None and kind.harm in _SPOILING)


def form_of(reply: Mapping[str, Any], *, stream: bool) -> Any:
    """The fault in whose form an answer comes; None for a form of streams where it comes whole."""
    kind = kind_of(reply)
    return reply.get("fault") if stream or (kind is not None and kind.where == "any") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an answer is delivered.

    `sizes` are the sizes of the pieces in bytes, over and over; none: each frame is a piece. `end` is how it
    ends before its end, `after` so many frames, in the middle of the next one where it is cut; `error` is
    the code of the catalogue for the end of that name.
    """

    sizes: tuple[int, ...] = ()
    end: str = ""
    after: int = 1
    error: str = "InternalError"

    @classmethod
    def read(cls, spec: Mapping[str, Any] | None) -> "Delivery":
        """A delivery of the suite's JSON, as its schema allows it."""
        spec = spec or {}
        sizes = tuple(spec.get("sizes") or ())
        return cls(
            sizes=sizes,
            end=spec.get("end", ""),
            after=spec.get("after", 1),
            error=spec.get("error", "InternalError"),
        )

    def of(
        self, frames: Sequence[bytes], body: bytes, *, tail: int
    ) -> "tuple[Delivery, Sequence[bytes], int]":
        """How an answer goes out that has frames, or else a body: delivery, frames and their tail.

        A whole answer comes to its end, unless it hangs: then its halves are frames.
        """
        if frames:
            return self, frames, tail
        if self.end == "hang":
            half = len(body) // 2
            return self, (body[:half], body[half:]), 0
        return Delivery(sizes=self.sizes), (body,), tail

    def whole(self, frames: int, *, tail: int) -> int:
        """How many of so many frames are sent whole when it ends early."""
        return max(0, min(self.after, frames - tail - 1))

    def pieces(self, frames: Sequence[bytes], *, tail: int) -> Iterator[bytes]:
        """The pieces that are sent; the last `tail` frames are never sent when it ends early."""
        if self.end:
            sent = self.whole(len(frames), tail=tail)
            half = frames[sent][: len(frames[sent]) // 2] if self.end in ("cut", "reset") else b""
            frames = [*frames[:sent], half]
        if not self.sizes:
            yield from (frame for frame in frames if frame)
            return
        data, at = b"".join(frames), 0
        for size in islice(cycle(self.sizes), MOST_PIECES):
            if at >= len(data):
                return
            yield data[at : at + size]
            at += size
        yield from [data[at:]] if at < len(data) else []
