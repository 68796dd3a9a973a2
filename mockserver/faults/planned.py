"""An answer that is ready to go, as faults see it: frames with their times, and where to strike."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.base.values import value
from mockserver.dialects.dialect import Dialect
from mockserver.dialects.events import message_of
from mockserver.dialects.table import dialect_of
from mockserver.talk.surface import Surface
from mockserver.wire.headers import Headers

_MARK = b"data:"
_ID = re.compile(rb"\Aid:[0-9]+")
_NAME = re.compile(rb"^event:[^\r\n]*", re.MULTILINE)


@value
class Frame:
    """One frame of a stream, or a whole body: how many tokens it carries, and when it is due (seconds)."""

    data: bytes
    tokens: int = 0
    due: float = 0.0

    @property
    def payload(self) -> dict[str, Any] | None:
        """Its JSON; None for a frame without, like ``[DONE]`` or a comment."""
        _, mark, rest = self.data.partition(_MARK)
        try:
            payload = loads(rest if mark and not self.data.startswith(b"{") else self.data)
        except ValueError:
            return None
        return payload if isinstance(payload, dict) else None

    def saying(self, payload: Mapping[str, Any]) -> "Frame":
        """This frame with another payload; an event is called by what its payload is."""
        return replace(self, data=self._with(payload))

    def beside(self, payload: Mapping[str, Any]) -> "Frame":
        """One frame more of this payload, at the same time and in the same form; it carries no token."""
        return Frame(self._with(payload), 0, self.due)

    def _with(self, payload: Mapping[str, Any]) -> bytes:
        if self.data.startswith(b"{"):
            return dumps(payload)
        head, mark, rest = self.data.partition(_MARK)
        kind = payload.get("type")
        if isinstance(kind, str):
            head = _NAME.sub(lambda _: b"event:" + kind.encode(), head)
        return head + mark + (b" " if rest.startswith(b" ") else b"") + dumps(payload) + b"\n\n"


@value(kw_only=True)
class Planned:
    """An answer before its fault. A whole body is a single frame of an answer that is not `streamed`.

    `delay`: seconds before the headers. `cumulative`: native events that repeat all that was said.
    `prompt_tokens`: what a usage in the middle of the stream says of the prompt. `created`: when it was asked
    for, in seconds since 1970.
    """

    status: int
    headers: Headers
    frames: tuple[Frame, ...]
    streamed: bool
    surface: Surface
    request_id: str
    delay: float = 0.0
    cumulative: bool = False
    prompt_tokens: int = 0
    created: int = 0

    @property
    def dialect(self) -> Dialect:
        """The dialect that it speaks."""
        return dialect_of(self.surface)

    def choices(self, frame: Frame) -> Sequence[dict[str, Any]]:
        """The choices of a frame; none in the native text format."""
        return self.dialect.choices(frame.payload or {})

    def numbered(self, frames: Iterable[Frame]) -> tuple[Frame, ...]:
        """These frames, numbered from 1 again where they have numbers."""
        if not self.dialect.grammar.numbered:
            return tuple(frames)
        return tuple(
            replace(frame, data=_ID.sub(b"id:%d" % at, frame.data)) for at, frame in enumerate(frames, 1)
        )

    def changed(self, change: Callable[[dict[str, Any]], bool]) -> tuple[Frame, ...]:
        """The frames, in turn, with the payload that `change` made of theirs where it says that it did.

        A frame without JSON is asked too, with an empty object.
        """
        told = []
        for frame in self.frames:
            payload = frame.payload or {}
            told.append(frame.saying(payload) if change(payload) else frame)
        return tuple(told)

    def struck(self, after: int | None) -> int:
        """The index of the frame that carries the token behind so many; None strikes half-way.

        Behind more tokens than there are it is what follows the last of them.
        """
        total = sum(frame.tokens for frame in self.frames)
        left = total // 2 if after is None else after
        last = 0
        for at, frame in enumerate(self.frames):
            if frame.tokens:
                left -= frame.tokens
                last = at
                if left < 0:
                    return at
        return min(last + 1, len(self.frames) - 1) if total else len(self.frames) - 1

    def delta(self, after: int | None) -> int:
        """Like `struck`, but a frame that says something as long as there is one."""
        at = self.struck(after)
        said = [index for index, frame in enumerate(self.frames[: at + 1]) if frame.tokens]
        return said[-1] if said else at

    def answer_begins(self) -> int:
        """The index of the frame that ends the thinking; without thinking the one half-way."""
        thought = False
        for at, frame in enumerate(self.frames):
            if thought and self.dialect.opening(frame.payload or {}):
                return at
            for message in map(message_of, self.choices(frame)):
                if thought and message.get("content"):
                    return at
                thought = thought or bool(message.get("reasoning_content"))
        return self.struck(None)
