"""The dialect of the Responses API: what is read, what is said, and how it is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.catalogue.errors import Refusal, Voice
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.dialect import Dialect, Grammar
from mockserver.dialects.events import Lane
from mockserver.dialects.messages import Placed
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.dialects.responses import frames, read, refuse, render, retell
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.talk.reply import Reply, Usage
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker


class Responses(Dialect):
    """The dialect of the Responses API. Its refusals are the native ones (live probes, 2026-09).

    No headers of an answer are recorded: they are those of the native surfaces.
    """

    name = "responses"
    surfaces = (RESPONSES,)
    grammar = Grammar(
        frame=re.compile(r"id:\d+\nevent:response\.[\w.]+\n:HTTP_STATUS/200\ndata:[^ ].*"), numbered=True
    )
    header_sets = "native"
    unknown_model = "response.model"
    unserved_model = "response.model"
    missing_model = "response.model-missing"
    wrong_method = "method.not-allowed"
    unknown_path = "response.path"
    usage_names = ("input_tokens", "output_tokens")
    event_schema = "event"

    def detect(self, body: Mapping[str, Any]) -> bool:
        """A body whose `input` is no object, as it is in the native one."""
        return isinstance(body.get("input"), str | list)

    def streams(self, _: Mapping[str, str], body: Mapping[str, Any]) -> bool:
        """The body asks for a stream."""
        return body.get("stream") is True

    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages, the instructions first."""
        return tuple(placed.message for placed in read.placed(body))

    def placed(self, body: Mapping[str, Any], before: Iterable[Mapping[str, Any]] = ()) -> Sequence[Placed]:
        """The items of a turn are one message; what was said before stands behind the instructions."""
        return read.placed(body, before)

    def options(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters, under the names of the other dialects."""
        return read.parameters(body)[0]

    def read(
        self, _: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The chat request of a body that its schema allows."""
        return read.read_request(body, model, headers)

    def continued(self, request: ChatRequest, before: Iterable[Mapping[str, Any]], place: str) -> ChatRequest:
        """The request behind the items of what was said before."""
        return read.continued(request, before, place)

    def serves(self, _: Surface, model: Model) -> bool:
        """Some lines of models only."""
        return model.responses

    def unserved(self, model: Model) -> str:
        """A partner's model has to be switched on first (live probe, MiniMax/MiniMax-M2.5, 2026-10)."""
        return "model.not-activated" if "/" in model.name else self.unserved_model

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """A response."""
        return render.render_body(request, reply, usage, envelope)

    def stream(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
    ) -> Stream:
        """A response in events."""
        return render.render_stream(request, reply, usage, envelope, chunker)

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
        """A flat body, or a response that failed."""
        return refuse.refused(refusal, request_id, model, stream=stream, region=region, created=created)

    def late(
        self,
        refusal: Refusal,
        request_id: str,
        number: int,
        *,
        region: Region = DEFAULT,
        created: int = 0,
    ) -> bytes:
        """The event of a response that failed."""
        return refuse.late(refusal, request_id, number, region=region, created=created)

    def told(self, refusal: Refusal, _: Voice) -> tuple[str | None, str]:
        """A limit has words of its own."""
        return refuse.told(refusal)

    def error_schema(self, document: Mapping[str, Any]) -> str:
        """That of the native dialect, or that of what a response that failed is sent in."""
        if "response" in document:
            return "responses.event"
        return "responses.response" if "object" in document else "native.error"

    def choices(self, payload: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """What the items say, as a choice."""
        return frames.choices(payload)

    def spoke(self, document: Mapping[str, Any]) -> bool:
        """A response, or one of its events."""
        return retell.spoke(document)

    def retold(self, document: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """What its items say, as the one choice that they are."""
        return retell.retold(document)

    def lanes(self, document: Mapping[str, Any]) -> Iterator[Lane]:
        """The pieces of an item."""
        return retell.lanes(document)

    def opening(self, payload: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
        """The event that begins the item of a call."""
        return frames.opening(payload)

    def holder(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The response, which an event has within it."""
        response = payload.get("response")
        return response if isinstance(response, dict) else payload

    def usage_only(self, payload: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
        """One more event of a response in progress."""
        return frames.usage_only(payload, prompt_tokens)

    def cached(self, usage: Mapping[str, Any], counts: Usage) -> dict[str, Any]:
        """What was read is told twice, what was written in the details."""
        return frames.cached(usage, counts)

    def piece_behind(
        self, payload: Mapping[str, Any], _: dict[str, Any], piece: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A piece of a call's arguments."""
        return frames.piece_behind(payload, piece)
