"""Pieces of an answer in another order, or together in one event: each still adds to what it belongs to."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

from mockserver.dialects.events import message_of
from mockserver.faults.planned import Frame, Planned

_ENDS = ("stop", "length", "tool_calls", "function_call")
_THOUGHT, _WORDS, _CALL, _END = "thought", "words", "call", "end"


def choices_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices that stand as such in an event: those of the compatible and of the native dialect."""
    return list((payload.get("output") or payload).get("choices") or ())


def finished(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """What says in an event of these two dialects that it has ended: choices, or the output of a text."""
    holders = [payload.get("output") or payload, *choices_of(payload)]
    return [one for one in holders if one.get("finish_reason") in _ENDS]


def pieces_of(payload: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """The pieces of calls in an event, each with its choice and its place there."""
    return [
        ((choice.get("index"), piece.get("index")), piece)
        for choice in choices_of(payload)
        for piece in message_of(choice).get("tool_calls") or ()
    ]


def _kind(payload: dict[str, Any]) -> str:
    """What an event says: the last of these where it says several, "" where it says nothing."""
    if finished(payload):
        return _END
    if pieces_of(payload):
        return _CALL
    said = [message_of(choice) for choice in choices_of(payload)]
    if any(message.get("content") for message in said):
        return _WORDS
    return _THOUGHT if any(message.get("reasoning_content") for message in said) else ""


def _kinds(planned: Planned) -> list[str] | None:
    """What each event says; None where events repeat what was said, or several choices end one by one."""
    payloads = [frame.payload or {} for frame in planned.frames]
    several = len({choice.get("index") for payload in payloads for choice in choices_of(payload)}) > 1
    return None if planned.cumulative or several else [_kind(payload) for payload in payloads]


def _reordered(planned: Planned, order: Sequence[int]) -> tuple[Frame, ...]:
    """The frames of these places in this order, each when another was due; the others where they are."""
    frames = list(planned.frames)
    for place, at in zip(sorted(order), order, strict=True):
        frames[place] = replace(planned.frames[at], due=planned.frames[place].due)
    return planned.numbered(frames)


def with_late_texts(planned: Planned) -> tuple[Frame, ...]:
    """The words of an answer behind its calls, or before the piece of a call that ends it (native)."""
    kinds = _kinds(planned) or []
    called = [at for at, kind in enumerate(kinds) if kind == _CALL]
    said = [at for at, kind in enumerate(kinds) if kind == _WORDS and called and at < called[-1]]
    start = said[0] if said else 0
    between = [at for at in range(start, called[-1] + 1) if at not in said] if said else []
    return _reordered(planned, [*between, *said])


def with_late_thoughts(planned: Planned) -> tuple[Frame, ...]:
    """The second half of the thinking behind the first half of the words."""
    kinds = _kinds(planned) or []
    thought = [at for at, kind in enumerate(kinds) if kind == _THOUGHT]
    said = [at for at, kind in enumerate(kinds) if kind == _WORDS]
    if not (thought and said):
        return planned.frames
    late, early = thought[len(thought) // 2 :], said[: (len(said) + 1) // 2]
    return _reordered(planned, [*early, *late])


def with_woven_calls(planned: Planned) -> tuple[Frame, ...]:
    """The pieces of several calls by turns: one of each, then the next one of each."""
    by_call: dict[Any, list[int]] = {}
    for at, kind in enumerate(_kinds(planned) or ()):
        if kind == _CALL:
            place, _ = pieces_of(planned.frames[at].payload or {})[0]
            by_call.setdefault(place, []).append(at)
    turns = chain.from_iterable(zip_longest(*by_call.values()))
    return _reordered(planned, [at for at in turns if at is not None])


def with_shared_chunks(planned: Planned) -> tuple[Frame, ...]:
    """What follows another kind of piece comes with the last one of that in one event.

    So the first words come with the end of the thinking, the first call with the last words, and the finish
    with what was said last.
    """
    kinds = _kinds(planned)
    if kinds is None:
        return planned.frames
    frames: list[Frame] = []
    before = ""
    for frame, kind in zip(planned.frames, kinds, strict=True):
        joined = _joined(frames[-1], frame) if before and kind and kind != before else None
        frames = [*frames, frame] if joined is None else [*frames[:-1], joined]
        before = kind
    return planned.numbered(frames)


def _joined(first: Frame, second: Frame) -> Frame | None:
    """Two events as the second of them, with what the first one said; None where both say of one kind."""
    payload = second.payload or {}
    holders = [choices_of(of)[0] for of in (first.payload or {}, payload)]
    told, saying = ({name: it for name, it in message_of(one).items() if it} for one in holders)
    if (told.keys() & saying.keys()) - {"role"}:
        return None
    name = "delta" if "delta" in holders[1] else "message"
    holders[1][name] = {**holders[1][name], **told, **saying}
    return replace(second.saying(payload), tokens=first.tokens + second.tokens)
