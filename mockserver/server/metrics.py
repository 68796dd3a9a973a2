"""`/_mock/metrics`: what was asked and what it cost, in the form that Prometheus reads."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.corridor.engine import Engine
from mockserver.server.aside import Aside
from mockserver.server.control import read_query


class Metrics:
    """The endpoint of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def metrics(self, request: Request) -> Response:
        """All metrics, as text."""
        from mockserver.server.collected import written  # noqa: PLC0415 - a port opens the sooner without it

        read_query(request)
        text, kind = written(self.engine)
        return Response(text, headers={"content-type": kind})


def routes(engine: Engine, _: Aside) -> list[BaseRoute]:
    """The route of the metrics, below the prefix of the control API."""
    return [Route("/metrics", Metrics(engine).metrics, methods=["GET"])]
