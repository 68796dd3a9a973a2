"""Two ways to the control API: what goes out, what comes back, and what a refusal becomes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from mockserver.base.options import SettingsError
from mockserver.corridor.settings import TOKEN_VARIABLE
from mockserver.testing.channel import AsgiChannel, ControlError, HttpChannel
from tests.recording.upstreams import raw_upstream
from tests.wire.strategies import json_values

TOKEN = "oolong-oolong-oolong"


class Application:
    """An application that keeps what it is asked and answers with these bytes."""

    def __init__(self, status: int = 200, *pieces: bytes) -> None:
        self.scopes: list[Any] = []
        self.bodies: list[bytes] = []
        self._status = status
        self._pieces = pieces or (b"{}",)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        self.scopes.append(scope)
        self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


def by_http(status: int, body: bytes) -> bytes:
    """What an answer of a server becomes."""
    with raw_upstream() as server:
        head = b"HTTP/1.1 %d Odd\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
        server.sends = [head, body]
        return HttpChannel(f"http://127.0.0.1:{server.port}", token="").call("GET", "replies")


def in_process(status: int, body: bytes) -> bytes:
    """What an answer of an application becomes."""
    return AsgiChannel(Application(status, body)).call("GET", "replies")


Way = Callable[[int, bytes], bytes]
BOTH = pytest.mark.parametrize("way", [by_http, in_process])


@BOTH
@pytest.mark.parametrize("status", [200, 201, 204, 399])
def test_the_body_of_an_answer_is_given(way: Way, status: int) -> None:
    body = b"" if status == 204 else b"\xfftea"
    assert way(status, body) == body


@BOTH
@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, b'{"error": {"message": "match has no field"}}', "match has no field"),
        (404, b'{"error": {"message": 5}}', "5"),
        (400, b'{"error": "no"}', "the server answered 400"),
        (400, b'{"error": {}}', "the server answered 400"),
        (502, b"<html>", "the server answered 502"),
        (500, b"", "the server answered 500"),
        (500, b"[]", "the server answered 500"),
    ],
)
def test_a_refusal_is_raised_in_the_words_of_the_server(
    way: Way, status: int, body: bytes, message: str
) -> None:
    with pytest.raises(ControlError) as raised:
        way(status, body)
    assert (raised.value.status, str(raised.value)) == (status, message)


def test_a_call_by_http_says_only_what_it_has_to() -> None:
    with raw_upstream() as server:
        server.sends = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
        channel = HttpChannel(f"http://127.0.0.1:{server.port}", token=TOKEN)
        channel.call("PUT", "on-miss", {"on_miss": "é"}, key="sk a&b", format=None)
        channel.call("GET", "requests")
    first, second = server.requests
    head, _, body = first.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /_mock/on-miss?key=sk+a%26b HTTP/1.1\r\n")
    assert f"X-Mock-Token: {TOKEN}".encode() in head.split(b"\r\n")
    assert json.loads(body) == {"on_miss": "é"}
    assert second.startswith(b"GET /_mock/requests HTTP/1.1\r\n")
    assert second.endswith(b"\r\n\r\n")


def test_the_token_of_the_environment_is_sent_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with raw_upstream() as server:
        server.sends = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
        url = f"http://127.0.0.1:{server.port}"
        for channel in (HttpChannel(url), HttpChannel(url, token=TOKEN[::-1]), HttpChannel(url, token="")):
            channel.call("GET", "replies")
    told = [b"x-mock-token: " in request.lower() for request in server.requests]
    assert told == [True, True, False]
    assert TOKEN.encode() in server.requests[0]
    assert TOKEN[::-1].encode() in server.requests[1]


def test_a_call_about_a_world_names_it_where_a_balancer_looks() -> None:
    with raw_upstream() as server:
        server.sends = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
        HttpChannel(f"http://127.0.0.1:{server.port}", token="", key="sk-mine").call("GET", "replies")
    assert b"Authorization: Bearer sk-mine" in server.requests[0].split(b"\r\n")


def test_a_call_in_the_process_is_a_request_like_any_other() -> None:
    app = Application(200, b"te", b"a")
    assert AsgiChannel(app, token=TOKEN).call("POST", "reset", key="sk a&b", format=None) == b"tea"
    (scope,) = app.scopes
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/_mock/reset", b"/_mock/reset")
    assert scope["query_string"] == b"key=sk+a%26b"
    assert scope["headers"] == [(b"content-length", b"0"), (b"x-mock-token", TOKEN.encode())]
    assert app.bodies == [b""]


@given(json_values)
def test_a_body_arrives_as_the_json_that_was_given(value: Any) -> None:
    app = Application()
    AsgiChannel(app).call("POST", "replies", {"value": value})
    (scope,), (body,) = app.scopes, app.bodies
    assert json.loads(body) == {"value": value}
    assert scope["headers"] == [(b"content-length", str(len(body)).encode())]


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "127.0.0.1", "", "ftp://tea", "http://", "http://tea:oolong", "http://[::1", "tea"],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        HttpChannel(url)
    assert str(caught.value).startswith(f"{url!r} is no address of a server: write http:// or https://, ")
