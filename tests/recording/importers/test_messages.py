"""HTTP messages as text."""

from mockserver.recording.importers import messages


def test_a_chunked_dump_that_is_cut_stays_as_it_is() -> None:
    head = [("Transfer-Encoding", "chunked")]
    assert messages.unchunked(b"5\r\nabc", head) == b"5\r\nabc"
    assert messages.unchunked(b"2\r\nab\r\n", head) == b"ab"
    assert messages.unchunked(b"2\r\nab??", head) == b"2\r\nab??"
    assert messages.unchunked(b"5\r\nabc", []) == b"5\r\nabc"


def test_a_message_without_a_blank_line_is_all_head() -> None:
    assert messages.split(b"HTTP/1.1 200 OK") == (b"HTTP/1.1 200 OK", b"")
