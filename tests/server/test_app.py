"""The application in process: doors, keys, models, bodies, worlds, and what stays hidden."""

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Send

from mockserver.base.masking import mask
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.work import aside
from mockserver.dialects.table import PATHS, named
from mockserver.endpoints import answering
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules.schemas import validator
from mockserver.server import replaying
from mockserver.server.app import App
from mockserver.wire import sse
from mockserver.wire.ids import Ids
from tests.conftest import KEY, NOW
from tests.server.talk import ALIAS, COMPAT, MULTIMODAL, TEXT

TEA = [{"role": "user", "content": "Which tea?"}]
PARTS = [{"role": "user", "content": [{"text": "Which tea?"}]}]
BODIES: dict[str, dict[str, Any]] = {
    COMPAT: {"model": "qwen-plus", "messages": TEA},
    ALIAS: {"model": "qwen-plus", "messages": TEA},
    TEXT: {"model": "qwen-plus", "input": {"messages": TEA}},
    MULTIMODAL: {"model": "qwen3-vl-plus", "input": {"messages": PARTS}},
}
LEFT_OUT = object()
"""Stands for a key that a body does not have."""

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
EVERYWHERE = pytest.mark.parametrize("path", BODIES)


def post(client: TestClient, path: str, *, stream: bool = False, key: str | None = KEY, **extra: Any) -> Any:
    """A chat request on a path; `extra` are further keys of its body, or others in place of its own."""
    body = {name: value for name, value in {**BODIES[path], **extra}.items() if value is not LEFT_OUT}
    headers = {"Authorization": "" if key is None else f"Bearer {key}"}
    if stream and PATHS[path].dialect == "native":
        headers["X-DashScope-SSE"] = "enable"
    elif stream:
        body["stream"] = True
    if key is None:
        del client.headers["Authorization"]
        del headers["Authorization"]
    return client.post(path, json=body, headers=headers)


def refusal_of(response: Any, path: str) -> tuple[str | None, str]:
    """The code and the message of a refusal in the envelope of its surface."""
    data = response.json()
    if PATHS[path].dialect == "native":
        validator("native.error").validate(data)
        return data["code"], data["message"]
    validator("compat.error").validate(data)
    return data["error"].get("code"), data["error"]["message"]


@EVERYWHERE
@BOTH
def test_a_request_without_key_is_refused_at_the_door(path: str, *, stream: bool, client: TestClient) -> None:
    response = post(client, path, stream=stream, key=None)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json"
    code, message = refusal_of(response, path)
    if PATHS[path].dialect == "native":
        assert (code, message) == ("InvalidApiKey", "No API-key provided.")
    else:
        assert code is None
        assert message.startswith("You didn't provide an API key.")


@EVERYWHERE
@BOTH
@pytest.mark.parametrize(
    "key", ["sk-invalid", "tea", "sk-", "", "sk-with blank", "SK-TEST", "sk-" + "a" * 251]
)
def test_a_wrong_key_is_refused_at_the_door(path: str, *, stream: bool, key: str, client: TestClient) -> None:
    response = post(client, path, stream=stream, key=key)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json"
    code, message = refusal_of(response, path)
    if PATHS[path].dialect == "native":
        assert (code, message) == ("InvalidApiKey", "Invalid API-key provided.")
    else:
        assert code == "invalid_api_key"
        assert message.startswith("Incorrect API key provided.")


@EVERYWHERE
@pytest.mark.parametrize("value", ["Basic c2stdGVzdA==", "sk-test", "Bearer", "Token sk-test"])
def test_another_way_to_authorize_lets_nobody_in(path: str, value: str, client: TestClient) -> None:
    post(client, path, key=None)
    response = client.post(path, json=BODIES[path], headers={"Authorization": value})
    assert response.status_code == 401


@pytest.mark.parametrize("value", ["bearer sk-test", "BEARER sk-test", "Bearer  sk-test "])
def test_the_word_bearer_is_read_in_any_spelling(value: str, client: TestClient) -> None:
    response = client.post(COMPAT, json=BODIES[COMPAT], headers={"Authorization": value})
    assert response.status_code == 200


@EVERYWHERE
@BOTH
def test_a_server_may_let_in_some_keys_only(
    path: str, *, stream: bool, lazy_tokenizer: LazyTokenizer
) -> None:
    engine = Engine(Settings(api_keys=("sk-one", "sk-two")), tokenizer=lazy_tokenizer)
    client = TestClient(App(engine))
    assert post(client, path, stream=stream, key="sk-one").status_code == 200
    assert post(client, path, stream=stream, key="sk-two").status_code == 200
    assert post(client, path, stream=stream, key="sk-three").status_code == 401


