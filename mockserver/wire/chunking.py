"""Cutting an answer into the pieces that a stream sends.

Pieces end at token borders and never inside a character. Their sizes follow the ramp that the
recordings show for the model: a few single tokens, then steady batches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mockserver.catalogue.models import Ramp
from mockserver.talk.reply import Choice

_REMEMBERED = 65_536
"""The longest text, in characters, whose cut is remembered."""

Kind = Literal["reasoning", "content", "tool"]


Pieces = tuple[tuple[str, ...], tuple[int, ...]]
"""Pieces of a text, and the tokens of each."""


class TokenEnds(Protocol):
    """What chunking needs of a tokenizer."""

    def ends(self, text: str, /) -> Sequence[int]:
        """How many whole characters stand before the end of each token."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive pieces of one kind. `sizes` are the tokens of each text; `tool` is a call's index."""

    kind: Kind
    texts: tuple[str, ...]
    sizes: tuple[int, ...]
    tool: int = 0


def cut(text: str, ends: Sequence[int], sizes: Iterable[int]) -> Pieces:
    """A text in pieces of so many tokens; a piece is made longer until it holds a whole character."""
    texts: list[str] = []
    counts: list[int] = []
    start = token = 0
    total = len(ends)
    for size in sizes:
        if token >= total:
            break
        stop = min(token + size, total)
        while ends[stop - 1] == start and stop < total:
            stop += 1
        end = ends[stop - 1]
        texts.append(text[start:end])
        counts.append(stop - token)
        start, token = end, stop
    return tuple(texts), tuple(counts)


class Chunker:
    """Cuts by one tokenizer and remembers the cuts of the texts that repeat."""

    def __init__(self, tokenizer: TokenEnds, *, remember: int = 512) -> None:
        self._tokenizer = tokenizer
        self._remember = remember
        self._known: dict[tuple[str, Ramp] | tuple[str, ...], Pieces] = {}

    def pieces(self, text: str, ramp: Ramp) -> Pieces:
        """The pieces of a text and the tokens of each."""
        key = (text, ramp)
        found = self._known.get(key)
        if found is None:
            found = cut(text, self._tokenizer.ends(text), ramp.sizes())
            self._keep(key, found, chars=len(text))
        return found

    def given(self, texts: Sequence[str]) -> Pieces:
        """Pieces that a script prescribes, with the tokens of each."""
        key = tuple(texts)
        found = self._known.get(key)
        if found is None:
            kept = tuple(text for text in texts if text)
            found = kept, tuple(len(self._tokenizer.ends(text)) for text in kept)
            self._keep(key, found, chars=sum(map(len, kept)))
        return found

    def _keep(self, key: tuple[str, Ramp] | tuple[str, ...], found: Pieces, *, chars: int) -> None:
        if len(self._known) >= self._remember:
            self._known.clear()
        if chars <= _REMEMBERED:
            self._known[key] = found

    def runs(
        self,
        choice: Choice,
        ramp: Ramp,
        *,
        chunks: Sequence[str] | None = None,
        calls: Ramp | None = None,
    ) -> list[Run]:
        """A choice as runs of pieces, in the order in which they are streamed.

        `chunks` prescribes the pieces of the content; `calls` is another ramp for function calls.
        """
        runs: list[Run] = []
        if choice.reasoning:
            runs.append(Run("reasoning", *self.pieces(choice.reasoning, ramp)))
        if choice.content:
            pieces = self.given(chunks) if chunks else self.pieces(choice.content, ramp)
            runs.append(Run("content", *pieces))
        for index, call in enumerate(choice.tool_calls):
            pieces = self.given(call.chunks) if call.chunks else self.pieces(call.arguments, calls or ramp)
            runs.append(Run("tool", *pieces, tool=index))
        return runs
