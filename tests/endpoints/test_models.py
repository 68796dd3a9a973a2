from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from dashscope.models import Models as DashScopeModels
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue.models import Models
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import dialect_of
from mockserver.endpoints import models as pages
from mockserver.rules import schemas
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface
from tests.conftest import KEY
from tests.endpoints.calls import call


@pytest.fixture
def web(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=10) as made:
        yield made


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/compatible-mode/v1", api_key=KEY, max_retries=0) as made:
        yield made


def page(engine: Engine, **query: str | list[str]) -> dict[str, Any]:
    """The output of a native page, held against its schema."""
    answer = pages.native_listing(engine, call(engine, query=query))
    assert schemas.violations("native-models.response", loads(dumps(answer))) == []
    output: dict[str, Any] = answer["output"]
    return output


def names(output: dict[str, Any]) -> list[str]:
    return [model["model"] for model in output["models"]]


# -- the compatible list


def test_the_list_has_every_model_on_one_page(engine: Engine, models: Models) -> None:
    listing = pages.listing(engine, call(engine))
    assert schemas.violations("models.response", listing) == []
    assert [entry["id"] for entry in listing["data"]] == [model.name for model in models]
    assert listing["first_id"] == "model-id-0"
    assert listing["last_id"] == f"model-id-{len(models) - 1}"


def test_a_retrieved_model_is_the_one_of_the_list(engine: Engine) -> None:
    for entry in pages.listing(engine, call(engine))["data"]:
        assert pages.retrieval(engine, call(engine, model=entry["id"])) == entry
        assert schemas.violations("model.response", entry) == []


def test_a_retrieved_model_has_the_recorded_order(engine: Engine) -> None:
    entry = pages.retrieval(engine, call(engine, model="qwen-plus"))
    assert dumps(entry).startswith(b'{"id":"qwen-plus","object":"model","created":17')
    assert list(entry) == [
        "id",
        "object",
        "created",
        "owned_by",
    ]


# -- the native pages


@pytest.mark.parametrize(
    ("model", "capability", "made"),
    [
        ("qwen3-tts-flash", "TTS", ["Audio"]),
        ("MiniMax/speech-02-hd", "TTS", ["Audio"]),
        ("qwen3-asr-flash-realtime", "Realtime-ASR", ["Text"]),
        ("qwen3-tts-flash-realtime", "Realtime-Text-to-Speech", ["Audio"]),
        ("qwen3.5-omni-plus-realtime", "Realtime-Omni", ["Text", "Audio"]),
        ("qwen3-livetranslate-flash-realtime", "Realtime-Audio-Translate", ["Text", "Audio"]),
        ("qwen3-asr-flash", "ASR", ["Text"]),
    ],
)
def test_who_speaks_or_listens_is_listed(
    engine: Engine, model: str, capability: str, made: list[str]
) -> None:
    (entry,) = page(engine, model=model)["models"]
    assert entry["capabilities"][0] == capability
    assert entry["inference_metadata"]["response_modality"] == made


@pytest.mark.parametrize("surface", [COMPAT, NATIVE_TEXT, NATIVE_MULTIMODAL])
@pytest.mark.parametrize("model", ["MiniMax/speech-02-hd", "qwen3.5-omni-plus-realtime", "wanx-v1"])
def test_who_is_listed_only_does_not_chat(engine: Engine, surface: Surface, model: str) -> None:
    assert not dialect_of(surface).serves(surface, engine.models[model])


def test_a_page_has_twenty_models_when_nothing_is_asked(engine: Engine, models: Models) -> None:
    output = page(engine)
    assert (output["total"], output["page_no"], output["page_size"]) == (len(models), 1, 20)
    assert names(output) == [model.name for model in models][:20]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 300))
def test_the_pages_together_are_the_catalogue(engine: Engine, models: Models, size: int) -> None:
    found: list[str] = []
    number = 1
    while found_here := names(page(engine, page_no=str(number), page_size=str(size))):
        found += found_here
        number += 1
    assert found == [model.name for model in models]


