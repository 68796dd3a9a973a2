"""Moderation: words that the cloud's data inspection is to find, in what is asked and what is answered."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from mockserver.answer.wordlist import WordList
from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.rendering import Stream
from mockserver.dialects.table import dialect_of
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest
from mockserver.wire import sse

INPUT, OUTPUT = "moderation.input-text", "moderation.output"
"""The refusals of the catalogue."""

Says = Callable[[Mapping[str, Any]], Iterable[tuple[tuple[int, str], str]]]
"""What an event says, by choice and by `content` or `reasoning`."""

NONE = WordList()
"""No words at all."""


@dataclass(slots=True)
class Moderation:
    """What is looked for in requests and in answers."""

    input: WordList = NONE
    output: WordList = NONE

    def blocks(self, request: ChatRequest) -> bool:
        """Whether any message of a request, whoever spoke it, holds one of the words."""
        return any(self.input.find(message.text) is not None for message in request.messages)

    def places(self, request: ChatRequest, reply: Reply) -> dict[tuple[int, str], int]:
        """Where the words begin in what is sent of an answer: by choice, and by `reasoning` or `content`."""
        if request.text_format:
            at = self.output.find(reply.choices[0].content)
            return {} if at is None else {(0, "content"): at}
        texts = {
            (index, kind): text
            for index, choice in enumerate(reply.choices)
            for kind, text in (("reasoning", choice.reasoning), ("content", choice.content))
        }
        return {place: at for place, text in texts.items() if (at := self.output.find(text)) is not None}


def cut(
    stream: Stream,
    places: Mapping[tuple[int, str], int],
    refusal: Refusal,
    request: ChatRequest,
    request_id: str,
    *,
    region: Region = DEFAULT,
    created: int = 0,
    says: Says | None = None,
) -> Stream:
    """A rendered stream up to the word: the frames before the one that begins it, then the refusal.

    A stream that never comes to such a place stays whole. `says` reads events that are not the dialect's own.

    (Model Studio users, 2026: an error in its last frame breaks a stream off.)
    """
    dialect = dialect_of(request.surface)
    said: dict[tuple[int, str], int] = {}

    def before(frame: bytes) -> bool:
        for place, text in (says or dialect.said)(_payload(frame)):
            said[place] = len(text) + (0 if request.cumulative else said.get(place, 0))
        return all(said.get(place, 0) <= at for place, at in places.items())

    kept = sum(1 for _ in takewhile(before, stream.frames))
    if kept == len(stream.frames):
        return stream
    last = dialect.late(refusal, request_id, kept + 1, region=region, created=created)
    return Stream([*stream.frames[:kept], last], [*stream.tokens[:kept], 0])


def _payload(frame: bytes) -> dict[str, Any]:
    """The JSON of a frame; nothing where it has none."""
    data = sse.read(frame)[0].data
    if data is None or data == "[DONE]":
        return {}
    document: dict[str, Any] = json.loads(data)
    return document
