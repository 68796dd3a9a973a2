"""Deliveries: in which pieces an answer goes out, and where it ends when it ends early."""

from itertools import cycle, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.delivery import CHOPPED, ENDS, MOST_PIECES, Delivery, form_of
from mockserver.rules.schemas import violations
from mockserver.wire.sse import DONE

STREAM = [b"one\n", b"two\n", b"three\n", b"finish\n", b"done\n"]

FRAMES = st.lists(st.binary(min_size=1, max_size=20), min_size=4, max_size=9)


def case_of(delivery: dict[str, object]) -> dict[str, object]:
    """A document of one case whose only answer is delivered like this."""
    reply = {"content": "Hi", "delivery": delivery}
    return {"cases": [{"id": "a", "turns": [{"say": "Hi", "replies": [reply]}]}]}


def test_a_delivery_that_says_nothing_sends_each_frame_as_it_is() -> None:
    assert Delivery.read(None) == Delivery.read({}) == Delivery()
    assert list(Delivery().pieces(STREAM, tail=2)) == STREAM


def test_a_delivery_is_read_with_all_that_it_says() -> None:
    spec = {"sizes": [2, 3], "end": "error", "after": 4, "error": "Throttling"}
    assert Delivery.read(spec) == Delivery(sizes=(2, 3), end="error", after=4, error="Throttling")
    assert Delivery.read({"end": "cut"}) == Delivery(sizes=(), end="cut", after=1, error="InternalError")


@pytest.mark.parametrize("end", ENDS)
def test_the_schema_of_cases_knows_every_end(end: str) -> None:
    assert violations("conformance", case_of({"end": end})) == []
    assert violations("conformance", case_of({"end": f"{end}?"})) != []


@pytest.mark.parametrize(
    ("end", "after", "pieces"),
    [
        ("cut", 0, [b"on"]),
        ("cut", 1, [b"one\n", b"tw"]),
        ("reset", 1, [b"one\n", b"tw"]),
        ("cut", 2, [b"one\n", b"two\n", b"thr"]),
        ("stall", 0, []),
        ("stall", 1, [b"one\n"]),
        ("error", 2, [b"one\n", b"two\n"]),
    ],
)
def test_an_answer_ends_after_so_many_frames(end: str, after: int, pieces: list[bytes]) -> None:
    assert list(Delivery(end=end, after=after).pieces(STREAM, tail=2)) == pieces


@pytest.mark.parametrize("after", [3, 4, 99])
def test_an_answer_that_would_end_too_late_ends_before_what_makes_it_whole(after: int) -> None:
    assert list(Delivery(end="cut", after=after).pieces(STREAM, tail=2)) == [b"one\n", b"two\n", b"thr"]
    assert list(Delivery(end="error", after=after).pieces(STREAM, tail=2)) == [b"one\n", b"two\n"]


def test_an_answer_of_nothing_but_its_end_is_cut_within_its_first_frame() -> None:
    assert list(Delivery(end="cut", after=5).pieces(STREAM[:2], tail=3)) == [b"on"]
    assert list(Delivery(end="stall", after=5).pieces(STREAM[:2], tail=3)) == []


def test_sizes_go_round_over_the_borders_of_frames() -> None:
    pieces = list(Delivery(sizes=(1, 4)).pieces([b"abc", b"defg", b"hi"], tail=1))
    assert pieces == [b"a", b"bcde", b"f", b"ghi"]


def test_what_is_sent_of_a_cut_answer_is_chopped_too() -> None:
    assert list(Delivery(sizes=(4,), end="cut").pieces(STREAM, tail=2)) == [b"one\n", b"tw"]
    assert list(Delivery(sizes=(5,), end="stall").pieces(STREAM, tail=2)) == [b"one\n"]
    assert list(Delivery(sizes=(5,), end="stall", after=0).pieces(STREAM, tail=2)) == []


def test_a_frame_without_a_byte_is_no_piece() -> None:
    assert list(Delivery().pieces([b"a", b"", b"b"], tail=1)) == [b"a", b"b"]