def test_every_entry_has_the_documented_form(engine: Engine, models: Models) -> None:
    output = page(engine, page_size=str(len(models)))
    assert len(output["models"]) == len(models)
    for name in names(output):
        answer = pages.native_retrieval(engine, call(engine, model=name))
        assert schemas.violations("native-models.response", loads(dumps(answer))) == []


def test_an_entry_tells_what_the_catalogue_knows(engine: Engine) -> None:
    (entry,) = page(engine, model="qwen3-max")["models"]
    assert entry["provider"] == "qwen"
    assert entry["inference_provider"] == "aliyun-bailian"
    assert entry["capabilities"] == ["TG", "Reasoning"]
    assert entry["features"] == ["function-calling", "prefix-completion"]
    assert entry["inference_metadata"] == {"response_modality": ["Text"], "request_modality": ["Text"]}
    known = engine.models["qwen3-max"]
    assert entry["model_info"] == {
        "context_window": known.context,
        "max_input_tokens": known.max_input,
        "max_output_tokens": known.max_output,
        "max_reasoning_tokens": known.max_thinking,
        "reasoning_max_input_tokens": known.max_input_thinking,
        "reasoning_max_output_tokens": known.max_output_thinking,
    }


@pytest.mark.parametrize(
    ("name", "provider", "host", "capabilities", "response"),
    [
        ("text-embedding-v4", "qwen", "aliyun-bailian", ["TR"], []),
        ("qwen3-vl-embedding", "qwen", "aliyun-bailian", ["ME"], []),
        ("qwen-omni-turbo", "qwen", "aliyun-bailian", ["Multimodal-Omni", "VU"], ["Text", "Audio"]),
        ("qwen-vl-ocr", "qwen", "aliyun-bailian", ["TG", "VU"], ["Text"]),
        ("vanchin/deepseek-v3", "deepseek", "vanchin", ["TG"], ["Text"]),
        ("kimi/kimi-k2.5", "moonshot-ai", "moonshot", ["TG", "Reasoning", "VU"], ["Text"]),
        ("glm-4.5", "zhipu-ai", "aliyun-bailian", ["TG", "Reasoning"], ["Text"]),
        ("MiniMax/MiniMax-M2.1", "mini-max", "mini-max", ["TG", "Reasoning"], ["Text"]),
    ],
)
def test_an_entry_tells_maker_host_and_kinds(
    engine: Engine, name: str, provider: str, host: str, capabilities: list[str], response: list[str]
) -> None:
    entry = pages.native_retrieval(engine, call(engine, model=name))["output"]
    assert (entry["provider"], entry["inference_provider"]) == (provider, host)
    assert entry["capabilities"] == capabilities
    assert entry["inference_metadata"]["response_modality"] == response


def test_a_model_without_thinking_has_no_limits_for_it(engine: Engine) -> None:
    info = pages.native_retrieval(engine, call(engine, model="text-embedding-v4"))["output"]["model_info"]
    assert info == {
        "context_window": 8192,
        "max_input_tokens": 8192,
        "max_output_tokens": None,
        "max_reasoning_tokens": None,
        "reasoning_max_input_tokens": None,
        "reasoning_max_output_tokens": None,
    }


@pytest.mark.parametrize(
    ("query", "in_it", "not_in_it"),
    [
        ({"name": "EMBED"}, "text-embedding-v4", "qwen-plus"),
        ({"providers": "deepseek"}, "vanchin/deepseek-v3", "qwen-plus"),
        ({"providers": ["deepseek", "zhipu-ai"]}, "glm-4.5", "qwen-plus"),
        ({"inference_providers": "vanchin"}, "vanchin/deepseek-v3", "deepseek-v3"),
        ({"capabilities": "TR"}, "text-embedding-v1", "qwen-plus"),
        ({"capabilities": ["TR", "Reasoning"]}, "qwen3-max", "qwen-vl-ocr"),
        ({"features": "function-calling"}, "qwen-plus", "text-embedding-v4"),
        ({"context_window": "8193"}, "text-embedding-v4", "qwen-plus"),
        ({"context_window": "8192"}, "text-embedding-v1", "text-embedding-v4"),
    ],
)
def test_a_filter_keeps_what_fits(
    engine: Engine, query: dict[str, str | list[str]], in_it: str, not_in_it: str
) -> None:
    output = page(engine, page_size="1000", **query)
    assert in_it in names(output)
    assert not_in_it not in names(output)
    assert output["total"] == len(output["models"])


