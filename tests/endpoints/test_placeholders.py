"""The files that were made, taken apart again."""

import io
import struct
import wave
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.endpoints.placeholders import mp4, named, png, sides, wav


@pytest.mark.parametrize(
    ("size", "found"),
    [("1024*768", (1024, 768)), ("1280x720", (1280, 720)), ("0*99999", (1, 4096)), ("tea", (1024, 1024))],
)
def test_a_size_is_read_and_bounded(size: str, found: tuple[int, int]) -> None:
    assert sides(size) == found


@given(st.integers(1, 70), st.integers(1, 70))
def test_a_picture_has_its_size_and_its_sums(width: int, height: int) -> None:
    data = png(f"{width}*{height}")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, inner = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(name + inner),)
        chunks[name], at = inner, at + 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (width, height, 1, 0, 0, 0, 0)
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + -(-width // 8))


def test_the_largest_picture_is_small() -> None:
    assert len(png("9999*9999")) < 100_000


@given(st.integers(0, 60))
def test_a_film_is_made_of_boxes_and_lasts_as_long_as_it_says(seconds: int) -> None:
    data, at, names = mp4(seconds), 0, []
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        names.append(data[at + 4 : at + 8])
        at += length
    assert (at, names) == (len(data), [b"ftyp", b"moov"])
    header = data[data.index(b"mvhd") + 4 :]
    assert len(header) == 100
    assert struct.unpack_from(">II", header, 12) == (1000, 1000 * seconds)


@pytest.mark.parametrize("seconds", [0, 1, 10])
def test_a_silence_lasts_as_long_as_it_says(seconds: int) -> None:
    with wave.open(io.BytesIO(wav(seconds))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24_000)
        assert sound.getnframes() == 24_000 * seconds


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("64x32-0a.png", png("64*32")),
        ("2-0a.wav", wav(2)),
        ("2-0a.png", None),
        ("64x32-0a.wav", None),
        ("999-0a.wav", None),
        ("64x32.png", None),
        ("../64x32-0a.png", None),
    ],
)
def test_a_name_that_tells_all_of_a_file_is_that_file(name: str, made: bytes | None) -> None:
    assert named(name) == made
