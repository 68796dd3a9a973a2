"""Endpoints beside chat, message by message: played from a cassette, or left to who comes next."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope

from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.recording import cassette
from mockserver.recording.forms import Part
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.asgi import ClientGoneError
from mockserver.server.aside import Aside
from mockserver.server.replaying import missing, pairs_of, play, repeating, target_of
from tests.recording.exchanges import COMPAT, asked, dumped, interaction
from tests.recording.test_forms import FILE, PURPOSE
from tests.recording.test_forms import sent as sent_as

FILES = "/compatible-mode/v1/files"
MODELS = "/compatible-mode/v1/models"
GONE: Message = {"type": "http.disconnect"}
BYTES = st.binary(max_size=20)


def scope_of(path: str, *, method: str = "GET", query: bytes = b"", **more: Any) -> Scope:
    """The scope of a request."""
    return {"type": "http", "method": method, "path": path, "query_string": query, "headers": [], **more}


def whole(body: bytes = b"") -> Message:
    """The message of a whole body."""
    return {"type": "http.request", "body": body, "more_body": False}


def receiving(messages: Iterable[Message]) -> Receive:
    """A `receive` that gives these messages."""
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    return receive


def played(
    recorded: Recorded, engine: Engine, scope: Scope, *messages: Message
) -> tuple[list[Any], list[Message] | None]:
    """What is sent to the client; and what is left to read for who comes next, if it is left to anyone."""
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> list[Message] | None:
        left = await play(recorded, engine, Aside(), scope, receiving(messages), send)
        return None if left is None else [await left()]

    return sent, asyncio.run(run())


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """A cassette with a list of models, cut by the upstream, and a chat."""
    chunks = [b'{"data"', b":[]}"]
    answer = interaction(
        b"", chunks, path=MODELS, method="GET", query="a=1", headers=[("X-Odd", "\xe9")], status=203
    )
    cassette.write(tmp_path, answer)
    cassette.write(tmp_path, interaction())
    return Recorded(Library(tmp_path), Redaction.of(), Playing(strict_miss=True))


@given(st.lists(st.tuples(BYTES, BYTES), max_size=4))
def test_headers_are_texts_that_lead_back_to_their_bytes(headers: list[tuple[bytes, bytes]]) -> None:
    told = pairs_of({"headers": headers})
    assert [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told] == headers


def test_a_target_is_as_it_was_sent() -> None:
    assert target_of(scope_of("/a b", raw_path=b"/a%20b", query=b"q=%C3%A9")) == ("/a%20b", "q=%C3%A9")
    assert target_of(scope_of("/a")) == ("/a", "")
    assert target_of(scope_of("/a", raw_path=None)) == ("/a", "")


def test_what_is_missing_is_a_404_with_the_report() -> None:
    answer = missing("the nearest is é")
    body = '{"code":"RecordingNotFound","message":"the nearest is é"}'.encode()
    assert (answer.status, answer.body) == (404, body)
    assert answer.headers == [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]


def test_a_body_that_was_read_is_given_once_and_then_what_comes() -> None:
    async def run() -> list[Message]:
        again = repeating(b"tea", receiving([GONE]))
        return [await again(), await again()]

    assert asyncio.run(run()) == [whole(b"tea"), GONE]


def test_what_is_recorded_is_sent_in_its_chunks(recorded: Recorded, engine: Engine) -> None:
    sent, left = played(recorded, engine, scope_of(MODELS, query=b"a=1"), whole())
    assert left is None
    assert sent == [
        {"type": "http.response.start", "status": 203, "headers": [(b"X-Odd", b"\xe9")]},
        {"type": "http.response.body", "body": b'{"data"', "more_body": True},
        {"type": "http.response.body", "body": b":[]}", "more_body": False},
    ]
    assert len(recorded.library.used) == 1


@pytest.mark.parametrize(
    "scope", [scope_of(MODELS), scope_of(MODELS, query=b"a=2"), scope_of(MODELS, query=b"a=1", method="PUT")]
)
def test_what_is_not_is_refused_with_the_nearest(recorded: Recorded, engine: Engine, scope: Scope) -> None:
    (start, said), left = played(recorded, engine, scope, whole())
    assert (start["status"], left) == (404, None)
    told = json.loads(said["body"])
    assert told["code"] == "RecordingNotFound"
    assert "the nearest is other-" in told["message"]
    assert not recorded.library.used


@pytest.mark.parametrize(
    ("parts", "status"), [([FILE, PURPOSE], 203), ([replace(FILE, content=b"hellO"), PURPOSE], 404)]
)
@pytest.mark.parametrize("relaxed", [False, True])
def test_an_upload_is_played_with_a_boundary_of_its_own(
    parts: list[Part], status: int, tmp_path: Path, engine: Engine, *, relaxed: bool
) -> None:
    told = [("content-type", "multipart/form-data; boundary=0f0f0f0f0f0f0f0f")]
    form = sent_as(b"0f0f0f0f0f0f0f0f", [FILE, PURPOSE])
    cassette.write(tmp_path, interaction(form, path=FILES, sent=told, status=203))
    recorded = Recorded(Library(tmp_path), Redaction.of(), Playing(relaxed=relaxed))
    form = sent_as(b"1e1e1e1e1e1e1e1e", parts)
    (start, *_), _ = played(recorded, engine, scope_of(FILES, method="POST"), whole(form))
    assert start["status"] == status


@pytest.mark.parametrize("path", ["/_mock/health", "/_mock"])
def test_the_control_api_is_never_played(recorded: Recorded, engine: Engine, path: str) -> None:
    assert played(recorded, engine, scope_of(path), whole(b"x")) == ([], [whole(b"x")])


def test_other_protocols_are_left_alone(recorded: Recorded, engine: Engine) -> None:
    assert played(recorded, engine, {"type": "lifespan"}, GONE) == ([], [GONE])


def test_without_a_refusal_a_request_goes_on_with_its_body(recorded: Recorded, engine: Engine) -> None:
    recorded.playing = Playing(strict_miss=False)
    piece: Message = {"type": "http.request", "body": b"te", "more_body": True}
    assert played(recorded, engine, scope_of("/x", method="POST"), piece, whole(b"a")) == (
        [],
        [whole(b"tea")],
    )


def test_a_chat_is_never_played_here(recorded: Recorded, engine: Engine) -> None:
    recorded.playing = Playing(strict_miss=False)
    body = dumped(asked())
    assert played(recorded, engine, scope_of(COMPAT, method="POST"), whole(body)) == ([], [whole(body)])


def test_a_body_beyond_the_limit_is_refused_and_not_played(recorded: Recorded, engine: Engine) -> None:
    large = whole(b"x" * (engine.settings.max_body + 1))
    scope = scope_of("/x", method="POST", headers=[(b"authorization", b"Bearer sk-test")])
    sent, left = played(recorded, engine, scope, large)
    assert left is None
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_client_that_leaves_within_its_body_is_gone(recorded: Recorded, engine: Engine) -> None:
    with pytest.raises(ClientGoneError):
        played(recorded, engine, scope_of("/x", method="POST"), GONE)