@EVERYWHERE
@BOTH
def test_an_unknown_model_is_refused_in_the_words_of_the_surface(
    path: str, *, stream: bool, client: TestClient
) -> None:
    response = post(client, path, stream=stream, model="qwen-tea")
    code, message = refusal_of(response, path)
    if PATHS[path].dialect == "native":
        assert response.status_code == 404
        assert (code, message) == ("InvalidParameter", "Model not exist.")
    else:
        assert response.status_code == 404
        assert code == "model_not_found"
        assert message == "The model `qwen-tea` does not exist or you do not have access to it."


def _refused(response: Any, path: str) -> tuple[int, str]:
    """The status that a refusal names, in its head or in its only event, and its message."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        return response.status_code, refusal_of(response, path)[1]
    (frame,) = sse.read(response.content)
    data = json.loads(frame.data or "")
    if PATHS[path].dialect == "native":
        assert (response.status_code, frame.id, frame.event) == (200, "1", "error")
        validator("native.error").validate(data)
        return frame.status or 0, data["message"]
    validator("compat.error").validate(data)
    return response.status_code, data["error"]["message"]


@BOTH
@pytest.mark.parametrize(
    ("path", "missing", "words"),
    [
        (COMPAT, "model", "you must provide a model parameter"),
        (TEXT, "model", 'Required parameter "model" missing from request.'),
        (MULTIMODAL, "model", 'Required parameter "model" missing from request.'),
        (COMPAT, "messages", "you must provide a messages parameter"),
        (TEXT, "input", "Required input parameter missing from request."),
        (MULTIMODAL, "input", "Required input parameter missing from request."),
    ],
)
def test_a_request_that_lacks_what_it_needs_is_refused(
    path: str, missing: str, words: str, *, stream: bool, client: TestClient
) -> None:
    left_out: dict[str, Any] = {missing: LEFT_OUT}
    status, message = _refused(post(client, path, stream=stream, **left_out), path)
    assert status == 400
    assert words in message


@pytest.mark.parametrize("path", [TEXT, MULTIMODAL])
def test_an_input_without_messages_is_refused(path: str, client: TestClient) -> None:
    assert "messages" in _refused(post(client, path, input={}), path)[1]


@EVERYWHERE
def test_a_large_body_is_refused_and_the_connection_closed(path: str, lazy_tokenizer: LazyTokenizer) -> None:
    client = TestClient(App(Engine(Settings(max_body=1000), tokenizer=lazy_tokenizer)))
    response = post(client, path, padding="a" * 1000)
    assert response.status_code == 400
    assert refusal_of(response, path) == ("BadRequest.TooLarge", "Payload Too Large.")
    assert response.headers["connection"] == "close"
    assert post(client, path, padding="a" * 100).status_code == 200


@EVERYWHERE
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"model":"qwen-plus"', b'"\xff"'])
def test_a_body_that_is_no_json_object_is_refused(path: str, body: bytes, client: TestClient) -> None:
    response = client.post(path, content=body)
    assert response.status_code == 400
    assert refusal_of(response, path)[1] == "Required body invalid, please check the request body format."


@EVERYWHERE
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_chat_path_takes_post_alone(path: str, method: str, client: TestClient) -> None:
    response = client.request(method, path)
    assert response.status_code == 400
    assert refusal_of(response, path)[1] == f"Request method '{method}' is not supported."


@EVERYWHERE
def test_head_on_a_chat_path_is_refused_without_a_body(path: str, client: TestClient) -> None:
    response = client.head(path)
    assert response.status_code == 400
    assert "content-length" not in response.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/", "/compatible-mode/v2/tea", "/compatible-mode/v1", "/api/v2/chat", "//"]
)
def test_an_unknown_path_is_not_found_in_the_native_envelope(
    method: str, path: str, client: TestClient
) -> None:
    response = client.request(method, f"http://localhost{path}")
    assert response.status_code == 404
    assert response.json()["code"] == "NotFound"
    assert response.json()["message"] == "Not found!"
    assert response.headers["x-request-id"] == response.json()["request_id"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["v1/tea", "v1/chat/completions/", "v1/chat/completions/chat/completions", "v1/"]
)
def test_an_unknown_path_of_the_compatible_backend_is_no_resource_of_it(
    method: str, path: str, client: TestClient
) -> None:
    response = client.request(method, f"/compatible-mode/{path}")
    assert response.status_code == 400
    told = response.json()
    assert list(told) == ["requestId", "code", "message"]
    assert (told["code"], told["message"]) == ("InvalidParameter", f"No static resource api-openai/{path}.")
    assert response.headers["x-request-id"] == told["requestId"]


def test_the_key_is_asked_before_the_path_in_a_flat_envelope(client: TestClient) -> None:
    response = client.post("/compatible-mode/v1/tea", headers={"Authorization": "Bearer tea"})
    assert (response.status_code, response.json()["code"]) == (401, "InvalidApiKey")


def test_the_coding_plan_is_for_coding_agents(client: TestClient) -> None:
    body = BODIES[COMPAT]
    for extra in ({}, {"Host": "coding.dashscope.aliyuncs.com"}):
        headers = {"Authorization": "Bearer sk-sp-test", **extra}
        response = client.post("/v1/chat/completions", json=body, headers=headers)
        assert response.status_code == 405
        assert response.json() == {"error": "Coding Plan is currently only available for Coding Agents"}
        agent = {**headers, "User-Agent": "QwenCode/0.24.4 (linux; x64)"}
        assert client.post("/v1/chat/completions", json=body, headers=agent).status_code == 200
    wrong = client.post("/v1/chat/completions", json=body, headers={"Authorization": "Bearer tea"})
    assert wrong.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    "host",
    ["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "tea", "[::1]:80", "[bad", "a b", "", "*"],
)
def test_any_host_header_will_do(host: str, client: TestClient) -> None:
    for path, body in BODIES.items():
        assert client.post(path, json=body, headers={"Host": host}).status_code == 200
    assert client.get("/compatible-mode/v1/models", headers={"Host": host}).status_code == 200
    assert client.get("/tea", headers={"Host": host}).status_code == 404


def test_the_alias_answers_as_the_compatible_surface(client: TestClient) -> None:
    one, other = post(client, COMPAT).json(), post(client, ALIAS).json()
    assert one.pop("id") != other.pop("id")
    assert one == other


@EVERYWHERE
@BOTH
def test_a_scripted_answer_comes_out_of_every_surface(path: str, *, stream: bool, client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": {"content": "Oolong."}})
    response = post(client, path, stream=stream)
    surface = PATHS[path]
    assert response.status_code == 200
    if not stream:
        validator(f"{surface.name}.response").validate(response.json())
        assert "Oolong." in response.text
        return
    frames = [frame.data for frame in sse.read(response.content)]
    for data in frames:
        if data != "[DONE]":
            validator(f"{surface.name}.chunk").validate(json.loads(data or ""))
    assert (frames[-1] == "[DONE]") is (surface is named("compat"))


def test_the_worlds_of_two_keys_do_not_mix(client: TestClient) -> None:
    for key in ("sk-ann", "sk-ben"):
        client.post("/_mock/replies", json={"match": {"key": key}, "reply": {"content": f"For {key[3:]}."}})
    said = {
        key: post(client, COMPAT, key=key).json()["choices"][0]["message"]["content"]
        for key in ("sk-ann", "sk-ben", "sk-cat")
    }
    assert (said["sk-ann"], said["sk-ben"]) == ("For ann.", "For ben.")
    assert said["sk-cat"] not in said["sk-ann"] + said["sk-ben"]
    for key, content in said.items():
        (entry,) = client.get("/_mock/requests", params={"key": key}).json()["requests"]
        assert entry["key"] == mask(key)
        assert entry["answer"][0]["content"] == content
    client.post("/_mock/reset", params={"key": "sk-ann"})
    assert client.get("/_mock/requests", params={"key": "sk-ann"}).json()["requests"] == []
    assert len(client.get("/_mock/requests").json()["requests"]) == 2
    assert [reply["match"] for reply in client.get("/_mock/replies").json()["replies"]] == [
        {"key": mask("sk-ben")}
    ]
    assert {row["key"] for row in client.get("/_mock/usage").json()["usage"]} == {
        mask("sk-ben"),
        mask("sk-cat"),
    }


@pytest.mark.parametrize(
    "key", ["sk-secret-good-key", "sk-invalid", "a-secret-without-form", "sk-not-let-in"]
)
def test_a_key_is_never_shown_not_even_when_it_stands_in_the_body(
    key: str, lazy_tokenizer: LazyTokenizer
) -> None:
    engine = Engine(Settings(api_keys=("sk-secret-good-key",)), tokenizer=lazy_tokenizer)
    client = TestClient(App(engine))
    planted = [{"role": "user", "content": f"My key is {key}, keep {key} well."}]
    script = {"match": {"key": key}, "reply": {"content": "I will."}}
    assert client.post("/_mock/replies", json=script).status_code == 201
    post(client, COMPAT, key=key, messages=planted, user=key)
    client.post(TEXT, content=f"no JSON, but {key}", headers={"Authorization": f"Bearer {key}"})
    shown = [client.get(f"/_mock/{call}").text for call in ("requests", "replies", "usage")]
    assert not any(key in text for text in shown)
    assert shown[0].count(mask(key)) >= 4


def test_what_cannot_be_answered_is_an_internal_error_in_the_right_envelope(
    engine: Engine, client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        msg = "the kettle is empty"
        raise RuntimeError(msg)

    monkeypatch.setattr(engine.speaker, "reply", broken)
    for path in BODIES:
        response = post(client, path)
        assert response.status_code == 500
        assert refusal_of(response, path)[0] in ("InternalError", "internal_error")
    assert "the kettle is empty" in caplog.text
    assert [entry.status for entry in engine.journal] == [500] * len(BODIES)


def test_what_cannot_be_answered_beside_chat_is_logged_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        msg = "the kettle is empty"
        raise RuntimeError(msg)

    monkeypatch.setattr(answering, "steps", broken)
    client = TestClient(App(engine), raise_server_exceptions=False)
    response = client.get("/compatible-mode/v1/models")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "a request on /compatible-mode/v1/models could not be answered"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/compatible-mode/v1/embeddings", {"model": "text-embedding-v4", "input": "tea"}),
        (
            "/api/v1/services/embeddings/text-embedding/text-embedding",
            {"model": "text-embedding-v4", "input": {"texts": ["tea"]}},
        ),
        ("/api/v1/tokenizer", {"model": "qwen-plus", "input": {"prompt": "tea"}}),
    ],
)
def test_what_fails_unforeseen_beside_chat_is_told_in_the_right_envelope(
    path: str,
    body: dict[str, Any],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(engine.door, "parse", None)
    response = TestClient(App(engine), headers={"Authorization": f"Bearer {KEY}"}).post(path, json=body)
    assert response.status_code == 500
    assert refusal_of(response, COMPAT if "compatible" in path else TEXT)[0] in (
        "InternalError",
        "internal_error",
    )
    assert "NoneType" in caplog.text


def test_what_fails_unforeseen_in_the_control_api_is_told_in_its_own_words(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "worlds", None)
    client = TestClient(App(engine), base_url="http://localhost", raise_server_exceptions=False)
    response = client.get("/_mock/usage")
    assert response.status_code == 500
    assert response.json()["error"]["message"].startswith("the server failed: TypeError")


def test_a_chat_request_waits_for_the_vocabulary(tokenizer: Tokenizer) -> None:
    lazy = LazyTokenizer(lambda: tokenizer)
    engine = Engine(tokenizer=lazy, clock=lambda: NOW, ids=Ids(1))
    client = TestClient(App(engine))
    assert client.get("/_mock/health").json()["status"] == "starting"
    assert client.get("/_mock/health").status_code == 503
    response = post(client, COMPAT)
    assert response.status_code == 200
    assert lazy.ready
    assert len(engine.journal) == 1
    assert response.headers["x-request-id"] == Ids(1).request_id()


def test_a_vocabulary_that_cannot_be_loaded_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    def load() -> Tokenizer:
        msg = "no vocabulary"
        raise OSError(msg)

    client = TestClient(App(Engine(tokenizer=LazyTokenizer(load))))
    response = post(client, COMPAT)
    assert response.status_code == 500
    assert refusal_of(response, COMPAT)[0] == "internal_error"
    assert "no vocabulary" in caplog.text


def test_the_journal_knows_when_an_answer_was_finished(engine: Engine, client: TestClient) -> None:
    post(client, COMPAT, stream=True)
    (entry,) = engine.journal
    assert entry.finished == NOW


def test_many_clients_are_served_side_by_side(engine: Engine) -> None:
    async def ask_all() -> list[httpx.Response]:
        transport = httpx.ASGITransport(App(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = [
                client.post(COMPAT, json=BODIES[COMPAT], headers={"Authorization": f"Bearer sk-{number}"})
                for number in range(50)
            ]
            return await asyncio.gather(*asked)

    answers = asyncio.run(ask_all())
    assert len({answer.json()["id"] for answer in answers}) == 50
    assert len({answer.json()["choices"][0]["message"]["content"] for answer in answers}) == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_an_app_is_played_from_a_cassette_that_has_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, recorded: bool
) -> None:
    async def play(*given: Any) -> Receive | None:
        receive: Receive = given[-2]
        send: Send = given[-1]
        if not recorded:
            return receive
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return None

    monkeypatch.setattr(replaying, "play", play)
    nothing = SimpleNamespace(answer=lambda *_: aside(lambda: None))
    monkeypatch.setattr(engine, "recorded", nothing)
    client = TestClient(App(engine), headers={"Authorization": f"Bearer {KEY}"})
    response = client.post("/api/v1/apps/tea/completion", json={"input": {"prompt": "Tea?"}})
    assert response.status_code == (299 if recorded else 200)
