"""Where bytes are cut: the same bytes, at the places that hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.faults.cutting import CUTS, PIECES, cut, with_crlf
from mockserver.faults.planned import Frame
from mockserver.wire import sse

FRAMES = [Frame("data: 茶\n\n".encode(), 1, 0.0), Frame(b"data: b\n\n", 1, 2.0)]
WHOLE = b"".join(frame.data for frame in FRAMES)


@pytest.mark.parametrize(
    ("kind", "after", "pieces"),
    [
        ("all-in-one", 0, [WHOLE]),
        ("one-byte", 0, [bytes([byte]) for byte in WHOLE]),
        ("split", 4, [WHOLE[:4], WHOLE[4:]]),
        ("split", len(WHOLE), [WHOLE]),
        ("split", len(WHOLE) + 3, [WHOLE[:3], WHOLE[3:]]),
        ("mid-character", 0, [b"data: \xe8", b"\x8c\xb6\n\ndata: b\n\n"]),
        ("mid-data", 0, [b"da", "ta: 茶\n\nda".encode(), b"ta: b\n\n"]),
    ],
)
def test_each_kind_cuts_in_its_own_places(kind: str, after: int, pieces: list[bytes]) -> None:
    assert [piece.data for piece in cut(FRAMES, CUTS[kind](WHOLE, after))] == pieces


def test_a_long_answer_is_cut_so_often_and_the_rest_comes_in_one() -> None:
    data = b"t" * (PIECES + 1000)
    pieces = cut([Frame(data)], CUTS["one-byte"](data, 0))
    assert len(pieces) == PIECES + 1
    assert [len(piece.data) for piece in pieces[-2:]] == [1, 1000]
    assert b"".join(piece.data for piece in pieces) == data


def test_crlf_is_torn_apart() -> None:
    frames = with_crlf(FRAMES[1:])
    pieces = [piece.data for piece in cut(frames, CUTS["crlf"](frames[0].data, 0))]
    assert pieces == [b"data: b\r", b"\n\r", b"\n"]


def test_a_piece_is_due_with_its_last_byte() -> None:
    assert [piece.due for piece in cut(FRAMES, [4, len(FRAMES[0].data), len(WHOLE) - 1])] == [
        0.0,
        0.0,
        2.0,
        2.0,
    ]


def test_nothing_is_cut_into_nothing() -> None:
    assert [piece.data for piece in cut([Frame(b"")], CUTS["split"](b"", 3))] == [b""]


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1), st.lists(st.integers(-3, 60)))
def test_no_byte_is_lost_and_none_leaves_before_its_frame(datas: list[bytes], places: list[int]) -> None:
    frames = [Frame(data, 1, float(at)) for at, data in enumerate(datas)]
    pieces = cut(frames, places)
    assert b"".join(piece.data for piece in pieces) == b"".join(datas)
    assert all(piece.data for piece in pieces)
    owners = [at for at, data in enumerate(datas) for _ in data]
    end = 0
    for piece in pieces:
        end += len(piece.data)
        assert piece.due == owners[end - 1]


@given(st.integers(0, 200))
def test_a_reader_finds_the_same_frames_at_every_split_point(after: int) -> None:
    reader = sse.Reader()
    frames = [
        frame for piece in cut(FRAMES, CUTS["split"](WHOLE, after)) for frame in reader.feed(piece.data)
    ]
    assert frames == sse.read(WHOLE)
