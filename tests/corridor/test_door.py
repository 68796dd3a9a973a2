"""The door: keys, and what stands behind bearer."""

from typing import Any

import pytest

from mockserver.base.jsontext import dumps, loads
from mockserver.base.masking import mask, without_key
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import schemas
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.wire.incoming import RequestHeaders, bearer_key
from tests.conftest import KEY, NOW, MakeHeaders


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Bearer sk-a", "sk-a"),
        ("bearer sk-a", "sk-a"),
        ("Bearer   sk-a ", "sk-a"),
        ("Bearer", ""),
        ("sk-a", ""),
        ("Basic sk-a", ""),
        ("", ""),
    ],
)
def test_the_key_is_what_stands_behind_bearer(value: str, key: str) -> None:
    assert bearer_key({"authorization": value}) == key


def admit(engine: Engine, headers: RequestHeaders) -> World:
    """The world of the key in some headers."""
    return engine.door.admit(bearer_key(headers), headers)


def test_without_the_header_there_is_no_key() -> None:
    assert bearer_key({}) is None


def test_the_first_key_makes_a_world_and_the_second_use_finds_it(
    engine: Engine, headers: MakeHeaders
) -> None:
    world = admit(engine, headers())
    assert world.name == mask(KEY)
    assert admit(engine, headers()) is world
    assert admit(engine, headers(key="sk-other")) is not world


@pytest.mark.parametrize("key", [None, "", "tea", "sk-", "sk-invalid"])
def test_a_wrong_key_is_not_let_in_however_often_it_comes(
    key: str | None, engine: Engine, headers: MakeHeaders
) -> None:
    for _ in range(2):
        engine.chat(COMPAT, headers(key=key), b"{}", arrived=NOW)
        with pytest.raises(Refused) as refused:
            admit(engine, headers(key=key))
        assert refused.value.refusal.status == 401
    assert {entry.world.name for entry in engine.journal} == {"none"}


@pytest.mark.parametrize(
    ("host", "let_in"),
    [
        ("127.0.0.1:8000", True),
        ("coding.dashscope.aliyuncs.com", True),
        ("token-plan.cn-beijing.maas.aliyuncs.com", True),
        ("dashscope.aliyuncs.com", False),
        ("dashscope-intl.aliyuncs.com", False),
        ("ws-1.ap-southeast-1.maas.aliyuncs.com", False),
    ],
)
def test_the_key_of_a_plan_opens_no_public_host(
    engine: Engine, headers: MakeHeaders, host: str, *, let_in: bool
) -> None:
    asked = headers({"Host": host}, key="sk-sp-tea")
    if let_in:
        assert admit(engine, asked).key == "sk-sp-tea"
        return
    with pytest.raises(Refused) as refused:
        admit(engine, asked)
    assert refused.value.refusal.id == "auth.plan-key"


@pytest.mark.parametrize("host", ["coding.dashscope.aliyuncs.com", "token-plan.cn-beijing.maas.aliyuncs.com"])
def test_the_host_of_a_plan_takes_keys_of_plans_only(engine: Engine, headers: MakeHeaders, host: str) -> None:
    with pytest.raises(Refused) as refused:
        admit(engine, headers({"Host": host}))
    assert refused.value.refusal.id == "auth.plan-host"


def test_a_key_is_masked_in_a_body() -> None:
    assert without_key(b"I am sk-tea.", "sk-tea") == b"I am " + mask("sk-tea").encode() + b"."
    assert without_key(b"I am nobody.", "sk-tea") == b"I am nobody."
    assert without_key(b"I am nobody.", None) == b"I am nobody."


def test_what_is_broken_in_more_places_than_are_known_is_not_let_in_even_if_lenient(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(Settings(rules="lenient"), tokenizer=lazy_tokenizer, clock=lambda: NOW)
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}],"temperature":5}'
    assert engine.chat(COMPAT, headers(), body, arrived=NOW).status == 200
    monkeypatch.setattr(schemas, "MOST_ERRORS", 1)
    assert engine.chat(COMPAT, headers(), body, arrived=NOW).status == 400


def lenient(tokenizer: LazyTokenizer, **more: Any) -> Engine:
    return Engine(Settings(rules="lenient", **more), tokenizer=tokenizer, clock=lambda: NOW)


def said(engine: Engine, headers: RequestHeaders, **body: Any) -> tuple[int, list[str], dict[str, Any]]:
    """The status of a chat, what was found in it, and the answer."""
    sent = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], **body}
    answer = engine.chat(COMPAT, headers, dumps(sent), arrived=NOW)
    assert answer.entry is not None
    return answer.status, [finding.rule for finding in answer.entry.findings], loads(answer.body)