def test_filters_work_together(engine: Engine) -> None:
    output = page(engine, name="text-embedding-v", context_window="8192", page_size="1")
    assert (output["total"], names(output)) == (2, ["text-embedding-v1"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page_no": "x"}, "Input should be a valid integer: page_no"),
        ({"page_no": "-1"}, "Input should be a valid integer: page_no"),
        ({"page_no": "\u0663"}, "Input should be a valid integer: page_no"),
        ({"page_size": "9" * 5000}, "Input should be a valid integer: page_size"),
        ({"page_size": "0"}, "Input should be greater than or equal to 1: page_size"),
        ({"context_window": ""}, "Input should be a valid integer: context_window"),
    ],
)
def test_a_bad_number_is_refused(engine: Engine, query: dict[str, str], message: str) -> None:
    with pytest.raises(Refused) as raised:
        page(engine, **query)
    assert raised.value.refusal.words["native"].message == message


# -- through the real clients


def test_the_openai_client_lists_and_retrieves(client: openai.OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert client.models.retrieve("qwen-plus") == listed["qwen-plus"]
    assert client.models.retrieve("kimi/kimi-k2.5") == listed["kimi/kimi-k2.5"]


def test_the_openai_client_finds_no_unknown_model(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model `nope` does not exist") as raised:
        client.models.retrieve("nope")
    assert raised.value.code == "model_not_found"


@pytest.mark.usefixtures("url")
def test_the_dashscope_client_lists_pages() -> None:
    first = DashScopeModels.list(page=1, page_size=3, api_key=KEY)
    second = DashScopeModels.list(page=2, page_size=3, api_key=KEY)
    assert first.status_code == second.status_code == 200
    assert len(names(first.output)) == len(names(second.output)) == 3
    assert set(names(first.output)).isdisjoint(names(second.output))


@pytest.mark.usefixtures("url")
def test_the_dashscope_client_gets_one_model() -> None:
    answer = DashScopeModels.get("qwen3-max", api_key=KEY)
    assert (answer.status_code, answer.output["model"]) == (200, "qwen3-max")
    assert DashScopeModels.get("nope", api_key=KEY).status_code == 404


def test_the_older_dashscope_client_names_the_model_in_the_path(web: httpx.Client) -> None:
    answer = web.get("/api/v1/models/kimi/kimi-k2.5")
    assert (answer.status_code, answer.json()["output"]["model"]) == (200, "kimi/kimi-k2.5")
    answer = web.get("/api/v1/models/nope")
    assert (answer.status_code, answer.json()["code"]) == (404, "ModelNotFound")
    assert schemas.violations("native.error", answer.json()) == []


def test_filters_travel_in_the_query(web: httpx.Client) -> None:
    answer = web.get("/api/v1/models?capabilities=TR&capabilities=Multimodal-Omni&page_size=500")
    found = names(answer.json()["output"])
    assert {"text-embedding-v4", "qwen-omni-turbo"} <= set(found)
    assert "qwen-plus" not in found


@pytest.mark.parametrize(
    "path",
    [
        "/compatible-mode/v1/models",
        "/compatible-mode/v1/models/qwen-plus",
        "/api/v1/models",
        "/api/v1/models/qwen-plus",
    ],
)
def test_the_catalogue_does_not_pass_the_gateway(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 200
    assert "x-dashscope-call-gateway" not in answer.headers
    assert answer.headers["server"] == "istio-envoy"
    refused = web.post(path)
    assert (refused.status_code, "Request method 'POST' is not supported." in refused.text) == (400, True)


@pytest.mark.parametrize("path", ["/compatible-mode/v1/models/qwen-plus", "/api/v1/models"])
def test_the_catalogue_asks_for_a_key(web: httpx.Client, path: str) -> None:
    assert web.get(path, headers={"Authorization": "Bearer sk-invalid"}).status_code == 401
