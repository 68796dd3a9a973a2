"""Every endpoint beside chat: the rows of `fixtures/endpoints.json`, each with the function that answers."""

from collections.abc import Mapping
from functools import cache, partial

from mockserver.base import resources
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.endpoints import (
    batches,
    conversations,
    counting,
    embeddings,
    files,
    models,
    multimodal_embeddings,
    native_files,
    rerank,
    responses,
    tasks,
    tokenizer,
    uploads,
)
from mockserver.endpoints.endpoint import Endpoint, Produce


def _on_both_paths(producers: Mapping[str, Produce]) -> dict[str, Produce]:
    """The same on the current path and on the older one, whose rows have ids of their own."""
    return {f"{row}{path}": produce for row, produce in producers.items() for path in ("", "OnTheOlderPath")}


_PRODUCERS: dict[str, Produce] = {
    "embeddings": embeddings.compat,
    "textEmbedding": embeddings.native,
    "multimodalEmbedding": multimodal_embeddings.native,
    "textRerank": rerank.native,
    "reranks": rerank.compat,
    **{kind: partial(tasks.begin, kind=kind) for kind in tasks.KINDS},
    "tasks": tasks.listing,
    "task": tasks.state,
    "cancelTask": tasks.cancel,
    "uploadStored": files.upload,
    "files": files.listing,
    "file": files.retrieval,
    "deleteFile": files.deletion,
    "fileContent": files.content,
    "createBatch": batches.creation,
    "batches": batches.listing,
    "batch": batches.retrieval,
    "cancelBatch": batches.cancel,
    "uploadStoredNatively": native_files.upload,
    "nativeFiles": native_files.listing,
    "nativeFile": native_files.retrieval,
    "deleteNativeFile": native_files.deletion,
    "models": models.listing,
    "model": models.retrieval,
    "nativeModels": models.native_listing,
    "nativeModel": models.native_retrieval,
    "tokenizer": tokenizer.tokenize,
    "countTokens": counting.count_tokens,
    "uploadPolicy": uploads.certificate,
    **_on_both_paths(
        {
            "response": responses.retrieval,
            "deleteResponse": responses.deletion,
            "inputItems": responses.input_items,
            "createConversation": conversations.creation,
            "conversation": conversations.retrieval,
            "changeConversation": conversations.change,
            "deleteConversation": conversations.deletion,
            "addItems": conversations.addition,
            "items": conversations.listing,
            "item": conversations.item,
            "deleteItem": conversations.item_deletion,
        }
    ),
}
"""What answers, by the id of the row."""

_SURFACES = {
    "anthropic": ANTHROPIC,
    "compat": COMPAT,
    "files": COMPAT,
    "native": NATIVE_TEXT,
    "responses": RESPONSES,
}


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """All endpoints, in the order of their rows."""
    return tuple(
        Endpoint(
            id=row["id"],
            method=row["method"].upper(),
            path=row["path"],
            surface=_SURFACES[row["refusal"]],
            sends=row["sends"],
            reads="body" if "body" in row else "form" if "form" in row else "",
            slashes=tuple(row.get("slashes", ())),
            produce=_PRODUCERS[row["id"]],
            stateless=row.get("stateless", False),
            keeps=row.get("keeps", ""),
        )
        for row in resources.fixture("endpoints")["endpoints"]
        if row["id"] in _PRODUCERS
    )
