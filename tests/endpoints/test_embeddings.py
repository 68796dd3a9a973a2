import base64
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from dashscope import TextEmbedding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue.models import Models
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints import embeddings
from mockserver.meter import pieces
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules import schemas
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface
from tests.conftest import KEY, MakeHeaders
from tests.endpoints.calls import answered, call
from tests.server.live import serving

NOBODY_WAITS = 10.0


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    base = f"{url}/compatible-mode/v1"
    with openai.OpenAI(base_url=base, api_key=KEY, timeout=NOBODY_WAITS, max_retries=0) as made:
        yield made


def compat(engine: Engine, **body: Any) -> dict[str, Any]:
    """The answer to a compatible request, held against its schema."""
    answer = embeddings.compat(engine, call(engine, body))
    assert schemas.violations("embeddings.response", loads(dumps(answer))) == []
    return answer


def natively(engine: Engine, model: str, texts: Any, **parameters: Any) -> dict[str, Any]:
    """The answer to a native request, held against its schema."""
    body = {"model": model, "input": {"texts": texts}, "parameters": parameters}
    answer = embeddings.native(engine, call(engine, body))
    assert schemas.violations("native-embeddings.response", loads(dumps(answer))) == []
    return answer


def refused(engine: Engine, headers: MakeHeaders, surface: Surface, body: Any) -> tuple[int, Any]:
    """Status and body of a refusal, held against its schema."""
    produce = embeddings.native if surface.dialect == "native" else embeddings.compat
    answer = answered(engine, produce, call(engine, body, surface=surface), headers())
    content = loads(answer.body)
    assert (
        schemas.violations("native.error" if surface.dialect == "native" else "compat.error", content) == []
    )
    return answer.status, content


# -- the answers


def test_a_compatible_answer_has_the_recorded_form(engine: Engine) -> None:
    answer = compat(engine, input="Hello, world!", model="text-embedding-v1", encoding_format="float")
    (entry,) = answer["data"]
    vector = entry["embedding"]
    assert len(vector) == 1536
    assert list(entry) == ["embedding", "index", "object"]
    assert dumps({**answer, "data": []}) == (
        b'{"data":[],"object":"list","model":"text-embedding-v1",'
        b'"usage":{"prompt_tokens":4,"total_tokens":4},"id":"86e6ef04-0f75-9fdf-b542-1d2c2f44fc28"}'
    )


def test_a_native_answer_has_the_recorded_form(engine: Engine) -> None:
    answer = natively(engine, "text-embedding-v4", ["代码改变世界"], dimension=64)
    (entry,) = answer["output"]["embeddings"]
    assert list(entry) == ["embedding", "text_index"]
    assert dumps({**answer, "output": {}}) == (
        b'{"output":{},"usage":{"total_tokens":3},"request_id":"86e6ef04-0f75-9fdf-b542-1d2c2f44fc28"}'
    )


def test_base64_holds_the_same_vector(engine: Engine) -> None:
    asked = {"model": "text-embedding-v3", "input": "我不喜欢川菜", "dimensions": 128}
    floats = compat(engine, **asked)["data"][0]["embedding"]
    packed = compat(engine, **asked, encoding_format="base64")["data"][0]["embedding"]
    assert list(struct.unpack("<128f", base64.b64decode(packed))) == floats


def test_a_text_has_the_same_vector_alone_in_a_list_and_on_both_surfaces(engine: Engine) -> None:
    alone = compat(engine, model="text-embedding-v4", input="one")["data"][0]["embedding"]
    listed = compat(engine, model="text-embedding-v4", input=["two", "one"])["data"]
    assert [entry["index"] for entry in listed] == [0, 1]
    assert listed[1]["embedding"] == alone
    entries = natively(engine, "text-embedding-v4", "one")["output"]["embeddings"]
    assert [entry["embedding"] for entry in entries] == [alone]


def test_the_tokens_of_all_texts_are_added(engine: Engine) -> None:
    answer = natively(engine, "text-embedding-v2", ["Hello, world!", "Hi"])
    assert answer["usage"] == {"total_tokens": 5}


def test_every_model_offers_its_sizes_and_begins_with_the_first(engine: Engine, models: Models) -> None:
    offered = [
        (model.name, model.dimensions) for model in models if model.task == "embedding" and model.compat
    ]
    assert len(offered) == 5
    for name, sizes in offered:
        assert sizes is not None
        for size in sizes:
            vector = compat(engine, model=name, input="size", dimensions=size)["data"][0]["embedding"]
            assert len(vector) == size
        assert len(natively(engine, name, "size")["output"]["embeddings"][0]["embedding"]) == sizes[0]


