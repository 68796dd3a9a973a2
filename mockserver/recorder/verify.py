"""Recordings held against what the mock knows: its schemas, rules, catalogue and grammar. Offline."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.corridor.door import Door
from mockserver.corridor.settings import Settings
from mockserver.dialects.table import around, dialect_of, named
from mockserver.recorder.report import Deviation, Report, Weight
from mockserver.recording import canonical, coding, documents, fold, index
from mockserver.recording.cassette import CassetteError, from_document, redacted
from mockserver.recording.coding import UncleanError, UnreadableCodingError
from mockserver.recording.interaction import Interaction
from mockserver.recording.redaction import MARK, Redaction
from mockserver.rules import schemas
from mockserver.state.worlds import Worlds
from mockserver.talk.refused import Refused
from mockserver.wire import sse

_OTHER_SCHEMAS = {
    "POST /compatible-mode/v1/embeddings": "embeddings.response",
    "POST /api/v1/services/embeddings/text-embedding/text-embedding": "native-embeddings.response",
    "GET /compatible-mode/v1/models": "models.response",
    "GET /api/v1/models": "native-models.response",
    "POST /api/v1/tokenizer": "tokenizer.response",
}
"""The schema of an answer by its endpoint, beside chat."""

_SHOWN = 160


def schema_of(interaction: Interaction, document: Any, *, framed: bool) -> str | None:
    """The name of the schema of one document of an answer; None where there is none."""
    request = interaction.request
    if isinstance(document, dict) and fold.is_error(document):
        return dialect_of(around(request.path)).error_schema(document)
    if interaction.surface == "other":
        return _OTHER_SCHEMAS.get(f"{request.method} {request.path}")
    event = dialect_of(named(interaction.surface)).event_schema
    return f"{interaction.surface}.{event if framed else 'response'}"


class Checks:
    """The checks of one recording after another."""

    def __init__(self, redaction: Redaction | None = None) -> None:
        self._redaction = redaction or Redaction.of()
        self._errors = error_catalogue.load()
        self._models = model_catalogue.load()
        worlds = Worlds()
        self._door = Door(Settings(), self._errors, self._models, worlds)
        self._world = worlds.of("")

    def of(self, name: str, interaction: Interaction) -> Iterator[Deviation]:
        """Everything that does not hold for a recording."""
        try:
            coding.coding_of(interaction.response.headers)
        except UnreadableCodingError as error:
            yield Deviation(name, Weight.ERROR, "coding", "response.headers", str(error))
            return
        try:
            clean = redacted(interaction, self._redaction)
        except UncleanError as error:
            yield Deviation(name, Weight.ERROR, "unclean", "", str(error))
            return
        if clean.request != interaction.request or clean.response != interaction.response:
            message = "it holds what looks like a secret; take it out with dashscope-mock cassette scrub"
            yield Deviation(name, Weight.ERROR, "secret", "", message)
        yield from self._request(name, interaction)
        yield from self._answer(name, interaction)
        yield from self._framing(name, interaction)
        yield from self._meaning(name, interaction)

    def _request(self, name: str, interaction: Interaction) -> Iterator[Deviation]:
        asked, surface = interaction.asked, interaction.surface
        if surface == "other" or not isinstance(asked, dict) or interaction.folded().error is not None:
            return
        try:
            asked = loads_bounded(interaction.request.body)
        except ValueError as error:
            message = f"the cloud accepted this request, and we refuse it: {error}"
            yield Deviation(name, Weight.ERROR, "json", "request", message)
            return
        if self._models.find(asked.get("model")) is None:
            message = f"the catalogue has no model {interaction.model!r}, which the cloud answered"
            yield Deviation(name, Weight.WARNING, "model", "request.model", message)
            return
        headers = {key.lower(): value for key, value in interaction.request.headers}
        try:
            model = self._door.model(named(surface), asked, headers)
            request, _ = self._door.read(named(surface), asked, model, headers, self._world)
            self._door.judge(request, self._world, self._world.past.trace(request))
        except Refused as refused:
            words = refused.refusal.words[named(surface).voice]
            where = refused.findings[0].path if refused.findings else ""
            message = f"the cloud accepted this request, and we refuse it: {words.message[:_SHOWN]}"
            yield Deviation(name, Weight.ERROR, f"rule {refused.refusal.id}", f"request.{where}", message)

    def _answer(self, name: str, interaction: Interaction) -> Iterator[Deviation]:
        seen: set[tuple[str, str, str]] = set()
        for frame, document in fold.payloads(interaction.response.body):
            if document is documents.UNREADABLE:
                cut = interaction.response.end != "complete"
                if not cut and interaction.response.body:
                    yield Deviation(name, Weight.ERROR, "json", "response", "a part of the answer is no JSON")
                continue
            schema = schema_of(interaction, document, framed=frame is not None)
            for broken in schemas.violations(schema, documents.sayable(document)) if schema else ():
                found = (schema or "", re.sub(r"\[\d+\]", "[]", broken.path), broken.keyword)
                if found not in seen:
                    seen.add(found)
                    message = f"{found[0]}: {broken.message[:_SHOWN]}"
                    yield Deviation(name, Weight.ERROR, "schema", f"response.{broken.path}", message)

    def _framing(self, name: str, interaction: Interaction) -> Iterator[Deviation]:
        if not interaction.stream or interaction.surface == "other":
            return
        grammar = dialect_of(named(interaction.surface)).grammar
        blocks = interaction.response.body.decode("utf-8", "replace").split("\n\n")
        rest = blocks.pop()
        odd = next((block for block in blocks if not grammar.frame.fullmatch(block)), None)
        if odd is not None:
            message = f"a frame is not written as the cloud writes it: {odd[:_SHOWN]!r}"
            yield Deviation(name, Weight.WARNING, "framing", "response", message)
        complete = interaction.response.end == "complete"
        if complete and rest.strip():
            yield Deviation(name, Weight.WARNING, "framing", "response", "its last frame has no end")
        frames = sse.read(interaction.response.body)
        numbers = [frame.id for frame in frames if frame.id is not None]
        if grammar.numbered and numbers != [str(at) for at in range(1, len(numbers) + 1)]:
            yield Deviation(
                name, Weight.WARNING, "framing", "response", "its frames are not numbered 1, 2, 3"
            )
        ended = not grammar.end or (bool(frames) and frames[-1].data == grammar.end)
        if complete and not ended and interaction.folded().error is None:
            yield Deviation(
                name, Weight.WARNING, "framing", "response", f"it does not end with {grammar.end}"
            )

    def _meaning(self, name: str, interaction: Interaction) -> Iterator[Deviation]:
        folded = interaction.folded()
        if interaction.response.end != "complete":
            message = f"the answer is {interaction.response.end.replace('-', ' ')}"
            yield Deviation(name, Weight.INFO, "cut", "response.end", message)
        elif interaction.surface != "other" and not folded.error and not folded.choices:
            message = "the answer says nothing that can be understood"
            yield Deviation(name, Weight.WARNING, "meaning", "response", message)
        elif any(not choice.finish_reason for choice in folded.choices):
            yield Deviation(name, Weight.WARNING, "meaning", "response", "a choice has no finish reason")
        if folded.usage is not None:
            yield from _arithmetic(name, folded.usage)
        if folded.error is not None and folded.error.code and folded.error.code not in self._errors.codes():
            message = f"the catalogue has no error code {folded.error.code!r}"
            yield Deviation(name, Weight.WARNING, "code", "response", message)


def sums_up(usage: Mapping[str, Any]) -> bool:
    """Whether total tokens are input and output together, where all three are there."""
    read = usage.get("prompt_tokens", usage.get("input_tokens"))
    written = usage.get("completion_tokens", usage.get("output_tokens", 0))
    total = usage.get("total_tokens")
    numbers = (read, written, total)
    return not all(isinstance(number, int) for number in numbers) or total == (read or 0) + (written or 0)


def _arithmetic(name: str, usage: Mapping[str, Any]) -> Iterator[Deviation]:
    if not sums_up(usage):
        message = f"total tokens are not input and output together: {json.dumps(usage)[:_SHOWN]}"
        yield Deviation(name, Weight.WARNING, "usage", "response.usage", message)


def _written(name: str, document: Mapping[str, Any], interaction: Interaction) -> Iterator[Deviation]:
    """What a file says for its readers, against what it really holds."""
    shown = interaction.folded().shown()
    if json.dumps(document["reply"], sort_keys=True) != json.dumps(shown, sort_keys=True):
        message = "the reply shown is not what the chunks fold to; a replay goes by the chunks"
        yield Deviation(name, Weight.WARNING, "edited", "reply", message)
    if document["key"]["strict"] != canonical.keys_of(interaction.request).strict:
        message = "the key shown is not that of the request; a replay goes by the request"
        yield Deviation(name, Weight.INFO, "edited", "key", message)


def verify(folder: Path, redaction: Redaction | None = None) -> Report:
    """Every recording of a folder against what the mock knows. Raises `CassetteError` without a folder."""
    checks = Checks(redaction)
    names = sorted(name for name, _, _ in index.files_of(folder))
    deviations: list[Deviation] = []
    for name in names:
        try:
            document = json.loads((folder / name).read_bytes())
            interaction = from_document(document, name)
        except (CassetteError, ValueError, OSError, RecursionError) as error:
            deviations.append(Deviation(name, Weight.ERROR, "file", "", str(error)[: 2 * _SHOWN]))
            continue
        deviations += checks.of(name, interaction)
        if MARK not in json.dumps(document["reply"]):
            deviations += _written(name, document, interaction)
    return Report("verify", names, deviations)
