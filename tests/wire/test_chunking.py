"""Cutting an answer into the pieces of a stream."""

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.models import Models, Ramp
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice
from mockserver.talk.request import ToolCall
from mockserver.wire.chunking import EVENTS, REPEATED, Chunker, Run, bounded, cut, joined
from tests.wire.strategies import texts

RAMPS = st.builds(
    Ramp,
    st.lists(st.integers(1, 9), max_size=4).map(tuple),
    st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple),
)


RAMPED = replace(model_catalogue.load()["qwen3-max"].family, ramp=Ramp((1,), (2,)))
"""A family with a ramp that is easily followed."""


class Counting:
    """A tokenizer that says each character is a token, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ends(self, text: str, /) -> list[int]:
        self.asked.append(text)
        return list(range(1, len(text) + 1))


def test_pieces_follow_the_ramp_of_the_model(tokenizer: Tokenizer, models: Models) -> None:
    poem = " ".join(["tea"] * 24)
    _, sizes = Chunker(tokenizer).pieces(poem, models["qwen-plus"].family.ramp)
    assert sizes == (1, 2, 2, 3, 4, 5, 6, 1)
    _, sizes = Chunker(tokenizer).pieces(poem, models["qwen-turbo"].family.ramp)
    assert sizes == (1, 1, 1, 1, 4, 4, 4, 4, 4)
    _, sizes = Chunker(tokenizer).pieces(poem, models["qwen-max"].family.ramp)
    assert sizes == (1, 3, 3, 3, 4, 5, 4, 1)
    _, sizes = Chunker(tokenizer).pieces(poem, models["qwen3.6-plus"].family.ramp)
    assert sizes == (3, 1, 1, 9, 10)


def test_pieces_end_at_token_borders(tokenizer: Tokenizer) -> None:
    pieces, _ = Chunker(tokenizer).pieces("The kettle sings at noon.", Ramp((1,), (2,)))
    assert pieces == ("The", " kettle sings", " at noon", ".")


def test_a_piece_grows_until_it_holds_a_whole_character(tokenizer: Tokenizer) -> None:
    family = "👩\u200d👩\u200d👧\u200d👦"
    pieces, sizes = Chunker(tokenizer).pieces(f"{family}𠮷!", Ramp((), (1,)))
    assert "".join(pieces) == f"{family}𠮷!"
    assert all(len(piece) >= 1 for piece in pieces)
    assert max(sizes) > 1
    assert sum(sizes) == len(tokenizer.ends(f"{family}𠮷!"))


@given(texts, RAMPS)
def test_pieces_join_to_the_text_and_their_tokens_to_its_tokens(
    tokenizer: Tokenizer, text: str, ramp: Ramp
) -> None:
    pieces, sizes = Chunker(tokenizer).pieces(text, ramp)
    assert "".join(pieces) == text
    assert all(pieces)
    assert sum(sizes) == len(tokenizer.ends(text))
    wanted = list(islice(ramp.sizes(), len(sizes)))
    assert all(size >= want for size, want in zip(sizes[:-1], wanted, strict=False))


@given(texts, RAMPS)
def test_a_piece_is_longer_than_the_ramp_says_only_to_hold_one_whole_character(
    tokenizer: Tokenizer, text: str, ramp: Ramp
) -> None:
    pieces, sizes = Chunker(tokenizer).pieces(text, ramp)
    ends = tokenizer.ends(text)
    token = start = 0
    for piece, size, want in zip(pieces, sizes, ramp.sizes(), strict=False):
        if size > want:
            assert ends[token + size - 2] == start, "one token less would have held nothing whole"
        token, start = token + size, start + len(piece)


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_any_token_borders_are_respected(steps: list[int], sizes: list[int]) -> None:
    ends = [sum(steps[: at + 1]) for at in range(len(steps))]
    text = "x" * (ends[-1] if ends else 0)
    pieces, counts = cut(text, ends, sizes)
    assert "".join(pieces) == text
    assert sum(counts) == len(ends)
    borders = [sum(len(piece) for piece in pieces[: at + 1]) for at in range(len(pieces))]
    assert set(borders) <= {0, *ends}


def test_no_piece_is_cut_behind_the_last_size() -> None:
    assert cut("teacups", range(1, 8), [1, 3]) == (("t", "eac"), (1, 3))


def test_an_empty_text_has_no_pieces(tokenizer: Tokenizer) -> None:
    assert Chunker(tokenizer).pieces("", Ramp((1,), (4,))) == ((), ())


def test_a_text_that_repeats_is_cut_once_for_each_ramp() -> None:
    counting = Counting()
    chunker, ramp = Chunker(counting), Ramp((), (3,))
    assert chunker.pieces("teacup", ramp) is chunker.pieces("teacup", ramp)
    chunker.pieces("teacup", Ramp((), (2,)))
    assert counting.asked == ["teacup", "teacup"]


def test_it_forgets_its_cuts_when_there_are_too_many() -> None:
    counting = Counting()
    chunker, ramp = Chunker(counting, remember=2), Ramp((), (3,))
    for text in ("one", "two", "three", "one"):
        chunker.pieces(text, ramp)
    assert counting.asked == ["one", "two", "three", "one"]


def test_a_very_long_text_is_not_remembered() -> None:
    counting = Counting()
    chunker, ramp = Chunker(counting), Ramp((), (1000,))
    long = "x" * 65_537
    assert chunker.pieces(long, ramp) == chunker.pieces(long, ramp)
    chunker.pieces(long[1:], ramp)
    chunker.pieces(long[1:], ramp)
    assert [len(text) for text in counting.asked] == [65_537, 65_537, 65_536]


def test_what_it_remembers_is_bounded_in_bytes() -> None:
    counting = Counting()
    chunker, ramp = Chunker(counting), Ramp((), (1,))
    texts = [f"{number} {'tea' * 10_000}" for number in range(9)]
    for text in (*texts, *texts, texts[-1]):
        chunker.pieces(text, ramp)
    assert counting.asked == [*texts, *texts]


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(1, 12))
def test_joined_pieces_say_the_same(sizes: list[int], count: int) -> None:
    run = Run("tool", tuple("x" * size for size in sizes), tuple(sizes), tool=2)
    less = joined(run, count)
    assert "".join(less.texts) == "".join(run.texts)
    assert sum(less.sizes) == sum(run.sizes)
    assert (less.kind, less.tool, len(less.texts)) == ("tool", 2, -(-len(sizes) // count))


def test_a_very_long_answer_comes_in_larger_pieces() -> None:
    single = Run("content", tuple("tea" for _ in range(2 * EVENTS)), (1,) * 2 * EVENTS)
    (run,) = bounded([single])
    assert (run.texts[0], run.sizes[0], len(run.texts)) == ("teatea", 2, EVENTS)
    length = sum(map(len, single.texts))
    (run,) = bounded([single], repeated=length)
    assert "".join(run.texts) == "".join(single.texts)
    assert (len(run.texts) - 1) * length // 2 <= REPEATED < len(run.texts) * length


@pytest.mark.parametrize("repeated", [0, 3])
def test_any_other_answer_comes_as_its_ramp_says(repeated: int) -> None:
    runs = [Run("content", ("T", "ea"), (1, 2)), Run("tool", (), ())]
    assert bounded(runs, repeated=repeated) is runs


def test_log_probabilities_are_repeated_too() -> None:
    chunker, choice = Chunker(Counting()), Choice("tea", logprobs=(b"x" * REPEATED,) * 3)
    assert [run.texts for run in chunker.runs(choice, RAMPED)] == [("t", "ea")]
    assert [run.texts for run in chunker.runs(choice, RAMPED, cumulative=True)] == [("tea",)]


def test_prescribed_pieces_are_kept_as_they_are_without_empty_ones(tokenizer: Tokenizer) -> None:
    pieces, sizes = Chunker(tokenizer).given(["The ket", "", "tle sings at noon", "."])
    assert pieces == ("The ket", "tle sings at noon", ".")
    assert sizes == tuple(len(tokenizer.ends(piece)) for piece in pieces)


def test_a_choice_streams_its_thinking_then_its_text_then_its_calls() -> None:
    choice = Choice(
        "Tea.", "Hm", (ToolCall("brew", "{}", "call_1"), ToolCall("pour", "", "call_2")), "tool_calls"
    )
    assert Chunker(Counting()).runs(choice, RAMPED) == [
        Run("reasoning", ("H", "m"), (1, 1)),
        Run("content", ("T", "ea", "."), (1, 2, 1)),
        Run("tool", ("{", "}"), (1, 1), tool=0),
        Run("tool", (), (), tool=1),
    ]


def test_an_answer_behind_a_thought_and_a_call_can_have_ramps_of_their_own() -> None:
    family = replace(RAMPED, answer_ramp=Ramp((), (3,)), tool_ramp=Ramp((), (4,)))
    choice = Choice("Tea.", "Hm", (ToolCall("brew", "{}", "call_1"),), "tool_calls")
    assert [run.texts for run in Chunker(Counting()).runs(choice, family)] == [
        ("H", "m"),
        ("Tea", "."),
        ("{}",),
    ]
    assert Chunker(Counting()).runs(Choice("Tea."), family) == [Run("content", ("T", "ea", "."), (1, 2, 1))]


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("pour", ('{"', 'cup": "blue', '"}')),
        ("read_file", ("", '{"cup": "', 'blue"}')),
        ("pour_the_tea", ('{"cup', '": "blue"}')),
    ],
)
def test_a_call_written_in_batches_adds_to_its_arguments_what_each_batch_holds(
    tokenizer: Tokenizer, models: Models, name: str, pieces: tuple[str, ...]
) -> None:
    choice = Choice("", "", (ToolCall(name, '{"cup": "blue"}', "call_1"),), "tool_calls")
    (run,) = Chunker(tokenizer).runs(choice, models["qwen-turbo"].family, batched=True)
    assert run.texts == pieces


@given(texts, texts, RAMPS)
def test_the_pieces_of_a_batched_call_are_its_arguments(
    tokenizer: Tokenizer, name: str, arguments: str, ramp: Ramp
) -> None:
    pieces, sizes = Chunker(tokenizer).arguments(ToolCall(name, arguments, "call_1"), ramp)
    assert "".join(pieces) == arguments
    assert len(pieces) == len(sizes)


def test_prescribed_pieces_stand_in_for_those_of_the_ramp() -> None:
    runs = Chunker(Counting()).runs(Choice("Tea."), RAMPED, chunks=("Te", "a."))
    assert runs == [Run("content", ("Te", "a."), (2, 2))]


@pytest.mark.parametrize("chunks", [None, ("a",)])
def test_an_empty_choice_has_no_runs(chunks: tuple[str, ...] | None) -> None:
    assert Chunker(Counting()).runs(Choice(), RAMPED, chunks=chunks) == []
