"""Limits of the input, and what SDKs ask for beside chats: embeddings and models."""

import math
import re

import dashscope
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from contract_tests.clients.jobs import RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import ClientSdk, Sdk, text_sdks
from contract_tests.world import World

MODEL = "text-embedding-v4"
NEAR = ["The cat sleeps on the sofa.", "A cat is sleeping on the sofa.", "Stock markets fell on Monday."]


@text_sdks
@both_ways
@pytest.mark.parametrize(
    ("model", "limit"), [("qwen1.5-14b-chat", 6000), ("qwen-flash-character", 8000), ("qwen-max", 30720)]
)
def test_input_has_the_models_limit(sdk: Sdk, model: str, limit: int, *, stream: bool) -> None:
    """Tokens are counted, not characters: ten of them are the template's."""
    fits = "a " * (limit - 20)
    assert sdk.ask(fits, model=model, stream=stream, max_tokens=1).usage.input in range(limit - 30, limit + 1)

    with pytest.raises(
        RefusedError, match=re.escape(f"Range of input length should be [1, {limit}]")
    ) as refused:
        sdk.ask("a " * (limit + 1), model=model, stream=stream)
    assert refused.value.failure["code"] in ("invalid_parameter_error", "InvalidParameter", None)


def dot(one: list[float], other: list[float]) -> float:
    """Multiply two vectors."""
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def check_vectors(vectors: list[list[float]], size: int) -> None:
    """Vectors are of the size asked for and of length 1; near texts have near vectors."""
    near, also_near, far = vectors
    assert {len(vector) for vector in vectors} == {size}
    for vector in vectors:
        assert math.isclose(dot(vector, vector), 1, rel_tol=1e-4)
    assert dot(near, also_near) > dot(near, far) + 0.1


@pytest.mark.parametrize("size", [64, 1024, 2048])
@pytest.mark.parametrize("form", ["float", "base64"])
def test_openai_embeds(openai: OpenAI, size: int, form: str) -> None:
    """`openai` asks for base64 by itself, too, when nothing is said."""
    plain = openai.embeddings.create(model=MODEL, input=NEAR, dimensions=size)
    asked = openai.embeddings.create(model=MODEL, input=NEAR, dimensions=size, encoding_format=form)  # type: ignore[arg-type]

    check_vectors([entry.embedding for entry in plain.data], size)
    assert [entry.index for entry in plain.data] == [0, 1, 2]
    assert plain.usage.prompt_tokens == plain.usage.total_tokens > 0
    if form == "float":
        for one, other in zip(plain.data, asked.data, strict=True):
            assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    else:
        assert all(isinstance(entry.embedding, str) for entry in asked.data)


@pytest.mark.parametrize(
    ("text", "tokens"), [("<|vision_start|>", 1), ("e\u0301", 1), ("<|fim_prefix|>x<|fim_suffix|>", 3)]
)
def test_openai_embeds_a_text_as_the_models_read_it(openai: OpenAI, text: str, tokens: int) -> None:
    answer = openai.embeddings.create(model="text-embedding-v4", input=text)

    assert answer.usage.prompt_tokens == tokens


def test_openai_embeds_at_most_ten_texts(openai: OpenAI) -> None:
    with pytest.raises(BadRequestError, match="batch size is invalid, it should not be larger than 10"):
        openai.embeddings.create(model=MODEL, input=["text"] * 11)


@pytest.mark.parametrize("size", [64, 1024])
def test_dashscope_embeds(world: World, size: int) -> None:
    response = dashscope.TextEmbedding.call(
        model=MODEL, input=NEAR, dimension=size, api_key=world.key, base_address=world.native_url
    )

    assert response.status_code == 200
    entries = response.output["embeddings"]
    check_vectors([entry["embedding"] for entry in entries], size)
    assert [entry["text_index"] for entry in entries] == [0, 1, 2]
    assert response.usage["total_tokens"] > 0


def test_dashscope_client_embeds_the_same(world: World, openai: OpenAI) -> None:
    with ClientSdk(world).open() as client:
        native = client.embeddings.create(model=MODEL, input=NEAR)
    compat = openai.embeddings.create(model=MODEL, input=NEAR)

    for one, other in zip(native.embeddings, compat.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


def test_openai_lists_and_retrieves_models(openai: OpenAI) -> None:
    listed = {model.id: model for model in openai.models.list()}

    assert {"qwen-plus", "qwen3.5-plus", "qwen-plus-character", "text-embedding-v4"} <= set(listed)
    assert openai.models.retrieve("qwen-plus") == listed["qwen-plus"]
    with pytest.raises(NotFoundError, match="The model `gpt-4` does not exist"):
        openai.models.retrieve("gpt-4")


def test_dashscope_lists_and_retrieves_models(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", world.native_url)
    page = dashscope.Models.list(page=2, page_size=5, api_key=world.key)  # type: ignore[attr-defined]
    one = dashscope.Models.get("qwen-plus", api_key=world.key)  # type: ignore[attr-defined]

    assert len(page.output["models"]) == 5
    assert page.output["total"] > 200
    assert one.output["model"] == "qwen-plus"


def test_dashscope_client_lists_and_retrieves_models(world: World) -> None:
    with ClientSdk(world).open() as client:
        listed = client.models.list(page_size=5)
        one = client.models.get("qwen-plus")

    assert len(listed.models) == 5
    assert one.model == "qwen-plus"
