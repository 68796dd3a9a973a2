"""What of a request is still whole where its schema is broken: later checks read it without the rest."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.talk.finding import Finding
from mockserver.talk.request import Surface

_PLACE = re.compile(r"(?:(input|parameters)(?:\.|$))?([^.\[]*)(?:\[(\d+)\])?")


def _stand_in(surface: Surface) -> dict[str, Any]:
    """Stands for the messages when none is whole: what is asked of them is a later check than theirs."""
    return {"role": "user", "content": [] if surface is Surface.NATIVE_MULTIMODAL else ""}


def remainder(surface: Surface, data: Mapping[str, Any], found: Iterable[Finding]) -> dict[str, Any]:
    """A request's body without the messages and the parameters at which something was found.

    Its schema allows it when all places are among those found. Of `input` only the messages are kept.
    """
    options = data.get("parameters") if surface.native else data
    options = dict(options) if isinstance(options, Mapping) else {}
    source = data.get("input") if surface.native else data
    messages: Any = source.get("messages") if isinstance(source, Mapping) else None
    whole = dict(enumerate(messages)) if isinstance(messages, list) else {}
    for finding in found:
        place = _PLACE.match(finding.path)
        assert place is not None, "every text begins with a place, be it an empty one"
        _, name, index = place.groups()
        if name == "messages" and index is not None:
            whole.pop(int(index), None)
        elif name == "messages":
            whole.clear()
        else:
            options.pop(name, None)
    kept = list(whole.values()) or [_stand_in(surface)]
    if surface.native:
        return {"model": data["model"], "input": {"messages": kept}, "parameters": options}
    return {**options, "messages": kept}
