"""Who may use the control API: by the address, the token, and what a browser says of its page."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.server.app import App
from mockserver.server.guard import OPEN_CALL, Guard
from mockserver.server.strangers import is_loopback
from tests.server.talk import COMPAT

TOKEN = "oolong-oolong-oolong"
CALLS = [
    ("GET", "requests"),
    ("POST", "reset"),
    ("POST", "replies"),
    ("GET", "nothing"),
    ("DELETE", "health"),
]


def client_of(base_url: str = "http://localhost:8000", /, **settings: Any) -> TestClient:
    """A client of an application with these settings."""
    return TestClient(App(Engine(Settings(**settings))), base_url=base_url)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("LocalHost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("", False),
        ("192.168.0.7", False),
        ("mock.example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_the_loopback_is_known(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({}, "on"),
        ({"host": "::1"}, "on"),
        ({"host": "0.0.0.0"}, "token"),  # noqa: S104
        ({"host": "0.0.0.0", "control": "on"}, "on"),  # noqa: S104
        ({"control": "off"}, "off"),
        ({"control": "token"}, "token"),
        ({"control_token": TOKEN}, "token"),
    ],
)
def test_the_settings_choose_the_mode(settings: dict[str, Any], mode: str) -> None:
    guard = Guard.of(Settings(**settings))
    assert guard.mode == mode
    assert guard.drawn is (mode == "token" and "control_token" not in settings)


def test_a_drawn_token_is_long_new_each_time_and_not_in_the_repr() -> None:
    one, other = (Guard.of(Settings(control="token")) for _ in range(2))
    assert one.token != other.token
    assert len(one.token) == 32
    assert one.token not in repr(one)


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_what_is_off_says_how_to_switch_it_on(method: str, call: str) -> None:
    response = client_of(control="off").request(method, f"/_mock/{call}")
    assert response.status_code == 404
    assert response.json() == {
        "error": {
            "message": "the control API is off; start the server with --control token or --control on",
            "field": None,
        }
    }


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "needs a token"), (TOKEN[:-1], "has the wrong token"), (f"{TOKEN} ", None), (TOKEN, None)],
)
def test_a_token_opens_every_call_and_no_other_does(
    given: str | None, said: str | None, method: str, call: str
) -> None:
    headers = {} if given is None else {"X-Mock-Token": given.strip()}
    response = client_of(control_token=TOKEN).request(method, f"/_mock/{call}", headers=headers)
    assert (response.status_code == 403) is (said is not None)
    assert response.headers.get("connection") == ("close" if said else None)
    if said:
        assert f"the control API {said}; send the one" in response.json()["error"]["message"]
        assert TOKEN not in response.text


@pytest.mark.parametrize("header", [b"\xff\xfe", b"", b"\x00"])
def test_a_token_of_any_bytes_is_compared(header: bytes) -> None:
    scope = {"path": "/_mock/reset", "method": "POST", "headers": [(b"x-mock-token", header)]}
    objection = Guard("token", local=True, token=TOKEN).objection(scope)
    assert objection is not None
    assert objection[0] == 403


@pytest.mark.parametrize("settings", [{"control": "off"}, {"control_token": TOKEN}])
def test_health_is_open_to_everybody(settings: dict[str, Any]) -> None:
    assert client_of(**settings).get(OPEN_CALL).status_code == 503


@pytest.mark.parametrize("settings", [{"control": "off"}, {"control_token": TOKEN}])
def test_chat_needs_no_token(settings: dict[str, Any]) -> None:
    response = client_of(**settings).post(COMPAT, json={})
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "path",
    ["/%5Fmock/requests", "/_mock/%72equests", "/_mock/x/../requests", "/_mock/requests?limit=1", "/_mock/"],
)
def test_no_other_way_to_write_a_path_leads_past_the_guard(path: str) -> None:
    client = client_of(control="off")
    request = client.build_request("GET", "http://localhost/")
    request.url = request.url.copy_with(raw_path=path.encode())
    response = client.send(request)
    assert (response.status_code, response.json()["error"]["field"]) == (404, None)


@pytest.mark.parametrize(
    ("base", "origin", "passes"),
    [
        ("http://localhost:8000", None, True),
        ("http://localhost:8000", "http://localhost:8000", True),
        ("http://LOCALHOST:8000", "http://localhost:8000", True),
        ("http://localhost:8000", "http://localhost:3000", False),
        ("http://localhost:8000", "http://127.0.0.1:8000", False),
        ("http://localhost:8000", "https://tea.example.com", False),
        ("http://localhost:8000", "null", False),
        ("http://localhost:8000", "", False),
    ],
)
def test_a_page_of_another_origin_does_not_pass(base: str, origin: str | None, *, passes: bool) -> None:
    response = client_of(base).post("/_mock/reset", headers={} if origin is None else {"Origin": origin})
    assert response.status_code == (204 if passes else 403)
    if not passes:
        assert response.json()["error"]["message"].startswith(f"the origin is {origin!r}: a page of another")


@pytest.mark.parametrize(
    ("site", "passes"),
    [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False), ("tea", False)],
)
def test_a_page_of_another_site_does_not_pass_without_an_origin_either(site: str, *, passes: bool) -> None:
    response = client_of().get("/_mock/requests", headers={"Sec-Fetch-Site": site})
    assert response.status_code == (200 if passes else 403)
    if not passes:
        assert response.json()["error"]["message"].startswith("a page of another site may not")


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.0.7", True),
        ("mock", True),
        ("mock.localhost:8000", True),
        ("host.docker.internal:8000", True),
        ("tea.test.", True),
        ("tea.home.arpa", True),
        ("tea.arpa", False),
        ("1.0.0.127.in-addr.arpa", False),
        ("notlocal", True),
        ("evil.notlocal", False),
        ("evil.example.com:8000", False),
        ("evil.example.com.:8000", False),
        ("127.0.0.1.nip.io", False),
        ("localhost.evil.com", False),
        ("[bad", False),
        (":8000", False),
        (".", False),
    ],
)
def test_a_name_that_others_can_own_does_not_pass(host: str, *, passes: bool) -> None:
    response = client_of().get("/_mock/requests", headers={"Host": host})
    assert response.status_code == (200 if passes else 403)
    if not passes:
        assert response.json()["error"]["message"].startswith(
            f"the host is {host!r}: a name that others can own"
        )


def test_who_opened_the_control_api_to_other_machines_may_name_it_as_they_like() -> None:
    client = client_of("http://mock.example.com", host="0.0.0.0", control="on")  # noqa: S104
    assert client.get("/_mock/requests").status_code == 200
    assert client.get("/_mock/requests", headers={"Origin": "http://tea.example.com"}).status_code == 403


def test_the_token_stands_in_for_origin_and_host() -> None:
    client = client_of("http://mock.example.com", control_token=TOKEN)
    headers = {"Origin": "https://tea.example.com", "X-Mock-Token": TOKEN}
    assert client.get("/_mock/requests", headers=headers).status_code == 200


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["on", "off", "token"]))
def test_whatever_a_client_says_is_judged(host: str, origin: str, mode: str) -> None:
    pairs = itertools.product([b"host", b"origin"], [host, origin])
    headers = [(name, text.encode("utf-8", "replace")) for name, text in pairs]
    scope = {"path": "/_mock/reset", "method": "POST", "headers": headers}
    objection = Guard(mode, local=True, token=TOKEN).objection(scope)
    assert objection is None or objection[0] in (403, 404)
