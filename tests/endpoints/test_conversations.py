"""Conversations and their items, read like transcripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.threads import CONVERSATION_LIFE
from mockserver.dialects.responses.surface import ROOTS
from mockserver.rules.schemas import violations
from mockserver.server.app import App
from tests.conftest import KEY, NOW

BEARER = {"authorization": f"Bearer {KEY}"}
OTHER = {"authorization": "Bearer sk-other"}
HELLO = {"type": "message", "role": "user", "content": "Hello."}
TEA = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Tea?"}]}


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(App(engine)) as own:
        yield own


@pytest.fixture(params=ROOTS)
def root(request: pytest.FixtureRequest) -> str:
    return f"{request.param}/conversations"


def send(client: TestClient, method: str, path: str, **more: Any) -> Any:
    answer = client.request(method, path, headers=BEARER, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def begin(client: TestClient, root: str, **more: Any) -> str:
    name: str = send(client, "POST", root, json=more)["id"]
    return name


def test_a_conversation_begins_with_sorted_keys_and_milliseconds(client: TestClient, root: str) -> None:
    told = send(client, "POST", root, json={"metadata": {"leaf": "sencha"}, "items": [HELLO]})
    assert violations("conversations.response", told) == []
    assert list(told) == ["created_at", "id", "metadata", "object"]
    assert (told["created_at"], told["metadata"]) == (int(1000 * NOW), {"leaf": "sencha"})
    assert send(client, "GET", f"{root}/{told['id']}") == told


def test_a_conversation_may_begin_with_nothing(client: TestClient, root: str) -> None:
    name = send(client, "POST", root)["id"]
    assert send(client, "GET", f"{root}/{name}/items")["data"] == []


def test_metadata_are_replaced_wholly(client: TestClient, root: str) -> None:
    name = begin(client, root, metadata={"leaf": "sencha", "cup": "blue"}, items=[HELLO])
    told = send(client, "POST", f"{root}/{name}", json={"metadata": {"leaf": "oolong"}})
    assert told["metadata"] == {"leaf": "oolong"}
    assert send(client, "GET", f"{root}/{name}") == told
    assert send(client, "POST", f"{root}/{name}", json={"metadata": None})["metadata"] == {}
    assert len(send(client, "GET", f"{root}/{name}/items")["data"]) == 1


def test_a_deleted_conversation_leaves_its_items(client: TestClient, root: str) -> None:
    name = begin(client, root, items=[HELLO])
    assert send(client, "DELETE", f"{root}/{name}") == {
        "deleted": True,
        "id": name,
        "object": "conversation.deleted",
    }
    assert client.get(f"{root}/{name}", headers=BEARER).status_code == 404
    assert len(send(client, "GET", f"{root}/{name}/items")["data"]) == 1


def test_items_are_added_listed_got_and_deleted(client: TestClient, root: str) -> None:
    name = begin(client, root, items=[HELLO])
    added = send(client, "POST", f"{root}/{name}/items", json={"items": [TEA, HELLO]})
    assert "object" not in added
    assert (added["first_id"], added["last_id"], added["has_more"]) == (
        added["data"][0]["id"],
        added["data"][1]["id"],
        False,
    )
    newest = send(client, "GET", f"{root}/{name}/items?limit=2")
    assert violations("conversations.list", newest) == []
    assert list(newest) == ["data", "first_id", "has_more", "last_id", "object"]
    assert [item["role"] for item in newest["data"]] == ["user", "assistant"]
    assert newest["has_more"] is True
    rest = send(client, "GET", f"{root}/{name}/items?after={newest['last_id']}")
    assert (len(rest["data"]), rest["has_more"]) == (1, False)
    item = send(client, "GET", f"{root}/{name}/items/{rest['first_id']}")
    assert item == {
        "content": [{"text": "Hello.", "type": "input_text"}],
        "id": rest["first_id"],
        "role": "user",
        "status": "completed",
        "type": "message",
    }
    assert list(item) == ["content", "id", "role", "status", "type"]
    gone = send(client, "DELETE", f"{root}/{name}/items/{item['id']}")
    assert gone == {"deleted": True, "id": item["id"], "object": "conversation.item.deleted"}
    assert client.get(f"{root}/{name}/items/{item['id']}", headers=BEARER).status_code == 404
    assert len(send(client, "GET", f"{root}/{name}/items")["data"]) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", ""),
        ("GET", "/items"),
        ("POST", "/items"),
        ("GET", "/items/msg_x"),
        ("DELETE", "/items/msg_x"),
    ],
)
def test_an_unknown_conversation_and_another_keys_are_not_there(
    client: TestClient, root: str, method: str, path: str
) -> None:
    name = begin(client, root, items=[HELLO])
    for asked, headers in (("conv_x", BEARER), (name, OTHER)):
        answer = client.request(method, f"{root}/{asked}{path}", headers=headers, json={"metadata": {}})
        assert answer.status_code == 404
        assert answer.json() == {
            "error": {"message": f"Conversation with id '{asked}' not found.", "type": "InvalidParameter"}
        }


def test_a_conversation_ends_with_its_time(
    client: TestClient, engine: Engine, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = begin(client, root, items=[HELLO])
    later = engine.clock() + CONVERSATION_LIFE
    monkeypatch.setattr(engine, "clock", lambda: later)
    for path in ("", "/items"):
        assert client.get(f"{root}/{name}{path}", headers=BEARER).status_code == 404


def test_an_unknown_item_is_not_there(client: TestClient, root: str) -> None:
    name = begin(client, root)
    answer = client.get(f"{root}/{name}/items/msg_x", headers=BEARER)
    assert answer.json()["error"]["message"] == "Item with id 'msg_x' not found."


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"items": [HELLO] * 21}),
        ("", {"items": [{**HELLO, "type": "reasoning"}]}),
        ("", {"items": [{**HELLO, "role": "tool"}]}),
        ("", {"metadata": {str(number): "" for number in range(17)}}),
        ("", {"metadata": {"k" * 65: ""}}),
        ("", {"metadata": {"k": "v" * 513}}),
        ("", {"metadata": {"k": 7}}),
        ("/{}/items", {"items": []}),
        ("/{}/items", {"items": [HELLO] * 21}),
        ("/{}/items", {}),
        ("/{}", {}),
    ],
)
def test_what_there_is_too_much_of_is_refused(
    client: TestClient, root: str, path: str, body: dict[str, Any]
) -> None:
    name = begin(client, root)
    answer = client.post(root + path.format(name), json=body, headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "body", [{"items": [HELLO] * 20, "metadata": {str(number): "v" * 512 for number in range(16)}}]
)
def test_just_so_much_is_taken(client: TestClient, root: str, body: dict[str, Any]) -> None:
    assert len(send(client, "GET", f"{root}/{begin(client, root, **body)}/items")["data"]) == 20
