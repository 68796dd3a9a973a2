"""The OpenAI-compatible dialect as an object of the table."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.catalogue.tasks import TASKS
from mockserver.dialects.compat import frames, read, refuse, render
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.dialect import Dialect, Grammar
from mockserver.dialects.events import Event, Shown
from mockserver.dialects.messages import read_messages
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, Message, Part
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker


class Compat(Dialect):
    """Chat completions."""

    name = "compat"
    surfaces = (COMPAT,)
    grammar = Grammar(frame=re.compile(r"data: .*", re.DOTALL), end="[DONE]", tail=3, usage_apart=True)
    header_sets = "compat"

    def detect(self, body: Mapping[str, Any]) -> bool:
        """Whether the messages stand at the top."""
        return "messages" in body

    def streams(self, _: Mapping[str, str], body: Mapping[str, Any]) -> bool:
        """Whether the body asks for a stream."""
        return read.wants_stream(body)

    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages of a body."""
        return read_messages(body["messages"])

    def options(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole body: the parameters stand at its top."""
        return body

    def read(
        self, _: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The chat request of a body."""
        return read.read_request(body, model, headers)

    def serves(self, _: Surface, model: Model) -> bool:
        """Whether the model chats, and does so here."""
        return model.compat and model.chat

    def unserved(self, model: Model) -> str:
        """Who speaks or listens all the time is not asked over HTTP (notes of live calls, 2026-08)."""
        return "stream.http-call" if TASKS[model.task].realtime else super().unserved(model)

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """A `chat.completion`."""
        return render.render_body(request, reply, usage, envelope)

    def stream(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
    ) -> Stream:
        """The frames of `chat.completion.chunk`, ``data: [DONE]`` included."""
        return render.render_stream(request, reply, usage, envelope, chunker)

    def headers(self, kind: str, model: Model) -> str:
        """The set of headers of the backend that answers for the model."""
        return f"compat-{kind}{model.family.compat_headers}"

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
        """A body, or of older backends one data line of a stream."""
        return refuse.refused(refusal, request_id, model, stream=stream, region=region)

    def late(
        self,
        refusal: Refusal,
        request_id: str,
        _: int,
        *,
        region: Region = DEFAULT,
        created: int = 0,  # noqa: ARG002 - see the base class
    ) -> bytes:
        """A native frame, but for what moderation says."""
        return refuse.late(refusal, request_id, region=region)

    def error_headers(self, rendered: RenderedError, model: Model | None) -> str:
        """The older gateway of Virginia adds headers to what it answers, and to no JSON refusal."""
        name = super().error_headers(rendered, model)
        if rendered.door or model is None:
            return name
        plain = model.family.compat_era == "2025" and not rendered.sse
        return name if plain else name + model.family.compat_headers

    def error_schema(self, document: Mapping[str, Any]) -> str:
        """An error of a stream that has begun is a native one."""
        return "compat.error" if "error" in document else "native.error"

    def usage_only(self, payload: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
        """A chunk without choices."""
        return frames.usage_only(payload, prompt_tokens)

    def piece_behind(
        self, payload: Mapping[str, Any], choice: dict[str, Any], piece: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A chunk with a delta of nothing else."""
        return frames.piece_behind(payload, choice, piece)

    def add_media(self, message: dict[str, Any], media: Sequence[Part], envelope: Envelope) -> None:
        """Pictures are parts of the content, a sound has a field of its own."""
        frames.add_media(message, media, envelope)

    def show_media(
        self, events: list[Event], own: Sequence[Shown], choice: Choice, _: ChatRequest, envelope: Envelope
    ) -> None:
        """Each medium has a chunk."""
        frames.show_media(events, own, choice.media, envelope)
