"""A program that is spoken with by lines: one goes to its stdin, one comes back from its stdout."""

import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from os import PathLike
from types import TracebackType
from typing import Self

from mockserver.contract.protocol import LINE

_LEAVE_SECONDS = 5.0
_NOISE_BYTES = 4000


class ProcessError(Exception):
    """The program did not start, ended or was silent; the message holds what it wrote to stderr."""


class LineProcess:
    """One such program, which runs until it is closed. Raises `ProcessError` when it cannot be started.

    `patience` is how many seconds a line may take.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | PathLike[str] | None = None,
        patience: float = 60.0,
    ) -> None:
        self._patience = patience
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the program
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is what the user asked to run
                command, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=self._noise
            )
        except OSError as error:
            self._noise.close()
            msg = f"{command[:1]} cannot be started: {error}"
            raise ProcessError(msg) from None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(LINE):
            self._lines.put(line)
        self._lines.put(b"")

    def ask(self, line: bytes, *, patience: float | None = None) -> bytes:
        """What comes back for a line. Raises `ProcessError` when the program has ended or is silent.

        `patience` is what holds for this line alone.
        """
        assert self._process.stdin is not None
        limit = self._patience if patience is None else patience
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answered = self._lines.get(timeout=limit)
        except (OSError, ValueError):
            answered = b""
        except queue.Empty:
            msg = f"gave no answer within {limit:g} s{self._wrote()}"
            raise ProcessError(msg) from None
        if not answered:
            msg = f"ended in the middle (exit status {self._process.poll()}){self._wrote()}"
            raise ProcessError(msg)
        return answered

    def _wrote(self) -> str:
        self._noise.seek(0)
        noise = self._noise.read()[-_NOISE_BYTES:].decode(errors="replace").strip()
        return f"; it wrote:\n{noise}" if noise else ""

    def close(self) -> None:
        """Ends the program by the end of its input, or else by force."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # a dead program leaves a line in the buffer
            self._process.stdin.close()
        try:
            self._process.wait(timeout=_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._noise.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
