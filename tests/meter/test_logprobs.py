"""Log probabilities in the recorded form, one object for each token."""

from itertools import pairwise
from math import exp

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import loads
from mockserver.dialects.compat import render as compat
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.logprobs import MOST, token_logprobs
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules.schemas import validator
from mockserver.talk.reply import Choice, Reply, Usage
from tests.asking import ask
from tests.wire.exchanges import ENVELOPE
from tests.wire.strategies import texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""


def test_the_bytes_are_the_recorded_form_and_the_same_tomorrow(tokenizer: Tokenizer) -> None:
    assert token_logprobs("Hot tea", tokenizer, top=0) == (
        b'{"top_logprobs":[],"logprob":-0.185,"bytes":[72,111,116],"token":"Hot"}',
        b'{"top_logprobs":[],"logprob":0.0,"bytes":[32,116,101,97],"token":" tea"}',
    )
    assert token_logprobs("茶", tokenizer, top=2) == (
        (
            '{"top_logprobs":[{"logprob":0.0,"bytes":[232,140,182],"token":"茶"},'
            '{"logprob":-21.416413,"bytes":[229,133,179,230,179,168],"token":"关注"}],'
            '"logprob":0.0,"bytes":[232,140,182],"token":"茶"}'
        ).encode(),
    )


def test_hardly_a_model_says_more_tokens_than_have_them(tokenizer: Tokenizer) -> None:
    assert len(token_logprobs("tea " * (MOST + 1), tokenizer, top=0)) == MOST


def test_an_empty_text_has_none(tokenizer: Tokenizer) -> None:
    assert token_logprobs("", tokenizer, top=5) == ()


def test_a_token_in_the_middle_of_a_character_shows_its_bytes(tokenizer: Tokenizer) -> None:
    entries = [loads(entry) for entry in token_logprobs("𝔗", tokenizer, top=1)]
    assert len(entries) > 1
    assert bytes(byte for entry in entries for byte in entry["bytes"]).decode() == "𝔗"
    assert "\ufffd" in entries[0]["token"]


def test_behind_the_last_word_of_the_vocabulary_stand_its_added_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("⽗") == [151_642]
    (entry,) = token_logprobs("⽗", tokenizer, top=5)
    tokens = [each["token"] for each in loads(entry)["top_logprobs"]]
    assert tokens == ["⽗", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>"]


def test_where_the_vocabulary_ends_a_candidate_is_a_question_mark() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks[b"a"], ranks[b"\xff"] = ranks[b"\xff"], ranks[b"a"]
    tiny = Tokenizer(tiktoken.Encoding("tiny", pat_str=".", mergeable_ranks=ranks, special_tokens={}))
    (entry,) = token_logprobs("a", tiny, top=2)
    assert [each["token"] for each in loads(entry)["top_logprobs"]] == ["a", "?"]


@pytest.mark.parametrize("top", range(6))
def test_every_answer_with_them_has_the_form_of_its_schema(tokenizer: Tokenizer, top: int) -> None:
    text = "Green tea: 绿茶 🍵 お茶."
    request = ask("Tea?", logprobs=True, top_logprobs=top)
    choice = Choice(text, logprobs=token_logprobs(text, tokenizer, top=top))
    body = loads(compat.render_body(request, Reply((choice,)), Usage(1, 1), ENVELOPE))
    validator("compat.response").validate(body)
    assert len(body["choices"][0]["logprobs"]["content"]) == len(tokenizer.encode(text))


@given(texts, st.integers(0, 5))
def test_the_tokens_are_those_of_the_text_and_their_candidates_go_down_to_it(text: str, top: int) -> None:
    entries = [loads(entry) for entry in token_logprobs(text, WORKING, top=top)]
    assert bytes(byte for entry in entries for byte in entry["bytes"]) == text.encode()
    for entry in entries:
        assert list(entry) == ["top_logprobs", "logprob", "bytes", "token"]
        assert entry["logprob"] <= 0
        candidates = entry.pop("top_logprobs")
        assert len(candidates) == top
        assert candidates[:1] == [entry][:top]
        assert all(better["logprob"] > worse["logprob"] for better, worse in pairwise(candidates))
        assert sum(exp(candidate["logprob"]) for candidate in candidates) <= 1 + 1e-6
