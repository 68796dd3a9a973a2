"""`/_mock/metrics`: what was asked and what it cost, in the form that Prometheus reads."""

from functools import partial
from importlib import import_module

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.corridor.engine import Engine
from mockserver.server.aside import Aside
from mockserver.server.control import read_query


class Metrics:
    """The endpoint of one engine."""

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside

    async def metrics(self, request: Request) -> Response:
        """All metrics, as text."""
        read_query(request)
        # A port opens the sooner without what writes them, and to load that takes long.
        load = partial(import_module, "mockserver.server.collected")
        collected = await self.aside.apart(request.scope, load)
        text, kind = collected.written(self.engine)
        return Response(text, headers={"content-type": kind})


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The route of the metrics, below the prefix of the control API."""
    return [Route("/metrics", Metrics(engine, aside).metrics, methods=["GET"])]
