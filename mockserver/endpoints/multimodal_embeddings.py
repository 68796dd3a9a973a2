"""Vectors of texts, pictures and films in one space, natively.

Sources: Model Studio docs, multimodal embedding, 2026-02 (models, sizes, fusion); dashscope 2.0.2 and
dashscope-sdk-java 2.22.13 (paths and names; the order of keys is assumed, no answer is recorded).
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mockserver.answer.embedding import embed
from mockserver.base.jsontext import dumps
from mockserver.catalogue.models import Model
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.embeddings import size_of
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.refusing import model_of, plain, worded
from mockserver.meter.media import media_tokens
from mockserver.talk.request import Part

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_KINDS = ("text", "image", "multi_images", "video", "audio")
"""What an element of the contents holds, beside the weight of it."""

_FUSED = "fusion"


def native(engine: "Engine", call: Call) -> dict[str, Any]:
    """The answer: a vector for each thing in the contents, or one for all of them. Raises `Refused`."""
    data = engine.door.parse(call.body)
    model = model_of(engine, NATIVE_TEXT, data.get("model"), task="multimodal-embedding")
    plain(engine, "native-multimodal-embeddings.request", data, NATIVE_TEXT)
    parameters = data.get("parameters") or {}
    size = size_of(engine, NATIVE_TEXT, model, parameters.get("dimension"), "parameters.dimension")
    contents = data["input"]["contents"]
    if len(contents) > model.max_documents:
        count = {"count": len(contents), "max": model.max_documents}
        raise worded(NATIVE_TEXT, engine.errors.refuse("embedding.contents-count", **count))
    things = [thing for element in contents for thing in _things(element)]
    usage = _usage(engine, model, things)
    shown = [(kind, _words(kind, value)) for kind, value in things]
    if parameters.get("enable_fusion"):
        shown = [(_FUSED, "\n".join(words for _, words in shown))]
    return {
        "output": {
            "embeddings": [
                {"index": index, "embedding": list(embed(words, space=model.name, size=size)), "type": kind}
                for index, (kind, words) in enumerate(shown)
            ]
        },
        "usage": usage,
        "request_id": call.request_id,
    }


def _things(element: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What an element holds: one thing mostly, each with its kind."""
    for kind in _KINDS:
        if element.get(kind) is not None:
            yield kind, element[kind]


def _words(kind: str, value: Any) -> str:
    """What of a thing makes its vector: a text its words; a medium the digest of what was sent."""
    return str(value) if kind == "text" else f"{kind} {sha256(dumps(value)).hexdigest()}"


def _usage(engine: "Engine", model: Model, things: list[tuple[str, Any]]) -> dict[str, Any]:
    """The tokens of the texts and of the media. Raises `Refused` for a text that is too long."""
    tokenizer = engine.vocabularies.tokenizer(model)
    texts, images, count = 0, 0, 0
    for kind, value in things:
        if kind == "text":
            tokens = tokenizer.count_to(value, most=model.max_input)
            if not 1 <= tokens <= model.max_input:
                refusal = engine.errors.refuse("parameter.input-length", max=model.max_input)
                raise worded(NATIVE_TEXT, refusal)
            texts += tokens
        else:
            pictures = value if kind == "multi_images" else [value]
            medium = "image" if kind == "multi_images" else kind
            images += sum(media_tokens(Part(medium, picture), model) for picture in pictures)
            count += len(pictures) * (medium == "image")
    return {"input_tokens": texts, "image_tokens": images, "image_count": count, "duration": 0}
