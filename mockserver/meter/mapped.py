"""The tokens of texts, by a table that is mapped: what a process has at once, and shares with others.

`tiktoken` reads twice as fast and merges twenty times as fast, yet to load it takes a sixth of a second, and
35 MB that nobody shares. So it is loaded by a process that has lost about as long, in a thread of its own: a
server that counts much for its clients does, one that is started for a test never.
"""

import re
import threading
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from mockserver.base.jsontext import writable
from mockserver.meter.table import Table
from mockserver.meter.textcache import TextCache
from mockserver.meter.words import EXPRESSIONS, MARKS_ARE_LETTERS, Splitter

if TYPE_CHECKING:
    import tiktoken

_WORTH = 2_000_000
"""After so many characters the library is loaded."""

_MERGING = 20
"""A byte of a word that has to be merged counts as so many characters."""

_WORDS_BYTES = 2_000_000

_PIECES = 20_000
"""Of how many pieces of words is remembered whether they are tokens."""


_STRETCH = 2_000
"""So many tokens are handed over to the library in one stretch."""


class _Pause:
    """The number of a token, which the library has to ask for: meanwhile other threads have their turn.

    It takes the tokens without letting go of the interpreter, for a fifth of a second on a busy machine.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number

    def __lt__(self, other: int) -> bool:
        return self._number < other

    def __gt__(self, other: int) -> bool:
        return self._number > other


class _Numbers(dict[bytes, int]):
    """The numbers of pieces: those that were asked for first, which are the frequent ones, are remembered."""

    def __init__(self, number: Callable[[bytes], int]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, piece: bytes) -> int:
        number = self._number(piece)
        if len(self) < _PIECES:
            self[piece] = number
        return number


class Mapped:
    """A vocabulary and the tokens that were `added` to it, as `tiktoken.Encoding` has them."""

    def __init__(self, vocabulary: str, table: Table, *, added: dict[str, int]) -> None:
        self.special_tokens_set = set(added)
        self._vocabulary = vocabulary
        self._table = table
        self._added = added
        self._texts = {number: token.encode() for token, number in added.items()}
        self._special = re.compile(f"({'|'.join(map(re.escape, added)) or '(?!)'})")
        self._words = Splitter(marks=vocabulary in MARKS_ARE_LETTERS).words
        self._known = TextCache(self._word, limit=_WORDS_BYTES)
        self._number = _Numbers(table.number)
        self._spent = 0
        self._lock = threading.Lock()
        self._loading: threading.Thread | None = None
        self._library: tiktoken.Encoding | None = None

    def encode_ordinary(self, text: str) -> list[int]:
        """The ids of a text in which nothing is special."""
        if self._library is not None:
            return self._library.encode_ordinary(text)
        self._spend(len(text))
        try:
            return list(chain.from_iterable(map(self._known.__getitem__, self._words(text))))
        except UnicodeEncodeError:
            return self.encode_ordinary(writable(text))

    def encode(self, text: str, *, allowed_special: Literal["all"]) -> list[int]:
        """The ids of a text in which each added token is one."""
        assert allowed_special == "all"
        ids = []
        for at, part in enumerate(self._special.split(text)):
            ids += [self._added[part]] if at % 2 else self.encode_ordinary(part)
        return ids

    def decode_tokens_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token. Raises `KeyError`."""
        return [self.decode_single_token_bytes(token) for token in tokens]

    def decode_single_token_bytes(self, token: int) -> bytes:
        """The bytes of one. Raises `KeyError`."""
        found = self._texts.get(token)
        return self._table.token(token) if found is None else found

    def _word(self, word: str) -> tuple[int, ...]:
        data = word.encode()
        number = self._table.number(data)
        if number >= 0:
            return (number,)
        self._spend(len(data) * _MERGING)
        return tuple(merge(data, self._number.__getitem__))

    def _spend(self, characters: int) -> None:
        """Work was done for so many characters; begins to load the library, once, where it is worth it."""
        self._spent += characters
        if self._spent <= _WORTH:
            return
        with self._lock:
            if self._loading is None:
                self._loading = threading.Thread(target=self._loaded, name="vocabulary", daemon=True)
                self._loading.start()

    def _loaded(self) -> None:
        import tiktoken  # noqa: PLC0415 - few need it

        table = self._table
        numbers = ((number, number if number % _STRETCH else _Pause(number)) for number in range(len(table)))
        ranks: dict[bytes, Any] = {table.token(number): told for number, told in numbers}
        expression = EXPRESSIONS[self._vocabulary]
        library = tiktoken.Encoding(
            self._vocabulary, pat_str=expression, mergeable_ranks=ranks, special_tokens={}
        )
        ranks.clear()  # 18 MB that the library holds on to and, with a table of its own, never looks at again
        self._library = library
        # What they hold is needed no more.
        self._known, self._number = TextCache(self._word, limit=_WORDS_BYTES), _Numbers(table.number)


def merge(data: bytes, number: Callable[[bytes], int]) -> list[int]:
    """The numbers of the tokens of a word: of all pairs of neighbours the one with the lowest is merged.

    `number` gives that of a token, -1 when there is none such.
    """
    size = len(data)
    follows = [*range(1, size + 1), 0]
    before = list(range(-1, size))
    numbers = [number(data[at : at + 1]) for at in range(size)]
    waiting = [(found, at, at + 2) for at in range(size - 1) if (found := number(data[at : at + 2])) >= 0]
    heapify(waiting)
    while waiting:
        found, at, end = heappop(waiting)
        second = follows[at]
        if follows[second] != end:
            continue  # one of the two was merged with its other neighbour
        numbers[at] = found
        follows[at] = end
        follows[second] = size
        before[end] = at
        if end < size:
            further = follows[end]
            found = number(data[at:further])
            if found >= 0:
                heappush(waiting, (found, at, further))
        first = before[at]
        if first >= 0:
            found = number(data[first:end])
            if found >= 0:
                heappush(waiting, (found, first, end))
    ids, at = [], 0
    while at < size:
        ids.append(numbers[at])
        at = follows[at]
    return ids
