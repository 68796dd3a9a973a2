"""Token counts and borders, against counts that the cloud gave, and how the tokenizer is loaded."""

import threading
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.spans import MOST
from mockserver.meter.tokenizer import Encoding, LazyTokenizer, Tokenizer
from tests.meter.library import library
from tests.wire.strategies import texts

CUT_CHARACTERS = st.text(
    st.sampled_from("メーインタスポテカル久無しきᄒ្ត😀👍🏽👩\u200d🍵𠮷éa \n"), max_size=30
)
"""Texts whose characters often lie in several tokens."""

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Hi", 1),
        ("Hello!", 2),
        ("Hello, world!", 4),
        ("Paris", 1),
        ("Canada ", 2),
        ("Count from 1 to 5", 7),
        ("You are a helpful assistant.", 6),
        ("Say hello. Use only one word.", 8),
        ("你是谁？", 3),
        ("请问 1+1 是多少？", 8),
        ("你好,我是通义千问", 7),
        ("你好，哪个公园距离我最近？", 8),
        ("", 0),
    ],
)
def test_known_texts_have_the_counts_of_the_cloud(tokenizer: Tokenizer, text: str, count: int) -> None:
    assert tokenizer.count(text) == count


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("代码改变世界", [46100, 101933, 99489]),
        ("Observation", [37763, 367]),
        ("(", [7]),
        (")", [8]),
        ("）", [7552]),
        ("（", [9909]),
        (" (", [320]),
        (" )", [873]),
        (" （", [42344]),
        ("。（", [58359]),
        ("。(", [96899]),
        ("*(", [6599]),
        ("!(", [10297]),
        ("（笑", [91093]),
        (".(", [12832]),
    ],
)
def test_known_texts_have_the_token_ids_of_the_cloud(tokenizer: Tokenizer, text: str, ids: list[int]) -> None:
    assert tokenizer.encode(text) == ids
    assert b"".join(tokenizer.tokens(ids)) == text.encode()


def test_the_newer_vocabulary_is_loaded_once_and_is_another_one(tokenizer: Tokenizer) -> None:
    newer = tokenizers.load("qwen3.5")
    assert newer is tokenizers.load("qwen3.5")
    said = "Say hello. Use only one word."
    assert newer.count(said) == tokenizer.count(said) == 8
    assert newer.encode(said) != tokenizer.encode(said)


ADDED = [
    "<|im_end|>",
    "<|vision_start|>",
    "<|image_pad|>",
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|file_sep|>",
    "<tool_response>",
    "<think>",
]
"""Tokens that were added to either vocabulary."""


@pytest.mark.parametrize("marker", ADDED)
def test_an_added_token_is_one_token_to_a_model_and_a_text_in_what_it_writes(marker: str) -> None:
    for vocabulary in (WORKING, tokenizers.load("qwen3.5")):
        assert vocabulary.count(f"a{marker}b") == 3
        _, token_id, _ = vocabulary.read(f"a{marker}b")
        assert vocabulary.token(token_id) == marker.encode()
        assert len(vocabulary.encode(marker)) > 1


def test_each_vocabulary_has_its_own_added_tokens(tokenizer: Tokenizer) -> None:
    newer = tokenizers.load("qwen3.5")
    assert (tokenizer.read("<|im_start|>"), newer.read("<|im_start|>")) == ([151644], [248045])
    assert (tokenizer.read("<|fim_pad|>"), newer.read("<|fim_pad|>")) == ([151662], [248063])
    assert (tokenizer.count("<|audio_pad|>"), newer.count("<|audio_pad|>")) == (6, 1)
    assert tokenizer.count("<|extra_0|>") > 1
    assert newer.count("<|extra_0|>") > 1


def test_what_a_model_is_given_is_composed_first(tokenizer: Tokenizer) -> None:
    assert tokenizer.read("cafe\u0301") == tokenizer.read("caf\u00e9")
    assert tokenizer.count("cafe\u0301") == tokenizer.count("caf\u00e9")
    assert len(tokenizer.encode("cafe\u0301")) > tokenizer.count("cafe\u0301")


@given(st.lists(st.one_of(texts, CUT_CHARACTERS, st.sampled_from(ADDED))).map("".join))
def test_what_a_model_is_given_is_the_composed_text_token_by_token(text: str) -> None:
    ids = WORKING.read(text)
    assert WORKING.count(text) == len(ids)
    assert b"".join(WORKING.tokens(ids)).decode() == unicodedata.normalize("NFC", text)


