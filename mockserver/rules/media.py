"""The rules of images, video and audio in messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.rules.marks import Mark
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_RESOLVE = "x-dashscope-ossresourceresolve"


_ADDRESSES = ("http://", "https://", "data:", "oss://")
"""How the address of a medium begins that is looked up at all."""


def _sources(value: Any) -> Iterator[str]:
    """Where a medium, or each frame of it, is: a text, or an object with a `url` or `data`."""
    for item in value if isinstance(value, list) else [value]:
        for source in (item.get("url"), item.get("data")) if isinstance(item, Mapping) else (item,):
            if isinstance(source, str):
                yield source


def _on_oss(value: Any) -> bool:
    """Whether a medium, or a frame of it, lies on OSS."""
    return any(source.startswith("oss://") for source in _sources(value))


def _nowhere(value: Any) -> bool:
    """Whether a medium, or a frame of it, has an address of no known kind."""
    return not all(source[:8].lower().startswith(_ADDRESSES) for source in _sources(value))


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
    "media.url-invalid",
    severity=Severity.REFUSED,
    source="Model Studio users, public issues, 2025-11 to 2026: the path of a file, base64 without `data:` "
    "before it; all media of both surfaces are looked up by one service",
    fix="Send an http(s) URL, or a `data:` URL with the bytes in base64.",
    museum="agentscope-ai/QwenPaw#557, agentscope-ai/QwenPaw#7015, cloudwego/eino-ext#620",
    refusals=("media.url-invalid",),
    marks=(Mark.MEDIA,),
)
def _url_invalid(request: ChatRequest) -> Iterator[Broken]:
    takes = request.model.input
    for index, message in enumerate(request.messages):
        if any(part.kind in takes and _nowhere(part.value) for part in message.media):
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source="recordings: maruel/genai, qwen3.7-max, 2026-05; qwen3-max and open-source Qwen3 drop a picture "
    "without a word, 2026-02; Model Studio docs, models, 2026-03",
    fix="Send media to a model that reads them: a -vl-, -omni- or multimodal one.",
    refusals=("content.item-type",),
    teaches="{model} is not documented to read {kind}: it may drop it without a word.",
    marks=(Mark.MEDIA,),
    traits=(Trait.MEDIA,),
)
def _unsupported(request: ChatRequest) -> Iterator[Broken]:
    takes = request.model.input
    # What a model that reads some media does with others is not recorded.
    refuses = takes == ("text",) and not request.model.family.drops_media
    entry = "" if refuses else ACCEPTED
    for index, message in enumerate(request.messages):
        for part in message.media:
            if part.kind not in takes and part.kind != "file":
                place = f"{request.message_place(index)}.content"
                yield Broken(place, {"model": request.model.name, "kind": part.kind}, entry)
                break
