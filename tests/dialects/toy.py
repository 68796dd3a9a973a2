"""A third dialect, of a few lines: what it says here is all that there is to know of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from mockserver.base.jsontext import dumps
from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects import table
from mockserver.dialects.dialect import Dialect, Grammar
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.rules import schemas
from mockserver.talk.reply import Reply, Usage
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker

TOY = Surface(name="toy", dialect="toy", voice="native", paths=("/toy/talk",), messages_at="said")

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://dashscope-mock.invalid/toy.request.schema.json",
    "type": "object",
    "required": ["model", "said"],
    "properties": {"said": {"type": "array", "items": {"type": "string"}}, "drip": {"type": "boolean"}},
}
"""What a request is: `{"model": "qwen-plus", "said": ["Tea?"], "drip": true}`."""


class Toy(Dialect):
    """Says `{"tea": TEXT}`; streams it as lines `~TEXT~`; refuses with `{"spilt": CODE}`."""

    name = "toy"
    surfaces = (TOY,)
    grammar = Grammar(frame=re.compile(r"~.*~", re.DOTALL))
    header_sets = "compat"

    def detect(self, body: Mapping[str, Any]) -> bool:
        return "said" in body

    def streams(self, _: Mapping[str, str], body: Mapping[str, Any]) -> bool:
        return body.get("drip") is True

    def messages(self, body: Mapping[str, Any]) -> tuple[Message, ...]:
        return tuple(Message("user", text) for text in body["said"])

    def options(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    def read(
        self, surface: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        return ChatRequest(surface, model, self.messages(body), {}, self.streams(headers, body), headers)

    def serves(self, _: Surface, model: Model) -> bool:
        return model.chat

    def body(self, _: ChatRequest, reply: Reply, __: Usage, ___: Envelope) -> bytes:
        return dumps({"tea": reply.choices[0].content})

    def stream(self, request: ChatRequest, reply: Reply, _: Usage, __: Envelope, chunker: Chunker) -> Stream:
        (run,) = chunker.runs(reply.choices[0], request.model.family, chunks=reply.chunks)
        return Stream([f"~{text}~\n\n".encode() for text in run.texts], list(run.sizes))

    def refused(
        self,
        refusal: Refusal,
        _: str,
        model: Model | None = None,  # noqa: ARG002 - a toy has one backend
        *,
        stream: bool,  # noqa: ARG002
        region: Region = DEFAULT,  # noqa: ARG002
        created: int = 0,  # noqa: ARG002
    ) -> RenderedError:
        return RenderedError(refusal.status, dumps({"spilt": refusal.code}), sse=False, door=False)

    def late(
        self,
        refusal: Refusal,
        _: str,
        __: int,
        *,
        region: Region = DEFAULT,  # noqa: ARG002
        created: int = 0,  # noqa: ARG002
    ) -> bytes:
        return f"~spilt {refusal.code}~\n\n".encode()

    def usage_only(self, payload: Mapping[str, Any], _: int) -> dict[str, Any]:
        return dict(payload)

    def piece_behind(
        self, payload: Mapping[str, Any], _: dict[str, Any], __: Mapping[str, Any]
    ) -> dict[str, Any]:
        return dict(payload)


@contextmanager
def entered() -> Iterator[Toy]:
    """The toy in the table, and its schema among the others."""
    toy = Toy()
    with (
        patch.dict(table.DIALECTS),
        patch.dict(table.SURFACES),
        patch.dict(table.PATHS),
        patch.dict(schemas._documents(), {"toy.request": SCHEMA}),
    ):
        table.enter(toy)
        yield toy
