"""The control API's calls about scenarios: playing one for a key or for all, seeing it, taking it away."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.corridor.changes import changed, scenario_of
from mockserver.corridor.engine import Engine
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError, make_room, read_document, read_query, replaced, reply_json


class Playing:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside

    async def play(self, request: Request) -> Response:
        """Plays a scenario in the place of the one before; a broken one changes nothing.

        The files are handed over as texts by name, with all that they include; none is opened here.
        """
        key = read_query(request, "key").get("key")
        document = await read_document(request, "control.scenario")
        engine = self.engine

        def read() -> Any:
            # A server that plays none need not know how scenarios are read.
            from mockserver.scenario.reach import warnings  # noqa: PLC0415

            whole = scenario_of(engine, document)
            if whole.broken:
                return whole, []
            whole.filed()  # what is filed now need not be filed where others wait
            return whole, warnings(whole, engine.models)

        whole, warned = await self.aside.apart(request.scope, read)
        if whole.broken:
            raise FaultError("\n".join(map(str, whole.problems)), "files")
        make_room(engine, whole.filed().size, instead=engine.scripts.size_played(key))
        ready = partial(engine.play, key, whole)
        await replaced(self.aside, request, engine, "scenario", {**document, "key": key}, ready=ready)
        found = [str(problem) for problem in [*whole.problems, *warned]]
        return reply_json({"replies": len(whole.scripts), "warnings": found})

    async def stop(self, request: Request) -> Response:
        """Takes the scenario of a key, or the one for all keys, away."""
        key = read_query(request, "key").get("key")
        await replaced(self.aside, request, self.engine, "scenario", {"key": key})
        return Response(status_code=204)

    async def set_on_miss(self, request: Request) -> Response:
        """What answers when no script matches: the built-in model, or an error; for a key or for all."""
        key = read_query(request, "key").get("key")
        document: dict[str, Any] = await read_document(request, "control.on-miss")
        await changed(self.engine, "on-miss", {**document, "key": key})
        return Response(status_code=204)


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    playing = Playing(engine, aside)
    return [
        Route("/scenario", playing.play, methods=["PUT"]),
        Route("/scenario", playing.stop, methods=["DELETE"]),
        Route("/on-miss", playing.set_on_miss, methods=["PUT"]),
    ]
