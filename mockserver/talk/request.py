"""What a client asks for, the same on every surface."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from operator import attrgetter
from typing import Any

from mockserver.base.values import value
from mockserver.catalogue.models import Model
from mockserver.talk.surface import Surface, Trait

SEED = 1234
"""The seed of a request that names none (Model Studio docs, DashScope API reference)."""


@value
class ToolCall:
    """One call of a function by the model. `arguments` is JSON text, kept as it was sent.

    A script may say in which `chunks` the arguments are streamed, and in which pieces the id stands:
    `ids` is "" for the backend's own way, `restated` or `late` (`dialects/reshaping.py`).
    """

    name: str
    arguments: str
    id: str = ""
    chunks: tuple[str, ...] = ()
    ids: str = ""


@value
class Part:
    """One medium of a message: `kind` is image, audio, video or file; `value` is as it was sent.

    The limits of pixels stand beside an image (Model Studio docs, visual understanding, 2026).
    """

    kind: str
    value: Any
    min_pixels: int | None = None
    max_pixels: int | None = None


@value
class Message:
    """One message of the history. `pieces` are the parts of its text when it has several."""

    role: str
    text: str
    media: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str = ""
    partial: bool = False
    cached: bool = False
    pieces: tuple[str, ...] = field(default=(), compare=False, repr=False)


_media_of = attrgetter("media")


def _stop(item: str | float | list[float]) -> str | tuple[int, ...]:
    """One stop sequence; a whole number may be written as 1.0 in JSON."""
    if isinstance(item, str):
        return item
    return tuple(map(int, item)) if isinstance(item, list) else (int(item),)


def thinking_read_from(model: Model, messages: Sequence[Message], preserve: object) -> int:
    """The index of the first message whose `reasoning_content` a model is shown; their number where none is.

    `preserve` is the request's `preserve_thinking`, None where it has none. A backend reads no thinking, or
    that of a running tool loop, behind the last question, or with `preserve_thinking` all of it (the chat
    templates published with Qwen3.5, 3.6 and 3.8; QwenLM/Qwen3.8#26; QwenLM/qwen-code#5637).
    """
    kept = model.family.thinking_kept
    if kept == "never":
        return len(messages)
    if kept == "asked" and (model.preserve_thinking if preserve is None else preserve):
        return 0
    behind = len(messages)
    while behind and messages[behind - 1].role != "user":
        behind -= 1
    return behind or len(messages)


@value
class ChatRequest:
    """A chat request, read. `parameters` holds the generation parameters as they were sent.

    `stray` are the places of a body that no documented field has: `tools`, `input.top_p`. `places` say where
    each message stands, and `calls_at` where each of its calls does, in a dialect that has them otherwise
    than one behind the other. `echo` is what of a body its answer says
    again, in a dialect whose answers do.
    """

    surface: Surface
    model: Model
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any]
    stream: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    stray: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    calls_at: tuple[tuple[str, ...], ...] = ()
    echo: Mapping[str, Any] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """Where a parameter stands in the request's body."""
        return self.surface.place(name)

    def message_place(self, index: int | None = None) -> str:
        """Where a message stands in the request's body; without an index, where all of them do."""
        if index is not None and self.places:
            return self.places[index]
        return self.surface.message_place(index)

    def part_place(self, index: int, name: str) -> str:
        """Where a part of a message stands in the request's body: `tool_calls`, `tool_call_id`."""
        return self.surface.within(self.message_place(index), name)

    def call_place(self, index: int, number: int, name: str = "") -> str:
        """Where a call of a message stands in the request's body, or a part of it: `function.arguments`."""
        at = self.calls_at
        place = at[index][number] if at else f"{self.part_place(index, 'tool_calls')}[{number}]"
        return self.surface.within(place, name) if name else place

    def get(self, name: str) -> Any:
        """A parameter's value as it was sent; None when it is absent or null."""
        return self.parameters.get(name)

    def options(self, name: str) -> Mapping[str, Any]:
        """The options of that name; empty where none were sent, or what a lenient server let in is none."""
        sent = self.parameters.get(name)
        return sent if sent and isinstance(sent, Mapping) else {}

    @property
    def n(self) -> int:
        """How many choices are asked for."""
        return int(self.parameters.get("n") or 1)

    @property
    def seed(self) -> int:
        """The seed; the documented default when none is sent."""
        seed = self.parameters.get("seed")
        return SEED if seed is None else int(seed)

    @property
    def thinking(self) -> bool:
        """Whether the model thinks before it answers."""
        if self.model.thinking in ("none", "only"):
            return self.model.thinking == "only"
        if self.parameters.get("reasoning_effort") == "none" and not self._ignores_effort:
            return False
        asked = self.parameters.get("enable_thinking")
        thinks = self.model.thinking == "on" if asked is None else bool(asked)
        return thinks and not (self.model.prompt_switch and self._switched_off())

    @property
    def _ignores_effort(self) -> bool:
        """Whether the model thinks although the effort is `none`; the Responses API heeds it always."""
        return self.model.family.ignores_effort and Trait.THREADS not in self.surface.traits

    def _switched_off(self) -> bool:
        """Whether the newest switch in the texts is `/no_think` (Model Studio docs, deep thinking)."""
        for message in reversed(self.messages):
            if message.role in ("user", "system"):
                off, on = message.text.rfind("/no_think"), message.text.rfind("/think")
                if off >= 0 or on >= 0:
                    return off > on
        return False

    @property
    def thinking_read_from(self) -> int:
        """The index of the first message whose `reasoning_content` the model is shown."""
        return thinking_read_from(self.model, self.messages, self.parameters.get("preserve_thinking"))

    @property
    def thinking_budget(self) -> int | None:
        """The most thinking tokens: as asked, or by the effort asked for; None: the model's own limit."""
        budget = self.parameters.get("thinking_budget")
        if budget is not None:
            return int(budget)
        efforts = self.model.reasoning_effort or {}
        effort = self.parameters.get("reasoning_effort") or efforts.get("default")
        taken = efforts.get("accepts", {}).get(effort)
        return dict(efforts.get("budgets") or {}).get(taken)

    @property
    def include_usage(self) -> bool:
        """Whether a compatible stream ends with a usage chunk."""
        return bool(self.options("stream_options").get("include_usage"))

    @property
    def incremental(self) -> bool:
        """Whether a native stream sends deltas; else each event repeats the text so far.

        A model that thinks streams deltas only (Model Studio docs, deep thinking, 2026).
        """
        asked = self.parameters.get("incremental_output")
        return self.model.incremental or self.thinking if asked is None else bool(asked)

    @property
    def cumulative(self) -> bool:
        """Whether each event of its stream repeats the text so far."""
        return Trait.CUMULATIVE in self.surface.traits and not self.incremental

    @property
    def text_format(self) -> bool:
        """Whether a native text answer has `output.text` in place of `output.choices`.

        Tools and thinking always answer as messages (Model Studio docs, DashScope API reference;
        recording: cnblogs/dashscope-sdk, deepseek-v4-pro, 2026-06).
        """
        if Trait.TEXT_FORM not in self.surface.traits or self.tools or self.thinking:
            return False
        return (self.parameters.get("result_format") or self.model.result_format) == "text"

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """The tools offered."""
        return self.parameters.get("tools") or ()

    @property
    def stop(self) -> tuple[str | tuple[int, ...], ...]:
        """The stop sequences: each a text or a run of token ids."""
        stop = self.parameters.get("stop")
        if stop is None:
            return ()
        if isinstance(stop, str):
            return (stop,) if stop else ()
        return tuple(_stop(item) for item in stop if item not in ("", []))

    @property
    def max_output(self) -> int:
        """The most answer tokens: what the request allows, or the model's own limit."""
        asked = self.parameters.get("max_tokens")
        if asked is None:
            asked = self.parameters.get("max_completion_tokens")
        return self.model.max_output if asked is None else int(asked)

    @property
    def partial(self) -> Message | None:
        """The last message when it is a prefix to be continued."""
        last = self.messages[-1] if self.messages else None
        return last if last is not None and last.partial and last.role == "assistant" else None

    @property
    def media(self) -> bool:
        """Whether any message holds more than text."""
        return any(map(_media_of, self.messages))

    @property
    def seen(self) -> bool:
        """Whether any message holds a medium that the model takes; others are dropped before it."""
        return self.media and any(
            part.kind in self.model.input for message in self.messages for part in message.media
        )

    @property
    def turn(self) -> int:
        """Which turn of the conversation this is: the number of user messages, from 1."""
        return sum(message.role == "user" for message in self.messages)

    @property
    def researches(self) -> bool:
        """Whether a research is under way: its model first asks back (Model Studio docs, deep research)."""
        return self.model.line == "research" and any(said.role == "assistant" for said in self.messages)

    @property
    def last_user(self) -> str:
        """The text of the last user message; "" when there is none."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def system(self) -> str:
        """The text of the first system message; "" when there is none."""
        return next((message.text for message in self.messages if message.role == "system"), "")
