"""The control API's calls for who looks on: what is new in the journal, one exchange with all that is known
of it, the same as code, and the recordings that answer.

`mockserver/page/` is made of them.
"""

import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.base.deadline import Deadline, working_time
from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.corridor.verify import reread
from mockserver.scripts.match import MatchError
from mockserver.scripts.miss import PATIENCE, Looked, look, nearest
from mockserver.scripts.script import Script
from mockserver.server import copying
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError, read_query, reply_json, shown
from mockserver.server.exchanges import FILTERS, filter_of, whole_number
from mockserver.server.responding import LongResponse
from mockserver.state.brief import brief
from mockserver.state.journal import Entry, Journal


def _side_by_side(looked: Iterable[Looked]) -> list[dict[str, Any]]:
    return [
        {
            "condition": each.name,
            "holds": each.holds,
            "expected": each.expected,
            "actual": each.actual,
            "diff": each.diff,
        }
        for each in looked
    ]


class Looking:
    """The endpoints of one engine. `begun` tells this server from one before it on the same port."""

    def __init__(self, engine: Engine, aside: Aside, *, begun: str) -> None:
        self.engine = engine
        self.aside = aside
        self._begun = begun

    def _journal(self, *, beside: bool) -> Journal:
        return self.engine.calls if beside else self.engine.journal

    async def changes(self, request: Request) -> Response:
        """What was entered or ended since a revision of the journal, each exchange in short.

        Another `epoch` than before says that exchanges were forgotten: whoever follows begins anew.
        """
        query = read_query(request, *FILTERS, "revision")
        revision = whole_number("revision", query.get("revision", "0"))
        filtered = filter_of(self.engine, query)
        journal = self._journal(beside="endpoint" in query)
        entries = tuple(entry for entry in journal if entry.changed > revision)
        said = {
            "epoch": f"{self.engine.keeping.begun or self._begun}-{journal.epoch}",
            "revision": journal.revision,
            "first": next((entry.number for entry in journal), None),
        }
        found = await self.aside.apart(request.scope, lambda: [brief(entry) for entry in filtered(entries)])
        return reply_json({**said, "exchanges": found})

    def _entry(self, request: Request, *, beside: bool) -> Entry:
        """The exchange that a path names. Raises `FaultError`."""
        text = request.path_params["number"]
        entry = None
        if text.isascii() and text.isdigit():
            entry = self._journal(beside=beside).numbered(int(text[:10]))
        if entry is None:
            msg = f"the journal has no exchange {text[:50]!r}: it never was, or others took its place"
            raise FaultError(msg, status=HTTPStatus.NOT_FOUND)
        return entry

    async def exchange(self, request: Request) -> Response:
        """One exchange: as the journal shows it, what went out, and the script that almost answered."""
        query = read_query(request, "endpoint")
        entry = self._entry(request, beside="endpoint" in query)
        scripts = tuple(self.engine.scripts.seen_by(entry.world.key))
        return LongResponse(
            await self.aside.apart(request.scope, lambda: dumps(self._whole(entry, scripts))),
            media_type="application/json",
        )

    def _whole(self, entry: Entry, scripts: Iterable[Script]) -> dict[str, Any]:
        sent = None if entry.sent is None else entry.covered(entry.sent.shown())
        return {"request": entry.shown(), "sent": sent, "near": self._near(entry, scripts)}

    def _near(self, entry: Entry, scripts: Iterable[Script]) -> dict[str, Any] | None:
        """The script that is nearest to a request that none answered, as the scripts are now."""
        if entry.endpoint or entry.answered_by not in ("built-in", "miss"):
            return None
        request = reread(entry, self.engine.door)
        if request is None:
            return None
        key = entry.world.key
        try:
            found = nearest(scripts, key, request, Deadline(PATIENCE, timer=working_time))
            if found is None:
                return None
            script, miss = found
            looked = look(script.match, request)
        except MatchError:
            return None  # the exchange itself tells what cannot be decided
        holds = all(each.holds for each in looked)
        near = {
            "script": shown(script, "reply"),
            "source": None if script.source is None else str(script.source),
            "held": miss.held,
            "total": miss.total,
            "spent": holds and script.times is not None and script.spent_for(key),
            "answers_now": holds and not (script.times is not None and script.spent_for(key)),
            "conditions": _side_by_side(looked),
        }
        return entry.covered(near)

    async def copy(self, request: Request) -> Response:
        """An exchange as code that asks the same again, or as a script that answers it."""
        query = read_query(request, "form")
        form = query.get("form", "curl")
        if form not in copying.FORMS:
            msg = f"there is no form {form!r}; it is one of {', '.join(copying.FORMS)}"
            raise FaultError(msg, "form")
        entry = self._entry(request, beside=False)
        url = f"{request.scope['scheme']}://{request.headers.get('host') or request.url.netloc}"
        text = await self.aside.apart(request.scope, lambda: copying.copied(entry.shown(), form, url=url))
        return Response(text, media_type="text/plain")

    async def recordings(self, request: Request) -> Response:
        """The recordings that the server answers from, with how often each was used."""
        read_query(request)
        recorded = self.engine.recorded
        if recorded is None:
            return reply_json({"cassette": None, "recordings": []})
        library = recorded.library
        rows = [
            {
                "name": row.name,
                "surface": row.surface,
                "model": row.model,
                "stream": bool(row.stream),
                "status": row.status,
                "recorded": row.recorded,
                "used": library.used[row.name],
            }
            for row in library.rows
        ]
        return reply_json({"cassette": library.folder.name, "recordings": rows})


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    looking = Looking(engine, aside, begun=secrets.token_hex(4))
    return [
        Route("/changes", looking.changes, methods=["GET"]),
        Route("/requests/{number}", looking.exchange, methods=["GET"]),
        Route("/requests/{number}/copy", looking.copy, methods=["GET"]),
        Route("/recordings", looking.recordings, methods=["GET"]),
    ]
