"""Answers as responses of Starlette's: those of the engine, and long ones of the control API."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mockserver.corridor.answers import Answer
from mockserver.server.asgi import carry_out, send_body


class LongResponse(Response):
    """A response that may be long: it leaves in pieces, and others have their turn in between."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Sends it, by the ASGI protocol."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send_body(bytes(self.body), send)


class RawResponse(LongResponse):
    """An answer of the engine as a Starlette response, its headers exactly as they are; or its plan."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, answer.status)
        self.raw_headers = list(answer.headers)
        self._plan = answer.plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, by the ASGI protocol."""
        if self._plan is None:
            await super().__call__(scope, receive, send)
        else:
            await carry_out(self._plan, scope, receive, send)
