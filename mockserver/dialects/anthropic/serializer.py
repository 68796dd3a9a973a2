"""The serializers of Anthropic's Messages as tables (`fixtures/serializers.json`)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.wire.template import Template

OWN = "recorded"
"""The serializer of a model and a host of which nothing else is known."""

_TABLES = ("blocks", "events", "starts", "deltas")


@value
class AnthropicSerializer:
    """One serializer: the whole body, its blocks and usage, and the events of a stream by name.

    `starts` and `deltas` are the events that open a block, and those that add to it, by the block's type.
    `call_ids`: how the ids of calls begin, and how many hexadecimal digits follow; None for the dialect's
    own. `guess` is the share of the prompt that the start of a stream names. `blank`: one stands behind the
    colon of an event's name.
    """

    body: Template
    blocks: Mapping[str, Template]
    usage: Template
    usage_stream: Template
    events: Mapping[str, Template]
    starts: Mapping[str, Template]
    deltas: Mapping[str, Template]
    call_ids: tuple[str, int] | None = None
    guess: float = 1.0
    blank: bool = False


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    entries: Mapping[str, Mapping[str, Any]] = resources.fixture("serializers")["anthropic"]
    return entries


def _entry(name: str) -> Mapping[str, Any]:
    """An entry laid over the one that it is like."""
    own = _entries()[name]
    if "like" not in own:
        return own
    base = _entry(own["like"])
    return {**base, **own, **{key: {**base[key], **own.get(key, {})} for key in _TABLES}}


@cache
def serializer(name: str = OWN) -> AnthropicSerializer:
    """A serializer by its name in the fixtures."""
    entry = _entry(name)

    prefix, digits = entry.get("call_ids", (None, 0))

    def templates(key: str) -> dict[str, Template]:
        return {kind: Template(shape) for kind, shape in entry[key].items()}

    return AnthropicSerializer(
        body=Template(entry["body"]),
        blocks=templates("blocks"),
        usage=Template(entry["usage"]),
        usage_stream=Template(entry["usage_stream"]),
        events=templates("events"),
        starts=templates("starts"),
        deltas=templates("deltas"),
        call_ids=None if prefix is None else (prefix, digits),
        guess=entry.get("guess", 1.0),
        blank=entry.get("blank", False),
    )


@cache
def _speakers() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The serializers that are not `OWN`: by how a host begins, and by model."""
    hosts: dict[str, str] = {}
    models: dict[str, str] = {}
    for name, entry in _entries().items():
        hosts.update(dict.fromkeys(entry.get("hosts", ()), name))
        models.update(dict.fromkeys(entry.get("models", ()), name))
    return hosts, models


def serializer_for(model: str, *, host: str = "", asked: str | None = None) -> AnthropicSerializer:
    """The serializer that a script asks for, where there is one, else that of a host, else of a model."""
    if asked in _entries():
        return serializer(asked)
    hosts, models = _speakers()
    by_host = next((name for begin, name in hosts.items() if host.startswith(begin)), None)
    return serializer(by_host or models.get(model, OWN))
