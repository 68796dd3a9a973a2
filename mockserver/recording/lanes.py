"""What a stream says piece by piece: each text of each choice is a lane that runs through its frames."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mockserver.dialects.table import speaker
from mockserver.recording.documents import choices_of

Spans = Callable[[str], list[tuple[int, int]]]


@dataclass(slots=True)
class _Piece:
    """One text of one frame; `holder[name]` is where it stands."""

    choice: dict[str, Any]
    holder: dict[str, Any]
    name: str

    @property
    def text(self) -> str:
        return str(self.holder[self.name])


def _texts(choice: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], str]]:
    """The lanes of a choice that carry text in this frame."""
    said = choice.get("delta") if isinstance(choice.get("delta"), dict) else choice.get("message")
    if not isinstance(said, dict):
        return
    for name in ("content", "reasoning_content"):
        held = said.get(name)
        if isinstance(held, str):
            yield (name,), said, name
        elif isinstance(held, list):
            for part in held:
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    yield (name,), part, "text"
    calls = said.get("tool_calls")
    for at, call in enumerate(calls if isinstance(calls, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            yield ("call", call.get("index", at)), function, "arguments"


def _lanes(documents: Sequence[Any]) -> dict[tuple[Any, ...], list[_Piece]]:
    lanes: dict[tuple[Any, ...], list[_Piece]] = {}
    for document in documents:
        dialect = speaker(document) if isinstance(document, dict) else None
        for lane, holder, name in dialect.lanes(document) if dialect is not None else ():
            lanes.setdefault((dialect, repr(lane)), []).append(_Piece(holder, holder, name))
        for at, choice in enumerate(choices_of(document)):
            for lane, holder, name in _texts(choice):
                key = (repr(choice.get("index", at)), *map(repr, lane))
                lanes.setdefault(key, []).append(_Piece(choice, holder, name))
        output = document.get("output") if isinstance(document, dict) else None
        if isinstance(output, dict) and isinstance(output.get("text"), str):
            lanes.setdefault(("text",), []).append(_Piece(output, output, "text"))
    return lanes


def grows(texts: Sequence[str]) -> bool:
    """Whether each text repeats the one before and goes on: a native stream that is not incremental."""
    whole = len(texts) > 1 and bool(texts[-1])
    return whole and all(after.startswith(before) for before, after in pairwise(texts))


def redact_lanes(documents: Sequence[Any], spans: Spans, mark: str) -> None:
    """Takes out, in place, what is secret in the texts that the documents make together."""
    for pieces in _lanes(documents).values():
        texts = [piece.text for piece in pieces]
        growing = grows(texts)
        found = spans(texts[-1] if growing else "".join(texts))
        if not found:
            continue
        start = 0
        for piece, text in zip(pieces, texts, strict=True):
            clean = _clipped(text, start, found, mark)
            if clean != text:
                piece.holder[piece.name] = clean
                if piece.choice.get("logprobs"):
                    piece.choice["logprobs"] = None
            start = 0 if growing else start + len(text)


def _clipped(text: str, offset: int, spans: Sequence[tuple[int, int]], mark: str) -> str:
    """A piece without the parts of secrets in it; the piece in which one begins carries the mark."""
    parts, at, end = [], offset, offset + len(text)
    for start, stop in spans:
        if stop <= offset or start >= end:
            continue
        parts.append(text[at - offset : max(start, at) - offset])
        if start >= offset:
            parts.append(mark)
        at = min(stop, end)
    parts.append(text[at - offset :])
    return "".join(parts)
