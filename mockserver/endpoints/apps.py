"""App completion: what the console's apps answer, a chat with their model in a form of its own.

An app is a chat to everything else: scripts, quotas, moderation, faults and the journal see the request that
its model is sent. What is the app's own lies in `fixtures/apps.json`, with its sources.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from mockserver.answer.moderation import Says
from mockserver.base import resources
from mockserver.base.jsontext import dumps
from mockserver.base.masking import without_key
from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal
from mockserver.corridor.answers import Answer, Answers
from mockserver.corridor.threads import Written, read, size_of, written
from mockserver.corridor.unshared import APPS, alone
from mockserver.corridor.work import LARGE, Steps, sized
from mockserver.dialects.native.read import wants_stream
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.endpoints import files, workflows
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.wire import sse
from mockserver.wire.incoming import bearer_key

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

SHELF = "session"
"""Where the conversations of apps lie on the shelf."""

_CITED = re.compile(r"<ref>\[(\d{1,4})\]</ref>")
_EXCERPT = 500


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = resources.fixture("apps")
    return table


@value
class Document:
    """Something that a knowledge base holds."""

    id: str
    name: str
    text: str


@value
class _Asked:
    """What an app was asked: its session, what was found for it, and whether its thoughts are shown.

    `flow` is how a workflow tells of itself, and None for an agent; `given` is what its first node gets.
    """

    session: str
    documents: tuple[Document, ...]
    memory: str | None
    prompt: str
    thoughts: bool
    searched: bool
    flow: str | None
    given: Mapping[str, Any]


class _AppAnswers(Answers):
    """Renders answers as apps do."""

    def __init__(self, engine: "Engine", asked: _Asked) -> None:
        super().__init__(engine.errors, engine.vocabularies)
        self._asked = asked

    def says(self, request: ChatRequest, reply: Reply) -> Says | None:
        """Any node of a workflow that speaks says all of the answer: it is cut off before its first word."""
        if self._asked.flow is None:
            return super().says(request, reply)
        choice = reply.choices[0]
        whole = (((0, "content"), choice.content), ((0, "reasoning"), choice.reasoning))
        return lambda event: whole if workflows.speaks(event["output"]) else ()

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """A whole answer, its keys in the recorded order."""
        asked, choice = self._asked, reply.choices[0]
        if asked.flow is not None:
            nodes = {"thoughts": workflows.thoughts(choice.content)} if asked.thoughts else {}
            said = {
                "finish_reason": choice.finish_reason,
                "session_id": asked.session,
                "text": choice.content,
            }
            return dumps({"output": {**nodes, **said}, "usage": {}, "request_id": envelope.request_id})
        thoughts = self._thoughts(choice.reasoning) if asked.thoughts or asked.searched else []
        references = self._references(choice.content, "whole", done=True)
        output = {
            **({"thoughts": thoughts} if thoughts else {}),
            "finish_reason": choice.finish_reason,
            "session_id": asked.session,
            "text": choice.content,
            **({"doc_references": references} if references else {}),
        }
        counts = {"output_tokens": usage.output, "model_id": request.model.name, "input_tokens": usage.input}
        return dumps({"output": output, "usage": {"models": [counts]}, "request_id": envelope.request_id})

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> Stream:
        """The events of an answer: its thoughts, its text, and one that ends it."""
        choice, incremental = reply.choices[0], bool(request.get("incremental_output"))
        if self._asked.flow is not None:
            return self._flowing(self._asked.flow, request, reply, usage, envelope)
        said, spent, events, tokens = "", 0, [], []

        def event(text: str, size: int, *, finish: str = "null", thought: str = "") -> None:
            events.append(self._event(request, text, said, usage, envelope, spent, finish, thought))
            tokens.append(size)

        family = request.model.family
        runs = self.chunker(request.model).runs(
            choice, family, chunks=reply.chunks, cumulative=not incremental
        )
        for run in runs:
            for text, size in zip(run.texts, run.sizes, strict=True):
                spent += size
                if run.kind == "reasoning" and self._asked.thoughts:
                    event("", size, thought=text)
                elif run.kind == "content":
                    said += text
                    event(text if incremental else said, size)
        spent = usage.output
        event("" if incremental else said, 0, finish=choice.finish_reason)
        frames = [sse.native_frame(number, data) for number, data in enumerate(events, 1)]
        return Stream(frames, tokens)

    def _flowing(
        self, mode: str, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope
    ) -> Stream:
        """The events of a workflow, with what the model cost where its mode tells that."""
        asked, choice, incremental = self._asked, reply.choices[0], bool(request.get("incremental_output"))
        pieces: dict[str, list[tuple[str, int]]] = {"reasoning": [], "content": []}
        cumulative = asked.thoughts and not incremental
        for run in self.chunker(request.model).runs(
            choice, request.model.family, chunks=reply.chunks, cumulative=cumulative
        ):
            if run.kind in pieces:
                pieces[run.kind] += zip(run.texts, run.sizes, strict=True)
        told = workflows.Told(
            asked.session, asked.given, pieces["reasoning"], pieces["content"], choice.finish_reason
        )
        spent = 0
        frames: list[bytes] = []
        tokens: list[int] = []
        for output, size, costs in told.events(mode, shown=asked.thoughts, incremental=incremental):
            spent += size
            said = {
                "input_tokens": usage.input,
                "output_tokens": spent if costs == "so far" else usage.output,
                "model_id": request.model.name,
            }
            event = {
                "output": output,
                "usage": {"models": [said]} if costs else {},
                "request_id": envelope.request_id,
            }
            frames.append(sse.native_frame(len(frames) + 1, dumps(event)))
            tokens.append(size)
        return Stream(frames, tokens)

    def _event(
        self,
        request: ChatRequest,
        text: str,
        said: str,
        usage: Usage,
        envelope: Envelope,
        spent: int,
        finish: str,
        thought: str,
    ) -> bytes:
        references = self._references(said, "stream", done=finish != "null")
        thoughts = self._thoughts(thought) if thought else []
        output = {
            **({"thoughts": thoughts} if thoughts else {}),
            "session_id": self._asked.session,
            "finish_reason": finish,
            "text": text,
            **({"doc_references": references} if references else {}),
        }
        counts = {"input_tokens": usage.input, "output_tokens": spent, "model_id": request.model.name}
        return dumps({"output": output, "usage": {"models": [counts]}, "request_id": envelope.request_id})

    def _references(self, said: str, order: str, *, done: bool) -> list[dict[str, Any]]:
        """The documents that a text cites so far; all, when it is done and cites none."""
        documents = self._asked.documents
        if not documents:
            return []
        cited = dict.fromkeys(int(number) for number in _CITED.findall(said))
        if done and not cited:
            cited = dict.fromkeys(range(1, len(documents) + 1))
        names: Sequence[str] = _table()["reference"][order]
        shown = []
        for number in cited:
            if 1 <= number <= len(documents):
                document = documents[number - 1]
                values = {
                    "images": [],
                    "doc_name": document.name,
                    "text": document.text,
                    "index_id": str(number),
                    "title": document.name,
                    "doc_id": document.id,
                }
                shown.append({name: values[name] for name in names})
        return shown

    def _thoughts(self, reasoning: str) -> list[dict[str, Any]]:
        """The steps that an app shows: what it found, what it remembers, what it thought."""
        asked, shapes = self._asked, _table()["thoughts"]
        values: dict[str, str] = {"thought": reasoning}
        steps = []
        if asked.searched:
            values["observation"] = dumps(
                [_observed(*pair) for pair in enumerate(asked.documents, 1)]
            ).decode()
            steps.append("rag")
        if asked.memory is not None:
            values["asked"] = dumps({"memory_id": asked.memory, "query": asked.prompt}).decode()
            steps.append("memory")
        if reasoning:
            steps.append("reasoning")
        return [
            {name: values[text[1:]] if text.startswith("$") else text for name, text in shapes[step].items()}
            for step in steps
        ]


def _observed(number: int, document: Document) -> dict[str, Any]:
    """A document as the thought of a search quotes it."""
    return {
        "content": document.text,
        "dataId": document.id,
        "dataName": document.name,
        "display": True,
        "id": f"{document.id}_{number}",
        "images": [],
        "referenceIndex": number,
        "score": round(1 / (1 + number), 4),
        "title": document.name,
        "webSearch": False,
    }


def _documents(engine: "Engine", world: World, options: Mapping[str, Any] | None) -> Iterable[Document]:
    """What a knowledge base is said to hold: files that this key has uploaded, else made-up pages."""
    if not options:
        return
    ids = [str(name) for name in options.get("file_ids") or ()][: _table()["documents"]]
    for name in ids:
        stored = engine.shelf.get(world, files.SHELF, name, now=engine.clock())
        if stored is not None:
            yield Document(name, stored.name, _excerpt(stored.content))
        else:
            yield Document(name, "Mock document", f"A page of {name}.")
    for number in range(1, _table()["documents"] + 1 - len(ids)):
        yield Document(f"doc_mock_{number}", f"Mock document {number}", f"Page {number} of a mock.")


def _excerpt(content: bytes) -> str:
    """The beginning of a file; a character takes at most four bytes."""
    return content[: 4 * _EXCERPT].decode("utf-8", "replace")[:_EXCERPT]


def completion(
    engine: "Engine", app: str, headers: Mapping[str, str], body: bytes, *, arrived: float
) -> Steps[Answer]:
    """The way to an app's answer."""
    try:
        world = engine.door.admit(bearer_key(headers), headers)
        if engine.keeping.shared:
            raise alone(APPS)
        data = yield from sized(len(body), engine.door.parse, body)
        if not re.fullmatch(_table()["id"], app):
            raise Refused(engine.errors.refuse("parameter.required", name="AppId"))  # noqa: TRY301
        yield from engine.door.allowed("apps.request", data, NATIVE_TEXT, large=len(body) > LARGE)
    except Refused as refused:
        return _refused(engine, headers, body, refused.refusal, arrived)
    given, options = data["input"], data.get("parameters") or {}
    session = given.get("session_id") or engine.ids.request_id().replace("-", "")
    before = () if given.get("messages") else _session(engine, world, session)
    size = len(body) + size_of(before)
    messages = yield from sized(size, _messages, given, before)
    asked = _Asked(
        session=session,
        documents=tuple(_documents(engine, world, options.get("rag_options"))),
        memory=given.get("memory_id"),
        prompt=given.get("prompt") or "",
        thoughts=bool(options.get("has_thoughts")),
        searched=bool(options.get("rag_options")),
        flow=workflows.mode_of(app, options),
        given=given.get("biz_params") or {},
    )
    kept = {name: options[name] for name in _table()["options"] if options.get(name) is not None}
    chat = {
        "model": _table()["model"],
        "input": {"messages": messages},
        "parameters": {**kept, "result_format": "text"},
    }
    answers = _AppAnswers(engine, asked)
    asking = yield from sized(size, dumps, chat)
    answer = yield from engine.steps(NATIVE_TEXT, headers, asking, arrived=arrived, answers=answers)
    entry = answer.entry
    if entry is not None and entry.reply is not None and entry.refusal is None and entry.reply.choices:
        said = entry.reply.choices[0]
        rounds = yield from sized(size + len(said.content), _rounds, messages, said)
        ends = engine.clock() + _table()["session_seconds"]
        engine.shelf.put(world, SHELF, session, rounds, ends=ends, size=size_of(rounds))
    return answer


