"""The endpoints beside chat: who may ask, with which method, and what the tokenizer gives."""

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import around, named
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules import schemas
from mockserver.rules.schemas import validator
from mockserver.server.app import App
from mockserver.server.neighbours import _values
from mockserver.talk.surface import Surface
from tests.conftest import KEY
from tests.server.talk import COMPAT, MODELS, TEXT, TOKENIZER
from tests.steps import steps

BATCHES = "/compatible-mode/v1/batches"
EMBEDDINGS = "/compatible-mode/v1/embeddings"
NATIVE_MODELS = "/api/v1/models"
GETTING = [MODELS, f"{MODELS}/qwen-plus", NATIVE_MODELS, f"{NATIVE_MODELS}/qwen-plus"]
READING = [TOKENIZER, EMBEDDINGS, "/api/v1/services/embeddings/text-embedding/text-embedding"]


def tokenize(client: TestClient, **source: Any) -> Any:
    """What the tokenizer makes of an input."""
    response = client.post(TOKENIZER, json={"model": "qwen-plus", "input": source})
    assert response.status_code == 200, response.text
    validator("tokenizer.response").validate(response.json())
    return response.json()


def test_the_tokenizer_gives_the_tokens_of_a_text(client: TestClient, tokenizer: Tokenizer) -> None:
    answer = tokenize(client, prompt="Which tea?")
    assert answer["output"]["token_ids"] == tokenizer.encode("Which tea?")
    assert answer["output"]["tokens"] == ["Which", " tea", "?"]
    assert answer["usage"] == {"input_tokens": 3}


def test_the_tokenizer_counts_messages_without_a_template(client: TestClient) -> None:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which tea?"}]
    counted = tokenize(client, messages=said)
    assert counted["output"] == tokenize(client, prompt="Be brief.Which tea?")["output"]
    assert counted["usage"] == {"input_tokens": len(counted["output"]["tokens"])}


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        ("<|im_start|>", ["<|im_start|>"]),
        ("<|fim_prefix|>x<|fim_suffix|>", ["<|fim_prefix|>", "x", "<|fim_suffix|>"]),
        ("e\u0301", ["\u00e9"]),
        ("cafe\u0301", ["ca", "f\u00e9"]),
    ],
)
def test_the_tokenizer_reads_a_text_as_a_model_does(
    client: TestClient, prompt: str, tokens: list[str]
) -> None:
    answer = tokenize(client, prompt=prompt)
    assert answer["output"]["tokens"] == tokens
    assert answer["usage"] == {"input_tokens": len(tokens)}


def test_an_answer_of_the_tokenizer_has_the_headers_of_a_native_one(client: TestClient) -> None:
    response = client.post(TOKENIZER, json={"model": "qwen-plus", "input": {"prompt": "tea"}})
    assert response.headers["x-dashscope-finished"] == "true"
    assert response.headers["x-request-id"] == response.json()["request_id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidParameter"),
        (b"{}", "BadRequest.EmptyModel"),
        (b'{"model":"qwen-tea","input":{"prompt":"tea"}}', "InvalidParameter"),
        (b'{"model":"qwen-plus","input":{}}', "InvalidParameter"),
        (b'{"model":"qwen-plus","input":{"messages":[{"content":"tea"}]}}', "InvalidParameter"),
    ],
)
def test_a_wrong_request_to_the_tokenizer_is_refused(body: bytes, code: str, client: TestClient) -> None:
    response = client.post(TOKENIZER, content=body)
    assert response.status_code == 400
    validator("native.error").validate(response.json())
    assert response.json()["code"] == code


@pytest.mark.parametrize("path", [*GETTING, *READING])
def test_who_has_no_key_is_refused_at_the_door(path: str, engine: Engine) -> None:
    response = TestClient(App(engine)).request("GET" if path in GETTING else "POST", path)
    assert response.status_code == 401
    validator("native.error" if around(path).dialect == "native" else "compat.error").validate(
        response.json()
    )


OTHERS = ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        *((path, method) for path in GETTING for method in ["POST", *OTHERS]),
        *((path, method) for path in READING for method in ["GET", *OTHERS]),
    ],
)
def test_another_method_is_refused_in_the_envelope_of_the_surface(
    path: str, method: str, client: TestClient
) -> None:
    response = client.request(method, path)
    assert response.status_code == 400
    message = f"Request method '{method}' is not supported."
    said = response.json()
    assert (said["message"] if around(path).dialect == "native" else said["error"]["message"]) == message


@pytest.mark.parametrize("path", READING)
def test_a_large_body_is_refused_and_the_connection_closed(path: str, lazy_tokenizer: LazyTokenizer) -> None:
    client = TestClient(App(Engine(Settings(max_body=100), tokenizer=lazy_tokenizer)))
    response = client.post(path, content=b"a" * 101, headers={"Authorization": f"Bearer {KEY}"})
    assert response.status_code == 400
    assert response.headers["connection"] == "close"
    assert "Payload Too Large." in response.text


def test_an_endpoint_that_counts_waits_for_the_vocabulary(tokenizer: Tokenizer) -> None:
    lazy = LazyTokenizer(lambda: tokenizer)
    client = TestClient(App(Engine(tokenizer=lazy)), headers={"Authorization": f"Bearer {KEY}"})
    assert tokenize(client, prompt="tea")["usage"]["input_tokens"] == 1
    assert lazy.ready


def test_a_list_is_gzipped_when_asked(client: TestClient) -> None:
    plain = client.get(MODELS, headers={"Accept-Encoding": "identity"})
    packed = client.get(MODELS, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(packed.content) == plain.json()


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        (MODELS, named("compat")),
        (COMPAT, named("compat")),
        (TEXT, NATIVE_TEXT),
        (NATIVE_MODELS, NATIVE_TEXT),
        ("/tea", NATIVE_TEXT),
    ],
)
def test_a_path_speaks_the_dialect_of_its_root(path: str, surface: Surface) -> None:
    assert around(path) is surface


def test_what_explains_a_no_is_imported_aside_before_a_call_that_changes_something(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(schemas, "explains", lambda: bool(threads))
    monkeypatch.setattr(schemas, "learn", lambda: threads.append(threading.current_thread().name))
    headers = {"Authorization": f"Bearer {KEY}"}
    for path in (MODELS, BATCHES, BATCHES):
        client.get(path, headers=headers)
    assert threads == ["aside"]
    assert client.post(BATCHES, json={"endpoint": 5}, headers=headers).status_code == 400


@pytest.mark.parametrize("path", GETTING)
def test_the_catalogue_is_read_aside(
    path: str, client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make all models takes long the first time."""
    threads, find = set(), engine.models.find

    def found(name: object) -> Any:
        threads.add(threading.current_thread().name)
        return find(name)

    monkeypatch.setattr(engine.models, "find", found)
    assert client.get(path, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    assert threads == {"aside"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text())))
def test_a_query_has_the_values_of_each_name_in_their_order(pairs: list[tuple[str, str]]) -> None:
    assert _values(pairs) == {name: [text for each, text in pairs if each == name] for name, _ in pairs}


def test_a_query_of_many_names_is_read_in_one_pass() -> None:
    pairs = [(f"{at:x}", "") for at in range(8000)]
    assert steps(lambda: _values(pairs)) < 3 * len(pairs)
