"""The frames of a rendered stream, opened once more, and what stands in a choice of either dialect."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.wire import sse

Shown = tuple[int, dict[str, Any]]
"""The place of an event in its stream, and a choice in it."""

Lane = tuple[Any, dict[str, Any], str]
"""A text that goes on from event to event: which, what holds its piece, and under which name."""


@dataclass(slots=True)
class Event:
    """One frame of a stream, opened: what stands before its data, a number aside, and that as JSON; None for
    `[DONE]`.
    """

    head: bytes
    payload: dict[str, Any] | None
    tokens: int
    raw: bytes
    numbered: bool

    @classmethod
    def of(cls, frame: bytes, tokens: int) -> "Event":
        """The event of a frame."""
        head, _, data = frame.partition(b"data:")
        payload = None if data.strip() == b"[DONE]" else loads(data)
        numbered = head.startswith(b"id:")
        return cls(head.partition(b"\n")[2] if numbered else head, payload, tokens, frame, numbered)

    def frame(self, number: int) -> bytes:
        """The frame again; native ones are numbered."""
        if self.payload is None:
            return self.raw
        data = dumps(self.payload)
        if not self.head:
            return sse.compat_frame(data)
        return (b"id:%d\n" % number if self.numbered else b"") + b"%bdata:%b\n\n" % (self.head, data)

    def after(self) -> "Event":
        """A copy to stand behind it, which says nothing that costs."""
        return Event(self.head, deepcopy(self.payload), 0, b"", self.numbered)


def message_of(choice: Mapping[str, Any]) -> dict[str, Any]:
    """What a choice says: its delta, or its message."""
    return choice.get("delta") or choice.get("message") or {}


def text_of(content: Any) -> str:
    """The text of a content: a text, nothing, or parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())