def _refused(
    engine: "Engine", headers: Mapping[str, str], body: bytes, refusal: Refusal, arrived: float
) -> Answer:
    """The answer to a request that no app gets to see."""
    surface, stream = NATIVE_TEXT, wants_stream(headers)
    kept = without_key(body, bearer_key(headers))
    entry = Entry(engine.ids.request_id(), engine.worlds.of(""), surface.name, stream, kept, arrived)
    entry.refusal = refusal
    engine.keeping.enter(entry, None)
    return engine.answers.refused(surface, entry, None, headers, stream=stream, clock=engine.clock)


def _session(engine: "Engine", world: World, session: str) -> Written:
    """The messages of a session so far."""
    found: Written | None = engine.shelf.get(world, SHELF, session, now=engine.clock())
    return found or ()


def _messages(given: Mapping[str, Any], before: Written) -> list[Any]:
    """The conversation so far and what is new; messages that are sent stand for themselves."""
    sent = given.get("messages")
    if sent:
        return [*sent, *([{"role": "user", "content": given["prompt"]}] if given.get("prompt") else [])]
    return [*read(before), {"role": "user", "content": given["prompt"]}]


def _rounds(messages: Sequence[Any], said: Choice) -> Written:
    """What a session keeps, for an hour: its last rounds."""
    return written([*messages, {"role": "assistant", "content": said.content}][-2 * _table()["rounds"] :])
