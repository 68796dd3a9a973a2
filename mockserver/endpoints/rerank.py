"""Reranking on both surfaces: the documents of a request, the nearest to its query first.

Sources: recordings of alibaba/loongsuite-python-agent, gte-rerank, 2025-11 (native); Model Studio docs, text
rerank, 2026-06 (compatible, limits).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, Any

from mockserver.answer.embedding import features
from mockserver.base.jsontext import whole_numbers
from mockserver.catalogue.models import Model
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.refusing import model_of, plain, worded
from mockserver.meter import pieces
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_PAIR = 6
"""What a query and a document cost beside their own tokens: in three of three recordings, and in the docs."""

_TOKEN_READ, _LEAST_READ = 16, 1000
"""So many characters are read for each token that counts, thrice as many as it has; and of each text."""

_COMPATIBLE = ("qwen3-rerank",)
"""The models of the compatible surface (Model Studio docs, text rerank, 2026-06)."""


def native(engine: "Engine", call: Call) -> dict[str, Any]:
    """The answer on the native surface. Raises `Refused`."""
    data = engine.door.parse(call.body)
    model = model_of(engine, call.surface, data.get("model"), task="rerank")
    plain(engine, "native-rerank.request", data, call.surface)
    given = data["input"]
    ranked, tokens = _ranked(engine, call.surface, model, given, data.get("parameters") or {})
    return {"output": {"results": ranked}, "usage": {"total_tokens": tokens}, "request_id": call.request_id}


def compat(engine: "Engine", call: Call) -> dict[str, Any]:
    """The answer on the compatible surface. Raises `Refused`."""
    data = engine.door.parse(call.body)
    model = model_of(engine, call.surface, data.get("model"), task="rerank")
    if model.name not in _COMPATIBLE:
        raise Refused(engine.errors.refuse("model.compat-unsupported", model=model.name))
    plain(engine, "rerank.request", data, call.surface)
    ranked, tokens = _ranked(engine, call.surface, model, data, data)
    return {
        "object": "list",
        "results": ranked,
        "model": model.name,
        "id": call.request_id,
        "usage": {"total_tokens": tokens},
    }


def _text(item: Any) -> str:
    """What of a query or document counts: a text, or the values of its parts."""
    return item if isinstance(item, str) else " ".join(str(part) for part in item.values())


def _ranked(
    engine: "Engine", surface: Surface, model: Model, given: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], int]:
    """The results, and the tokens that they cost. Raises `Refused`."""
    documents: Sequence[Any] = given["documents"]
    if len(documents) > model.max_documents:
        raise worded(surface, engine.errors.refuse("embedding.batch-size", max=model.max_documents))
    query, texts = _text(given["query"]), [_text(document) for document in documents]
    count = _counter(engine, model)
    asked, counts = count(query), [count(text) for text in texts]
    tokens = sum(asked + each + _PAIR for each in counts)
    if tokens > model.max_input:
        raise worded(surface, engine.errors.refuse("parameter.input-length", max=model.max_input))
    wanted = _read(query, asked)
    scores = [_nearness(wanted, _read(text, each)) for text, each in zip(texts, counts, strict=True)]
    most = whole_numbers(options).get("top_n")
    order = sorted(range(len(documents)), key=lambda at: (-scores[at], at))[:most]
    shown = options.get("return_documents") or False
    return [_result(at, scores[at], documents[at] if shown else None) for at in order], tokens


def _result(at: int, score: float, document: Any) -> dict[str, Any]:
    """One result, its keys in the recorded order."""
    result: dict[str, Any] = {"index": at, "relevance_score": score}
    if document is None:
        return result
    return {"document": {"text": document} if isinstance(document, str) else document, **result}


def _nearness(asked: Counter[str], found: Counter[str]) -> float:
    """The cosine of two sets of features, 0 to 1."""
    shared = sum(weight * found[name] for name, weight in asked.items())
    length = sqrt(sum(weight * weight for weight in asked.values()))
    length *= sqrt(sum(weight * weight for weight in found.values()))
    return min(1.0, shared / length) if length else 0.0


def _counter(engine: "Engine", model: Model) -> Callable[[str], int]:
    """Counts the tokens of a query or document. What is too long counts as far as it is read."""
    most = model.max_document
    count = (model.family.counts_pieces and pieces.counter()) or partial(
        engine.vocabularies.tokenizer(model).count_to, most=most
    )
    return lambda text: min(count(text), most)


def _read(text: str, tokens: int) -> Counter[str]:
    """The features of a text, as far as its tokens go that count."""
    return features(text, max(_LEAST_READ, _TOKEN_READ * tokens))
