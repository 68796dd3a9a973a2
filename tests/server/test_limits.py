"""Quotas and moderation by the control API, and what a client sees of them."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from mockserver.answer.moderation import Moderation
from mockserver.base.masking import mask
from mockserver.corridor.engine import Engine
from mockserver.dialects.table import named
from mockserver.meter.quotas import Quota
from mockserver.server.app import App
from tests.conftest import KEY, NOW, make_headers
from tests.server.talk import COMPAT, TEXT

TEA = [{"role": "user", "content": "Which tea?"}]
BODY: dict[str, Any] = {"model": "qwen-plus", "messages": TEA}


def put(client: TestClient, **quota: Any) -> Any:
    """Sets a quota; what is answered."""
    response = client.put("/_mock/quotas", json=quota)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("quota", "compat", "native", "message"),
    [
        (
            {"rpm": 1},
            "limit_requests",
            "Throttling.RateQuota",
            "You have exceeded your current request limit.",
        ),
        ({"tpm": 1}, "insufficient_quota", "Throttling.AllocationQuota", "You exceeded your current quota"),
        ({"burst": 1}, "limit_burst_rate", "Throttling.BurstRate", "Request rate increased too quickly."),
        ({"concurrency": 0}, "Throttling", "Throttling", "Requests throttling triggered."),
    ],
)
def test_each_limit_is_refused_with_its_code_and_no_header_about_it(
    client: TestClient, quota: dict[str, int], compat: str, native: str, message: str
) -> None:
    put(client, **quota)
    if 0 not in quota.values():
        assert client.post(COMPAT, json=BODY).status_code == 200
    refused = client.post(COMPAT, json=BODY)
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == (compat, compat)
    assert error["message"].startswith(message)
    (entry,) = client.get("/_mock/requests?model=qwen-plus&limit=1").json()["requests"]
    assert (entry["status"], entry["error"]["code"]) == (429, compat)
    assert not any("ratelimit" in name or name == "retry-after" for name in refused.headers)
    told = client.post(TEXT, json={"model": "qwen-plus", "input": {"messages": TEA}})
    assert (told.status_code, told.json()["code"]) == (429, native)


def test_a_minute_later_the_next_request_is_answered(engine: Engine, client: TestClient) -> None:
    put(client, model="qwen-*", rpm=1)
    asked = []
    for now in (NOW, NOW + 59, NOW + 60):
        engine.clock = partial(float, now)
        asked.append(client.post(COMPAT, json=BODY).status_code)
    assert asked == [200, 429, 200]


def test_quotas_are_shown_with_masked_keys_and_what_is_used(client: TestClient) -> None:
    assert put(client, key=KEY, model="qwen-*", rpm=5, tpm=1000) == {
        "key": mask(KEY),
        "model": "qwen-*",
        "rpm": 5,
        "tpm": 1000,
    }
    put(client, burst=9)
    total = client.post(COMPAT, json=BODY).json()["usage"]["total_tokens"]
    assert client.get("/_mock/quotas").json() == {
        "quotas": [
            {"key": mask(KEY), "model": "qwen-*", "rpm": 5, "tpm": 1000},
            {"key": None, "model": "*", "burst": 9},
        ],
        "used": [
            {"key": mask(KEY), "model": "qwen-plus", "rpm": 1, "tpm": total, "burst": 1, "concurrency": 0}
        ],
    }


def test_quotas_are_removed(client: TestClient) -> None:
    put(client, rpm=0)
    put(client, model="glm-*", rpm=0)
    assert client.delete("/_mock/quotas?model=*").status_code == 204
    assert client.post(COMPAT, json=BODY).status_code == 200
    assert client.delete("/_mock/quotas").status_code == 204
    assert client.get("/_mock/quotas").json()["quotas"] == []


def test_a_reset_forgets_quotas(client: TestClient) -> None:
    put(client, rpm=0)
    client.post("/_mock/reset")
    assert client.get("/_mock/quotas").json() == {"quotas": [], "used": []}


@pytest.mark.parametrize(
    ("call", "body", "message"),
    [
        ("quotas", {}, "the body"),
        ("quotas", {"rmp": 1}, "the body has no field 'rmp'; the nearest known one is 'rpm'"),
        ("quotas", {"rpm": -1}, "rpm"),
        ("quotas", {"rpm": 1, "key": "tea"}, "key"),
        ("quotas", {"rpm": 1, "key": "sk-a\n", "model": "qwen-plus"}, "key"),
        ("moderation", {"inputs": []}, "the body has no field 'inputs'; the nearest known one is 'input'"),
        ("moderation", {"input": [" "]}, "input"),
        ("moderation", {"output": "tea"}, "output"),
        ("moderation", {"input": ["\x1c"]}, "input: '\\x1c' cannot be blocked: a word has 1 to 200"),
        ("moderation", {"output": ["\x85"]}, "output: '\\x85' cannot be blocked: a word has 1 to 200"),
    ],
)
def test_a_bad_body_is_explained(client: TestClient, call: str, body: Any, message: str) -> None:
    response = client.put(f"/_mock/{call}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(message)


def test_words_are_set_shown_found_and_removed(client: TestClient) -> None:
    words = {"input": ["tea"], "output": []}
    assert client.put("/_mock/moderation", json={"input": ["tea"]}).json() == words
    assert client.get("/_mock/moderation").json() == words
    refused = client.post(COMPAT, json=BODY)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "data_inspection_failed")
    assert client.delete("/_mock/moderation").status_code == 204
    assert client.get("/_mock/moderation").json() == {"input": [], "output": []}
    assert client.post(COMPAT, json=BODY).status_code == 200


def test_the_nearest_call_is_one_of_these_too(client: TestClient) -> None:
    message = client.get("/_mock/quota").json()["error"]["message"]
    assert message == "there is no /_mock/quota; the nearest known call is '/_mock/quotas'"


PACED = {"content": "one two three", "pace": {"first_ms": 60_000}}


def test_a_place_is_held_while_an_answer_waits_and_freed_when_its_client_is_gone(engine: Engine) -> None:
    engine.quotas.put(Quota(concurrency=1))
    engine.scripts.add({"reply": PACED}, engine.errors)
    statuses: list[int] = []

    async def scenario() -> None:
        first_leaves = asyncio.Event()

        async def call(leaves: asyncio.Event) -> None:
            inbox: list[Message] = [{"type": "http.request", "body": json.dumps(BODY).encode()}]

            async def receive() -> Message:
                if inbox:
                    return inbox.pop()
                await leaves.wait()
                return {"type": "http.disconnect"}

            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            scope = {
                "type": "http",
                "method": "POST",
                "path": COMPAT,
                "headers": [(b"authorization", f"Bearer {KEY}".encode())],
            }
            await App(engine)(scope, receive, send)

        first = asyncio.ensure_future(call(first_leaves))
        await asyncio.sleep(0)
        await call(asyncio.Event())
        assert statuses == [429]
        assert engine.quotas.used(now=NOW)[0]["concurrency"] == 1
        first_leaves.set()
        await first

    asyncio.run(scenario())
    assert engine.quotas.used(now=NOW)[0]["concurrency"] == 0


def test_a_fault_of_ours_holds_no_place(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.quotas.put(Quota(concurrency=1))

    def broken(*_: Any, **__: Any) -> Any:
        message = "tea is out"
        raise RuntimeError(message)

    monkeypatch.setattr(engine, "_converse", broken)
    with pytest.raises(RuntimeError):
        engine.chat(named("compat"), make_headers(), json.dumps(BODY).encode(), arrived=NOW)
    assert engine.quotas.used(now=NOW)[0]["concurrency"] == 0
    monkeypatch.setattr(engine, "quotas", type(engine.quotas)())
    with pytest.raises(RuntimeError):
        engine.chat(named("compat"), make_headers(), json.dumps(BODY).encode(), arrived=NOW)


def test_a_model_without_a_quota_is_let_in_beside_one_that_has(engine: Engine) -> None:
    engine.quotas.put(Quota(model="glm-*", rpm=0))
    body = json.dumps(BODY).encode()
    answer = engine.chat(named("compat"), make_headers(), body, arrived=NOW)
    assert (answer.status, answer.admission) == (200, None)


def test_moderation_is_off_unless_it_is_asked_for(engine: Engine) -> None:
    assert engine.moderation == Moderation()
    assert not engine.quotas
