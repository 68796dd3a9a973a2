"""The control API's calls for faults."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.corridor.changes import changed
from mockserver.corridor.engine import Engine
from mockserver.faults.reading import BadFaultError
from mockserver.scripts.match import MatchError
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError, make_room, read_document, read_query, reply_json, shown


class Faulting:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def add(self, request: Request) -> Response:
        """Enters a fault."""
        read_query(request)
        document = await read_document(request, "control.fault")
        try:
            make_room(self.engine, self.engine.faults.read(document).size)
        except MatchError as error:
            raise FaultError(str(error)) from None
        except BadFaultError as error:
            raise FaultError(str(error), "fault") from None
        return reply_json({"id": await changed(self.engine, "fault", document)}, 201)

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


def routes(engine: Engine, _: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    faulting = Faulting(engine)
    return [
        Route("/faults", faulting.add, methods=["POST"]),
        Route("/faults", faulting.entered, methods=["GET"]),
        Route("/faults/{id}", faulting.remove, methods=["DELETE"]),
    ]
