"""What a dialect is: how it reads a request, and how it writes an answer, a stream and a refusal.

It is a base class and no protocol, so that a dialect of a few lines has the rest from here.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal, Voice
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.events import Event, Lane, Shown, message_of, text_of
from mockserver.dialects.messages import Placed
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream, explicit_cache
from mockserver.talk.reply import Choice, Notes, Reply, Usage
from mockserver.talk.request import ChatRequest, Message, Part
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker


@value(kw_only=True)
class Grammar:
    """How the frames of a stream are written.

    `frame` is what one looks like, without its blank line. `numbered`: each carries its number, from 1. `end`
    is the data of the last one; "" where a stream simply ends. `tail` is how many frames at the end say that
    it is whole. `usage_apart`: the usage has a chunk of its own. `status_inside`: a stream that is refused
    tells its status in a frame.
    """

    frame: re.Pattern[str]
    numbered: bool = False
    end: str = ""
    tail: int = 1
    usage_apart: bool = False
    status_inside: bool = False


class Dialect(ABC):
    """One dialect, on all of its surfaces; there is one object of each.

    `header_sets` begins the names of its sets in `fixtures/headers.json`. `unknown_model` and
    `unserved_model` are the entries of the error catalogue for a model that there is not, and for one that
    answers elsewhere, `unknown_beside` for one that there is not beside chat, `missing_model` for none at
    all, `wrong_method` and `unknown_path` for a request that goes astray below the roots of a surface.
    `usage_names` are the names of the tokens that went in and came out. `stream_hint` says in words how a
    stream is asked for, `event_schema` what the name of the schema of an event ends with.
    """

    name: ClassVar[str]
    surfaces: ClassVar[tuple[Surface, ...]]
    grammar: ClassVar[Grammar]
    header_sets: ClassVar[str]
    unknown_model: ClassVar[str] = "model.unknown"
    unknown_beside: ClassVar[str] = "model.unknown"
    unserved_model: ClassVar[str] = "model.compat-unsupported"
    missing_model: ClassVar[str] = "model.missing"
    wrong_method: ClassVar[str] = "method.unsupported"
    unknown_path: ClassVar[str] = "path.unknown"
    usage_names: ClassVar[tuple[str, str]] = ("prompt_tokens", "completion_tokens")
    stream_hint: ClassVar[str] = '"stream": true'
    event_schema: ClassVar[str] = "chunk"

    # A request

    @abstractmethod
    def detect(self, body: Mapping[str, Any]) -> bool:
        """Whether a body of unknown origin is a chat request of this dialect."""

    @abstractmethod
    def streams(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> bool:
        """Whether a stream is asked for; of a body that is not read yet nothing is known, and it is empty."""

    @abstractmethod
    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages of a body that its schema allows."""

    def placed(self, body: Mapping[str, Any], _: Iterable[Mapping[str, Any]] = ()) -> Sequence[Placed]:
        """The messages of a body that its schema allows, each with its place.

        They come behind what was said before, in items, where the service keeps that (`Trait.THREADS`).
        """
        place = self.surfaces[0].message_place
        return [Placed(message, place(at)) for at, message in enumerate(self.messages(body))]

    @abstractmethod
    def options(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What holds the parameters of a body that its schema allows."""

    @abstractmethod
    def read(
        self, surface: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The chat request of a body that its schema allows."""

    def continued(self, request: ChatRequest, _: Iterable[Mapping[str, Any]], __: str) -> ChatRequest:
        """A request behind what was said before, where the service keeps that (`Trait.THREADS`).

        It comes as items, with the place in the body that names it.
        """
        return request

    @abstractmethod
    def serves(self, surface: Surface, model: Model) -> bool:
        """Whether a surface serves a model."""

    def unserved(self, _: Model) -> str:
        """The entry of the error catalogue for a model that no surface serves."""
        return self.unserved_model

    # An answer

    @abstractmethod
    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """A whole answer as one JSON body."""

    @abstractmethod
    def stream(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
    ) -> Stream:
        """An answer as the frames of a stream."""

    def headers(self, kind: str, _: Model) -> str:
        """The set of headers that an answer of a model has; its `kind` is json or sse."""
        return f"{self.header_sets}-{kind}"

    # A refusal

    @abstractmethod
    def refused(
        self,
        refusal: Refusal,
        request_id: str,
        model: Model | None = None,
        *,
        stream: bool,
        region: Region = DEFAULT,
        created: int = 0,
    ) -> RenderedError:
        """A refusal in the place of an answer, as the backend of a model sends it.

        `created` is when it was asked for, in seconds since 1970.
        """

    @abstractmethod
    def late(
        self,
        refusal: Refusal,
        request_id: str,
        number: int,
        *,
        region: Region = DEFAULT,
        created: int = 0,
    ) -> bytes:
        """A refusal in a stream that has begun: its last frame, the `number`-th."""

    def told(self, refusal: Refusal, voice: Voice) -> tuple[str | None, str]:
        """The code and the message with which a refusal is told."""
        words = refusal.words[voice]
        return words.code, words.message

    def error_headers(self, rendered: RenderedError, _: Model | None) -> str:
        """The set of headers that a refusal has."""
        kind = "door" if rendered.door else "sse" if rendered.sse else "json"
        return f"{self.header_sets}-{kind}"

    def error_schema(self, _: Mapping[str, Any]) -> str:
        """The name of the schema of a refusal."""
        return f"{self.name}.error"

    # What an answer says

    def choices(self, payload: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """The choices of an answer or an event; none where it has another form."""
        return payload.get("choices") or ()

    def said(self, payload: Mapping[str, Any]) -> Iterator[tuple[tuple[int, str], str]]:
        """What an answer or an event says, by choice and by `content` or `reasoning`."""
        for choice in self.choices(payload):
            message, index = message_of(choice), choice.get("index", 0)
            yield (index, "content"), text_of(message.get("content"))
            yield (index, "reasoning"), message.get("reasoning_content") or ""

    def holder(self, payload: dict[str, Any]) -> dict[str, Any]:
        """What of an answer or an event has its usage, or its error."""
        return payload

    # A recorded answer

    def spoke(self, _: Mapping[str, Any]) -> bool:
        """Whether a document of an answer of unknown origin, a body or an event, is of this dialect.

        The compatible and the native one are what is left where no other has spoken.
        """
        return False

    def retold(self, document: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """The choices of a document that it spoke, in the words of chat completions: deltas or messages."""
        return self.choices(document)

    def arguments(self, text: str) -> str:
        """The arguments of a call as a client is given them: the text, or what an object makes of it."""
        return text

    def lanes(self, _: Mapping[str, Any]) -> Iterator[Lane]:
        """The texts of an event that it spoke which go on in others."""
        return iter(())

    def counted(self, usage: Usage) -> dict[str, Any]:
        """What a usage says, to be laid over one of this dialect."""
        names = zip(self.usage_names, (usage.input, usage.output), strict=True)
        return {**dict(names), "total_tokens": usage.total}

    # Odd answers

    def opening(self, payload: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
        """The choice of an event that opens or goes on with a function call, and that piece of the call."""
        for choice in self.choices(payload):
            called = message_of(choice).get("tool_calls")
            if called:
                return choice, called[0]
        return None

    @abstractmethod
    def usage_only(self, payload: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
        """An event with nothing but the usage so far, in the form of another."""

    def cached(self, usage: Mapping[str, Any], counts: Usage) -> dict[str, Any]:
        """A usage that tells what caches had of its input and were given of it; the input is what it was."""
        details = usage.get("prompt_tokens_details") or {}
        return {**usage, "prompt_tokens_details": {**details, **explicit_cache(counts)}}

    @abstractmethod
    def piece_behind(
        self, payload: Mapping[str, Any], choice: dict[str, Any], piece: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An event with nothing but a piece of a function call, to stand behind that which has the choice."""

    def add_media(  # noqa: B027 - a dialect without a place for media shows none
        self, message: dict[str, Any], media: Sequence[Part], envelope: Envelope
    ) -> None:
        """Puts media behind the text of a whole message."""

    def show_media(  # noqa: B027 - see `add_media`
        self,
        events: list[Event],
        own: Sequence[Shown],
        choice: Choice,
        request: ChatRequest,
        envelope: Envelope,
    ) -> None:
        """Lets the events of a stream, of which a choice has its `own`, show the media of that choice."""

    def call_ids(self, request: ChatRequest, _: Reply) -> tuple[str, int]:
        """How the ids of an answer's calls begin, and how many hexadecimal digits follow."""
        return request.surface.tool_ids or ("call_", request.model.family.tool_id_digits)

    def add_notes(self, message: dict[str, Any], notes: Notes) -> None:
        """Puts what was recognized beside the text of a message: what is told of a sound stands before it."""
        if notes.annotations:
            said = dict(message)
            message.clear()
            message |= {"annotations": [dict(note) for note in notes.annotations], **said}

    def show_notes(self, own: Sequence[Shown], notes: Notes, request: ChatRequest) -> None:  # noqa: ARG002
        """Lets the events of a choice show its notes: each that says something, and no other."""
        for _, shown in own:
            message = message_of(shown)
            if message.get("content"):
                self.add_notes(message, notes)

    def empty_finish(self, events: list[Event], own: Sequence[Shown]) -> None:  # noqa: B027 - most end so anyway
        """Moves the finish of a choice to an event that says nothing, behind its `own`."""
