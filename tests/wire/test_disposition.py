"""What a header says under a name, in every spelling, in time that grows with its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.wire.disposition import DispositionError, parameter, read_head
from tests.steps import steps


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('form-data; name="file"; filename="a.txt"', "a.txt"),
        ("form-data; filename=a.txt; name=file", "a.txt"),
        ("form-data; name=file; filename*=UTF-8''%E8%8C%B6.txt", "茶.txt"),
        ('form-data; name="file"; filename="a; b.txt"', "a; b.txt"),
        ('form-data; FileName="茶.txt"', "茶.txt"),
        ("form-data; filename", ""),
        ("form-data; name=file", None),
        ("", None),
        (None, None),
    ],
)
def test_each_spelling_is_read(header: str | None, said: str | None) -> None:
    assert parameter(header, "filename") == said


@pytest.mark.parametrize(
    "header",
    [
        "form-data; filename*0=a; filename*=utf-8''b",
        "form-data; filename*" + "9" * 5000 + "=a",
        'form-data; filename="' + ";" * 65 + '"',
        "form-data" + "; a" * 65,
        "form-data; filename*=idna''abc",
        "form-data; filename*=punycode''%ff-%ff",
        "form-data; filename*=utf-7''%2B2AA-",
        "form-data; filename*=unicode_escape''%5Cud800",
        "form-data; filename*=a\0b''x",
    ],
)
def test_what_no_client_sends_cannot_be_read(header: str) -> None:
    with pytest.raises(DispositionError):
        parameter(header, "filename")


SETS = (
    st.sampled_from(["utf-8", "UTF-8", "us-ascii", "iso-8859-1", "utf-16", "utf-7", "idna", ""]) | st.text()
)
HEADERS = st.text() | st.builds("form-data; name*={}'{}'{}".format, SETS, st.text(), st.text("%Ca8d0f茶"))


@given(HEADERS, st.sampled_from(["name", "filename", "boundary"]))
def test_no_header_is_too_odd(header: str, name: str) -> None:
    try:
        said = parameter(header, name)
    except DispositionError:
        return
    assert said is None or said.encode() is not None


def test_to_read_a_header_takes_no_longer_than_it_is() -> None:
    """The library's own time grows by the square of the semicolons."""

    def taken(size: int) -> int:
        def read() -> None:
            with pytest.raises(DispositionError):
                parameter(f'form-data; name="{";" * size}"', "name")

        return steps(read)

    assert taken(100_000) == taken(100)


def test_a_head_has_headers_in_any_case() -> None:
    assert read_head("content-Type: text/plain\r\nX: y").get("Content-type") == "text/plain"