@given(st.lists(st.one_of(texts, st.sampled_from(["<", "<|", "|>", *ADDED]))).map("".join))
def test_where_no_added_token_begins_the_quicker_way_gives_the_same(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert WORKING.read(text) == library("qwen").encode(composed, allowed_special="all")


@given(st.one_of(texts, CUT_CHARACTERS))
def test_the_slices_between_the_ends_join_to_the_text(text: str) -> None:
    ends = list(WORKING.ends(text))
    assert len(ends) == len(WORKING.encode(text))
    slices = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert "".join(slices) == text
    assert ends == sorted(ends)


@given(st.one_of(texts, CUT_CHARACTERS))
@example("👩‍👩‍👧‍👦 メーカ")
def test_an_end_stands_behind_the_last_character_that_the_tokens_hold_whole(text: str) -> None:
    data = text.encode()
    size = 0
    for token, end in zip(WORKING.tokens(WORKING.encode(text)), WORKING.ends(text), strict=True):
        size += len(token)
        assert data.startswith(text[:end].encode())
        assert len(text[:end].encode()) <= size
        assert end == len(text) or len(text[: end + 1].encode()) > size


def test_a_character_of_several_tokens_comes_with_its_last_one(tokenizer: Tokenizer) -> None:
    text = "a🧋龘"
    tokens = tokenizer.tokens(tokenizer.encode(text))
    assert tokens == [b"a", b"\xf0\x9f\xa7", b"\x8b", b"\xe9\xbe", b"\x98"]
    assert list(tokenizer.ends(text)) == [1, 1, 2, 2, 3]


@given(st.one_of(texts, CUT_CHARACTERS), st.integers(0, 40))
@example("メー\u3080", 1)
@example("メー\u3080x", 1)
def test_a_head_begins_the_text_and_holds_no_more_tokens_than_asked(text: str, tokens: int) -> None:
    head = WORKING.head(text, tokens)
    assert text.startswith(head)
    assert len(WORKING.encode(head)) <= tokens
    if len(WORKING.encode(text)) <= tokens:
        assert head == text


@given(st.one_of(texts, CUT_CHARACTERS, st.text(st.sampled_from("<|im_end>e\u0301 a"), max_size=30)))
@example("<|im_end|>")
@example("cafe\u0301")
def test_the_size_of_a_text_is_that_of_its_tokens_as_it_stands(text: str) -> None:
    assert WORKING.size(text) == len(WORKING.encode(text)) == len(WORKING.ends(text))


def test_heads_of_a_sentence_grow_by_whole_characters(tokenizer: Tokenizer) -> None:
    said = [tokenizer.head("Hello, world!", tokens) for tokens in range(6)]
    assert said == ["", "Hello", "Hello,", "Hello, world", "Hello, world!", "Hello, world!"]
    assert [tokenizer.head("a🧋", tokens) for tokens in range(4)] == ["", "a", "a", "a🧋"]


class _Unread:
    """A vocabulary that nobody may ask."""

    special_tokens_set: set[str] = set()  # noqa: RUF012 - as the protocol has it

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AssertionError(name)


@given(st.text(max_size=40), st.integers(0, 3))
def test_a_text_that_is_too_short_to_be_cut_is_not_taken_apart(text: str, more: int) -> None:
    assert Tokenizer(cast("Encoding", _Unread())).head(text, 4 * len(text) + more) == text
    assert len(WORKING.encode(text)) <= 4 * len(text)


def test_a_head_that_lost_half_a_character_is_shortened_until_it_fits(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("メーむ")) == 2
    assert len(tokenizer.encode("メー")) == 2
    assert tokenizer.head("メーむ", 1) == ""
    assert tokenizer.head("お茶メーむ", 3) == "お茶"


def test_a_lazy_tokenizer_loads_once_however_often_it_is_started(tokenizer: Tokenizer) -> None:
    loads: list[str] = []
    gate = threading.Event()

    def loader() -> Tokenizer:
        loads.append(threading.current_thread().name)
        gate.wait()
        return tokenizer

    lazy = LazyTokenizer(loader)
    lazy.start()
    lazy.start()
    ready = [lazy.ready]
    got: list[Tokenizer] = []
    askers = [threading.Thread(target=lambda: got.append(lazy.get())) for _ in range(4)]
    for asker in askers:
        asker.start()
    gate.set()
    for asker in askers:
        asker.join()
    ready.append(lazy.ready)
    assert ready == [False, True]
    assert loads == ["tokenizer"]
    assert all(found is tokenizer for found in [*got, lazy.get()])
    assert len(got) == 4


def test_a_lazy_tokenizer_starts_by_itself_when_it_is_asked(tokenizer: Tokenizer) -> None:
    lazy = LazyTokenizer(lambda: tokenizer)
    assert not lazy.ready
    assert lazy.get() is tokenizer


def test_what_the_loader_raises_reaches_everyone_who_asks() -> None:
    class BrokenError(Exception):
        pass

    loads: list[int] = []

    def loader() -> Tokenizer:
        loads.append(1)
        msg = "the vocabulary is gone"
        raise BrokenError(msg)

    lazy = LazyTokenizer(loader)
    lazy.start()
    for _ in range(2):
        with pytest.raises(BrokenError, match="the vocabulary is gone"):
            lazy.get()
    assert not lazy.ready
    assert loads == [1]


def test_a_token_has_its_bytes_and_an_unknown_id_has_none(tokenizer: Tokenizer) -> None:
    known = [tokenizer.token(token_id) or b"?" for token_id in (46100, 101933, 99489)]
    assert b"".join(known).decode() == "代码改变世界"
    for unknown in (-1, 10**6, 2**70):
        assert tokenizer.token(unknown) is None


@pytest.fixture
def cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    return tmp_path / "cache" / "dashscope-mock"


@pytest.mark.parametrize("vocabulary", ["qwen", "qwen3.5"])
def test_a_vocabulary_is_made_once_and_then_mapped(cache_folder: Path, vocabulary: str) -> None:
    made = tokenizers.load.__wrapped__(vocabulary)
    file = cache_folder / f"{vocabulary}.table"
    written = file.stat()
    again = tokenizers.load.__wrapped__(vocabulary)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (written.st_mtime_ns, written.st_ino)
    assert [*cache_folder.iterdir()] == [file]
    for loaded in (made, again):
        assert loaded.count("Say hello. Use only one word.") == 8


def test_a_table_that_was_damaged_is_made_anew(cache_folder: Path) -> None:
    tokenizers.load.__wrapped__()
    file = cache_folder / "qwen.table"
    good = file.read_bytes()
    bad = bytearray(good)
    bad[-1000] ^= 1
    file.write_bytes(bad)
    assert tokenizers.load.__wrapped__().encode("代码改变世界") == [46100, 101933, 99489]
    assert file.read_bytes() == good


def test_where_nothing_can_be_kept_a_vocabulary_is_there_all_the_same(cache_folder: Path) -> None:
    cache_folder.parent.write_text("a file stands where the folder should be")
    loaded = tokenizers.load.__wrapped__()
    assert loaded.encode("代码改变世界") == [46100, 101933, 99489]
    assert cache_folder.parent.is_file()


class Panic(BaseException):
    """What the library raises in extreme cases: no `Exception`."""


class Frail:
    """A library that panics when it is asked for more than it can bear."""

    def __init__(self, bears: int) -> None:
        self.special_tokens_set = {"<|im_end|>"}
        self.bears = bears
        self.asked: list[str] = []

    def encode_ordinary(self, text: str) -> list[int]:
        """One token for each word."""
        self.asked.append(text)
        if len(text) > self.bears:
            raise Panic(len(text))
        return [0] * len(text.split())

    def encode(self, text: str, *, allowed_special: Literal["all"]) -> list[int]:
        """The same with markers."""
        assert allowed_special == "all"
        return self.encode_ordinary(text)

    def decode_tokens_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Tokens of four letters."""
        return [b"tea "] * len(tokens)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """Any of them."""
        return self.decode_tokens_bytes([token])[0]


@pytest.mark.parametrize("text", ["tea " * 100_000, " " * 400_000, "a" * 400_000, "茶" * 400_000])
def test_the_library_is_never_asked_for_more_than_it_bears(text: str) -> None:
    frail = Frail(bears=MOST)
    careful = Tokenizer(frail)
    assert careful.count(text) == len(careful.read(text)) == len(careful.encode(text))
    assert careful.count_to(text, 10**9) == careful.count(text)
    assert "".join(frail.asked) == text * 5
    with pytest.raises(Panic):
        frail.encode_ordinary(text)


def test_long_texts_are_cut_too(tokenizer: Tokenizer) -> None:
    frail = Frail(bears=MOST)
    careful = Tokenizer(frail)
    assert len(careful.ends("tea " * 100_000)) == 100_000
    assert tokenizer.count("tea " * 100_000) == 100_001


def test_a_text_beyond_what_is_asked_for_is_not_counted_to_its_end() -> None:
    frail = Frail(bears=MOST)
    careful = Tokenizer(frail)
    counted = careful.count_to("tea " * 1_000_000, 5_000)
    assert 5_000 < counted < 10_000
    assert len(frail.asked) == 2
    assert careful.count_to("tea tea", 1) == 2
