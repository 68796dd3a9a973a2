"""The control API's calls for faults."""

from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.corridor.changes import changed, strike
from mockserver.corridor.engine import Engine
from mockserver.faults.reading import BadFaultError
from mockserver.scripts.desk import Entered
from mockserver.scripts.match import MatchError
from mockserver.server.aside import Aside
from mockserver.server.control import (
    FaultError,
    is_long,
    make_room,
    read_query,
    read_sized,
    reply_json,
    shown,
)


class Faulting:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside

    async def _fault(self, request: Request) -> Entered:
        """The fault of a request's body, not entered yet; what is large or compiled is read aside.

        Raises `FaultError`.
        """
        size, document = await read_sized(request, "control.fault")
        read = partial(self.engine.faults.read, document)
        try:
            return await self.aside.apart(request.scope, read) if is_long(size, document) else read()
        except MatchError as error:
            raise FaultError(str(error)) from None
        except BadFaultError as error:
            raise FaultError(str(error), "fault") from None

    async def add(self, request: Request) -> Response:
        """Enters a fault."""
        read_query(request)
        fault = await self._fault(request)
        make_room(self.engine, fault.size)
        ready = partial(strike, self.engine, fault)
        return reply_json({"id": await changed(self.engine, "fault", fault.spec, ready=ready)}, 201)

    async def entered(self, request: Request) -> Response:
        """What goes wrong, with how many requests each fault took."""
        read_query(request)
        return reply_json({"faults": [shown(entered, "fault") for entered in self.engine.faults]})

    async def remove(self, request: Request) -> Response:
        """Takes a fault out."""
        fault_id = request.path_params["id"]
        if not await changed(self.engine, "fault-removed", {"id": fault_id}):
            msg = f"no fault has the id {fault_id!r}"
            raise FaultError(msg, status=HTTPStatus.NOT_FOUND)
        return Response(status_code=204)


def routes(engine: Engine, aside: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    faulting = Faulting(engine, aside)
    return [
        Route("/faults", faulting.add, methods=["POST"]),
        Route("/faults", faulting.entered, methods=["GET"]),
        Route("/faults/{id}", faulting.remove, methods=["DELETE"]),
    ]
