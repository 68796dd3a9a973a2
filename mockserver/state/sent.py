"""The bytes of an answer as they went out, for whoever looks at how a stream was cut and paced."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.wire.chunked import size_of, unchunked
from mockserver.wire.headers import Headers

SHOWN = 64 * 1024
"""An answer of more bytes is not shown to others as it went out."""

_EACH = 100
"""About what a frame takes in bytes beside its own."""


def weight(frames: Sequence[bytes]) -> int:
    """About how many bytes it takes to keep frames that went out."""
    return size_of(frames) + _EACH * (len(frames) + 1)


@dataclass(slots=True)
class Sent:
    """What went out: status, headers, and the frames, each `due` so many seconds behind the first byte.

    `due` is empty when nothing was paced. `delay` is how long the first byte waited. `ending` is `end`, or
    how the connection ended before that: `close` or `reset`.
    """

    status: int
    headers: Headers
    frames: Sequence[bytes]
    due: Sequence[float] = ()
    delay: float = 0.0
    ending: str = "end"
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Weighs it, in bytes."""
        self.size = weight(self.frames)

    def shown(self) -> dict[str, Any]:
        """It as JSON: times in milliseconds since the request was there; packed bytes are not shown."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        packed = any(name.lower() == "content-encoding" for name, _ in headers)
        due = self.due or [0.0] * len(self.frames)
        return {
            "status": self.status,
            "headers": [list(pair) for pair in headers],
            "frames": [
                {
                    "at_ms": round(1000 * (self.delay + at), 3),
                    "bytes": len(frame),
                    "text": None if packed else frame.decode("utf-8", "replace"),
                }
                for frame, at in zip(self.frames, due, strict=True)
            ],
            "ending": self.ending,
        }


class OnWire:
    """The same of an answer that left in one piece: all its bytes, taken apart when somebody looks.

    `size` is what its frames weigh. Its last header says that it is in chunks, which is not told.
    """

    __slots__ = ("data", "size")

    def __init__(self, data: bytes, size: int) -> None:
        self.data = data
        self.size = size

    def apart(self) -> Sent:
        """It, taken apart."""
        head, _, chunks = self.data.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines[:-1])]
        return Sent(int(line.split()[1]), headers, unchunked(chunks))

    def shown(self) -> dict[str, Any]:
        """It as JSON."""
        return self.apart().shown()