@pytest.mark.parametrize("name", ["qwen-plsu", "gpt-4o", "qwen3-vl-tea"])
def test_a_lenient_server_answers_for_a_model_that_there_is_not(
    name: str, lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    status, found, answer = said(lenient(lazy_tokenizer), headers(), model=name)
    assert (status, found, answer["model"]) == (200, ["model.unknown"], name)
    assert said(lenient(lazy_tokenizer), headers(), model="")[0] == 400
    assert (
        said(lenient(lazy_tokenizer, rule_switches={"model.unknown": "off"}), headers(), model=name)[1] == []
    )


def test_a_lenient_server_lets_any_key_in_and_says_so(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    engine = lenient(lazy_tokenizer)
    assert said(engine, headers(key="My API Key"))[:2] == (200, ["auth.key"])
    assert said(engine, headers())[:2] == (200, [])
    for key in (None, "", "sk-invalid"):
        assert said(engine, headers(key=key))[0] == 401
    assert said(lenient(lazy_tokenizer, api_keys=("sk-one",)), headers(key="tea"))[0] == 401


def test_a_lenient_server_takes_a_foreign_role_for_its_nearest(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    turns = [{"role": "developer", "content": "Be kind."}, {"role": "human", "content": "Tea?"}]
    status, found, answer = said(lenient(lazy_tokenizer), headers(), messages=turns)
    assert (status, set(found)) == (200, {"messages.role"})
    assert "Tea?" in answer["choices"][0]["message"]["content"]
    strict = Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW)
    assert said(strict, headers(), messages=turns)[0] == 400


def made(engine: Engine, headers: RequestHeaders, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of what is made at once, or refused."""
    answer = engine.chat(NATIVE_MULTIMODAL, headers, dumps(body), arrived=NOW)
    return answer.status, loads(answer.body)


def picture(model: str, **parameters: Any) -> dict[str, Any]:
    turn = {"role": "user", "content": [{"text": "A cup."}]}
    return {"model": model, "input": {"messages": [turn]}, "parameters": parameters}


def test_a_picture_is_made_where_others_chat(engine: Engine, headers: MakeHeaders) -> None:
    for model in ("qwen-image-edit-max", "wan2.7-image-pro"):
        status, body = made(engine, headers(), picture(model))
        assert status == 200
        assert body["output"]["choices"][0]["message"]["content"][0]["image"].endswith(".png")
        (*_, entry) = engine.journal
        assert (entry.model, entry.findings) == (model, ())


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("qwen-image-plus-2026-01-09", {"n": 2}, "num_images_per_prompt must be 1"),
        ("qwen-image-2.0-pro", {"size": "1K"}, "Expected format: '<width>*<height>'"),
    ],
)
def test_what_a_model_does_not_make_is_refused_in_its_words(
    engine: Engine, headers: MakeHeaders, model: str, options: dict[str, Any], said: str
) -> None:
    status, body = made(engine, headers(), picture(model, **options))
    assert status == 400
    assert list(body) == ["request_id", "code", "message"]
    assert (body["code"], body["message"]) == ("InvalidParameter", said)


def test_a_picture_at_once_is_no_task(engine: Engine, headers: MakeHeaders) -> None:
    asking = headers({"X-DashScope-Async": "enable"})
    status, body = made(engine, asking, picture("qwen-image-3.0"))
    assert (status, body["message"]) == (403, "current user api does not support asynchronous calls")


def test_speech_needs_a_voice(engine: Engine, headers: MakeHeaders) -> None:
    body: dict[str, Any] = {"model": "qwen3-tts-flash-2025-11-27", "input": {"text": "Tea."}}
    status, refused = made(engine, headers(), body)
    assert (status, refused["message"]) == (400, "The voice property is required.")
    body["input"]["voice"] = "Cherry"
    status, spoken = made(engine, headers(), body)
    assert status == 200
    assert spoken["output"]["audio"]["url"].endswith(".wav")


@pytest.mark.parametrize(
    "change",
    [
        {"input": {}},
        {"input": 7},
        {"input": {"messages": []}},
        {"input": {"messages": ["A cup."]}},
        {"parameters": {"n": "two"}},
        {"parameters": {"size": 7}},
        {"parameters": {"seed": "x"}},
    ],
)
def test_a_picture_has_to_be_asked_for_in_form(
    engine: Engine, headers: MakeHeaders, change: dict[str, Any]
) -> None:
    status, body = made(engine, headers(), picture("qwen-image") | change)
    assert status == 400
    assert body["code"] != "InternalError"


def test_a_model_that_draws_does_not_chat(engine: Engine, headers: MakeHeaders) -> None:
    body = {"model": "qwen-image", "messages": [{"role": "user", "content": "A cup."}]}
    answer = engine.chat(COMPAT, headers(), dumps(body), arrived=NOW)
    assert (answer.status, loads(answer.body)["error"]["code"]) == (404, "model_not_supported")
