"""The embeddings endpoints of both dialects: a request body in, the content of its answer out.

Sources: recordings of alibaba/loongsuite-python-agent (2025-11, 2026-02) and cnblogs/dashscope-sdk;
Model Studio docs, text embedding, synchronous API, 2026-03.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mockserver.answer.embedding import embed, packed, sparse
from mockserver.catalogue.models import Model
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.refusing import model_of, plain, worded
from mockserver.meter import pieces
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine


def compat(engine: "Engine", call: Call) -> dict[str, Any]:
    """The answer on the compatible surface. Raises `Refused`.

    `input` is a text or a list of texts; token ids are refused, as the cloud does
    (langchain-ai/langchain#31970).
    """
    data, model = _read(engine, COMPAT, "embeddings.request", call.body)
    texts = _listed(data["input"])
    tokens = _count(engine, COMPAT, model, texts)
    size = size_of(engine, COMPAT, model, data.get("dimensions"), "dimensions")
    vectors = [embed(text, space=model.name, size=size) for text in texts]
    encode = packed if data.get("encoding_format") == "base64" else list[float]
    return {
        "data": [
            {"embedding": encode(vector), "index": index, "object": "embedding"}
            for index, vector in enumerate(vectors)
        ],
        "object": "list",
        "model": model.name,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "id": call.request_id,
    }


def native(engine: "Engine", call: Call) -> dict[str, Any]:
    """The answer on the native surface. Raises `Refused`.

    `text_type` and `instruct` change nothing: a query stays near the document that has its words.
    """
    data, model = _read(engine, NATIVE_TEXT, "native-embeddings.request", call.body)
    texts = _listed(data["input"]["texts"])
    parameters = data.get("parameters") or {}
    tokens = _count(engine, NATIVE_TEXT, model, texts)
    size = size_of(engine, NATIVE_TEXT, model, parameters.get("dimension"), "parameters.dimension")
    kinds = (parameters.get("output_type") or "dense").split("&") if _sizable(model) else ["dense"]
    entries: list[dict[str, Any]] = [{} for _ in texts]
    for index, (text, entry) in enumerate(zip(texts, entries, strict=True)):
        if "sparse" in kinds:
            tokenizer = engine.vocabularies.tokenizer(model)
            ids = tokenizer.read(text)
            entry["sparse_embedding"] = sparse(ids, tokenizer.tokens(ids))
        if "dense" in kinds:
            entry["embedding"] = list(embed(text, space=model.name, size=size))
        entry["text_index"] = index
    return {
        "output": {"embeddings": entries},
        "usage": {"total_tokens": tokens},
        "request_id": call.request_id,
    }


def _read(engine: "Engine", surface: Surface, schema: str, body: bytes) -> tuple[dict[str, Any], Model]:
    """The request and its model, checked up to the number of texts."""
    data = engine.door.parse(body)
    model = model_of(engine, surface, data.get("model"), task="embedding")
    if surface is COMPAT and not model.compat:
        raise Refused(engine.errors.refuse("model.compat-unsupported", model=model.name))
    plain(engine, schema, data, surface)
    return data, model


def _listed(texts: str | list[str]) -> Sequence[str]:
    return [texts] if isinstance(texts, str) else texts


def _sizable(model: Model) -> bool:
    """Whether the model offers a choice of sizes, as text-embedding-v3 and later do."""
    return len(model.dimensions or ()) > 1


def _count(engine: "Engine", surface: Surface, model: Model, texts: Sequence[str]) -> int:
    """The tokens of all texts, when none is empty or too long, and there are not too many."""
    if len(texts) > model.max_documents:
        raise worded(surface, engine.errors.refuse("embedding.batch-size", max=model.max_documents))
    tokenizer = engine.vocabularies.tokenizer(model)
    count = (model.family.counts_pieces and pieces.counter()) or partial(
        tokenizer.count_to, most=model.max_input
    )
    tokens = [count(text) for text in texts]
    if not all(1 <= number <= model.max_input for number in tokens):
        raise worded(surface, engine.errors.refuse("parameter.input-length", max=model.max_input))
    return sum(tokens)


def size_of(engine: "Engine", surface: Surface, model: Model, asked: int | None, path: str) -> int:
    """The size of the vectors: what is asked, else the model's first.

    A model of a single size ignores the wish (langchain4j/langchain4j-community#783, 2026-09).
    """
    sizes = model.dimensions or ()
    if asked is None or not _sizable(model):
        return sizes[0]
    if asked not in sizes:
        raise worded(
            surface, engine.errors.refuse("schema.enum", value=asked, expected=sorted(sizes), path=path)
        )
    return int(asked)
