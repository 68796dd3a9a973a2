"""Several processes that serve one address: begun, watched, replaced when they die, and ended together."""

import logging
import os
import signal
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from time import monotonic
from typing import NoReturn

log = logging.getLogger("mockserver")

Serve = Callable[[int, socket.socket, Callable[[], None]], int]
"""What a worker does: its number, its socket, and whom it tells that it answers; the exit status."""

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)
_TURN_S = 0.1
_BEYOND_S = 5.0
"""So many seconds beyond their grace the workers have to end."""


class Workers:
    """One worker for each socket. The sockets stay open here: who meets a dead one waits for the next."""

    def __init__(self, sockets: Sequence[socket.socket], serve: Serve, *, grace: float) -> None:
        self._sockets = sockets
        self._serve = serve
        self._grace = grace
        self._numbers: dict[int, int] = {}
        self._pipe = os.pipe()
        self._ready = 0

    def run(self, opened: Callable[[], None]) -> int:
        """Serves until SIGTERM or SIGINT; `opened` is called when all answer. The exit status."""
        os.set_blocking(self._pipe[0], False)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            for number in range(len(self._sockets)):
                self._begin(number, before)
            told, status = False, None
            while status is None:
                found = signal.sigtimedwait(_SIGNALS, 3600.0 if told else _TURN_S)
                self._listen()
                if not told and self._ready >= len(self._sockets):
                    told = True
                    opened()
                if found is None:
                    continue
                if found.si_signo != signal.SIGCHLD:
                    status = 0
                elif (status := self._died(told=told)) is None:
                    for number in set(range(len(self._sockets))) - set(self._numbers.values()):
                        self._begin(number, before)
            self._end()
            return status
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _listen(self) -> None:
        """Counts who answers by now."""
        try:
            self._ready += len(os.read(self._pipe[0], 4096))
        except BlockingIOError:
            return

    def _begin(self, number: int, mask: Collection[int]) -> None:
        pid = os.fork()
        if pid == 0:
            self._work(number, mask)
        self._numbers[pid] = number

    def _work(self, number: int, mask: Collection[int]) -> NoReturn:
        """The life of a worker."""
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for at, sock in enumerate(self._sockets):
                if at != number:
                    sock.close()
            status = self._serve(number, self._sockets[number], lambda: _tell(self._pipe[1]))
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            log.exception("worker %d failed", number)
        finally:
            os._exit(status)

    def _died(self, *, told: bool) -> int | None:
        """Takes note of workers that ended; the exit status when that is to end all."""
        for number, status in self._reaped():
            if not told:
                return status if status > 0 else 1
            log.warning("worker %d ended with status %d: another one takes its place", number, status)
        return None

    def _end(self) -> None:
        """Ends all workers: running answers get their grace, then it is over whatever runs."""
        for pid in self._numbers:
            os.kill(pid, signal.SIGTERM)
        ends = monotonic() + self._grace + _BEYOND_S
        while self._numbers and (left := ends - monotonic()) > 0:
            signal.sigtimedwait((signal.SIGCHLD,), min(left, _TURN_S))
            for _ in self._reaped():
                pass
        for pid in self._numbers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _reaped(self) -> Iterator[tuple[int, int]]:
        """The workers that have ended, by number, each with its status; they are no workers any more."""
        for pid in list(self._numbers):
            ended, state = os.waitpid(pid, os.WNOHANG)
            if ended:
                yield self._numbers.pop(pid), os.waitstatus_to_exitcode(state)


def _tell(pipe: int) -> None:
    os.write(pipe, b"1")
