"""A server on a free loopback port, for the clients that cannot talk to an application in process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from mockserver.corridor.engine import Engine
from mockserver.server.app import App
from mockserver.server.listening import bind, url_of


@contextmanager
def serving(engine: Engine) -> Iterator[str]:
    """The base URL of a server that runs as long as the context."""
    sock = bind("127.0.0.1", 0)
    # Whoever connects before the server runs waits in the queue of the socket: nobody has to ask again.
    sock.listen()
    config = uvicorn.Config(
        App(engine),
        lifespan="off",
        log_config=None,
        ws="none",
        server_header=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        yield url_of(sock)
    finally:
        server.should_exit = True
        thread.join()
