"""Content coding of JSON bodies."""

import gzip

import pytest

from mockserver.wire.encoding import encoded, packed, takes_gzip


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, identity", False),
        ("", False),
        ("identity", False),
        ("x-gzip-like", False),
    ],
)
def test_what_asks_for_gzip(accepted: str, *, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_a_body_is_packed_for_who_asks_and_left_alone_for_others() -> None:
    coding, body = encoded(b"{}", {"accept-encoding": "gzip"})
    assert (coding, gzip.decompress(body)) == (b"gzip", b"{}")
    assert encoded(b"{}", {}) == (b"", b"{}")


def test_a_packed_body_is_the_body() -> None:
    body = b"tea " * 100
    assert gzip.decompress(packed(body)) == body
    assert encoded(body, {"accept-encoding": "gzip"}) == (b"gzip", packed(body))
