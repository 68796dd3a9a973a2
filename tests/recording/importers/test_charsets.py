"""Texts back to the bytes that they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.importers.charsets import asked, encoded, misread, named, of_unicode, proved, utf8
from mockserver.recording.importers.told import Body

MISREAD = "its charset was guessed by the tool; put back to UTF-8"
SSE = "text/event-stream"
UNTOLD = "nobody tells the charset of its text"
EITHER = "nobody tells whether it was UTF-8 or the charset that is named"
HALVES = "it holds halves of characters, which no bytes are"
REPLACED = "characters that the tool could not read were replaced by it"


def western(data: bytes) -> str:
    """What a browser makes of bytes that it takes for windows-1252."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_a_browser_misread_is_put_back(text: str) -> None:
    found = misread(western(text.encode()))
    assert found == (None if text.isascii() else text.encode())


def test_what_was_not_misread_is_left_alone() -> None:
    assert misread("你好") is misread("é") is misread("tea") is None


def test_the_size_proves_which_bytes_they_were() -> None:
    text = western("你".encode())
    assert proved(text, {3}, mime=SSE) == Body(data="你".encode(), changed=MISREAD)
    assert proved("你", {3}, mime=SSE) == Body(data="你".encode())
    assert proved("你", (), mime=SSE) == Body(data="你".encode())


def test_without_a_proof_a_stream_is_utf8_and_rebuilt() -> None:
    text = western("你".encode())
    assert proved(text, (), mime=SSE) == Body(data="你".encode(), kept="rebuilt", lost=MISREAD)
    assert proved(text, {len(text.encode())}, mime=SSE).kept == "rebuilt"
    assert proved(text, (), mime="text/html").kept == "rebuilt"
    assert proved(text, {len(text.encode())}, mime="text/html") == Body(data=text.encode())
    assert proved("é", (), mime="text/plain") == Body(data="é".encode(), kept="rebuilt", lost=UNTOLD)
    assert proved("tea", (), mime="text/plain") == Body(data=b"tea")


def test_the_text_of_a_request_is_what_was_asked_unless_its_size_says_otherwise() -> None:
    text = western("你".encode())
    assert asked(text, 0) == asked(text, len(text.encode())) == Body(data=text.encode())
    assert asked(text, 3) == Body(data="你".encode(), changed=MISREAD)
    assert asked("你", 3) == Body(data="你".encode())


def test_a_misread_stream_may_end_within_a_character() -> None:
    text = western("你好".encode()[:-1])
    assert proved(text, (), mime=SSE) == Body(data="你好".encode()[:-1], kept="rebuilt", lost=MISREAD)


def test_a_replacement_character_was_sent_or_is_a_loss() -> None:
    assert proved("a\ufffd", {4}, mime=SSE) == Body(data=b"a\xef\xbf\xbd")
    assert proved("a\ufffd", {2}, mime=SSE) == Body(data=b"a\xef\xbf\xbd", kept="rebuilt", lost=REPLACED)
    assert encoded("a\ufffd", "utf-8") == Body(data=b"a\xef\xbf\xbd", kept="rebuilt", lost=REPLACED)


def test_a_text_goes_back_into_its_charset_or_not_at_all() -> None:
    assert encoded("ä½\xa0", "ISO-8859-1") == Body(data="你".encode())
    assert encoded("你", "ISO-8859-1") is None
    assert encoded("tea", "klingon") is None
    assert utf8("a\ud800") == b"a?"


def test_half_a_character_is_no_byte() -> None:
    assert of_unicode("茶") == Body(data="茶".encode())
    assert of_unicode("a\ud83d") == Body(data=b"a?", kept="rebuilt", lost=HALVES)


@pytest.mark.parametrize(
    ("charset", "kept"),
    [("gbk", "whole"), ("GB18030", "whole"), ("koi8-r", "whole"), ("big5", "rebuilt"), ("utf-16", "rebuilt")],
)
def test_a_charset_that_writes_one_character_in_two_ways_proves_nothing(charset: str, kept: str) -> None:
    text = "чай" if charset == "koi8-r" else "綠茶"
    found = encoded(text, charset)
    assert found is not None
    assert (found.data, found.kept) == (text.encode(charset), kept)


def test_a_content_type_tells_the_charset() -> None:
    assert named('text/html; Charset = "GBK"') == "gbk"
    assert named("text/html") == ""
    assert proved("绿茶", (), mime="text/plain; charset=gbk") == Body(data="绿茶".encode("gbk"))
    assert proved("绿茶", (), mime="text/plain; charset=klingon") == Body(data="绿茶".encode())


def test_what_polly_kept_as_utf8_is_that_though_another_charset_is_named() -> None:
    """Polly.js keeps a body that is UTF-8 as text, whatever the content type names; its size tells."""
    mime = "text/plain; charset=gbk"
    assert proved("绿茶", {6}, mime=mime) == Body(data="绿茶".encode())
    assert proved("绿茶", {4}, mime=mime) == Body(data="绿茶".encode("gbk"))
    assert proved("绿茶", {6}, mime=mime, packed=True) == Body(data="绿茶".encode("gbk"))
    assert proved("α", {2}, mime=mime) == Body(data="α".encode("gbk"), kept="rebuilt", lost=EITHER)


@given(st.binary(max_size=20))
def test_browsers_read_iso_8859_1_as_windows_1252(data: bytes) -> None:
    assert proved(western(data), (), mime="text/plain; charset=ISO-8859-1") == Body(data=data)
    assert proved(data.decode("latin-1"), (), mime="text/plain; charset=ISO-8859-1") == Body(data=data)