@given(FRAMES, st.lists(st.integers(1, 30), max_size=4).map(tuple))
def test_pieces_are_the_same_bytes(frames: list[bytes], sizes: tuple[int, ...]) -> None:
    pieces = list(Delivery(sizes=sizes).pieces(frames, tail=1))
    assert b"".join(pieces) == b"".join(frames)
    assert all(pieces)


@given(FRAMES, st.lists(st.integers(1, 30), min_size=1, max_size=4).map(tuple))
def test_every_piece_but_the_last_has_the_size_of_its_turn(
    frames: list[bytes], sizes: tuple[int, ...]
) -> None:
    *before, last = Delivery(sizes=sizes).pieces(frames, tail=1)
    turns = cycle(sizes)
    assert [len(piece) for piece in before] == [next(turns) for _ in before]
    assert len(last) <= next(turns)


@given(FRAMES, st.sampled_from(ENDS), st.integers(0, 12))
def test_what_ends_early_never_says_that_it_is_whole(frames: list[bytes], end: str, after: int) -> None:
    sent = b"".join(Delivery(end=end, after=after).pieces(frames, tail=2))
    whole = b"".join(frames[: len(frames) - 2])
    assert whole.startswith(sent)
    assert sent != b"".join(frames)


@given(
    FRAMES, st.sampled_from(ENDS), st.integers(0, 12), st.lists(st.integers(1, 30), min_size=1, max_size=4)
)
def test_sizes_change_nothing_about_what_is_sent(
    frames: list[bytes], end: str, after: int, sizes: list[int]
) -> None:
    plain = Delivery(end=end, after=after)
    chopped = Delivery(end=end, after=after, sizes=tuple(sizes))
    assert b"".join(plain.pieces(frames, tail=2)) == b"".join(chopped.pieces(frames, tail=2))


@pytest.mark.parametrize("character", ["é", "好", "👍"])
def test_the_odd_sizes_part_every_character_of_more_than_one_byte_somewhere(character: str) -> None:
    width = len(character.encode())
    starts = [0]
    for piece in Delivery(sizes=CHOPPED).pieces([character.encode() * 40], tail=1):
        starts.append(starts[-1] + len(piece))
    assert {start % width for start in starts} == set(range(width))


def test_the_odd_sizes_part_even_the_shortest_frame() -> None:
    assert DONE not in list(Delivery(sizes=CHOPPED).pieces([DONE] * 20, tail=1))


@pytest.mark.parametrize(
    ("more", "pieces"), [(0, MOST_PIECES), (1, MOST_PIECES + 1), (5000, MOST_PIECES + 1)]
)
def test_very_many_pieces_end_in_one(more: int, pieces: int) -> None:
    sent = list(Delivery(sizes=(1,)).pieces([b"x" * (MOST_PIECES + more)], tail=1))
    assert len(sent) == pieces
    assert len(sent[-1]) == max(1, more)
    assert all(len(left) <= len(right) for left, right in pairwise(sent))


@given(FRAMES, st.integers(0, 12), st.integers(0, 12))
def test_as_many_frames_are_whole_as_it_says(frames: list[bytes], after: int, tail: int) -> None:
    delivery = Delivery(end="error", after=after)
    assert list(delivery.pieces(frames, tail=tail)) == frames[: delivery.whole(len(frames), tail=tail)]


@pytest.mark.parametrize(
    ("reply", "whole"),
    [
        ({"fault": "several-texts"}, "several-texts"),
        ({"fault": "crlf"}, None),
        ({"fault": "trickle=20ms"}, "trickle=20ms"),
        ({"fault": {"kind": "slow"}}, None),
        ({"content": "Hi"}, None),
    ],
)
def test_a_form_of_streams_is_none_of_a_whole_answer(reply: dict[str, object], whole: str | None) -> None:
    assert form_of(reply, stream=True) == reply.get("fault")
    assert form_of(reply, stream=False) == whole
