"""Packed bodies: unpacked as far as they go, and packed again to the same bytes."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording import coding
from mockserver.recording.coding import (
    READABLE,
    TooLargeError,
    UnreadableCodingError,
    coding_of,
    decoded,
    header,
    packed,
)
from tests.wire.strategies import texts

LEAVES = b"".join(b"leaf %d of tea, " % (at * at) for at in range(3_000))
SAID = b'{"said": "s3cret"}'


def raw_deflate(body: bytes) -> bytes:
    """A body packed without a header, as some servers understand `deflate`."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("gzip", "gzip"),
        (" GZip ", "gzip"),
        ("x-gzip", "gzip"),
        ("deflate", "deflate"),
        ("identity", "identity"),
        ("", "identity"),
    ],
)
def test_a_coding_is_known_by_its_name(value: str, name: str) -> None:
    assert coding_of([("a", "b"), ("CONTENT-Encoding", value)]) == name


def test_a_body_without_a_coding_is_as_it_is() -> None:
    assert coding_of([]) == "identity"
    assert header([], "content-encoding") == ""


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, br", "tea"])
def test_a_coding_that_cannot_be_read_is_named_with_those_that_can(name: str) -> None:
    with pytest.raises(UnreadableCodingError) as raised:
        coding_of([("content-encoding", name)])
    assert raised.value.coding == name
    assert str(raised.value) == (
        f"the body is coded as {name!r}; only gzip, deflate, identity can be kept without secrets"
    )


@given(body=st.binary(max_size=300), name=st.sampled_from(READABLE))
def test_a_body_is_always_packed_to_the_same_bytes(body: bytes, name: str) -> None:
    once = packed(body, name)
    assert packed(decoded(once, name), name) == once


def test_what_other_programs_packed_is_read() -> None:
    assert decoded(gzip.compress(LEAVES, compresslevel=1), "gzip") == LEAVES
    assert decoded(zlib.compress(LEAVES, level=9), "deflate") == LEAVES
    assert decoded(raw_deflate(LEAVES), "deflate") == LEAVES


def test_what_is_packed_here_is_what_its_name_says() -> None:
    assert packed(LEAVES, "gzip")[:2] == b"\x1f\x8b"
    assert zlib.decompress(packed(LEAVES, "deflate")) == LEAVES
    assert packed(LEAVES, "identity") is LEAVES


@given(share=st.floats(0.1, 0.99), name=st.sampled_from(["gzip", "deflate"]))
def test_a_body_that_was_cut_gives_its_beginning(share: float, name: str) -> None:
    whole = packed(LEAVES, name)
    plain = decoded(whole[: int(len(whole) * share)], name)
    assert LEAVES.startswith(plain)
    assert plain


@given(at=st.floats(0.5, 0.95))
def test_a_body_that_was_damaged_gives_what_stands_before(at: float) -> None:
    whole = bytearray(packed(LEAVES, "gzip"))
    begin = int(len(whole) * at)
    whole[begin:] = b"\xff" * (len(whole) - begin)
    plain = decoded(bytes(whole), "gzip")
    assert plain[:5_000] == LEAVES[:5_000]


@given(text=texts)
def test_a_text_that_is_not_packed_as_it_says_is_kept(text: str) -> None:
    body = b"{}" + text.encode()
    assert decoded(body, "gzip") == body


@pytest.mark.parametrize("body", [b"{}", b"hi", b'{"a":1}'])
def test_a_short_body_that_is_not_packed_is_kept_too(body: bytes) -> None:
    assert decoded(body, "gzip") == body


@given(parts=st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_bodies_that_are_packed_one_behind_the_other_are_read_to_the_end(parts: list[bytes]) -> None:
    assert decoded(b"".join(map(gzip.compress, parts)), "gzip") == b"".join(parts)


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_what_stands_behind_a_packed_body_stays_in_sight(name: str) -> None:
    assert decoded(packed(b"tea ", name) + SAID, name) == b"tea " + SAID


def test_a_body_is_unpacked_to_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "MOST", 100)
    assert decoded(packed(LEAVES[:100], "gzip"), "gzip") == LEAVES[:100]
    with pytest.raises(TooLargeError, match=r"^unpacked, the body is larger than 0 MB; only less can be"):
        decoded(packed(LEAVES[:101], "gzip"), "gzip")


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_a_body_that_unpacks_to_more_is_not_unpacked_further(name: str) -> None:
    """A thousandfold: what is held of it while it is found out is the limit, and not the whole."""
    bomb = zlib.compressobj(9, wbits=31 if name == "gzip" else 15)
    body = b"".join(bomb.compress(bytes(1024 * 1024)) for _ in range(100)) + bomb.flush()
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decoded(body, name)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * coding.MOST


def test_a_damaged_body_that_unpacks_to_more_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "MOST", 1000)
    whole = bytearray(packed(LEAVES, "gzip"))
    whole[-4:] = b"\xff" * 4
    with pytest.raises(TooLargeError):
        decoded(bytes(whole), "gzip")


def test_members_together_are_unpacked_to_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "MOST", 100)
    member = coding.packed(b"a" * 60, "gzip")
    assert coding.decoded(member + packed(b"a" * 40, "gzip"), "gzip") == b"a" * 100
    with pytest.raises(TooLargeError):
        coding.decoded(member * 5, "gzip")


def test_several_codings_at_once_are_one_that_cannot_be_read() -> None:
    headers = [("Content-Encoding", "gzip"), ("content-encoding", "br")]
    with pytest.raises(coding.UnreadableCodingError, match="coded as 'gzip, br'"):
        coding.coding_of(headers)
