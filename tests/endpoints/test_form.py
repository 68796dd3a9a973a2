"""A form with a file, however it arrives: read back, kept or counted, refused when it is none."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.endpoints.form import File, Form, MalformedError, TooLargeError, read_form

FORM_TYPE = "multipart/form-data; boundary=bo"


def read(
    chunks: Sequence[bytes], *, content_type: str = FORM_TYPE, limit: int = 10**6, keep: bool = False
) -> Form:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return asyncio.run(read_form(content_type, stream(), limit=limit, keep=keep))


BODY = (
    b"--bo\r\n"
    b'Content-Disposition: form-data; name="key"\r\n'
    b"\r\n"
    b"a/cup.png\r\n"
    b"--bo\r\n"
    b'content-disposition: form-data; name="file"; filename="cup.png"\r\n'
    b"Content-Type: image/png\r\n"
    b"\r\n"
    b"\r\n--b\r\n"
    b"\r\n--bo--\r\n"
    b"whatever"
)


@given(st.lists(st.integers(0, len(BODY)), max_size=12))
def test_a_form_reads_the_same_however_it_arrives(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    chunks = [BODY[start:end] for start, end in pairwise(edges)]
    assert read(chunks) == Form({"key": "a/cup.png"}, (File("file", "cup.png", 7),))


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=30), max_size=4),
    st.binary(max_size=400),
)
def test_a_form_of_httpx_is_read_back(fields: dict[str, str], content: bytes) -> None:
    fields.pop("file", None)
    request = httpx.Request("POST", "http://mock.test", data=fields, files={"file": ("a", content)})
    form = read([request.read()], content_type=request.headers["content-type"])
    assert form == Form(fields, (File("file", "a", len(content)),))


@given(st.binary(max_size=300), st.integers(0, len(BODY)))
def test_no_body_upsets_the_reader_of_forms(noise: bytes, at: int) -> None:
    try:
        form = read([BODY[:at], noise, BODY[at:]], keep=bool(at % 2))
    except MalformedError:
        return
    assert sum(file.size for file in form.files) <= len(noise) + len(BODY)


@pytest.mark.parametrize(
    ("content_type", "chunks"),
    [
        ("", [BODY]),
        ("multipart/form-data", [BODY]),
        ("application/json; boundary=bo", [BODY]),
        ("multipart/form-data; boundary*0=bo; boundary*=bo", [BODY]),
        ('multipart/form-data; boundary="' + ";" * 10_000 + '"', [BODY]),
        (FORM_TYPE, [BODY.replace(b'name="key"', b'name="' + b";" * 10_000 + b'"')]),
        (FORM_TYPE, []),
        (FORM_TYPE, [BODY[:-20]]),
        (FORM_TYPE, [b"--bo\r\n" + bytes(100_000)]),
        (FORM_TYPE, [b"--bo\r\n", *([b"x: " + bytes(1000)] * 100)]),
    ],
)
def test_a_broken_form_is_refused_in_time(content_type: str, chunks: list[bytes]) -> None:
    with pytest.raises(MalformedError):
        read(chunks, content_type=content_type)


def test_what_follows_a_file_counts_within_the_limit() -> None:
    with pytest.raises(TooLargeError):
        read([BODY, *([bytes(1000)] * 10)], limit=9000)


def test_a_form_may_have_a_nameless_field_and_no_file() -> None:
    body = b"--bo\r\nContent-Disposition: form-data\r\n\r\nx\r\n--bo--"
    assert read([body, b"\r\n"]) == Form({"": "x"})


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=30), max_size=4),
    st.binary(max_size=400),
)
def test_a_file_that_is_kept_is_kept_as_it_is_with_all_fields(fields: dict[str, str], content: bytes) -> None:
    fields.pop("file", None)
    request = httpx.Request("POST", "http://mock.test", data=fields, files={"file": ("ä 茶", content)})
    form = read([request.read()], content_type=request.headers["content-type"], keep=True)
    assert form == Form(fields, (File("file", "ä 茶", len(content), content),))


def test_fields_behind_a_file_that_is_kept_count_too() -> None:
    body = BODY.replace(
        b"--bo--", b"--bo\r\nContent-Disposition: form-data; name=purpose\r\n\r\nbatch\r\n--bo--"
    )
    assert read([body], keep=True).fields == {"key": "a/cup.png", "purpose": "batch"}
    assert read([body]).fields == {"key": "a/cup.png"}


def test_several_files_are_kept_and_found_by_their_field() -> None:
    files = [("files", ("a.txt", b"oolong")), ("files", ("b.txt", b"sencha"))]
    request = httpx.Request("POST", "http://mock.test", data={"descriptions": "tea"}, files=files)
    form = read([request.read()], content_type=request.headers["content-type"], keep=True)
    assert [(file.name, file.content) for file in form.files] == [("a.txt", b"oolong"), ("b.txt", b"sencha")]
    assert form.file("file", "files") is form.files[0]
    assert form.file("tea") is None