def test_a_model_of_one_size_ignores_the_asked_one(engine: Engine) -> None:
    answer = compat(engine, model="text-embedding-v2", input="size", dimensions=64)
    assert len(answer["data"][0]["embedding"]) == 1536


@pytest.mark.parametrize(
    ("output_type", "keys"),
    [
        (None, ["embedding", "text_index"]),
        ("dense", ["embedding", "text_index"]),
        ("sparse", ["sparse_embedding", "text_index"]),
        ("dense&sparse", ["sparse_embedding", "embedding", "text_index"]),
    ],
)
def test_the_output_type_chooses_the_vectors(
    engine: Engine, output_type: str | None, keys: list[str]
) -> None:
    answer = natively(engine, "text-embedding-v4", ["wind"], output_type=output_type, text_type="query")
    assert list(answer["output"]["embeddings"][0]) == keys


def test_a_model_of_one_size_has_dense_vectors_only(engine: Engine) -> None:
    answer = natively(engine, "text-embedding-v1", ["wind"], output_type="sparse")
    assert list(answer["output"]["embeddings"][0]) == ["embedding", "text_index"]


def test_parameters_may_be_null(engine: Engine) -> None:
    body = {"model": "text-embedding-v4", "input": {"texts": ["a"]}, "parameters": None}
    answer = embeddings.native(engine, call(engine, body))
    assert len(answer["output"]["embeddings"][0]["embedding"]) == 1024


# -- the refusals


@pytest.mark.parametrize(
    ("model", "most"), [("text-embedding-v4", 10), ("text-embedding-v2", 25), ("qwen3.7-text-embedding", 20)]
)
def test_a_batch_has_a_limit(engine: Engine, headers: MakeHeaders, model: str, most: int) -> None:
    assert len(compat(engine, model=model, input=["a"] * most)["data"]) == most
    said = f"Value error, batch size is invalid, it should not be larger than {most}.: input.contents"
    status, body = refused(engine, headers, COMPAT, {"model": model, "input": ["a"] * (most + 1)})
    assert status == 400
    assert body["error"] == {
        "message": f"<400> InternalError.Algo.InvalidParameter: {said}",
        "type": "InvalidParameter",
        "param": None,
        "code": "InvalidParameter",
    }
    status, body = refused(
        engine, headers, NATIVE_TEXT, {"model": model, "input": {"texts": ["a"] * (most + 1)}}
    )
    assert (status, body["code"], body["message"]) == (400, "InvalidParameter", said)


def test_a_model_of_batches_is_not_on_the_compatible_surface(engine: Engine, headers: MakeHeaders) -> None:
    for model in ("text-embedding-async-v1", "text-embedding-async-v2"):
        status, body = refused(engine, headers, COMPAT, {"model": model, "input": "a"})
        said = f"Unsupported model `{model}` for OpenAI compatibility mode."
        assert (status, body["error"]["message"]) == (404, said)


CONTENTS = "Value error, contents is neither str nor list of str.: input.contents"
LENGTH = "Range of input length should be [1, 8192]"
PREFIX = "<400> InternalError.Algo.InvalidParameter: "
URL_ERROR = (
    "url error, please check url\uff01 For details, see: "
    "https://help.aliyun.com/zh/model-studio/error-code#error-url"
)


@pytest.mark.parametrize(
    ("changed", "status", "code", "message"),
    [
        ({"input": [[9707, 11]]}, 400, "InvalidParameter", PREFIX + CONTENTS),
        ({"input": [9707]}, 400, "InvalidParameter", PREFIX + CONTENTS),
        ({"input": 7}, 400, "InvalidParameter", PREFIX + CONTENTS),
        ({"input": []}, 400, "InvalidParameter", PREFIX + CONTENTS),
        ({"input": ""}, 400, "InvalidParameter", PREFIX + LENGTH),
        ({"input": ["a", "a " * 8200]}, 400, "InvalidParameter", PREFIX + LENGTH),
        (
            {"dimensions": 7},
            400,
            None,
            "7 is not one of [64, 128, 256, 512, 768, 1024, 1536, 2048] - 'dimensions'",
        ),
        ({"dimensions": "64"}, 400, None, "'dimensions' must be Integer"),
        (
            {"encoding_format": "hex"},
            400,
            None,
            "hex is not one of ['float', 'base64'] - 'encoding_format'",
        ),
        ({"model": ""}, 400, None, "you must provide a model parameter"),
        (
            {"model": "nope"},
            404,
            "model_not_found",
            "The model `nope` does not exist or you do not have access to it.",
        ),
        (
            {"model": "qwen-plus"},
            404,
            "model_not_supported",
            "Unsupported model `qwen-plus` for OpenAI compatibility mode.",
        ),
    ],
)
def test_a_bad_compatible_request_is_refused(
    engine: Engine,
    headers: MakeHeaders,
    changed: dict[str, Any],
    status: int,
    code: str | None,
    message: str,
) -> None:
    good = {"model": "text-embedding-v4", "input": "a"}
    got, body = refused(engine, headers, COMPAT, {**good, **changed})
    assert (got, body["error"]["code"], body["error"]["message"]) == (status, code, message)


