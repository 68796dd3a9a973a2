"""Forms are read part by part, whatever stands between the parts; what is none is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.forms import MOST_PARTS, Part, parts_of
from tests.steps import steps

FILE = Part("file", "a.txt", "text/plain", b"hello")
PURPOSE = Part("purpose", None, None, b"file-extract")

PARTS = st.lists(
    st.builds(
        Part,
        st.from_regex(r"[a-z]{1,9}", fullmatch=True),
        st.none() | st.from_regex(r"[\w. -]{1,9}", fullmatch=True),
        st.none() | st.sampled_from(["text/plain", "application/pdf", "text/plain; charset=utf-8"]),
        st.binary(max_size=60) | st.text(max_size=30).map(str.encode),
    ),
    min_size=1,
    max_size=4,
)
BOUNDARIES = st.from_regex(r"[0-9A-Za-z'()+_,./:=?-]{8,70}", fullmatch=True).map(str.encode)


def sent(boundary: bytes, parts: list[Part]) -> bytes:
    """A form as a client sends it."""
    body = b""
    for part in parts:
        file = "" if part.file is None else f'; filename="{part.file}"'
        kind = "" if part.type is None else f"Content-Type: {part.type}\r\n"
        head = f'Content-Disposition: form-data; name="{part.name}"{file}\r\n{kind}\r\n'
        body += b"--" + boundary + b"\r\n" + head.encode() + part.content + b"\r\n"
    return body + b"--" + boundary + b"--\r\n"


@given(BOUNDARIES, PARTS)
def test_what_is_sent_is_read_with_any_boundary(boundary: bytes, parts: list[Part]) -> None:
    assert parts_of(sent(boundary, parts)) == tuple(parts)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda made: b"--b\r\n" + made + b"\r\n--b--"))
def test_no_body_is_too_odd(body: bytes) -> None:
    assert parts_of(body) is None or body.startswith(b"--")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%E8%8C%B6.txt",
        'content-disposition:form-data;filename="茶.txt";name=file\r\nContent-Length: 5',
        'Content-Disposition: form-data; name="file";\r\n filename="茶.txt"',
    ],
)
def test_a_part_is_described_in_several_ways(head: str) -> None:
    body = f"--b \r\n{head}\r\n\r\nhello\r\n--b--".encode()
    assert parts_of(body) == (Part("file", "茶.txt", None, b"hello"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--",
        b"hello",
        b"--\r\n----",
        b"--b",
        sent(b"b", [FILE])[:-4],
        sent(b"b", [FILE]).removeprefix(b"--"),
        sent(b"b", [FILE]).replace(b"name=", b"n="),
        sent(b"b", [FILE]).replace(b'filename="a.txt"', b"filename*" + b"9" * 5000 + b"=a"),
        sent(b"b", [FILE]).replace(b'filename="a.txt"', b"filename*0=a; filename*=utf-8''b"),
        sent(b"b", [FILE]).replace(b'filename="a.txt"', b'filename="' + b";" * 100 + b'"'),
        sent(b"b", [FILE]).replace(b'filename="a.txt"', b'filename="' + b"a" * 70_000 + b'"'),
        sent(b"b", [FILE] * (MOST_PARTS + 1)),
    ],
)
def test_what_is_no_form_has_no_parts(body: bytes) -> None:
    assert parts_of(body) is None


def test_to_read_a_form_takes_as_long_as_it_is() -> None:
    """The library's own time grows by the square of the semicolons in a head."""

    def taken(size: int) -> int:
        return steps(lambda: parts_of(sent(b"b", [FILE] * 9).replace(b"a.txt", b";" * size)))

    assert taken(100_000) <= taken(100) < taken(7) < 30_000
