"""Vectors of texts and media in one space: what is answered, what it costs, what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.engine import Engine
from mockserver.endpoints import multimodal_embeddings
from mockserver.rules.schemas import violations
from mockserver.talk.refused import Refused
from tests.endpoints.calls import call

VISION = "tongyi-embedding-vision-plus"
CUP = "https://tea.invalid/cup.png"


def vectors(engine: Engine, *contents: Any, model: str = VISION, **parameters: Any) -> dict[str, Any]:
    """The answer, held against its schema."""
    body = {"model": model, "input": {"contents": contents}, "parameters": parameters}
    answer = multimodal_embeddings.native(engine, call(engine, body))
    assert violations("native-multimodal-embeddings.response", loads(dumps(answer))) == []
    return answer


def refused(engine: Engine, body: Any) -> str:
    with pytest.raises(Refused) as caught:
        multimodal_embeddings.native(engine, call(engine, body))
    return caught.value.refusal.words["native"].message


def test_each_thing_has_a_vector_of_its_kind(engine: Engine) -> None:
    answer = vectors(engine, {"text": "A cup."}, {"image": CUP}, {"video": CUP, "factor": 2})
    found = answer["output"]["embeddings"]
    assert [(one["index"], one["type"]) for one in found] == [(0, "text"), (1, "image"), (2, "video")]
    assert [list(one) for one in found] == [["index", "embedding", "type"]] * 3
    assert len({tuple(one["embedding"]) for one in found}) == 3


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("qwen3-vl-embedding", 2560),
        ("qwen2.5-vl-embedding", 1024),
        (VISION, 1152),
        ("tongyi-embedding-vision-flash", 768),
        ("multimodal-embedding-v1", 1024),
    ],
)
def test_a_vector_has_the_models_first_size(engine: Engine, model: str, size: int) -> None:
    """Model Studio docs, multimodal embedding, 2026-02."""
    (found,) = vectors(engine, {"text": "Tea"}, model=model)["output"]["embeddings"]
    assert len(found["embedding"]) == size


def test_a_vector_has_the_size_that_is_asked_for(engine: Engine) -> None:
    (found,) = vectors(engine, {"text": "Tea"}, dimension=64)["output"]["embeddings"]
    assert len(found["embedding"]) == 64
    assert "[64, 128, 256, 512, 1024, 1152]" in refused(
        engine, {"model": VISION, "input": {"contents": [{"text": "Tea"}]}, "parameters": {"dimension": 65}}
    )


def test_all_contents_are_fused_into_one_vector(engine: Engine) -> None:
    answer = vectors(engine, {"text": "A cup."}, {"image": CUP}, enable_fusion=True)
    assert [one["type"] for one in answer["output"]["embeddings"]] == ["fusion"]


def test_texts_and_media_are_counted_apart(engine: Engine) -> None:
    usage = vectors(engine, {"text": "A cup."}, {"image": CUP}, {"multi_images": [CUP, CUP]})["usage"]
    assert list(usage) == ["input_tokens", "image_tokens", "image_count", "duration"]
    assert (usage["input_tokens"], usage["image_count"]) == (3, 3)
    assert usage["image_tokens"] > 0


@given(st.text(min_size=1), st.sampled_from([{"text": "Tea"}, {"image": CUP}]))
def test_the_same_thing_has_the_same_vector_wherever_it_stands(text: str, other: dict[str, str]) -> None:
    engine = Engine()
    alone = vectors(engine, other)["output"]["embeddings"][0]["embedding"]
    behind = vectors(engine, {"text": text}, other)["output"]["embeddings"][1]["embedding"]
    assert alone == behind


@pytest.mark.parametrize("contents", [[], "Tea", ["Tea"], [{}], [{"text": 7}]])
def test_other_contents_are_refused(engine: Engine, contents: Any) -> None:
    assert "contents" in refused(engine, {"model": VISION, "input": {"contents": contents}})


def test_there_are_twenty_contents_at_most(engine: Engine) -> None:
    for model in (VISION, "qwen3-vl-embedding"):
        assert len(vectors(engine, *[{"text": "Tea"}] * 20, model=model)["output"]["embeddings"]) == 20
        said = refused(engine, {"model": model, "input": {"contents": [{"text": "Tea"}] * 21}})
        assert "contents count (21) exceeds limit (20)" in said


def test_a_text_that_is_too_long_is_refused(engine: Engine) -> None:
    long = {"model": "multimodal-embedding-v1", "input": {"contents": [{"text": "tea " * 600}]}}
    assert "[1, 512]" in refused(engine, long)


def test_a_model_of_texts_is_not_served_here(engine: Engine) -> None:
    """Users, 2026: a text model on this path is told `url error`."""
    assert "url error" in refused(engine, {"model": "text-embedding-v4", "input": {"contents": []}})
