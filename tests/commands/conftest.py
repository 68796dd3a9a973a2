"""What the tests of the commands have in common."""

import socket
from dataclasses import replace

import pytest

from mockserver.corridor.settings import Settings
from mockserver.server import listening


@pytest.fixture(autouse=True)
def default_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the default port to whoever has it: a command that names no port gets a free one."""
    listen = listening.listen

    def listen_anywhere(settings: Settings) -> socket.socket:
        return listen(replace(settings, port=0) if settings.port == Settings().port else settings)

    monkeypatch.setattr(listening, "listen", listen_anywhere)
