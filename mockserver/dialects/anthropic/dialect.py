"""Anthropic's dialect: what is read, what is said, and how it is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.anthropic import frames, read, refuse, render, retell
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.dialect import Dialect, Grammar
from mockserver.dialects.events import Lane
from mockserver.dialects.messages import Placed
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.talk.reply import Reply, Usage
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker

_FRAME = re.compile(r"event: ?\w+\ndata:.*|id:1\nevent:error\n:HTTP_STATUS/\d+\ndata:.*")
"""An event; a refusal is a native one."""


class Anthropic(Dialect):
    """The dialect of Anthropic's Messages. Its refusals are the native ones (live probes, 2026).

    No headers of an answer are recorded: they are those of the native surfaces.
    """

    name = "anthropic"
    surfaces = (ANTHROPIC,)
    grammar = Grammar(frame=_FRAME, status_inside=True)
    header_sets = "native"
    unknown_model = "model.unknown-anthropic"
    missing_model = "request.body-format"
    unserved_model = "model.unknown-native"
    unknown_path = "path.unsupported"
    usage_names = ("input_tokens", "output_tokens")
    event_schema = "event"

    def detect(self, body: Mapping[str, Any]) -> bool:
        """A body that has a field, a form of a tool or a block that the compatible one has not."""
        return "messages" in body and "max_tokens" in body and read.only_here(body)

    def streams(self, _: Mapping[str, str], body: Mapping[str, Any]) -> bool:
        """The body asks for a stream."""
        return body.get("stream") is True

    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages, the system text first."""
        return tuple(placed.message for placed in read.placed(body))

    def placed(self, body: Mapping[str, Any], _: Iterable[Mapping[str, Any]] = ()) -> Sequence[Placed]:
        """A result stands in the content of a turn."""
        return read.placed(body)

    def options(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters, under the names of the other dialects."""
        return read.parameters(body)[0]

    def read(
        self, _: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The chat request of a body that its schema allows."""
        return read.read_request(body, model, headers)

    def serves(self, _: Surface, model: Model) -> bool:
        """Some lines of models only."""
        return model.anthropic

    def call_ids(self, request: ChatRequest, reply: Reply) -> tuple[str, int]:
        """Those of the serializer, where it has its own."""
        return render.serializer_of(request, reply).call_ids or super().call_ids(request, reply)

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """A message."""
        return render.render_body(request, reply, usage, envelope)

    def stream(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
    ) -> Stream:
        """A message in events."""
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
        """A flat body; where a stream was asked for, what passed the door is one error frame."""
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
        """An error frame of the native dialect."""
        return refuse.late(refusal, request_id, region=region)

    def error_schema(self, document: Mapping[str, Any]) -> str:
        """That of the native dialect, but for the Coding Plan's refusal, which is a text."""
        return "compat.error" if "error" in document else "native.error"

    def choices(self, payload: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """What the blocks say, as a choice."""
        return frames.choices(payload)

    def spoke(self, document: Mapping[str, Any]) -> bool:
        """A document that names its type, which is one of Anthropic's."""
        return retell.spoke(document)

    def retold(self, document: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """What its blocks, or a piece of one, say."""
        return retell.retold(document)

    def arguments(self, text: str) -> str:
        """An object always: what is none stands in one."""
        return dumps(render.tool_input(text)).decode()

    def lanes(self, document: Mapping[str, Any]) -> Iterator[Lane]:
        """The piece of a block."""
        return retell.lanes(document)

    def counted(self, usage: Usage) -> dict[str, Any]:
        """The input is split into what was read from a cache, written to one, and the rest."""
        return retell.counted(usage)

    def opening(self, payload: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
        """The event that opens a block with a call is its own choice."""
        return frames.opening(payload)

    def usage_only(self, _: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
        """A `message_delta` in the middle of the stream."""
        return frames.usage_only(prompt_tokens)

    def cached(self, usage: Mapping[str, Any], counts: Usage) -> dict[str, Any]:
        """The input in three numbers, which add up to it."""
        return frames.cached(usage, counts)

    def piece_behind(
        self, payload: Mapping[str, Any], _: dict[str, Any], piece: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One more `input_json_delta`."""
        return frames.piece_behind(payload, piece)
