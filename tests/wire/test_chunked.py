"""Frames in one piece are the frames that they are made of, each in its chunk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.wire.chunked import LAST, Chunked, chunk, chunked, chunks, places, size_of, unchunked

frames_of_any_size = st.lists(st.binary(min_size=1, max_size=40), max_size=8)


def test_a_chunk_says_its_size_in_hexadecimal() -> None:
    assert chunk(b"0123456789abcdef") == b"10\r\n0123456789abcdef\r\n"
    assert chunked([b"tea", b"pot"]) == b"3\r\ntea\r\n3\r\npot\r\n"


@given(frames_of_any_size, st.integers(-9, 9), st.integers(-9, 9))
def test_what_lies_in_one_piece_is_taken_apart_where_it_is_looked_at(
    frames: list[bytes], start: int, end: int
) -> None:
    piece = Chunked(chunked(frames), places(frames), size_of(frames))
    assert (len(piece), bool(piece), size_of(piece)) == (len(frames), bool(frames), sum(map(len, frames)))
    assert list(piece) == frames
    assert [piece[at] for at in range(len(piece))] == frames
    assert piece[start:end] == frames[start:end]
    assert chunked(piece) == chunked(frames)
    assert list(chunks(piece)) == list(chunks(frames)) == [chunk(frame) for frame in frames]
    assert piece == frames
    assert frames == piece


@given(frames_of_any_size, frames_of_any_size)
def test_pieces_are_equal_as_their_frames_are(one: list[bytes], other: list[bytes]) -> None:
    made = [Chunked(chunked(frames), places(frames), size_of(frames)) for frames in (one, other)]
    assert (made[0] == made[1]) is (one == other)
    assert made[0] != len(one)


@given(frames_of_any_size, st.binary(max_size=9))
def test_chunks_are_the_frames_that_they_were_made_of(frames: list[bytes], behind: bytes) -> None:
    assert unchunked(chunked(frames) + LAST + behind) == frames


@pytest.mark.parametrize("torn", [b"", b"3", b"3\r\ntea\r\n", b"tea\r\n"])
def test_chunks_without_an_end_are_none(torn: bytes) -> None:
    with pytest.raises(ValueError, match=r"subsection not found|invalid literal"):
        unchunked(torn)
