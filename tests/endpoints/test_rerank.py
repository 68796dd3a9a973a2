"""Reranking on both surfaces: what is near comes first, what it costs, what is refused."""

from pathlib import Path
from typing import Any

import dashscope
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.answer.embedding import features
from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints import rerank
from mockserver.meter import pieces
from mockserver.rules.schemas import violations
from mockserver.talk.surface import Surface
from tests.conftest import KEY, MakeHeaders, make_headers
from tests.endpoints.calls import REQUEST_ID, answered, call
from tests.steps import steps

NATIVE = NATIVE_TEXT
TEAS = ["A kettle boils water.", "Green tea is steeped at eighty degrees.", "A train leaves at noon."]
ASKED = "At how many degrees is green tea steeped?"


def natively(engine: Engine, model: str, query: Any, documents: Any, **parameters: Any) -> dict[str, Any]:
    """The answer to a native request, held against its schema."""
    body = {"model": model, "input": {"query": query, "documents": documents}, "parameters": parameters}
    answer = rerank.native(engine, call(engine, body))
    assert violations("native-rerank.response", loads(dumps(answer))) == []
    return answer


def compat(engine: Engine, **body: Any) -> dict[str, Any]:
    """The answer to a compatible request, held against its schema."""
    answer = rerank.compat(engine, call(engine, {"model": "qwen3-rerank", **body}, surface=COMPAT))
    assert violations("rerank.response", loads(dumps(answer))) == []
    return answer


def order(results: list[dict[str, Any]]) -> list[int]:
    return [result["index"] for result in results]


# -- the answers


def test_the_nearest_document_comes_first_on_both_surfaces(engine: Engine) -> None:
    native = natively(engine, "qwen3-rerank", ASKED, TEAS)
    answer = compat(engine, query=ASKED, documents=TEAS)
    assert order(native["output"]["results"])[0] == 1
    assert native["output"]["results"] == answer["results"]
    scores = [result["relevance_score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)


def test_an_answer_has_the_recorded_order_of_keys(engine: Engine) -> None:
    native = natively(engine, "gte-rerank", ASKED, TEAS, return_documents=True)
    assert list(native) == ["output", "usage", "request_id"]
    assert list(native["output"]["results"][0]) == ["document", "index", "relevance_score"]
    assert native["output"]["results"][0]["document"] == {"text": TEAS[1]}
    answer = compat(engine, query=ASKED, documents=TEAS)
    assert list(answer) == ["object", "results", "model", "id", "usage"]
    assert answer["id"] == REQUEST_ID


@pytest.mark.parametrize(("top", "count"), [(None, 3), (1, 1), (2.0, 2), (3, 3), (99, 3)])
def test_as_many_results_as_are_asked_for(engine: Engine, top: float | None, count: int) -> None:
    assert len(compat(engine, query=ASKED, documents=TEAS, top_n=top)["results"]) == count
    assert len(natively(engine, "gte-rerank", ASKED, TEAS, top_n=top)["output"]["results"]) == count


def test_equal_documents_keep_their_order_and_have_one_score(engine: Engine) -> None:
    results = natively(engine, "gte-rerank-v2", "tea", ["tea", "milk", "tea"])["output"]["results"]
    assert order(results) == [0, 2, 1]
    assert results[0]["relevance_score"] == results[1]["relevance_score"] == pytest.approx(1)


def test_a_text_without_a_feature_is_near_to_nothing(engine: Engine) -> None:
    results = natively(engine, "gte-rerank-v2", " ", ["tea"])["output"]["results"]
    assert results == [{"index": 0, "relevance_score": 0.0}]


def test_a_model_that_sees_takes_parts(engine: Engine) -> None:
    documents = [{"text": "tea"}, {"image": "https://tea.test/cup.png"}, "coffee"]
    answer = natively(engine, "qwen3-vl-rerank", {"text": "tea"}, documents, return_documents=True)
    assert answer["output"]["results"][0]["document"] == {"text": "tea"}


# -- what it costs


def test_a_request_costs_its_query_with_each_document_and_six_tokens_each(engine: Engine) -> None:
    pytest.importorskip("blingfire")
    count = pieces.counter()
    assert count is not None
    whole = sum(count(ASKED) + count(tea) + 6 for tea in TEAS)
    assert natively(engine, "gte-rerank", ASKED, TEAS)["usage"] == {"total_tokens": whole}
    alone = natively(engine, "gte-rerank", ASKED, TEAS[:1])["usage"]["total_tokens"]
    assert alone == count(ASKED) + count(TEAS[0]) + 6


def test_without_its_vocabulary_the_other_one_counts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "counter", lambda: None)
    count = engine.tokenizer.get().count
    whole = sum(count(ASKED) + count(tea) + 6 for tea in TEAS)
    assert natively(engine, "gte-rerank", ASKED, TEAS)["usage"]["total_tokens"] == whole


def test_what_is_too_long_is_read_and_paid_as_far_as_the_limit(engine: Engine) -> None:
    assert natively(engine, "qwen3-rerank", "a", ["tea " * 5000])["usage"]["total_tokens"] <= 4000 + 10


def test_what_is_too_long_is_read_no_further_than_it_counts(engine: Engine) -> None:
    def taken(times: int) -> int:
        return steps(lambda: natively(engine, "qwen3-rerank", "tea", ["tea " * times]))

    taken(20_000)  # what is made once is made now
    assert taken(200_000) < 1.5 * taken(20_000)


def test_what_counts_as_a_whole_is_read_as_a_whole(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    documents = [
        (root / name).read_text("utf-8")[:9000] for name in ("README.md", "README.zh.md", "pyproject.toml")
    ]
    before = natively(engine, "qwen3-rerank", documents[0], documents)
    monkeypatch.setattr(rerank, "features", lambda text, _: features(text))
    assert natively(engine, "qwen3-rerank", documents[0], documents) == before


# -- the refusals


@pytest.mark.parametrize(
    ("surface", "body", "status", "code", "words"),
    [
        (NATIVE, b"[", 400, "InvalidParameter", "Required body invalid"),
        (NATIVE, {"input": {}}, 400, "BadRequest.EmptyModel", "model"),
        (NATIVE, {"model": "tea"}, 400, "InvalidParameter", "Model not exist."),
        (NATIVE, {"model": "qwen-plus"}, 400, "InvalidParameter", "url error, please check url！"),
        (
            NATIVE,
            {"model": "qwen3-rerank"},
            400,
            "InvalidParameter",
            "input.query & Field required: input.documents",
        ),
        (NATIVE, {"model": "qwen3-rerank", "input": 7}, 400, "BadRequest.IllegalInput", "json"),
        (NATIVE, {"model": "qwen3-rerank", "input": {"query": "a"}}, 400, "InvalidParameter", "documents"),
        (
            NATIVE,
            {"model": "qwen3-rerank", "input": {"query": "a", "documents": []}},
            400,
            "InvalidParameter",
            "contents is neither str nor list of str.",
        ),
        (
            NATIVE,
            {"model": "qwen3-rerank", "input": {"query": "a", "documents": ["a"] * 501}},
            400,
            "InvalidParameter",
            "should not be larger than 500",
        ),
        (
            NATIVE,
            {"model": "gte-rerank", "input": {"query": "tea " * 4000, "documents": ["a"] * 10}},
            400,
            "InvalidParameter",
            "Range of input length should be [1, 30000]",
        ),
        (
            NATIVE,
            {"model": "gte-rerank", "input": {"query": "a", "documents": ["a"]}, "parameters": {"top_n": 0}},
            400,
            "InvalidParameter",
            "greater than or equal to 1",
        ),
        (COMPAT, {"model": "tea"}, 404, "model_not_found", "does not exist"),
        (COMPAT, {"model": "gte-rerank"}, 404, "model_not_supported", "gte-rerank"),
        (COMPAT, {"model": "qwen3-rerank", "query": "a"}, 400, None, "documents"),
    ],
)
def test_a_bad_request_is_refused_in_the_words_of_its_surface(
    engine: Engine,
    headers: MakeHeaders,
    surface: Surface,
    body: Any,
    status: int,
    code: str | None,
    words: str,
) -> None:
    produce = rerank.native if surface.dialect == "native" else rerank.compat
    answer = answered(engine, produce, call(engine, body, surface=surface), headers())
    content = loads(answer.body)
    assert violations("native.error" if surface.dialect == "native" else "compat.error", content) == []
    said = content if surface.dialect == "native" else content["error"]
    assert (answer.status, said["code"]) == (status, code)
    assert words in said["message"]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ITEM = (
    st.text(max_size=20)
    | st.dictionaries(st.sampled_from(["text", "image"]), st.text(), max_size=2)
    | ANY_JSON
)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["qwen3-rerank", "qwen3-vl-rerank", "qwen-plus"]) | ANY_JSON,
        "query": ITEM,
        "documents": st.lists(ITEM, max_size=4) | ANY_JSON,
        "top_n": st.integers(1, 4) | st.sampled_from([1.0, 1e300]) | ANY_JSON,
        "return_documents": st.booleans() | ANY_JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GIVEN)
