"""The serializers of Anthropic's Messages as tables (`fixtures/serializers.json`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mockserver.base import resources
from mockserver.wire.template import Template


@dataclass(frozen=True, slots=True)
class AnthropicSerializer:
    """One serializer: the whole body, its blocks and usage, and the events of a stream by name.

    `starts` and `deltas` are the events that open a block, and those that add to it, by the block's type.
    """

    body: Template
    blocks: Mapping[str, Template]
    usage: Template
    usage_stream: Template
    events: Mapping[str, Template]
    starts: Mapping[str, Template]
    deltas: Mapping[str, Template]


@cache
def serializer(name: str = "recorded") -> AnthropicSerializer:
    """A serializer by its name in the fixtures."""
    entry = resources.fixture("serializers")["anthropic"][name]

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
    )
