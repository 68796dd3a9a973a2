"""Stored responses: got, deleted, and what they were asked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.threads import RESPONSE_LIFE
from mockserver.dialects.responses.surface import ROOTS
from mockserver.rules.schemas import violations
from mockserver.server.app import App
from tests import folding
from tests.conftest import KEY

BEARER = {"authorization": f"Bearer {KEY}"}
OTHER = {"authorization": "Bearer sk-other"}
ROOT = f"{ROOTS[0]}/responses"


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(App(engine)) as own:
        yield own


def create(client: TestClient, **more: Any) -> dict[str, Any]:
    body = {"model": "qwen3-coder-plus", "input": "Which tea?", **more}
    answer = client.post(ROOT, json=body, headers=BEARER)
    assert answer.status_code == 200, answer.text
    if more.get("stream"):
        found: dict[str, Any] = folding.response_events(answer.content)[-1]["response"]
        return found
    whole: dict[str, Any] = answer.json()
    return whole


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_is_got_as_it_was_answered(client: TestClient, root: str, *, stream: bool) -> None:
    response = create(client, stream=stream)
    got = client.get(f"{root}/responses/{response['id']}", headers=BEARER)
    assert (got.status_code, got.json()) == (200, response)


def test_a_deleted_response_is_not_there(client: TestClient) -> None:
    name = create(client)["id"]
    deleted = client.delete(f"{ROOT}/{name}", headers=BEARER)
    assert deleted.text == f'{{"deleted":true,"id":"{name}"}}'
    for method in ("GET", "DELETE"):
        answer = client.request(method, f"{ROOT}/{name}", headers=BEARER)
        assert answer.status_code == 404
        assert answer.json() == {
            "error": {"message": f"Response with id '{name}' not found.", "type": "InvalidParameter"}
        }


def test_what_went_on_from_a_deleted_response_has_all_that_was_said(client: TestClient) -> None:
    first = create(client, input="The word is sencha.")
    second = create(client, previous_response_id=first["id"])
    client.delete(f"{ROOT}/{first['id']}", headers=BEARER)
    third = create(client, input="Which word was it?", previous_response_id=second["id"])
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"]


def test_another_keys_response_and_an_old_one_are_not_there(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = create(client)["id"]
    assert client.get(f"{ROOT}/{name}", headers=OTHER).status_code == 404
    assert client.delete(f"{ROOT}/{name}", headers=OTHER).status_code == 404
    later = engine.clock() + RESPONSE_LIFE
    monkeypatch.setattr(engine, "clock", lambda: later)
    assert client.get(f"{ROOT}/{name}", headers=BEARER).status_code == 404


def test_the_items_of_an_input(client: TestClient) -> None:
    first = create(client)
    asked = [{"role": "user", "content": "And?"}, {"role": "user", "content": "How hot?"}]
    response = create(client, input=asked, previous_response_id=first["id"])
    page = client.get(f"{ROOT}/{response['id']}/input_items", headers=BEARER).json()
    assert violations("responses.items", page) == []
    newest, oldest = page["data"]
    assert [item["content"][0]["text"] for item in (newest, oldest)] == ["How hot?", "And?"]
    assert newest == {
        "content": [{"text": "How hot?", "type": "input_text"}],
        "id": newest["id"],
        "role": "user",
        "status": "completed",
        "type": "message",
    }
    assert (page["first_id"], page["last_id"], page["has_more"]) == (newest["id"], oldest["id"], False)
    assert page["created_at"] == 1000 * response["created_at"]
    assert (page["id"], page["model"], page["previous_response_id"]) == (
        response["id"],
        "qwen3-coder-plus",
        first["id"],
    )
    behind = client.get(
        f"{ROOT}/{response['id']}/input_items?order=asc&limit=1&after={oldest['id']}", headers=BEARER
    )
    assert behind.json()["data"] == [newest]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "Input should be greater than or equal to 1: limit"),
        ("limit=101", "Input should be less than or equal to 100: limit"),
        ("limit=tea", "Input should be a valid integer: limit"),
        ("order=tea", "Input should be ['asc', 'desc']: order"),
    ],
)
def test_a_page_that_there_cannot_be_is_refused(client: TestClient, query: str, message: str) -> None:
    answer = client.get(f"{ROOT}/{create(client)['id']}/input_items?{query}", headers=BEARER)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_a_page_behind_nothing_is_empty(client: TestClient) -> None:
    answer = client.get(f"{ROOT}/{create(client)['id']}/input_items?after=tea", headers=BEARER).json()
    assert (answer["data"], answer["first_id"], answer["last_id"]) == ([], None, None)


def test_a_key_does_not_show_in_what_is_kept(client: TestClient, engine: Engine) -> None:
    create(client)
    client.get(f"{ROOT}/resp_x", headers=BEARER)
    assert KEY not in json.dumps([entry.shown() for entry in engine.calls])
