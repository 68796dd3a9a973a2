"""Debian's redis-server for tests: on a free port, in a folder of its own, ended by who began it."""

import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from contract_tests.drivers import program

PATIENCE = 30.0


class Engine:
    """One redis-server, ended with the `with` statement that it is used in; it keeps nothing on the disk."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._program = program("redis-server")
        self._folder, self._options = folder, options
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Starts it, and waits until it listens."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--dir", str(self._folder), *self._options]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the engine of the tests
                command, stdout=log, stderr=log, cwd=self._folder
            )
        ends = time.monotonic() + PATIENCE
        while not self._open():
            assert self._process.poll() is None, (self._folder / "redis.log").read_text("utf-8")
            assert time.monotonic() < ends, "redis-server did not begin to listen"

    def _open(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """It is gone, at once, with all that it held."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def hold(self) -> None:
        """It goes on listening, but does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It does what it was asked meanwhile."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Ends it, whatever it does."""
        self.go_on()
        self.kill()
