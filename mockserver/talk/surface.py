"""What a chat endpoint is: its name, its paths, and what clients can count on there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from mockserver.catalogue.errors import Voice


class Trait(StrEnum):
    """What holds on some surfaces and not on others; rules and answers ask for it."""

    APART = "apart"
    """Messages and parameters stand apart from each other."""

    PARTS = "parts"
    """The content of a message is a list of parts."""

    MEDIA = "media"
    """A message may hold media."""

    TEXT_FORM = "text-form"
    """An answer may be one text, without choices."""

    CUMULATIVE = "cumulative"
    """Each event of a stream may repeat the text so far."""

    USAGE_ASKED = "usage-asked"
    """A stream carries its usage only when that is asked for."""

    CALL_IDS = "call-ids"
    """A function's result has to name the id of its call."""

    LAST_ROLE = "last-role"
    """The history has to end with a user or with a function's result."""

    NOT_EMPTY = "not-empty"
    """A user has to say something."""

    TASKS = "tasks"
    """A header asks for a task in the place of an answer."""

    SOME_TOOLS = "some-tools"
    """Tools are listed only when there are some."""

    RENAMED = "renamed"
    """Parameters have names of the dialect's own, and its reader tells which are unknown."""

    STREAM_TO_THINK = "stream-to-think"
    """Some models think in streams only."""

    THINKING_KIND = "thinking-kind"
    """Whether a model thinks is said by the type of an object."""

    EFFORT = "effort"
    """An effort is checked by the words of the model; elsewhere the surface has words of its own."""

    EFFORT_OR_BUDGET = "effort-or-budget"
    """How much a model thinks is said by an effort or by a budget, not by both."""

    INPUTS = "inputs"
    """The arguments of a call are an object, its input, and no text."""

    THOUGHTS_OUT = "thoughts-out"
    """The thinking of earlier answers is left out of a history."""

    API_KEY_HEADER = "api-key-header"
    """A key may stand in `x-api-key` too."""

    SOURCES = "sources"
    """An answer shows what a search found, and its usage that there was one."""

    INPUT_CUT = "input-cut"
    """The middle of too long an input is cut away; elsewhere it is refused."""

    SYSTEM_PROMPT = "system-prompt"
    """The service puts a system prompt of its own before the messages."""

    ITEMS = "items"
    """What is said in one answer may stand in several items, its messages too."""

    THREADS = "threads"
    """The service keeps what was said, and a request may go on from there."""

    __hash__ = str.__hash__  # every request is asked for traits: that of an enum is Python


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """One chat endpoint. There is one value for each, which is compared by identity.

    `dialect` names the dialect that is spoken there, `voice` whose words its refusals have. `paths` lead
    there; recordings are compared by the first. Below `roots` the same dialect is spoken beside chat.
    `options_at` and `messages_at` say where the parameters (a prefix such as `parameters.`) and the messages
    stand in the body of a request; `names` are the places of the parameters that have other names there,
    `message_names` those of what a message holds.
    `tool_ids` is how the id of a tool call begins and how many hexadecimal digits it has, where that is not
    the model's own way.
    """

    name: str
    dialect: str
    voice: Voice
    paths: tuple[str, ...]
    roots: tuple[str, ...] = ()
    options_at: str = ""
    messages_at: str = "messages"
    names: Mapping[str, str] = field(default_factory=dict)
    message_names: Mapping[str, str] = field(default_factory=dict)
    tool_ids: tuple[str, int] | None = None
    traits: frozenset[Trait] = frozenset()

    def __str__(self) -> str:
        return self.name

    def __deepcopy__(self, _: object) -> Self:
        return self

    def has(self, traits: Iterable[Trait]) -> bool:
        """Whether all of these hold here."""
        return self.traits.issuperset(traits)

    def place(self, name: str) -> str:
        """Where a parameter stands in the body of a request."""
        return self.options_at + self.names.get(name, name)

    def within(self, place: str, name: str) -> str:
        """Where a part of a message or of a call stands: `tool_call_id`, `function.arguments`."""
        return f"{place}.{self.message_names.get(name, name)}"

    def message_place(self, index: int | None = None) -> str:
        """Where a message stands in the body of a request; without an index, where all of them do."""
        return self.messages_at if index is None else f"{self.messages_at}[{index}]"