def test_a_request_without_input_is_refused(engine: Engine, headers: MakeHeaders) -> None:
    status, body = refused(engine, headers, COMPAT, {"model": "text-embedding-v4"})
    assert (status, body["error"]["message"]) == (400, "'input' is a required property - 'input'")
    status, body = refused(engine, headers, NATIVE_TEXT, {"model": "text-embedding-v4"})
    assert (status, body["code"]) == (400, "BadRequest.EmptyInput")


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"input": {"texts": ["a", 1]}}, "InvalidParameter", CONTENTS),
        ({"input": {"texts": []}}, "InvalidParameter", CONTENTS),
        ({"input": {"texts": [""]}}, "InvalidParameter", LENGTH),
        ({"input": {}}, "InvalidParameter", "Field required: input.texts"),
        ({"input": "a"}, "BadRequest.IllegalInput", "The input parameter requires json format."),
        (
            {"parameters": {"dimension": 7}},
            "InvalidParameter",
            "Input should be [64, 128, 256, 512, 768, 1024, 1536, 2048]: parameters.dimension",
        ),
        (
            {"parameters": {"text_type": "poem"}},
            "InvalidParameter",
            "Input should be ['query', 'document']: parameters.text_type",
        ),
        ({"model": "nope"}, "InvalidParameter", "Model not exist."),
        ({"model": "qwen-plus"}, "InvalidParameter", URL_ERROR),
    ],
)
def test_a_bad_native_request_is_refused(
    engine: Engine, headers: MakeHeaders, changed: dict[str, Any], code: str, message: str
) -> None:
    good = {"model": "text-embedding-v4", "input": {"texts": ["a"]}}
    status, body = refused(engine, headers, NATIVE_TEXT, {**good, **changed})
    assert (status, body["code"], body["message"]) == (400, code, message)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(engine: Engine, headers: MakeHeaders, body: bytes) -> None:
    status, content = refused(engine, headers, NATIVE_TEXT, body)
    assert (status, content["message"]) == (
        400,
        "Required body invalid, please check the request body format.",
    )


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": st.sampled_from(["text-embedding-v4", "text-embedding-v1"]) | ANY_JSON,
            "input": st.fixed_dictionaries({"texts": ANY_JSON}) | ANY_JSON,
            "dimensions": ANY_JSON,
            "encoding_format": ANY_JSON,
            "parameters": st.dictionaries(
                st.sampled_from(["dimension", "output_type", "text_type"]), ANY_JSON
            )
            | ANY_JSON,
        },
    ),
    st.sampled_from([COMPAT, NATIVE_TEXT]),
)
def test_any_request_is_answered_or_refused_in_form(
    engine: Engine, headers: MakeHeaders, body: dict[str, Any], surface: Surface
) -> None:
    produce = embeddings.native if surface.dialect == "native" else embeddings.compat
    schema = "native-embeddings.response" if surface.dialect == "native" else "embeddings.response"
    try:
        answer = produce(engine, call(engine, body))
    except Refused:
        status, _ = refused(engine, headers, surface, body)
        assert status in (400, 404)
    else:
        assert schemas.violations(schema, loads(dumps(answer))) == []


# -- through the real clients


def cosine(first: list[float], second: list[float]) -> float:
    return sum(one * other for one, other in zip(first, second, strict=True))


def test_the_openai_client_gets_the_same_vector_in_both_encodings(client: openai.OpenAI) -> None:
    texts = ["the cat sat", "the cat sits", "quarterly revenue figures"]
    floats = client.embeddings.create(model="text-embedding-v4", input=texts, encoding_format="float")
    packed = client.embeddings.create(model="text-embedding-v4", input=texts)
    assert [entry.embedding for entry in floats.data] == [entry.embedding for entry in packed.data]
    cat, cats, revenue = (entry.embedding for entry in floats.data)
    assert cosine(cat, cats) > 0.5
    assert cosine(cat, revenue) < 0.2
    assert floats.model == "text-embedding-v4"
    assert floats.usage.total_tokens == packed.usage.prompt_tokens == 10


def test_the_openai_client_gets_the_asked_size(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="text-embedding-v3", input="size", dimensions=256)
    assert len(answer.data[0].embedding) == 256


