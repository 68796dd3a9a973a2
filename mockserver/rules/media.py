"""The rules of images, video and audio in messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.rules.marks import Mark
from mockserver.rules.registry import ACCEPTED, Broken, Severity, rule
from mockserver.wire.request import ChatRequest, Surface

_RESOLVE = "x-dashscope-ossresourceresolve"


def _on_oss(value: Any) -> bool:
    """Whether a medium, or a frame of it, lies on OSS: a text, or an object with a `url` or `data`."""
    for item in value if isinstance(value, list) else [value]:
        sources = (item.get("url"), item.get("data")) if isinstance(item, Mapping) else (item,)
        if any(isinstance(source, str) and source.startswith("oss://") for source in sources):
            return True
    return False


@rule(
    "media.oss-unresolved",
    severity=Severity.REFUSED,
    source="Model Studio docs, temporary file URLs, 2026-03: an oss:// URL needs a header to be resolved",
    fix="Send `X-DashScope-OssResourceResolve: enable` with an oss:// URL.",
    refusals=("media.url-invalid",),
    marks=(Mark.MEDIA,),
)
def _oss_unresolved(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        if not any(_on_oss(part.value) for part in message.media):
            continue
        if request.headers.get(_RESOLVE) == "enable":
            return
        yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio users, 2026: an image to qwen3.7-max; Model Studio docs, models, 2026-03",
    fix="Send media to a model that reads them: a -vl-, -omni- or multimodal one.",
    refusals=("content.item-type",),
    teaches="{model} is not documented to read {kind}.",
    marks=(Mark.MEDIA,),
    surfaces=frozenset({Surface.COMPAT, Surface.NATIVE_MULTIMODAL}),
)
def _unsupported(request: ChatRequest) -> Iterator[Broken]:
    takes = request.model.input
    # What a model that reads some media does with others is not recorded.
    entry = "" if takes == ("text",) else ACCEPTED
    for index, message in enumerate(request.messages):
        for part in message.media:
            if part.kind not in takes and part.kind != "file":
                place = f"{request.message_place(index)}.content"
                yield Broken(place, {"model": request.model.name, "kind": part.kind}, entry)
                break
