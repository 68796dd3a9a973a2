"""The control API's calls about what was asked: the journal, filtered and exported, and verifying it."""

import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite, nan

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.base.jsontext import dumps
from mockserver.base.names import nearest
from mockserver.corridor.engine import Engine
from mockserver.corridor.verify import Asked, Expectation, problems, reread
from mockserver.dialects.table import SURFACES
from mockserver.endpoints.table import endpoints
from mockserver.scripts.match import MatchError
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError, read_document, read_query, reply_json
from mockserver.server.responding import LongResponse
from mockserver.state.journal import Entry

Test = Callable[[Entry], bool]
Filter = Callable[[Iterable[Entry]], list[Entry]]

_COUNT = re.compile(r"[0-9]{1,9}")
ANY = "*"
"""Stands for every endpoint beside chat."""

_CHOICES = {
    "surface": [surface.name for surface in SURFACES.values()],
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


def whole_number(name: str, text: str) -> int:
    """A whole number of a query. Raises `FaultError`."""
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
    status = whole_number("status", text)
    return lambda entry: entry.status == status


def _after(_: Engine, text: str) -> Test:
    number = whole_number("after", text)
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


def filter_of(engine: Engine, query: Mapping[str, str]) -> Filter:
    """What takes those that a query asks for out of the journal's entries. Raises `FaultError`."""
    for name, choices in _CHOICES.items():
        if name in query and query[name] not in choices:
            near = nearest(query[name], choices)
            msg = f"there is no {name} {query[name]!r}; the nearest known one is {near!r}"
            raise FaultError(msg, name)
    tests = [_TESTS[name](engine, value) for name, value in query.items() if name in _TESTS]
    limit = whole_number("limit", query["limit"]) if "limit" in query else None

    def filtered(entries: Iterable[Entry]) -> list[Entry]:
        found = [entry for entry in entries if all(test(entry) for test in tests)]
        return found if limit is None else found[max(0, len(found) - limit) :]

    return filtered


def _as_json(entries: list[Entry], _: Engine) -> tuple[bytes, str]:
    # Each exchange by itself, so that others have their turn in between.
    return b'{"requests":[%b]}' % b",".join(dumps(entry.shown()) for entry in entries), "application/json"


def _as_lines(entries: list[Entry], _: Engine) -> tuple[bytes, str]:
    return b"".join(dumps(entry.shown()) + b"\n" for entry in entries), "application/jsonl"


def _as_scenario(entries: list[Entry], engine: Engine) -> tuple[bytes, str]:
    from mockserver.scenario.export import as_yaml, scenario_of  # noqa: PLC0415 - YAML is read seldom

    return as_yaml(scenario_of(entries, engine.errors)).encode(), "application/yaml"


_FORMATS = {"json": _as_json, "jsonl": _as_lines, "scenario": _as_scenario}
"""How the journal is written."""


class Exchanges:
    """The endpoints of one engine. What is done with many exchanges is done aside."""

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside

    async def requests(self, request: Request) -> Response:
        """What was asked and answered, newest last: as JSON, as lines of JSON, or as a scenario file.

        Chats, or the calls of an `endpoint`.
        """
        query = read_query(request, *FILTERS, "format")
        filtered = filter_of(self.engine, query)
        entries = tuple(self.engine.calls if "endpoint" in query else self.engine.journal)
        write = _FORMATS[query.get("format", "json")]
        content, kind = await self.aside.apart(request.scope, lambda: write(filtered(entries), self.engine))
        return LongResponse(content, media_type=kind)

    async def verify(self, request: Request) -> Response:
        """Whether these requests were made; what is not so is told in words."""
        read_query(request)
        document = await read_document(request, "control.verify")
        key = document.get("key")
        world = None if key is None else self.engine.worlds.known(key)
        entries = [entry for entry in self.engine.journal if key is None or entry.world is world]

        def found() -> list[str]:
            expectations = [Expectation.read(spec) for spec in document["requests"]]
            asked = [Asked(entry, reread(entry, self.engine.door)) for entry in entries]
            ordered, nothing_else = document.get("ordered", False), document.get("nothing_else", False)
            return problems(expectations, asked, ordered=ordered, nothing_else=nothing_else)

        try:
            told = await self.aside.apart(request.scope, found)
        except MatchError as error:
            raise FaultError(str(error)) from None
        return reply_json({"ok": not told, "problems": told, "requests": len(entries)})


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    exchanges = Exchanges(engine, aside)
    return [
        Route("/requests", exchanges.requests, methods=["GET"]),
        Route("/verify", exchanges.verify, methods=["POST"]),
    ]
