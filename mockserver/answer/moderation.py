"""Moderation: words that the cloud's data inspection is to find, in what is asked and what is answered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from mockserver.answer.wordlist import WordList
from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.regions import DEFAULT, Region
from mockserver.dialects.refusing import render_late
from mockserver.dialects.rendering import Stream
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest
from mockserver.wire import sse

INPUT, OUTPUT = "moderation.input-text", "moderation.output"
"""The refusals of the catalogue."""


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
) -> Stream:
    """A rendered stream up to the word: the frames before the one that begins it, then the refusal.

    A stream that never comes to such a place stays whole.

    (Model Studio users, 2026: an error in its last frame breaks a stream off.)
    """
    incremental = request.incremental or not request.surface.native
    said: dict[tuple[int, str], int] = {}

    def before(frame: bytes) -> bool:
        for place, text in _texts(frame):
            said[place] = len(text) + (said.get(place, 0) if incremental else 0)
        return all(said.get(place, 0) <= at for place, at in places.items())

    kept = sum(1 for _ in takewhile(before, stream.frames))
    if kept == len(stream.frames):
        return stream
    last = render_late(refusal, request.surface, request_id, kept + 1, region=region)
    return Stream([*stream.frames[:kept], last], [*stream.tokens[:kept], 0])


def _texts(frame: bytes) -> Iterator[tuple[tuple[int, str], str]]:
    """What a frame says, by choice and kind."""
    data = sse.read(frame)[0].data
    if data is None or data == "[DONE]":
        return
    document: dict[str, Any] = json.loads(data)
    output = document.get("output", document)
    if "text" in output:
        yield (0, "content"), output["text"]
    choices: Sequence[dict[str, Any]] = output.get("choices", ())
    for choice in choices:
        delta = choice.get("delta") or choice.get("message") or {}
        content = delta.get("content") or ""
        index = choice.get("index", 0)
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        yield (index, "content"), text
        yield (index, "reasoning"), delta.get("reasoning_content") or ""
