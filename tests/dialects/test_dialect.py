"""A third dialect is entered in the table, and nothing else has to know it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.server.app import App
from tests.conftest import NOW, MakeHeaders
from tests.dialects.toy import TOY, Toy, entered

ASKED = {"model": "qwen-plus", "said": ["Tea?"]}


@pytest.fixture(autouse=True)
def toy() -> Iterator[Toy]:
    with entered() as dialect:
        yield dialect


@pytest.fixture
def ask(engine: Engine, headers: MakeHeaders) -> Any:
    engine.scripts.add({"match": {"last_user": "Tea?"}, "reply": {"content": "Green tea."}}, engine.errors)

    def asking(body: dict[str, Any], **sent: str) -> Answer:
        return engine.chat(TOY, headers(sent), json.dumps(body).encode(), arrived=NOW)

    return asking


def test_it_answers(ask: Any) -> None:
    answer = ask(ASKED)
    assert (answer.status, answer.body) == (200, b'{"tea":"Green tea."}')
    assert dict(answer.headers)[b"content-type"] == b"application/json"


def test_it_streams(ask: Any) -> None:
    answer = ask({**ASKED, "drip": True})
    assert b"".join(answer.frames) == b"~Green~\n\n~ tea.~\n\n"
    assert dict(answer.headers)[b"content-type"].startswith(b"text/event-stream")


@pytest.mark.parametrize(
    ("body", "spilt"),
    [
        ({"model": "qwen-tea", "said": ["Tea?"]}, "ModelNotFound"),
        ({"model": "qwen-plus", "said": "Tea?"}, "InvalidParameter"),
        ({"model": "qwen-plus"}, "InvalidParameter"),
        ({"model": "text-embedding-v4", "said": ["Tea?"]}, "InvalidParameter"),
    ],
)
def test_it_refuses(ask: Any, body: dict[str, Any], spilt: str) -> None:
    answer = ask(body)
    assert (answer.status >= 400, json.loads(answer.body)) == (True, {"spilt": spilt})


def test_its_requests_stand_in_the_journal_and_match_scripts(ask: Any, engine: Engine) -> None:
    engine.scripts.add({"match": {"surface": "toy"}, "reply": {"content": "Toy tea."}}, engine.errors)
    for body in (ASKED, {**ASKED, "said": ["Cake?"]}, {"model": "qwen-tea", "said": ["Tea?"]}):
        ask(body)
    first, second, third = (entry.shown() for entry in engine.journal)
    assert (first["surface"], first["stream"], first["status"]) == ("toy", False, 200)
    assert first["body"] == ASKED
    assert second["answer"] == [{"content": "Toy tea.", "finish_reason": "stop"}]
    assert third["error"]["message"] == "Model can not be found."


def test_a_fault_ends_its_stream_in_its_own_words(ask: Any) -> None:
    answer = ask({**ASKED, "drip": True}, **{"x-mock-fault": "error=InternalError;after=1"})
    assert answer.plan is not None
    assert [piece.data for piece in answer.plan.pieces] == [b"~Green~\n\n", b"~spilt InternalError~\n\n"]


def test_moderation_cuts_nothing_that_it_cannot_read(ask: Any, engine: Engine, toy: Toy) -> None:
    assert list(toy.said({"tea": "Green tea."})) == []
    assert list(toy.said({"choices": [{"delta": {"content": "Tea"}}]})) == [
        ((0, "content"), "Tea"),
        ((0, "reasoning"), ""),
    ]


def test_it_is_asked_over_the_network(engine: Engine) -> None:
    client = TestClient(App(engine))
    response = client.post("/toy/talk", json=ASKED, headers={"Authorization": "Bearer sk-test"})
    assert (response.status_code, list(response.json())) == (200, ["tea"])
    assert client.post("/toy/talk", json=ASKED).json() == {"spilt": "InvalidApiKey"}


def test_its_schema_of_errors_has_its_name(toy: Toy) -> None:
    assert toy.error_schema({}) == "toy.error"
