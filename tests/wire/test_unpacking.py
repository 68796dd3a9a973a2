"""Packed request bodies: what any program packs is read, in whatever pieces, and never beyond a limit."""

import gzip
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec, module_from_spec

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.wire.unpacking import TooMuchError, Unpacker, UnpackError, coding_of, readable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def raw_deflate(body: bytes) -> bytes:
    """A body packed without a header, as some programs understand `deflate`."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}
EACH = pytest.mark.parametrize("packer", PACKERS)


def unpacked(packer: str, body: bytes, *, limit: int = 1 << 20, size: int = 1 << 16) -> bytes:
    """A body that comes in pieces of a size, unpacked."""
    unpacker = Unpacker(PACKERS[packer][0], limit=limit)
    pieces = [unpacker.feed(body[at : at + size]) for at in range(0, len(body), size)]
    unpacker.finish()
    return b"".join(pieces)


@EACH
@given(body=st.binary(max_size=2_000), size=st.integers(1, 64))
def test_what_was_packed_is_read_in_whatever_pieces_it_comes(packer: str, body: bytes, size: int) -> None:
    assert unpacked(packer, PACKERS[packer][1](body), size=size) == body


@EACH
@given(body=st.binary(min_size=1, max_size=500).map(lambda body: body * 9), less=st.integers(1, 400))
def test_a_limit_is_a_limit_and_one_byte_more_is_too_much(packer: str, body: bytes, less: int) -> None:
    packed = PACKERS[packer][1](body)
    assert unpacked(packer, packed, limit=len(body)) == body
    with pytest.raises(TooMuchError):
        unpacked(packer, packed, limit=max(0, len(body) - less))


@EACH
def test_a_bomb_is_given_up_where_it_becomes_too_much(packer: str) -> None:
    bomb = PACKERS[packer][1](bytes(1 << 26))
    unpacker = Unpacker(PACKERS[packer][0], limit=1 << 16)
    read = 0
    with pytest.raises(TooMuchError):  # noqa: PT012 - which of the pieces is too much depends on the coding
        for at in range(0, len(bomb), 64):
            read += len(unpacker.feed(bomb[at : at + 64]))
    assert read <= 1 << 16


@EACH
@given(share=st.floats(0.0, 0.99))
def test_a_body_that_ends_too_early_is_refused(packer: str, share: float) -> None:
    packed = PACKERS[packer][1](bytes(range(256)) * 8)
    cut = packed[: max(1, int(len(packed) * share))]
    with pytest.raises(UnpackError, match="ends too early") as raised:
        unpacked(packer, cut)
    assert raised.value.entry == "body.not-so-packed"


@EACH
@given(body=st.binary(max_size=200))
def test_whatever_comes_is_unpacked_or_refused(packer: str, body: bytes) -> None:
    with suppress(UnpackError, TooMuchError):
        assert len(unpacked(packer, body, limit=1_000)) <= 1_000


@pytest.mark.parametrize("packer", ["gzip", "br", "zstd", "deflate"])
def test_a_body_that_is_plain_is_not_packed_so(packer: str) -> None:
    with pytest.raises(UnpackError, match="but it is not packed so"):
        unpacked(packer, b'{"model": "qwen-plus"}\x00\x00\x00\x00')


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_members_one_behind_the_other_are_read(packer: str) -> None:
    pack = PACKERS[packer][1]
    assert unpacked(packer, pack(b"green ") + pack(b"tea")) == b"green tea"


@pytest.mark.parametrize("behind", [b"x", b"tea"])
@pytest.mark.parametrize("packer", ["gzip", "deflate", "zstd"])
def test_what_stands_behind_the_end_is_told_apart(packer: str, behind: bytes) -> None:
    with pytest.raises(UnpackError, match="but what stands behind its first end ") as raised:
        unpacked(packer, PACKERS[packer][1](b"green tea") + behind)
    assert raised.value.entry == "body.not-so-packed"


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_there_are_only_so_many_members(packer: str) -> None:
    pack = PACKERS[packer][1]
    assert unpacked(packer, pack(b"") * 9_999 + pack(b"tea")) == b"tea"
    with pytest.raises(UnpackError, match="is the last of more than 10000 members: pack it as one"):
        unpacked(packer, pack(b"") * 10_001)


@EACH
def test_nothing_is_nothing(packer: str) -> None:
    assert unpacked(packer, b"") == b""


def test_a_window_that_takes_much_memory_is_not_made() -> None:
    wide = zstd.compress(bytes(1 << 20), options={zstd.CompressionParameter.window_log: 27})
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    streamed = packer.compress(b"tea", mode=packer.FLUSH_BLOCK)
    with pytest.raises(UnpackError):
        unpacked("zstd", streamed)
    assert len(unpacked("zstd", wide)) == 1 << 20


@pytest.mark.parametrize("coding", ["tea", "compress", "gzip, br", "x" * 1_000])
def test_another_coding_is_refused_with_those_that_are_read(coding: str) -> None:
    with pytest.raises(UnpackError) as raised:
        Unpacker(coding, limit=1)
    assert raised.value.entry == "body.coding"
    fix = "send it plain, or as one of gzip, deflate, br, zstd"
    assert str(raised.value) == f"the body's content-encoding is {coding[:80]!r}: {fix}"
    assert all(name in fix for name in readable())


@pytest.mark.parametrize(
    ("value", "coding"),
    [("", ""), ("identity", ""), (" GZip ", "gzip"), ("x-gzip", "gzip"), ("BR", "br"), ("tea", "tea")],
)
def test_a_coding_is_known_by_its_name(value: str, coding: str) -> None:
    assert coding_of(value) == coding


def test_a_python_without_zstd_reads_the_rest_and_says_why_not_that(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python 3.14 has a reader of its own, which it can be built without.
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)  # to import it fails
    spec = find_spec("mockserver.wire.unpacking")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.readable() == ("gzip", "deflate", "br")
    assert module.Unpacker("gzip", limit=9).feed(gzip.compress(b"tea")) == b"tea"
    with pytest.raises(module.UnpackError) as caught:
        module.Unpacker("zstd", limit=9)
    assert caught.value.entry == "body.coding"  # 415
    assert str(caught.value) == (
        "the body's content-encoding is 'zstd', and the Python of this server was built without zstd: "
        "send it plain, or as one of gzip, deflate, br"
    )
