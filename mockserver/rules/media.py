"""The rules of images, video and audio in messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.rules.registry import Broken, Severity, rule
from mockserver.wire.request import ChatRequest

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
)
def _oss_unresolved(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        if not any(_on_oss(part.value) for part in message.media):
            continue
        if request.headers.get(_RESOLVE) == "enable":
            return
        yield f"{request.message_place(index)}.content", "media.url-invalid", {}
