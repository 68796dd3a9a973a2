"""The journal by the control API: filters, formats, verifying."""

import json
import threading
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from mockserver.rules.schemas import validator
from mockserver.state.journal import Entry
from tests.server.talk import COMPAT, TEXT


def ask(client: TestClient, said: str, *, key: str = "sk-test", **body: Any) -> None:
    """A compatible chat."""
    content = {"model": "qwen-plus", "messages": [{"role": "user", "content": said}], **body}
    client.post(COMPAT, json=content, headers={"Authorization": f"Bearer {key}"})


def numbers(client: TestClient, **query: Any) -> list[int]:
    """The numbers of the exchanges that a query gives."""
    response = client.get("/_mock/requests", params=query)
    assert response.status_code == 200, response.text
    return [shown["number"] for shown in response.json()["requests"]]


@pytest.fixture
def asked(client: TestClient) -> TestClient:
    """A journal of four exchanges: one streamed, one refused, one native, one of another key."""
    client.post("/_mock/replies", json={"match": {"last_user": "Tea?"}, "reply": {"content": "Oolong 茶."}})
    ask(client, "Tea?", stream=True)
    ask(client, "Coffee?", temperature="hot")
    client.post(TEXT, json={"model": "qwen-max", "input": {"prompt": "Milk?"}})
    ask(client, "Tea?", key="sk-b")
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"stream": "true"}, [1]),
        ({"stream": "false", "key": "sk-test"}, [2, 3]),
        ({"status": "400"}, [2]),
        ({"answered_by": "reply-1"}, [1, 4]),
        ({"finding": "parameters.type"}, [2]),
        ({"contains": "茶"}, [1, 4]),
        ({"contains": "Milk"}, [3]),
        ({"after": "2"}, [3, 4]),
        ({"after": "2", "limit": "1"}, [4]),
        ({"limit": "0"}, []),
        ({"surface": "native-text", "model": "qwen-max"}, [3]),
        ({"key": "sk-nobody"}, []),
        ({"since": "0"}, [1, 2, 3, 4]),
        ({"since": "9e9"}, []),
    ],
)
def test_the_journal_is_filtered(asked: TestClient, query: dict[str, str], found: list[int]) -> None:
    assert numbers(asked, **query) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("format=yml", "there is no format 'yml'; the nearest known one is 'jsonl'"),
        ("stream=yes", "there is no stream 'yes'"),
        ("after=-1", "after is '-1': it must be a whole number"),
        ("status=tea", "status is 'tea': it must be a whole number"),
        ("contain=x", "there is no parameter 'contain'; the nearest known one is 'contains'"),
    ],
)
def test_a_wrong_filter_is_explained(client: TestClient, query: str, words: str) -> None:
    response = client.get(f"/_mock/requests?{query}")
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


def test_lines_of_json(asked: TestClient) -> None:
    response = asked.get("/_mock/requests?format=jsonl&after=2")
    assert response.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert lines == asked.get("/_mock/requests?after=2").json()["requests"]


def test_a_scenario(asked: TestClient) -> None:
    response = asked.get("/_mock/requests?format=scenario&limit=1")
    assert response.headers["content-type"].startswith("application/yaml")
    document = yaml.safe_load(response.text)
    assert document["replies"] == [
        {
            "match": {
                "surface": "compat",
                "stream": False,
                "request": {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]},
            },
            "reply": {"content": "Oolong 茶.", "finish_reason": "stop"},
        }
    ]


def test_no_key_is_in_any_format(client: TestClient) -> None:
    secret = "sk-very-secret-key"
    ask(client, f"My key is {secret}", key=secret)
    for form in ("json", "jsonl", "scenario"):
        assert secret not in client.get(f"/_mock/requests?format={form}").text


def verify(client: TestClient, **body: Any) -> Any:
    """What is said of an expectation."""
    return client.post("/_mock/verify", json=body).json()


def test_verifying_by_the_control_api(asked: TestClient) -> None:
    tea = {"match": {"last_user": "Tea?"}}
    assert verify(asked, requests=[{**tea, "count": 2}]) == {"ok": True, "problems": [], "requests": 4}
    assert verify(asked, key="sk-b", requests=[tea], nothing_else=True)["ok"]
    told = verify(asked, key="sk-test", requests=[tea, tea], ordered=True)
    assert not told["ok"]
    assert told["problems"][0].startswith("requests[1]: at least 1 should match after request 1, 0 did")
    assert verify(asked, key="sk-nobody", requests=[])["requests"] == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'requests' is a required property"),
        ({"requests": [{"macth": {}}]}, "requests[0] has no field 'macth'; the nearest known one is 'match'"),
        ({"requests": [{"match": {"system": {"regex": "("}}}]}, "is not a regular expression"),
        ({"requests": [{"count": -1}]}, "requests[0].count"),
        ({"requests": [{"match": {"turn": 1}}] * 1001}, "has more than 1000 entries"),
    ],
)
def test_an_expectation_that_cannot_be_read_is_explained(client: TestClient, body: Any, words: str) -> None:
    response = client.post("/_mock/verify", json=body)
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


def test_calls_beside_chat_are_asked_for_by_their_endpoint(client: TestClient) -> None:
    ask(client, "Tea?")
    client.post(
        "/compatible-api/v1/reranks", json={"model": "qwen3-rerank", "query": "t", "documents": ["t"]}
    )
    client.get("/api/v1/tasks/1")
    client.get("/api/v1/tasks/2")
    assert [shown.get("endpoint") for shown in rows(client)] == [None]
    assert [shown["endpoint"] for shown in rows(client, endpoint="*")] == ["reranks", "task", "task"]
    (shown,) = rows(client, endpoint="reranks")
    assert shown["body"]["documents"] == ["t"]
    assert validator("control.requests").is_valid({"requests": [shown]})
    assert numbers(client, endpoint="task", limit=1) == [3]
    response = client.get("/_mock/requests", params={"endpoint": "rerank"})
    assert response.status_code == 400
    assert "the nearest known one is 'reranks'" in response.json()["error"]["message"]


def rows(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    """The exchanges that a query gives."""
    found: list[dict[str, Any]] = client.get("/_mock/requests", params=query).json()["requests"]
    return found


def test_work_on_many_exchanges_is_done_aside(asked: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    shown = Entry.shown

    def told(entry: Entry) -> dict[str, Any]:
        threads.append(threading.current_thread().name)
        return shown(entry)

    monkeypatch.setattr(Entry, "shown", told)
    assert len(numbers(asked, contains="Tea")) == 2
    assert set(threads) == {"aside"}


def test_a_condition_that_cannot_be_decided_is_told(client: TestClient) -> None:
    ask(client, "a" * 60 + "b")
    endless = {"requests": [{"match": {"last_user": {"regex": "^(?=a)(a|aa)+$(?!x)"}}}]}
    refused = client.post("/_mock/verify", json=endless)
    assert refused.status_code == 400
    assert "match.last_user.regex" in refused.json()["error"]["message"]