def test_any_request_is_answered_or_refused_in_form(engine: Engine, given: dict[str, Any]) -> None:
    native = {"model": given.get("model"), "input": given, "parameters": given}
    for produce, body, schema in (
        (rerank.compat, given, "rerank.response"),
        (rerank.native, native, "native-rerank.response"),
    ):
        surface = COMPAT if produce is rerank.compat else NATIVE
        answer = answered(engine, produce, call(engine, body, surface=surface), make_headers())
        assert answer.status in (200, 400, 404)
        error = "native.error" if surface.dialect == "native" else "compat.error"
        assert violations(schema if answer.status == 200 else error, loads(answer.body)) == []


# -- through the real clients


def test_the_dashscope_sdk_reads_the_results(url: str) -> None:
    answer = dashscope.TextReRank.call(
        model="qwen3-rerank", query=ASKED, documents=TEAS, top_n=2, return_documents=True, api_key=KEY
    )
    assert (answer.status_code, answer.code) == (200, "")
    best, second = answer.output.results
    # Its class has a default of that name, which hides what was read from `best.document`.
    assert best["document"] == {"text": TEAS[1]}
    assert best.relevance_score > second.relevance_score
    refused = dashscope.TextReRank.call(model="tea", query=ASKED, documents=TEAS, api_key=KEY)
    assert (refused.status_code, refused.message) == (400, "Model not exist.")


def test_the_openai_sdk_posts_to_the_compatible_path(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/compatible-api/v1", api_key=KEY, max_retries=0) as client:
        body = {"model": "qwen3-rerank", "query": ASKED, "documents": TEAS, "top_n": 1}
        answer: Any = client.post("/reranks", body=body, cast_to=object)
        assert order(answer["results"]) == [1]
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            client.post("/reranks", body={**body, "model": "tea"}, cast_to=object)
