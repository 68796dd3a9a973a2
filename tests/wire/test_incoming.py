"""A request's headers over the raw pairs of the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.talk.surface import Surface
from mockserver.wire.incoming import RequestHeaders, key_of, packed, unpacked

NAMES = st.sampled_from([b"accept", b"authorization", b"x-dashscope-sse", b"cookie"])


def test_a_header_is_found_by_its_lower_case_name() -> None:
    headers = RequestHeaders([(b"accept", b"*/*"), (b"x-dashscope-sse", b"enable")])
    assert headers["x-dashscope-sse"] == "enable"
    assert headers.get("accept") == "*/*"


def test_the_first_of_equal_headers_counts() -> None:
    headers = RequestHeaders([(b"authorization", b"Bearer sk-a"), (b"authorization", b"Bearer sk-b")])
    assert headers["authorization"] == "Bearer sk-a"
    assert len(headers) == 1


@pytest.mark.parametrize("name", ["authorization", "", "头"])
def test_a_header_that_was_not_sent_is_missing(name: str) -> None:
    headers = RequestHeaders([(b"accept", b"*/*")])
    assert name not in headers
    assert headers.get(name, "none") == "none"
    with pytest.raises(KeyError, match=f"^'{name}'$"):
        headers[name]


def test_bytes_beyond_ascii_are_read_as_latin_1() -> None:
    assert RequestHeaders([(b"x-note", b"th\xe9")])["x-note"] == "thé"


@given(st.lists(st.tuples(NAMES, st.binary(max_size=8))))
def test_it_is_the_mapping_of_the_first_values(raw: list[tuple[bytes, bytes]]) -> None:
    first: dict[str, str] = {}
    for name, value in raw:
        first.setdefault(name.decode(), value.decode("latin-1"))
    headers = RequestHeaders(raw)
    assert dict(headers) == first
    assert list(headers) == list(first)
    assert len(headers) == len(first)


VALUES = st.binary(max_size=8).filter(lambda value: b"\n" not in value)


@given(st.lists(st.tuples(NAMES, VALUES)))
def test_packed_headers_say_the_same(raw: list[tuple[bytes, bytes]]) -> None:
    headers = RequestHeaders(raw)
    assert dict(unpacked(packed(headers))) == dict(headers)
    assert dict(unpacked(packed(dict(headers)))) == dict(headers)


@pytest.mark.parametrize(
    ("surface", "sent", "key"),
    [
        (ANTHROPIC, {"x-api-key": "sk-a"}, "sk-a"),
        (ANTHROPIC, {"x-api-key": "sk-a", "authorization": "Bearer sk-b"}, "sk-b"),
        (ANTHROPIC, {}, None),
        (COMPAT, {"x-api-key": "sk-a"}, None),
        (COMPAT, {"authorization": "Bearer sk-b"}, "sk-b"),
    ],
)
def test_a_key_is_read_from_the_headers_of_its_surface(
    surface: Surface, sent: dict[str, str], key: str | None
) -> None:
    assert key_of(surface, sent) == key
