"""Media that come along with a request: their size is read from their first bytes, whatever those are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.wire.inline import image_size, inline, is_image, sound_seconds
from tests.wire.media import FORMATS, jpeg, png, segment, uri, wav


@given(st.sampled_from(FORMATS), st.integers(1, 16383), st.integers(1, 16383))
def test_every_format_shows_its_size(make: Any, width: int, height: int) -> None:
    assert image_size(make(width, height)) == (width, height)
    assert image_size(make(width, height) + b"\xff\xd9") == (width, height)


@given(st.sampled_from(FORMATS), st.data())
def test_an_image_cut_within_its_head_has_no_size(make: Any, data: st.DataObject) -> None:
    whole = make(3, 5)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert image_size(whole[:cut]) is None


def test_what_stands_before_the_size_of_a_jpeg_is_passed_over() -> None:
    notes = segment(0xE1, b"Exif\x00\x00" + bytes(60_000))
    table = segment(0xC4, b"no size, though its number lies among those of the frames")
    assert image_size(jpeg(330, 291, notes, b"\xff\xff", table, b"\xff\x01")) == (330, 291)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GIF88a\x01\x00\x01\x00",
        b"\xff\xd8no marker",
        b"\xff\xd8" + b"\xff\xd0" * 2000 + jpeg(1, 1)[2:],
        png(0, 5),
        b"<svg width='1' height='1'/>",
    ],
)
def test_what_is_no_image_has_no_size(head: bytes) -> None:
    assert image_size(head) is None


@pytest.mark.parametrize(
    ("head", "opens"),
    [
        (b"II*\0\x08\0\0\0", True),
        (b"\0\0\0\x18ftypheic", True),
        (b"\0\0\0\x18ftypisom", False),
        (b"%PDF-1.7", False),
        (b"AC1027", False),
        (b"", False),
    ],
)
def test_an_image_is_known_by_its_first_bytes(head: bytes, *, opens: bool) -> None:
    assert is_image(head) is opens
    assert all(is_image(make(3, 5)) for make in FORMATS)


@given(
    st.one_of(
        st.binary(max_size=200), st.sampled_from(FORMATS).flatmap(lambda make: st.just(make(7, 9)[:16]))
    ),
    st.binary(max_size=60),
)
def test_no_bytes_upset_the_reader_of_sizes(head: bytes, more: bytes) -> None:
    size = image_size(head + more)
    assert size is None or min(size) > 0


@pytest.mark.parametrize("frames", [1, 31_999, 2_000_000])
def test_the_length_of_inline_data_is_known_without_decoding_it(frames: int) -> None:
    file = wav(frames=frames)
    data = inline(uri(file, "audio/wav"))
    assert data is not None
    assert data.size == len(file)
    assert len(data.head) == min(len(file), 196_608)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (uri(wav(frames=40_000), "audio/wav"), 2.5),
        ({"data": uri(wav(frames=8_000, rate=8_000), "audio/wav"), "format": "wav"}, 1.0),
        (uri(b"ID3", "audio/mpeg"), None),
        ("https://example.com/tea.wav", None),
    ],
)
def test_a_sound_that_comes_along_tells_its_length(value: Any, seconds: float | None) -> None:
    assert sound_seconds(value) == seconds
