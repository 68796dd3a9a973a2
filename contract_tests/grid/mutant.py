"""The reference client with one place broken, and the spy that tells where it would have been broken."""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.gallery.reference import Message, Reference, Reply
from contract_tests.grid.operators import Before, copied
from contract_tests.grid.places import Site, sites
from contract_tests.grid.table import Mutation, Places
from mockserver.base.jsontext import canonical
from mockserver.contract import Begin, ProtocolError, Report, Results, Say
from mockserver.contract.client import error_of
from mockserver.contract.protocol import checked, read_report, report_json
from mockserver.dialects.messages import read_message
from mockserver.dialects.table import dialect_of, named

_LATE = 5
"""The turn from which on it is late."""

_FREE = "free"
_TOLD = ("report", "sum")
"""Layers that are reports."""


@dataclass
class Memory:
    """What all conversations of one client saw: the last values of each place, by conversation.

    `told` is how often a place was broken so that it meant something else to whoever reads it.
    """

    seen: dict[tuple[str, str], dict[str, list[Any]]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    told: int = 0


class Watching(Reference, ABC):
    """The reference, which tells at every place what stands there and what time it is."""

    memory: Memory

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.turns = self.rounds = self.attempts_made = self.events_read = 0
        self.past: set[str] = set()
        self.running: set[str] = set()
        self.memory.open.add(begin.conversation)

    # What time it is.

    def moment(self, *more: str) -> frozenset[str]:
        """The tags of this moment."""
        begin = self.begin
        tags = {begin.surface, "native" if self.native else "compat", *self.past, *self.running, *more}
        tags.add("first-turn" if self.turns == 1 else "later-turn")
        tags |= {"late-turn"} if self.turns >= _LATE else set()
        tags |= {"beside"} if len(self.memory.open) > 1 else set()
        tags |= {"session"} if begin.session else {"history"}
        tags |= {"keep"} if begin.keep else set()
        tags |= {"tools"} if begin.tools else {"no-tools"}
        tags.add("said" if self.rounds == 0 else "results")
        tags |= {"second-results"} if self.rounds > 1 else set()
        tags |= {"retry"} if self.attempts_made > 1 else set()
        return frozenset(tags)

    @abstractmethod
    def visit(self, layer: str, document: Any, moment: frozenset[str]) -> Any:
        """What is made of a document of a layer."""

    # What is said, and what came of it.

    def say(self, say: Say) -> Report:
        self.turns, self.rounds = self.turns + 1, 0
        options = {**self.begin.options, **say.options}
        self.running = {"streamed" if say.stream else "plain"}
        self.running |= {"prefix"} if say.partial is not None else set()
        self.running |= {"parts"} if say.parts else set()
        self.running |= {"turn-options"} if say.options else set()
        self.running |= {"thinking"} if options.get("enable_thinking") else set()
        self.running |= {"choices"} if options.get("n", 1) > 1 else set()
        self.running |= {"cumulative"} if options.get("incremental_output") is False else set()
        return self.told_of(lambda: super(Watching, self).say(say))

    def results(self, results: Results) -> Report:
        self.rounds += 1
        return self.told_of(lambda: super(Watching, self).results(results))

    def told_of(self, step: Any) -> Report:
        try:
            report: Report = step()
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - as the kit does with what a client raises
            report = Report(error=error_of(error))
        end = "failed" if report.error else "stopped" if report.cancelled else "answered"
        report = self.visit("report", report, self.moment(end))
        self.past |= {"behind-failure"} if end == "failed" else set()
        self.past |= {"behind-stop"} if end == "stopped" else set()
        self.past |= {"behind-prefix"} if "prefix" in self.running and end == "answered" else set()
        self.past |= {"behind-calls"} if self.rounds else set()
        return report

    def end(self) -> Report:
        report: Report = self.visit("sum", super().end(), self.moment())
        self.memory.open.discard(self.begin.conversation)
        return report

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        self.history[:] = self.visit("history", self.history, self.moment())

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        self.attempts_made += 1
        self.events_read = 0
        return super().exchange(body, stream=stream, options=options, stop=stop)

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        self.attempts_made = 0
        return super().attempt(body, stream=stream, options=options, stop=stop)

    def encoded(self, body: Message) -> bytes:
        return super().encoded(self.visit("request", body, self.moment()))

    def headers(self, *, stream: bool) -> dict[str, str]:
        headers: dict[str, str] = self.visit("headers", super().headers(stream=stream), self.moment())
        return {name: value for name, value in headers.items() if isinstance(value, str)}

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        self.events_read += 1
        ended = any(
            choice.get("finish_reason") not in (None, "null", "")
            for choice in document.get("output", document).get("choices") or ()
        )
        tag = "first-event" if self.events_read == 1 else "last-event" if ended else "later-event"
        for one in self.visit("answer", [document], self.moment(tag)):
            super().take(reply, one, cumulative=cumulative)


def _same(layer: str, before: Any, after: Any, client: Watching) -> bool:
    """Whether whoever reads a document reads the same in it as before; of an answer `Mutant` tells."""
    if layer == "answer":
        return True
    if layer in _TOLD:
        return meant(before) == meant(after)
    if layer == "headers":
        return bool(before == after)
    try:
        return bool(_read(layer, before, client) == _read(layer, after, client))
    except (AttributeError, KeyError, TypeError, ValueError):
        return False  # what cannot be read is not the same


def meant(report: Report) -> Report:
    """A report with the arguments of its calls as whoever judges it reads them: by their meaning."""
    choices = [
        replace(
            choice,
            tool_calls=tuple(replace(one, arguments=canonical(one.arguments)) for one in choice.tool_calls),
        )
        for choice in report.choices
    ]
    return replace(report, choices=tuple(choices))


def _read(layer: str, document: Any, client: Watching) -> Any:
    """What the cloud reads in a request, or would read in the messages of a history."""
    if layer == "history":
        return [read_message(message) for message in document]
    dialect = dialect_of(named(client.begin.surface))
    options = {name: value for name, value in dialect.options(document).items() if name != "messages"}
    return dialect.messages(document), document.get("model"), json.dumps(options, sort_keys=True)


class Mutant(Watching):
    """The reference with one place broken.

    `read_reply` is the answer as it reads it, `whole_reply` as the reference does.
    """

    mutation: Mutation
    read_reply: Reply
    whole_reply: Reply

    def visit(self, layer: str, document: Any, moment: frozenset[str]) -> Any:
        """The document with the place broken, if it is the layer and the moment."""
        mutation = self.mutation
        if layer != mutation.layer:
            return document
        changed = _document(layer, document)
        struck = False
        for site, before in looked_at(mutation.layer, mutation.what, changed, self):
            after = mutation.change(site.value, before)
            if after is not None and mutation.strikes(moment):
                site.put(after)
                struck = True
        if not struck:
            return document
        broken = _back(layer, changed)
        if not _same(layer, document, broken, self):
            self.memory.told += 1
        return broken

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        self.read_reply, self.whole_reply = Reply(), Reply()
        try:
            return super().exchange(body, stream=stream, options=options, stop=stop)
        finally:
            self.memory.told += self.report(self.read_reply) != self.report(self.whole_reply)

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        if self.mutation.layer == "answer":
            self.read_reply = reply
            Reference.take(self, self.whole_reply, document, cumulative=cumulative)
        super().take(reply, document, cumulative=cumulative)


class Spy(Watching):
    """The reference, unbroken, which notes which pairs of what and how would change something, and when."""

    noted: set[tuple[str, frozenset[str]]]
    places: Mapping[str, Places]
    looked: Counter[tuple[str, frozenset[str]]]

    def visit(self, layer: str, document: Any, moment: frozenset[str]) -> Any:
        """The document as it is."""
        self.looked[layer, moment] += 1
        if self.looked[layer, moment] > _ENOUGH:
            return document
        changed = _document(layer, document)
        for what, mutations in self.places.get(layer, ()):
            for site, before in looked_at(layer, what, changed, self):
                value = site.value
                for mutation in mutations:
                    if mutation.change(value, before) is not None:
                        self.noted.add((mutation.pair, moment))
        return document


_ENOUGH = 4
"""How often a layer is looked at in one conversation at moments that are alike."""


def _document(layer: str, document: Any) -> Any:
    """A document that may be changed."""
    return json.loads(json.dumps(report_json(document))) if layer in _TOLD else copied(document)


def _back(layer: str, document: Any) -> Any:
    """What a document stands for. Raises `ProtocolError` for a report that no driver may give."""
    return read_report(checked(document)) if layer in _TOLD else document


def looked_at(
    layer: str, what: Mapping[str, Any], document: Any, client: Watching
) -> list[tuple[Site, Before]]:
    """Every site of a place in a document, the last one first, with what stood there before.

    What stands there now is remembered for the next time there is something.
    """
    places = sites(document, what["path"])
    known = client.memory.seen.setdefault((layer, what["id"]), {})
    mine = client.begin.conversation
    stale = known.get(mine, [])
    foreign = next((values for name, values in known.items() if name != mine and values), [])
    if any(site.value is not None for site in places):
        known[mine] = [copied(site.value) for site in places]
    return [
        (site, Before(_at(stale, at), _at(foreign, at), what.get("other")))
        for at, site in enumerate(places)
        if _there(layer, what, site.value)
    ]


def _there(layer: str, what: Mapping[str, Any], value: Any) -> bool:
    """Whether a place holds something that can be broken: an empty piece of an answer is read as none."""
    if layer == "answer" and value in (None, "", [], {}):
        return False
    return value is not None or bool(what["kind"] == _FREE)


def _at(values: Sequence[Any], at: int) -> Any:
    return values[min(at, len(values) - 1)] if values else None
