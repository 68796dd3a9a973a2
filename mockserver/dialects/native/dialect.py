"""The native dialect as an object of the table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.dialect import Dialect, Grammar
from mockserver.dialects.events import Event, Shown
from mockserver.dialects.messages import read_prompt
from mockserver.dialects.native import frames, making, read, refuse, render, research
from mockserver.dialects.native.surface import MODELS, NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.talk.reply import Choice, Notes, Reply, Usage
from mockserver.talk.request import ChatRequest, Message, Part
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker


class Native(Dialect):
    """DashScope's own generation, text and multimodal."""

    name = "native"
    surfaces = (NATIVE_TEXT, NATIVE_MULTIMODAL)
    grammar = Grammar(
        frame=re.compile(r"id:\d+\nevent:\w+\n:HTTP_STATUS/\d{3}\ndata:[^ ].*", re.DOTALL),
        numbered=True,
        status_inside=True,
    )
    header_sets = "native"
    unknown_model = "model.unknown-generation"
    unknown_beside = "model.unknown-native"
    unserved_model = "path.wrong-task"
    usage_names = ("input_tokens", "output_tokens")
    stream_hint = "header X-DashScope-SSE: enable"

    def detect(self, body: Mapping[str, Any]) -> bool:
        """Whether the body has an `input` that holds more."""
        return isinstance(body.get("input"), Mapping)

    def streams(self, headers: Mapping[str, str], _: Mapping[str, Any]) -> bool:
        """Whether the headers ask for a stream."""
        return read.wants_stream(headers)

    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages of a body, and its older `prompt` and `history`."""
        return read_prompt(body["input"])

    def options(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What stands under `parameters`."""
        return body.get("parameters") or {}

    def read(
        self, surface: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The chat request of a body."""
        return read.read_request(surface, body, model, headers)

    def serves(self, surface: Surface, model: Model) -> bool:
        """Whether the path is that of the model: one of texts, or one that sees or hears."""
        return model.native == MODELS[surface]

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """An `output` with its choices or its text, or with what was made."""
        if request.model.makes:
            return making.render_body(request, reply, envelope)
        return render.render_body(request, reply, usage, envelope)

    def stream(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
    ) -> Stream:
        """Numbered frames; the stream simply ends."""
        if request.model.line == "research":
            return research.render_stream(request, reply, usage, envelope, chunker)
        return render.render_stream(request, reply, usage, envelope, chunker)

    def refused(
        self,
        refusal: Refusal,
        request_id: str,
        model: Model | None = None,
        *,
        stream: bool,
        region: Region = DEFAULT,
        created: int = 0,  # noqa: ARG002 - see the base class
    ) -> RenderedError:
        """A flat body, or one error frame."""
        return refuse.refused(refusal, request_id, model, stream=stream, region=region)

    def late(
        self,
        refusal: Refusal,
        request_id: str,
        number: int,
        *,
        region: Region = DEFAULT,
        created: int = 0,  # noqa: ARG002 - see the base class
    ) -> bytes:
        """An error frame that carries its number."""
        return refuse.late(refusal, request_id, number, region=region)

    def choices(self, payload: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """The choices of the output; none in the text format, or in an error."""
        return payload.get("output", payload).get("choices") or ()

    def said(self, payload: Mapping[str, Any]) -> Iterator[tuple[tuple[int, str], str]]:
        """What the choices say, or the one text of the text format or of an event of a research."""
        output = payload.get("output", payload)
        text = output.get("text")
        if text is None and "fininshed" in output:
            text = output["message"]["content"]
        if text is not None:
            yield (0, "content"), text
        yield from super().said(payload)

    def usage_only(self, payload: Mapping[str, Any], _: int) -> dict[str, Any]:
        """An event that keeps its usage: each has the one so far."""
        return frames.usage_only(payload)

    def piece_behind(
        self, payload: Mapping[str, Any], choice: dict[str, Any], piece: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An event to which the finish moves."""
        return frames.piece_behind(payload, choice, piece)

    def add_media(self, message: dict[str, Any], media: Sequence[Part], _: Envelope) -> None:
        """Media are parts of the content."""
        frames.add_media(message, media)

    def show_media(
        self, _: list[Event], own: Sequence[Shown], choice: Choice, request: ChatRequest, __: Envelope
    ) -> None:
        """Media stand in the last event that says something."""
        frames.show_media(own, choice.media, incremental=request.incremental)

    def add_notes(self, message: dict[str, Any], notes: Notes) -> None:
        """What was read from a picture stands before its text, in the same part."""
        super().add_notes(message, notes)
        frames.add_result(message, notes.result)

    def show_notes(self, own: Sequence[Shown], notes: Notes, request: ChatRequest) -> None:
        """What was read from a picture stands in the last event that says something."""
        super().show_notes(own, replace(notes, result=None), request)
        for shown in frames.last_said(own, incremental=request.incremental):
            frames.add_result(shown["message"], notes.result)

    def empty_finish(self, events: list[Event], own: Sequence[Shown]) -> None:
        """The last event says nothing."""
        frames.empty_finish(events, own)
