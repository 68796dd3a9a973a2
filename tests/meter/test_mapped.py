"""The tokens of the mapped tables are those of `tiktoken`, of every text, before and after it is loaded."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.meter import mapped as module
from mockserver.meter.mapped import Mapped, merge
from mockserver.meter.table import Table, written
from tests.meter.library import library, mapped
from tests.wire.strategies import texts

VOCABULARIES = ["qwen", "qwen3.5"]

SCRIPTS = st.text(
    st.sampled_from(
        "的一是不了人我在有他这，。！？ \nabst'LlRe0129½ſéе\u0301हिन्दีไทยกำ한👍🏽👩\u200d\u00a0\u3000\x1c\r\t"
    ),
    max_size=60,
)
MARKERS = st.sampled_from(["<|im_end|>", "<think>", "</tool_call>", "<|audio_pad|>", "<|im_", "<", "|>"])
anything = st.lists(st.one_of(texts, SCRIPTS, MARKERS, st.text(st.characters()))).map("".join)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@given(text=anything)
@example(text="\ud83d\ude00 \ud800a\udc00")
@example(text="的" * 500 + "a" * 500 + "=-" * 500 + " " * 500 + "\n" * 500)
def test_every_text_has_the_ids_of_the_library(vocabulary: str, text: str) -> None:
    own, rust = mapped(vocabulary), library(vocabulary)
    assert own.encode_ordinary(text) == rust.encode_ordinary(text)
    assert own.encode(text, allowed_special="all") == rust.encode(text, allowed_special="all")


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@given(ids=st.lists(st.one_of(st.integers(0, 152_000), st.integers(-10, 250_000))))
@example(ids=[151_642, 151_643, 151_668, 151_669, 248_043, 248_044, 248_076, 248_077])
def test_every_id_has_the_bytes_of_the_library(vocabulary: str, ids: list[int]) -> None:
    own, rust = mapped(vocabulary), library(vocabulary)
    known = [token for token in ids if token in range(own_size(vocabulary))]
    assert own.decode_tokens_bytes(known) == rust.decode_tokens_bytes(known)
    for token in {*ids} - {*known}:
        with pytest.raises(KeyError):
            own.decode_single_token_bytes(token)


def own_size(vocabulary: str) -> int:
    return library(vocabulary).n_vocab


def naively(data: bytes, tokens: Sequence[bytes]) -> list[bytes]:
    """The definition: the leftmost of the pairs with the lowest number is merged, until there is none."""
    parts = [data[at : at + 1] for at in range(len(data))]
    while True:
        pairs = [first + second for first, second in pairwise(parts)]
        numbers = [tokens.index(pair) for pair in pairs if pair in tokens]
        if not numbers:
            return parts
        at = pairs.index(tokens[min(numbers)])
        parts[at : at + 2] = [pairs[at]]


@given(
    st.lists(st.text("abc", min_size=2, max_size=5), unique=True, max_size=20),
    st.text("abc", max_size=30),
)
def test_merging_is_what_its_definition_says(longer: list[str], word: str) -> None:
    tokens = [b"a", b"b", b"c", *map(str.encode, longer)]
    numbers = {token: number for number, token in enumerate(tokens)}
    found = merge(word.encode(), lambda piece: numbers.get(piece, -1))
    assert [tokens[number] for number in found] == naively(word.encode(), tokens)


def small(monkeypatch: pytest.MonkeyPatch, worth: int) -> Mapped:
    """A vocabulary of single bytes and one token more; the library is worth it after so many characters."""
    monkeypatch.setattr(module, "_WORTH", worth)
    source = sha256(b"").digest()
    tokens = [*(bytes([byte]) for byte in range(256)), b"ab"]
    return Mapped("qwen", Table(written(tokens, source), source), added={"<end>": 300})


def loaded(own: Mapped) -> bool:
    """Whether the library is there, or is when its thread is through."""
    if own._loading is not None:
        own._loading.join()
    return own._library is not None


def test_who_merges_much_loads_the_library_which_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    own = small(monkeypatch, 10 + 20 * 9)
    text, ids = "abba <end> abab", [256, 98, 97, 32, 300, 32, 256, 256]
    assert own.encode(text, allowed_special="all") == ids
    assert not loaded(own)
    word = [97, 256, 98, 97, 256, 98]
    assert own.encode_ordinary("aabbaabb aabbaabb") == [*word, 32, *word]
    assert loaded(own)
    monkeypatch.setattr(own, "_words", None)  # nothing is split here any more
    assert own.encode(text, allowed_special="all") == ids


def test_the_library_is_given_the_tokens_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not let go of the interpreter by itself, and everybody would wait for all of them."""
    told, number = [], module._Pause.__index__

    def tells(pause: module._Pause) -> int:
        told.append(number(pause))
        return told[-1]

    monkeypatch.setattr(module, "_STRETCH", 50)
    monkeypatch.setattr(module._Pause, "__index__", tells)
    own = small(monkeypatch, 0)
    own.encode_ordinary("abb")
    assert loaded(own)
    assert {0, 50, 100, 150, 200, 250} <= set(told)
    assert own.encode_ordinary("abb") == [256, 98]


def test_the_library_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    own = small(monkeypatch, 0)
    own.encode_ordinary("abb")
    threads = {own._loading}
    own._spend(1)
    assert loaded(own)
    assert {own._loading} == threads


def test_who_reads_much_loads_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    own = small(monkeypatch, 9)
    for there in (False, True):
        assert own.encode_ordinary("ab1ab") == [256, 49, 256]
        assert loaded(own) is there


def test_no_more_pieces_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECES", 3)
    own = small(monkeypatch, 1000)
    assert len(own.encode_ordinary("abcdefghij")) == 9
    assert len(own._number) == 3
