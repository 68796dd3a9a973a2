"""Requests that look as if a page in a browser sent them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.server.strangers import foreign_host, foreign_origin, foreign_site, is_loopback, unasked_type
from mockserver.wire.incoming import RequestHeaders


def headers(**given: str) -> RequestHeaders:
    return RequestHeaders(
        [(name.replace("_", "-").encode(), value.encode("utf-8", "replace")) for name, value in given.items()]
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "LocalHost"])
def test_the_loopback_is_known(host: str) -> None:
    assert is_loopback(host)
    assert not is_loopback(f"{host}.example.com")


@pytest.mark.parametrize(
    ("host", "foreign"),
    [
        ("", False),
        ("localhost:8000", False),
        ("tea", False),
        ("tea.home.arpa", False),
        ("home.arpa.", False),
        ("tea.internal", False),
        ("tea.arpa", True),
        ("1.0.0.127.in-addr.arpa", True),
        ("ip6.arpa", True),
        ("xhome.arpa", True),
        (".home.arpa", True),
        ("tea.example", True),
        ("[", True),
    ],
)
def test_only_names_that_nobody_can_own_are_our_own(host: str, *, foreign: bool) -> None:
    assert foreign_host(headers(host=host)) == (host if foreign else None)


def test_a_page_says_where_it_is_from() -> None:
    assert foreign_origin(headers(host="localhost:1")) is None
    assert foreign_origin(headers(host="localhost:1", origin="http://localhost:1")) is None
    assert foreign_origin(headers(host="localhost:1", origin="https://tea.example")) == "https://tea.example"
    assert foreign_origin(headers(host="localhost:1", origin="null")) == "null"


@pytest.mark.parametrize(
    ("site", "foreign"), [("none", False), ("Same-Origin", False), ("same-site", True), ("cross-site", True)]
)
def test_a_browser_says_which_site_asks(site: str, *, foreign: bool) -> None:
    assert foreign_site(headers(sec_fetch_site=site)) is foreign
    assert not foreign_site(headers())


@pytest.mark.parametrize(
    ("content_type", "more", "unasked"),
    [
        ("text/plain; charset=utf-8", {}, "text/plain"),
        ("Application/X-WWW-Form-URLencoded", {}, "application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=x", {}, "multipart/form-data"),
        ("text/plain", {"authorization": "Bearer sk-tea"}, None),
        ("multipart/form-data; boundary=x", {"x_api_key": "sk-tea"}, None),
        ("application/json", {}, None),
        ("", {}, None),
    ],
)
def test_what_a_page_may_send_without_asking_needs_a_key(
    content_type: str, more: dict[str, str], unasked: str | None
) -> None:
    assert unasked_type(headers(content_type=content_type, **more)) == unasked


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_said_is_judged(host: str, origin: str) -> None:
    told = headers(host=host, origin=origin, content_type=origin)
    assert foreign_host(told) in (None, told["host"])
    assert foreign_origin(told) in (None, told["origin"])
    assert unasked_type(told) in (None, "text/plain")
