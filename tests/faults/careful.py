"""A careful client: it reads an answer as it comes, and knows when it does not have the whole of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.faults import Plan, Planned, plan
from mockserver.faults.planned import Frame as Sent
from mockserver.talk.fault import Fault
from mockserver.talk.reply import Pace
from mockserver.wire.pacing import schedule
from mockserver.wire.sse import Frame, Reader
from tests.wire.exchanges import ENVELOPE, Exchange


class BrokenAnswerError(Exception):
    """What came is no whole answer; the message says why."""


@dataclass
class Read:
    """What a careful client has: for each choice its text, thinking, calls and finish, and the usage."""

    said: dict[int, list[Any]] = field(default_factory=dict)
    usage: Any = None
    done: bool = False

    def take(self, payload: dict[str, Any], *, cumulative: bool) -> None:
        """One payload of a stream, or a whole body."""
        if "error" in payload or "code" in payload:
            raise BrokenAnswerError(payload)
        if payload.get("usage"):
            self.usage = payload["usage"]
        output = payload.get("output", payload)
        choices = output.get("choices")
        if choices is None:
            choices = [{"message": {"content": output["text"]}, "finish_reason": output["finish_reason"]}]
        for choice in choices:
            said = self.said.setdefault(choice.get("index", 0), ["", "", {}, None])
            delta = choice.get("delta") or choice.get("message") or {}
            content = delta.get("content") or ""
            parts = content if isinstance(content, str) else "".join(part["text"] for part in content)
            said[0] = parts if cumulative else said[0] + parts
            thought = delta.get("reasoning_content") or ""
            said[1] = (thought or said[1]) if cumulative else said[1] + thought
            if cumulative:
                said[2] = {}
            for call in delta.get("tool_calls") or ():
                known = said[2].setdefault(call["index"], ["", "", ""])
                known[0] = known[0] or call["id"]
                known[1] = known[1] or call["function"].get("name") or ""
                known[2] += call["function"].get("arguments") or ""
            finish = choice.get("finish_reason")
            said[3] = None if finish in (None, "null") else finish

    def whole(self) -> "Read":
        """Itself. Raises `BrokenAnswerError` when something is missing."""
        if not self.said or any(said[3] is None for said in self.said.values()):
            msg = "an answer without its end"
            raise BrokenAnswerError(msg)
        return self


def _frames(reader: Reader, pieces: Iterable[bytes]) -> Iterator[Frame]:
    """Every event; the last one needs no blank line."""
    for piece in pieces:
        yield from reader.feed(piece)
    left = reader.close()
    if left is not None:
        yield left


def read_stream(pieces: Iterable[bytes], *, native: bool, cumulative: bool) -> Read:
    """A stream, piece by piece. Raises `BrokenAnswerError`."""
    read, reader, last = Read(), Reader(), 0
    for frame in _frames(reader, pieces):
        if frame.data is None:
            continue
        if frame.event == "error":
            raise BrokenAnswerError(frame.data)
        if native:
            last += 1
            if frame.id != str(last):
                msg = f"event {frame.id} stands in the place of {last}"
                raise BrokenAnswerError(msg)
        if frame.data == "[DONE]":
            read.done = True
            continue
        try:
            payload = json.loads(frame.data)
        except ValueError as error:
            raise BrokenAnswerError(str(error)) from None
        read.take(payload, cumulative=cumulative)
    if not (native or read.done):
        msg = "a stream without its end"
        raise BrokenAnswerError(msg)
    return read.whole()


def read_body(body: bytes) -> Read:
    """A whole body. Raises `BrokenAnswerError`."""
    read = Read()
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise BrokenAnswerError(str(error)) from None
    read.take(payload, cumulative=False)
    return read.whole()


HEADERS = [(b"x-request-id", b"1"), (b"content-type", b"text/event-stream;charset=UTF-8")]


def planned(exchange: Exchange, *, stream: bool = True, pace: Pace | None = None) -> Planned:
    """The answer of an exchange, ready to go."""
    request = exchange.request
    if stream:
        rendered = exchange.stream()
        due = schedule(rendered.tokens, pace or Pace())
        frames = tuple(map(Sent, rendered.frames, rendered.tokens, due))
    else:
        frames = (Sent(exchange.body()),)
    return Planned(
        status=200,
        headers=HEADERS,
        frames=frames,
        streamed=stream,
        surface=request.surface,
        request_id=ENVELOPE.request_id,
        cumulative=request.surface.dialect == "native" and not request.incremental,
        prompt_tokens=exchange.usage.input,
    )


def heard(answer: Planned, said: Plan) -> Read:
    """What a careful client makes of a plan. Raises `BrokenAnswerError`."""
    if said.head_at is None or said.ending != "end" or any(piece.missing for piece in said.pieces):
        raise BrokenAnswerError(said.ending)
    pieces = [piece.data for piece in said.pieces]
    if not answer.streamed:
        return read_body(b"".join(pieces))
    return read_stream(pieces, native=answer.surface.dialect == "native", cumulative=answer.cumulative)


def untouched(answer: Planned) -> Read:
    """What a careful client reads of an answer without a fault."""
    pieces = [frame.data for frame in answer.frames]
    if not answer.streamed:
        return read_body(b"".join(pieces))
    return read_stream(pieces, native=answer.surface.dialect == "native", cumulative=answer.cumulative)


def faulty(answer: Planned, fault: Fault) -> Read:
    """What a careful client reads of an answer with a fault. Raises `BrokenAnswerError`."""
    return heard(answer, plan(answer, fault))
