"""How uvicorn serves what is here."""

import typing

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.corridor.settings import Settings
from mockserver.server.direct import Ways
from mockserver.server.knowing import Knowing
from mockserver.server.metronome import Metronome
from mockserver.server.transport import Protocol
from mockserver.server.turn import Turn

_TURN = 0.2
"""Seconds in which connections without a running answer close; less would cut them off as overdue."""


def protocol(
    settings: Settings,
    *,
    crowded: ASGIApp,
    direct: Ways | None = None,
    tunnels: str = Protocol.tunnels,
) -> type[Protocol]:
    """The protocol with a server's own limits; `crowded` answers the connections beyond them.

    Without `direct` ways all requests go by ASGI.
    """
    limits = {
        "tunnels": tunnels,
        "request_seconds": settings.request_timeout,
        "unread_seconds": settings.idle_timeout,
        "max_connections": settings.max_connections,
        "crowded": staticmethod(crowded),
        "direct": direct,
        "turn": Turn(),
        "metronome": Metronome(),
    }
    return type("Protocol", (Protocol if direct is None else Knowing,), limits)


class Served(typing.Protocol):
    """An ASGI application that has words for a connection that is one too many."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

    async def crowded(self, scope: Scope, receive: Receive, send: Send, /) -> None:
        """What a connection hears that is one too many."""


def config(
    app: Served,
    settings: Settings,
    *,
    direct: Ways | None = None,
    tunnels: str = Protocol.tunnels,
) -> uvicorn.Config:
    """How uvicorn serves an application: with our protocol, and with no word of its own.

    The `direct` ways answer what they can without ASGI.
    """
    own = protocol(settings, crowded=app.crowded, direct=direct, tunnels=tunnels)
    return uvicorn.Config(
        app,
        http=own,
        loop="auto",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=settings.idle_timeout,  # type: ignore[arg-type]
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
        timeout_graceful_shutdown=max(_TURN, settings.grace),  # type: ignore[arg-type]
    )
