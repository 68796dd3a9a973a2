"""The control API's calls about what was asked: the journal, filtered and exported, and verifying it."""

import re
from collections.abc import Callable, Mapping
from math import isfinite, nan

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.answer.match import MatchError
from mockserver.endpoints.table import endpoints
from mockserver.engine import Engine
from mockserver.journal import Entry
from mockserver.names import nearest
from mockserver.server.control import FaultError, read_document, read_query, reply_json
from mockserver.verify import Asked, Expectation, problems, reread
from mockserver.wire.jsontext import dumps
from mockserver.wire.request import Surface

Test = Callable[[Entry], bool]

_COUNT = re.compile(r"[0-9]{1,9}")
ANY = "*"
"""Stands for every endpoint beside chat."""

_CHOICES = {
    "surface": [surface.value for surface in Surface],
    "stream": ["true", "false"],
    "format": ["json", "jsonl", "scenario"],
    "endpoint": [ANY, *(endpoint.id for endpoint in endpoints())],
}


def _since(text: str) -> float:
    try:
        since = float(text)
    except ValueError:
        since = nan
    if not isfinite(since):
        msg = f"since is {text!r}: it must be a time in seconds since 1970"
        raise FaultError(msg, "since")
    return since


def _number(name: str, text: str) -> int:
    if not _COUNT.fullmatch(text):
        msg = f"{name} is {text!r}: it must be a whole number, 0 to 999999999"
        raise FaultError(msg, name)
    return int(text)


def _searched(entry: Entry) -> str:
    """All that was said in an exchange, as JSON without escapes."""
    shown = entry.shown()
    return dumps([shown["body"], shown["answer"], shown["error"]]).decode()


def _of_key(engine: Engine, key: str) -> Test:
    world = engine.worlds.known(key)
    return lambda entry: entry.world is world


def _of_status(_: Engine, text: str) -> Test:
    status = _number("status", text)
    return lambda entry: entry.status == status


def _after(_: Engine, text: str) -> Test:
    number = _number("after", text)
    return lambda entry: entry.number > number


def _from(_: Engine, text: str) -> Test:
    since = _since(text)
    return lambda entry: entry.arrived >= since


_TESTS: dict[str, Callable[[Engine, str], Test]] = {
    "key": _of_key,
    "surface": lambda _, text: lambda entry: entry.surface == text,
    "model": lambda _, text: lambda entry: entry.model == text,
    "stream": lambda _, text: lambda entry: entry.stream is (text == "true"),
    "status": _of_status,
    "answered_by": lambda _, text: lambda entry: entry.answered_by == text,
    "finding": lambda _, text: lambda entry: any(finding.rule == text for finding in entry.findings),
    "contains": lambda _, text: lambda entry: text in _searched(entry),
    "since": _from,
    "after": _after,
    "endpoint": lambda _, text: lambda entry: text in (entry.endpoint, ANY),
}
"""By what the journal can be filtered: each makes the test that every entry must pass."""

FILTERS = (*_TESTS, "limit")
"""The names of all filters."""


def filtered(engine: Engine, query: Mapping[str, str]) -> list[Entry]:
    """The journal's chats that a query asks for, or the calls of an `endpoint`. Raises `FaultError`."""
    for name, choices in _CHOICES.items():
        if name in query and query[name] not in choices:
            near = nearest(query[name], choices)
            msg = f"there is no {name} {query[name]!r}; the nearest known one is {near!r}"
            raise FaultError(msg, name)
    tests = [_TESTS[name](engine, value) for name, value in query.items() if name in _TESTS]
    journal = engine.calls if "endpoint" in query else engine.journal
    found = [entry for entry in journal if all(test(entry) for test in tests)]
    return found[max(0, len(found) - _number("limit", query["limit"])) :] if "limit" in query else found


class Exchanges:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def requests(self, request: Request) -> Response:
        """What was asked and answered, newest last: as JSON, as lines of JSON, or as a scenario file."""
        query = read_query(request, *FILTERS, "format")
        entries = filtered(self.engine, query)
        form = query.get("format", "json")
        if form == "jsonl":
            lines = b"".join(dumps(entry.shown()) + b"\n" for entry in entries)
            return Response(lines, media_type="application/jsonl")
        if form == "scenario":
            from mockserver.scenario.export import as_yaml, scenario_of  # noqa: PLC0415 - YAML is read seldom

            text = as_yaml(scenario_of(entries, self.engine.errors))
            return Response(text, media_type="application/yaml")
        return reply_json({"requests": [entry.shown() for entry in entries]})

    async def verify(self, request: Request) -> Response:
        """Whether these requests were made; what is not so is told in words."""
        read_query(request)
        document = await read_document(request, "control.verify")
        try:
            expectations = [Expectation.read(spec) for spec in document["requests"]]
        except MatchError as error:
            raise FaultError(str(error)) from None
        key = document.get("key")
        world = None if key is None else self.engine.worlds.known(key)
        asked = [
            Asked(entry, reread(entry, self.engine.door))
            for entry in self.engine.journal
            if key is None or entry.world is world
        ]
        found = problems(
            expectations,
            asked,
            ordered=document.get("ordered", False),
            nothing_else=document.get("nothing_else", False),
        )
        return reply_json({"ok": not found, "problems": found, "requests": len(asked)})


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    exchanges = Exchanges(engine)
    return [
        Route("/requests", exchanges.requests, methods=["GET"]),
        Route("/verify", exchanges.verify, methods=["POST"]),
    ]
