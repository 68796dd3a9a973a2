"""From an answer and its fault to a plan: these bytes at that time, then an end, a close or a reset."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from mockserver.base.values import value
from mockserver.faults import odd
from mockserver.faults.cutting import CUTS, cut, with_crlf
from mockserver.faults.planned import Frame, Planned
from mockserver.talk.fault import Fault
from mockserver.wire.headers import Headers

Ending = Literal["end", "close", "reset"]
"""How it ends: as HTTP wants it, or with the connection closed (FIN) or reset (RST) before that."""

_TENTHS = 10


@value
class Piece:
    """Bytes that leave as one HTTP chunk, `at` seconds after the answer was ready.

    `missing`: how many more bytes that chunk announces than will ever come.
    """

    at: float
    data: bytes
    missing: int = 0


@value
class Plan:
    """What is done, in order. `head_at` is when the headers go, in seconds; None: they never do."""

    status: int
    headers: Headers
    head_at: float | None
    pieces: tuple[Piece, ...]
    ending: Ending = "end"


def plan(planned: Planned, fault: Fault) -> Plan:
    """The plan of an answer under a fault; what the fault cannot strike goes out well."""
    if fault.kind.where != "any" and not planned.streamed:
        return _sent(planned)
    return _MAKERS[fault.kind.name](planned, fault)


def _sent(planned: Planned, frames: Iterable[Frame] | None = None, *, ending: Ending = "end") -> Plan:
    """The plan that sends these frames, or all."""
    sent = planned.frames if frames is None else frames
    pieces = tuple(Piece(planned.delay + frame.due, frame.data) for frame in sent if frame.data)
    return Plan(planned.status, planned.headers, planned.delay, pieces, ending)


def _error(planned: Planned, fault: Fault) -> Plan:
    at = planned.struck(fault.after)
    assert fault.refusal is not None
    frame = planned.dialect.late(fault.refusal, planned.request_id, at + 1, created=planned.created)
    return _sent(planned, [*planned.frames[:at], Frame(frame, 0, planned.frames[at].due)])


def _later(frames: Sequence[Frame], seconds: float) -> list[Frame]:
    return [replace(frame, due=frame.due + seconds) for frame in frames]


def _slow(planned: Planned, fault: Fault) -> Plan:
    return _sent(replace(planned, delay=planned.delay + fault.ms / 1000))


def _stall(planned: Planned, fault: Fault) -> Plan:
    if fault.after is not None:
        at = planned.struck(fault.after)
    elif fault.at == "answer":
        at = planned.answer_begins()
    else:
        at = planned.struck(0) if fault.at == "first" else len(planned.frames) - 1
    return _sent(planned, [*planned.frames[:at], *_later(planned.frames[at:], fault.ms / 1000)])


def _trickle(planned: Planned, fault: Fault) -> Plan:
    frames: Sequence[Frame] = planned.frames
    if not planned.streamed:
        size = len(frames[0].data)
        frames = cut(frames, [size * tenth // _TENTHS for tenth in range(1, _TENTHS)])
    seconds = fault.ms / 1000
    return _sent(planned, [replace(frame, due=frame.due + at * seconds) for at, frame in enumerate(frames)])


def _nothing(planned: Planned, _: Fault) -> Plan:
    return Plan(planned.status, planned.headers, None, (), "reset")


def _torn(ending: Ending) -> Callable[[Planned, Fault], Plan]:
    """Ends within an HTTP chunk that announced more."""

    def torn(planned: Planned, fault: Fault) -> Plan:
        at = planned.struck(fault.after)
        frame = planned.frames[at]
        half = len(frame.data) // 2
        piece = Piece(planned.delay + frame.due, frame.data[:half], len(frame.data) - half)
        before = _sent(planned, planned.frames[:at], ending=ending)
        return replace(before, pieces=(*before.pieces, piece))

    return torn


def _before_done(planned: Planned, _: Fault) -> Plan:
    return _sent(planned, planned.frames[:-1] if planned.streamed else None, ending="reset")


def _broken(planned: Planned, fault: Fault, data: bytes) -> Plan:
    """The frames before the one that is struck, then these bytes in its place, and nothing more."""
    at = planned.struck(fault.after)
    return _sent(planned, [*planned.frames[:at], replace(planned.frames[at], data=data)])


def _truncated(planned: Planned, fault: Fault) -> Plan:
    data = planned.frames[planned.struck(fault.after)].data
    head, mark, rest = data.partition(b"data:") if planned.streamed else (b"", b"", data)
    return _broken(planned, fault, head + mark + rest[: len(rest) // 2] + (b"\n\n" if mark else b""))


def _garbage(planned: Planned, fault: Fault) -> Plan:
    rand = random.Random(fault.seed)  # noqa: S311 - garbage, not secrets
    data = bytes(rand.randrange(0x80, 0xC0) for _ in range(64))
    return _broken(planned, fault, b"data: " + data + b"\n\n" if planned.streamed else data)


def _mislabelled(planned: Planned, _: Fault) -> Plan:
    other = (b"content-type", b"text/html; charset=utf-8")
    headers = [other if name == b"content-type" else (name, value) for name, value in planned.headers]
    return _sent(replace(planned, headers=headers))


def _without_usage(planned: Planned, _: Fault) -> Plan:
    frames: list[Frame] = []
    holder = planned.dialect.holder
    told = [at for at, frame in enumerate(planned.frames) if holder(frame.payload or {}).get("usage")]
    apart = planned.streamed and planned.dialect.grammar.usage_apart
    for at, frame in enumerate(planned.frames):
        payload = frame.payload
        if payload and at in (told if apart else told[-1:]):
            if apart:
                continue
            holder(payload).pop("usage")
            frames.append(frame.saying(payload))
        else:
            frames.append(frame)
    return _sent(planned, frames)


def _repeated(count: int) -> Callable[[Planned, Fault], Plan]:
    """Sends one frame so many times."""

    def repeated(planned: Planned, fault: Fault) -> Plan:
        at = planned.delta(fault.after)
        frames = planned.frames
        return _sent(planned, [*frames[:at], *[frames[at]] * count, *frames[at + 1 :]])

    return repeated


def _cut(planned: Planned, fault: Fault) -> Plan:
    frames: Sequence[Frame] = planned.frames
    if fault.kind.name == "crlf":
        frames = with_crlf(frames)
    data = b"".join(frame.data for frame in frames)
    return _sent(planned, cut(frames, CUTS[fault.kind.name](data, fault.after or 0)))


def _among(frames: Callable[[Planned], tuple[Frame, ...]]) -> Callable[[Planned, Fault], Plan]:
    """Sends the frames that an odd, but legal stream has."""
    return lambda planned, _: _sent(planned, frames(planned))


_MAKERS: dict[str, Callable[[Planned, Fault], Plan]] = {
    "error": _error,
    "slow": _slow,
    "stall": _stall,
    "trickle": _trickle,
    "reset-before-headers": _nothing,
    "reset-mid-chunk": _torn("reset"),
    "reset-before-done": _before_done,
    "close-mid-chunk": _torn("close"),
    "truncated-json": _truncated,
    "garbage": _garbage,
    "empty": lambda planned, _: _sent(planned, ()),
    "wrong-content-type": _mislabelled,
    "no-usage": _without_usage,
    "duplicate-chunk": _repeated(2),
    "lost-chunk": _repeated(0),
    **{name: _among(frames) for name, frames in odd.ODD.items()},
    **dict.fromkeys(CUTS, _cut),
}
"""How each kind plans; `ok` never comes here."""
