"""A whole server with a cassette, in a thread: what `dashscope-mock replay` runs."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.listening import bind, url_of
from mockserver.server.serve import Server


@contextmanager
def replaying(folder: Path, how: Playing, redaction: Redaction) -> Iterator[str]:
    """Runs the server; gives its URL."""
    engine = Engine()
    engine.recorded = Recorded(Library(folder), redaction, how)
    sock = bind("127.0.0.1", 0)
    opened = threading.Event()
    server = Server(engine, on_open=opened.set)
    thresholds = gc.get_threshold()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="replaying")
    thread.start()
    try:
        assert opened.wait(20)
        yield url_of(sock)
    finally:
        server.should_exit = True
        thread.join(20)
        gc.unfreeze()
        gc.set_threshold(*thresholds)
