"""Cutting an answer into the pieces that a stream sends.

Pieces end at token borders and never inside a character. Their sizes follow the ramp that the
recordings show for the model: a few single tokens, then steady batches.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal, Protocol

from mockserver.base.values import value
from mockserver.catalogue.models import Family, Ramp
from mockserver.talk.reply import Choice
from mockserver.talk.request import ToolCall

_REMEMBERED = 65_536
"""The longest text, in characters, whose cut is remembered."""

_BYTES, _PIECE = 4 * 1024 * 1024, 80
"""How many bytes the remembered cuts may take, and about what a piece takes beside its characters."""

EVENTS = 65_536
"""The most pieces of a choice, which are all there at once: those of a longer one are larger."""

REPEATED = 16 * 1024 * 1024
"""The most characters that the events of a choice hold together when each repeats all that was said."""

Kind = Literal["reasoning", "content", "tool"]


Pieces = tuple[tuple[str, ...], tuple[int, ...]]
"""Pieces of a text, and the tokens of each."""


class TokenEnds(Protocol):
    """What chunking needs of a tokenizer."""

    def ends(self, text: str, /) -> Sequence[int]:
        """How many whole characters stand before the end of each token."""
        ...


@value
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


def joined(run: Run, count: int) -> Run:
    """A run whose neighbouring pieces are one, so many at a time."""
    starts = range(0, len(run.texts), count)
    return Run(
        run.kind,
        tuple("".join(run.texts[at : at + count]) for at in starts),
        tuple(sum(run.sizes[at : at + count]) for at in starts),
        run.tool,
    )


def bounded(runs: list[Run], *, repeated: int = 0) -> list[Run]:
    """Runs of no more pieces than may be there at once.

    `repeated` is how many characters the last event has when each repeats all that was said.
    """
    pieces = sum(len(run.texts) for run in runs)
    count = max(-(-pieces // EVENTS), -(-pieces * repeated // (2 * REPEATED)))
    return [joined(run, count) for run in runs] if count > 1 else runs


def _length(choice: Choice) -> int:
    """How many characters a choice says."""
    called = sum(len(call.arguments) for call in choice.tool_calls)
    return len(choice.content) + len(choice.reasoning) + called + sum(map(len, choice.logprobs or ()))


class Chunker:
    """Cuts by one tokenizer and remembers the cuts of the texts that repeat."""

    def __init__(self, tokenizer: TokenEnds, *, remember: int = 512) -> None:
        self._tokenizer = tokenizer
        self._remember = remember
        self._known: dict[tuple[str, Ramp] | tuple[str, ...], Pieces] = {}
        self._size = 0

    def pieces(self, text: str, ramp: Ramp) -> Pieces:
        """The pieces of a text and the tokens of each."""
        key = (text, ramp)
        found = self._known.get(key)
        if found is None:
            found = cut(text, self._tokenizer.ends(text), ramp.sizes())
            self._keep(key, found, chars=len(text))
        return found

    def arguments(self, call: ToolCall, ramp: Ramp) -> Pieces:
        """The pieces of a call's arguments as they come when the call is written whole, batch by batch.

        The batch that ends the name opens the call; what each further one adds to the arguments is a piece,
        and the first often adds nothing (recordings: alibaba/loongsuite-python-agent, qwen-turbo, 2026-04,
        3 of 3 to the letter).
        """
        named = f'\n{{"name": "{call.name}'
        head = f'{named}", "arguments": '
        text = head + call.arguments
        # The mark that opens a call is one token, which is the first of the ramp.
        pieces, sizes = cut(text, self._tokenizer.ends(text), islice(ramp.sizes(), 1, None))
        texts: list[str] = []
        counts: list[int] = []
        end = said = 0
        for piece, size in zip(pieces, sizes, strict=True):
            start, end = end, end + len(piece)
            if start >= len(named) or end > len(head):
                texts.append(call.arguments[said : max(said, end - len(head))])
                counts.append(size if texts[-1] else 0)
                said += len(texts[-1])
        return tuple(texts), tuple(counts)

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
        if chars > _REMEMBERED:
            return
        size = 2 * chars + _PIECE * len(found[0])
        if len(self._known) >= self._remember or self._size + size > _BYTES:
            # Not one by one: the loop and who works aside may be here at once.
            self._known.clear()
            self._size = 0
        self._size += size
        self._known[key] = found

    def runs(
        self,
        choice: Choice,
        family: Family,
        *,
        chunks: Sequence[str] | None = None,
        batched: bool = False,
        cumulative: bool = False,
    ) -> list[Run]:
        """A choice as runs of pieces, in the order in which they are streamed, as long as it is not too long.

        `chunks` prescribes the pieces of the content. The `family` has the ramps. `batched`: function calls
        come as `arguments` cuts them, unless they have a ramp of their own. `cumulative`: each event repeats
        all that was said, log probabilities, too.
        """
        runs: list[Run] = []
        ramp = family.ramp
        if choice.reasoning:
            runs.append(Run("reasoning", *self.pieces(choice.reasoning, ramp)))
        if choice.content:
            own = (family.answer_ramp if choice.reasoning else None) or ramp
            pieces = self.given(chunks) if chunks else self.pieces(choice.content, own)
            runs.append(Run("content", *pieces))
        for index, call in enumerate(choice.tool_calls):
            if call.chunks:
                pieces = self.given(call.chunks)
            elif batched and family.tool_ramp is None:
                pieces = self.arguments(call, ramp)
            else:
                pieces = self.pieces(call.arguments, family.tool_ramp or ramp)
            runs.append(Run("tool", *pieces, tool=index))
        return bounded(runs, repeated=_length(choice) if cumulative else 0)
