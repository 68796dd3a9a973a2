"""A program that is spoken with by lines: one goes to its stdin, one comes back from its stdout."""

import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Self

from mockserver.contract.protocol import LINE

_LEAVE_SECONDS = 5.0
"""How long a program may take to end by itself once its input has ended."""
_TERM_SECONDS = 2.0
"""How long it, and what it has started, may take to end once it is told to."""
_GONE_SECONDS = 2.0
"""How long the system may take to tell that a program is gone."""
_LOOK_SECONDS = 0.01
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_NOISE_BYTES = 4000


class ProcessError(Exception):
    """The program did not start, ended or was silent; the message holds what it wrote to stderr."""


class LineProcess:
    """One such program, which runs until it is closed. Raises `ProcessError` when it cannot be started.

    `patience` is how many seconds a line may take. The program has a session of its own, so that it ends with
    all that it has started; Ctrl-C does not reach it there: whoever starts one closes it.
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
                command,
                cwd=cwd,
                env=env,
                stdin=pipe,
                stdout=pipe,
                stderr=self._noise,
                start_new_session=True,
            )
        except OSError as error:
            self._noise.close()
            msg = f"{command[:1]} cannot be started: {error}"
            raise ProcessError(msg) from None
        self._asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        """Passes on what is asked until the end; a program that does not read holds up nobody else."""
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stdin:
                for line in iter(self._asked.get, b""):
                    stdin.write(line)
                    stdin.flush()
        except OSError:  # it is dead, or has closed its input
            self._lines.put(b"")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in iter(lambda: stdout.readline(LINE), b""):
                self._lines.put(line)
        self._lines.put(b"")

    def ask(self, line: bytes, *, patience: float | None = None) -> bytes:
        """What comes back for a line. Raises `ProcessError` when the program has ended or is silent.

        `patience` is what holds for this line alone.
        """
        limit = self._patience if patience is None else patience
        self._asked.put(line)
        try:
            answered = self._lines.get(timeout=limit)
        except queue.Empty:
            msg = f"gave no answer within {limit:g} s{self._wrote()}"
            raise ProcessError(msg) from None
        if not answered:
            self._lines.put(b"")  # who asks again is told again
            msg = f"{self._ended()}{self._wrote()}"
            raise ProcessError(msg)
        return answered

    def _ended(self) -> str:
        """How it ended: its pipes close a moment before it has a status."""
        if self._left(_GONE_SECONDS):
            return f"ended in the middle (exit status {self._process.returncode})"
        return "closed its stdin or stdout in the middle, and still runs"

    def _left(self, seconds: float) -> bool:
        """Whether the program ends within so many seconds."""
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _wrote(self) -> str:
        self._noise.seek(0)
        noise = self._noise.read()[-_NOISE_BYTES:].decode(errors="replace").strip()
        return f"; it wrote:\n{noise}" if noise else ""

    def close(self) -> None:
        """Ends the program by the end of its input, or else by force; and whatever it has left running."""
        if self._noise.closed:
            return
        self._asked.put(b"")
        try:
            self._left(_LEAVE_SECONDS)
            self._tell(signal.SIGTERM)
            self._settle()
        finally:
            self._tell(_KILL)
            self._left(_GONE_SECONDS)
            for thread in self._threads:  # who has left its session may hold the pipes for ever
                thread.join(timeout=_GONE_SECONDS)
            self._noise.close()

    def _tell(self, number: int) -> bool:
        """Sends a signal to all that it has started, 0 for none; whether there is somebody."""
        if hasattr(os, "killpg"):
            try:
                os.killpg(self._process.pid, number)
            except OSError:
                return False
            return True
        self._process.kill()  # a system without groups of processes: the program alone
        return False

    def _settle(self) -> None:
        """Waits until all are gone, or have had their time."""
        until = time.monotonic() + _TERM_SECONDS
        self._left(_TERM_SECONDS)
        while self._tell(0) and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