def test_the_openai_client_raises_what_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="larger than 10") as raised:
        client.embeddings.create(model="text-embedding-v4", input=["a"] * 11)
    assert raised.value.code == "InvalidParameter"
    assert raised.value.response.headers["x-dashscope-call-gateway"] == "true"


def test_an_embeddings_answer_passes_the_gateway(client: openai.OpenAI) -> None:
    answer = client.embeddings.with_raw_response.create(model="text-embedding-v4", input="a")
    assert answer.headers["x-dashscope-call-gateway"] == "true"
    assert "x-dashscope-finished" not in answer.headers
    assert loads(answer.content)["id"] == answer.headers["x-request-id"]


def test_a_key_is_asked_for(url: str) -> None:
    with (
        openai.OpenAI(base_url=f"{url}/compatible-mode/v1", api_key="sk-invalid", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.embeddings.create(model="text-embedding-v4", input="a")


@pytest.mark.parametrize(
    "path", ["/compatible-mode/v1/embeddings", "/api/v1/services/embeddings/text-embedding/text-embedding"]
)
def test_embeddings_are_posted(url: str, path: str) -> None:
    answer = httpx.get(url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=NOBODY_WAITS)
    assert answer.status_code == 400
    assert "Request method 'GET' is not supported." in answer.text


def test_a_body_beyond_the_limit_is_refused_and_the_connection_closed(
    lazy_tokenizer: LazyTokenizer,
) -> None:
    small = Engine(Settings(max_body=100), tokenizer=lazy_tokenizer)
    with serving(small) as url:
        answer = httpx.post(
            f"{url}/compatible-mode/v1/embeddings",
            json={"model": "text-embedding-v4", "input": "a" * 100},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=NOBODY_WAITS,
        )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest.TooLarge")
    assert answer.headers["connection"] == "close"


def test_a_request_waits_until_the_tokenizer_is_loaded(tokenizer: Tokenizer) -> None:
    fresh = Engine(Settings(), tokenizer=LazyTokenizer(lambda: tokenizer))
    assert not fresh.tokenizer.ready
    with serving(fresh) as url:
        answer = httpx.post(
            f"{url}/compatible-mode/v1/embeddings",
            json={"model": "text-embedding-v4", "input": "Hi", "dimensions": 64},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=NOBODY_WAITS,
        )
    assert (answer.status_code, answer.json()["usage"]["total_tokens"]) == (200, 1)


@pytest.mark.usefixtures("url")
def test_the_dashscope_client_gets_vectors() -> None:
    answer = TextEmbedding.call(
        model="text-embedding-v4", input=["one", "two"], dimension=128, text_type="query", api_key=KEY
    )
    assert answer.status_code == 200
    entries = answer.output["embeddings"]
    assert [(entry["text_index"], len(entry["embedding"])) for entry in entries] == [(0, 128), (1, 128)]
    assert answer.usage["total_tokens"] == 2


@pytest.mark.usefixtures("url")
def test_the_dashscope_client_gets_sparse_vectors() -> None:
    answer = TextEmbedding.call(
        model="text-embedding-v4", input="代码改变世界", output_type="dense&sparse", api_key=KEY
    )
    (entry,) = answer.output["embeddings"]
    assert [token["token"] for token in entry["sparse_embedding"]] == ["代码", "改变", "世界"]
    assert len(entry["embedding"]) == 1024


@pytest.mark.usefixtures("url")
def test_the_dashscope_client_shows_what_is_refused() -> None:
    answer = TextEmbedding.call(model="text-embedding-v4", input=["a"] * 11, api_key=KEY)
    assert (answer.status_code, answer.code) == (400, "InvalidParameter")
    assert answer.message.endswith("it should not be larger than 10.: input.contents")


def test_the_third_model_counts_by_pieces_where_they_are_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_pieces, by_tokens = "text-embedding-v3", "text-embedding-v4"
    costs = [compat(engine, model=name, input="我喜欢喝茶")["usage"] for name in (by_pieces, by_tokens)]
    assert [cost["prompt_tokens"] for cost in costs] == [3, 2]
    monkeypatch.setattr(pieces, "counter", lambda: None)
    assert compat(engine, model=by_pieces, input="我喜欢喝茶")["usage"] == costs[1]


@pytest.mark.parametrize(
    ("text", "tokens"), [("<|im_start|>", 1), ("a<|vision_start|>", 2), ("e\u0301", 1), ("caf\u00e9", 2)]
)
def test_a_text_is_read_as_the_models_read_theirs(engine: Engine, text: str, tokens: int) -> None:
    assert compat(engine, model="text-embedding-v4", input=text)["usage"]["prompt_tokens"] == tokens
    answer = natively(engine, "text-embedding-v4", [text], output_type="sparse")
    assert len(answer["output"]["embeddings"][0]["sparse_embedding"]) == tokens
