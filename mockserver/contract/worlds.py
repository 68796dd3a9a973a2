"""The worlds in which the machine lets conversations grow: what is offered, asked and forbidden in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.cases import MIXED, MODES, SURFACES, Case

_WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_TIME = {
    "type": "function",
    "function": {
        "name": "time",
        "description": "The time.",
        "parameters": {"type": "object", "properties": {}},
    },
}
_STREAMED = ("stream", "chopped")
_ALL_MODES = (*MODES, MIXED)
_NATIVE = ("native-text", "native-multimodal")
_TEXT = ("compat", "native-text")
COMPLETIONS = ("compat", *_NATIVE)
"""The surfaces whose answers have choices."""

_RESPONSES = ("responses",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One kind of world; `features` is what a client has to be able to do beside streams."""

    name: str
    features: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = SURFACES
    modes: tuple[str, ...] = _ALL_MODES
    options: Mapping[str, Any] = field(default_factory=dict)
    native_options: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    keep: int | None = None
    session: bool = False
    thread: str | None = None
    conversations: int = 1
    each: tuple[Mapping[str, Any], ...] = ()
    timeout: float = 10.0

    def fits(self, surfaces: Sequence[str], features: Sequence[str] | None) -> bool:
        """Whether a client that speaks these surfaces and can do this may be led through it."""
        spoken = not surfaces or not set(self.surfaces).isdisjoint(surfaces)
        streams = features is None or "stream" in features or "plain" in self.modes
        return spoken and streams and (features is None or set(self.features) <= set(features))


KINDS = (
    Kind(name="talk"),
    Kind(name="tools", features=("tools",), tools=(_WEATHER, _TIME)),
    Kind(name="thinking", features=("thinking",), modes=_STREAMED, options={"enable_thinking": True}),
    Kind(
        name="cumulative",
        features=("tools",),
        surfaces=_NATIVE,
        modes=_STREAMED,
        tools=(_WEATHER,),
        native_options={"incremental_output": False},
    ),
    Kind(name="text-format", surfaces=("native-text",), native_options={"result_format": "text"}),
    Kind(name="choices", features=("choices",), surfaces=_TEXT),
    Kind(
        name="options",
        features=("options",),
        surfaces=COMPLETIONS,
        options={"temperature": 0, "stop": ["zq", "qz"], "seed": 7, "presence_penalty": 0.5},
    ),
    Kind(
        name="efforts",
        features=("options",),
        surfaces=_RESPONSES,
        options={"temperature": 0, "top_p": 0.5, "reasoning_effort": "none"},
    ),
    Kind(
        name="previous",
        features=("threads", "tools"),
        surfaces=_RESPONSES,
        tools=(_WEATHER,),
        thread="previous",
    ),
    Kind(name="conversation", features=("threads",), surfaces=_RESPONSES, thread="conversation"),
    Kind(name="keep", features=("keep", "tools"), keep=6, tools=(_WEATHER,)),
    Kind(
        name="session",
        features=("session",),
        surfaces=_TEXT,
        models={"compat": "qwen-plus-character", "native-text": "qwen-plus-character"},
        session=True,
        options={"character_options": {"memory": {"enable_long_term_memory": True}}},
    ),
    Kind(name="two", features=("parallel",), conversations=2),
    Kind(
        name="own",
        features=("parallel", "system"),
        conversations=2,
        each=({"system": "The first."}, {"system": "The second."}),
    ),
    Kind(
        name="everything",
        features=("options", "parallel", "tools"),
        surfaces=COMPLETIONS,
        tools=(_WEATHER, _TIME),
        options={"temperature": 0, "stop": ["zq", "qz"], "seed": 7, "tool_choice": "auto"},
        conversations=2,
    ),
    Kind(
        name="pictures",
        features=("parts",),
        surfaces=("compat", "native-multimodal", "anthropic", "responses"),
        models={"compat": "qwen3-vl-plus", "anthropic": "qwen3.7-plus", "responses": "qwen3.7-plus"},
    ),
    Kind(name="silence", features=("timeout",), modes=("stream",), timeout=0.3),
)
"""Every kind, the plainest first: what fails shrinks towards it."""


def world(kind: Kind, *, surface: str, mode: str, system: str | None) -> Case:
    """A case without turns, on one surface and in one mode."""
    plain = Case(id=f"found.{kind.name}")
    return Case(
        id=plain.id,
        title="Found by the machine.",
        features=kind.features,
        surfaces=(surface,),
        modes=(mode,),
        models={**plain.models, **kind.models},
        system=system,
        tools=kind.tools,
        options=kind.options,
        native_options=kind.native_options,
        keep=kind.keep,
        session=kind.session,
        thread=kind.thread,
        conversations=kind.conversations,
        each=kind.each,
        timeout=kind.timeout,
    )
