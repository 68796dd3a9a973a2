"""Texts back to the bytes that they were."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.importers.charsets import encoded, misread, proved, utf8
from mockserver.recording.importers.told import Body

MISREAD = "its charset was guessed by the tool; put back to UTF-8"
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
    assert proved(text, {3}, unicode=True) == Body(data="你".encode(), changed=MISREAD)
    assert proved("你", {3}, unicode=True) == Body(data="你".encode())
    assert proved("你", (), unicode=True) == Body(data="你".encode())


def test_without_a_proof_a_stream_is_utf8_and_rebuilt() -> None:
    text = western("你".encode())
    assert proved(text, (), unicode=True) == Body(data="你".encode(), kept="rebuilt", lost=MISREAD)
    assert proved(text, {len(text.encode())}, unicode=True).kept == "rebuilt"
    assert proved(text, (), unicode=False) == Body(data=text.encode())


def test_a_replacement_character_was_sent_or_is_a_loss() -> None:
    assert proved("a\ufffd", {4}, unicode=True) == Body(data=b"a\xef\xbf\xbd")
    assert proved("a\ufffd", {2}, unicode=True) == Body(data=b"a\xef\xbf\xbd", kept="rebuilt", lost=REPLACED)
    assert encoded("a\ufffd", "utf-8") == Body(data=b"a\xef\xbf\xbd", kept="rebuilt", lost=REPLACED)


def test_a_text_goes_back_into_its_charset_or_not_at_all() -> None:
    assert encoded("ä½\xa0", "ISO-8859-1") == Body(data="你".encode())
    assert encoded("你", "ISO-8859-1") is None
    assert encoded("tea", "klingon") is None
    assert utf8("a\ud800") == b"a?"
