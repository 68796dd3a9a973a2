"""What the model says, the same for every surface, and what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mockserver.base.values import value
from mockserver.talk.request import Part, ToolCall

if TYPE_CHECKING:
    from mockserver.talk.fault import Faults


@value
class Notes:
    """What stands beside a text that was recognized: `annotations` of a sound, a `result` of a picture."""

    annotations: tuple[Mapping[str, Any], ...] = ()
    result: Mapping[str, Any] | None = None


@value
class Choice:
    """One answer. `finish_reason` is stop, length or tool_calls.

    `logprobs` holds one JSON object for each token of the content, when the request asks for them.
    `media` are the pictures and sounds that stand behind the content, `notes` what was recognized in such.
    """

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    logprobs: tuple[bytes, ...] | None = None
    media: tuple[Part, ...] = ()
    notes: Notes | None = None


@value
class Pace:
    """When the pieces of a stream go out, in milliseconds.

    The first piece leaves after `first_ms`, each further token takes `per_token_ms`; `jitter` is the
    share (0 to 1) by which a token's time may vary, drawn with `seed`.
    """

    first_ms: float = 0.0
    per_token_ms: float = 0.0
    jitter: float = 0.0
    seed: int = 0


@value
class Raw:
    """An answer that is sent as it stands: a whole `body`, or `frames`, each a piece of a stream.

    `headers` lie over those of the surface, names in lower case; one without a value (None) goes.
    """

    status: int = 200
    headers: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    body: bytes = b""
    frames: tuple[bytes, ...] = ()


@value
class Reply:
    """A whole answer: its choices, and what a script asks of its rendering.

    A script that names a `fault` and says nothing has no choices: the built-in model speaks. A `raw` one
    has none either: nothing is rendered. `empty_finish`: a native stream ends with an event without text.
    `acts` are what the service's own tools did, as the items that show it.
    """

    choices: tuple[Choice, ...]
    dialect: str | None = None
    usage: Mapping[str, Any] | None = None
    search_info: Any = None
    tool_info: Any = None
    plugins: Mapping[str, Any] | None = None
    chunks: tuple[str, ...] | None = None
    pace: Pace | None = None
    fault: "Faults | None" = None
    empty_finish: bool = False
    raw: Raw | None = None
    acts: tuple[Mapping[str, Any], ...] = ()

    @property
    def size(self) -> int:
        """How many characters are said: what its tokens and bytes cost grows with them."""
        size = 0
        for choice in self.choices:
            size += len(choice.content) + len(choice.reasoning)
            for call in choice.tool_calls:
                size += len(call.arguments)
        return size

    def with_tool_ids(self, new_id: Callable[[], str]) -> "Reply":
        """The same reply with an id on every tool call that has none."""
        choices = tuple(
            replace(
                choice,
                tool_calls=tuple(
                    call if call.id else replace(call, id=new_id()) for call in choice.tool_calls
                ),
            )
            for choice in self.choices
        )
        return replace(self, choices=choices)


@value
class Usage:
    """Token counts of one exchange. A count that does not apply is None.

    `cached` was read from a cache; `created` was written to an explicit one. `audio` was heard, `speech` is
    said. `seconds` is how long a sound was that is put into words.
    """

    input: int
    output: int
    reasoning: int | None = None
    cached: int = 0
    created: int | None = None
    image: int | None = None
    video: int | None = None
    audio: int | None = None
    speech: int | None = None
    seconds: int | None = None

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output

    @property
    def input_text(self) -> int:
        """The input tokens that are text."""
        return self.input - (self.image or 0) - (self.video or 0) - (self.audio or 0)
