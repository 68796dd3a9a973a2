"""Drivers side by side: several of one client, which share the conversations of a suite."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from threading import Lock

from mockserver.contract.cases import Case
from mockserver.contract.client import Client
from mockserver.contract.protocol import ProtocolError
from mockserver.contract.stage import Stage
from mockserver.contract.suite import Outcome, Verdict, hold, permutations

_TRIES = 12
"""A driver that is at fault in so many conversations, one behind the other, is given up."""

Conversation = tuple[Case, str, str]
"""A case, the surface and the mode in which it is held."""


class Drivers:
    """Up to `jobs` drivers of one client: the first is started at once, others as soon as there is work.

    Raises `ProtocolError` when one does not start. Whoever starts them closes them.
    """

    def __init__(self, connect: Callable[[], Client], *, jobs: int = 1) -> None:
        self._connect = connect
        self._jobs = jobs
        self._changing = Lock()
        self._closed = False
        self._faults = 0
        first = connect()
        self.hello = first.hello
        self._started = [first]
        self._idle = deque([first])

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A driver that nobody else leads meanwhile."""
        client = self._free()
        try:
            yield client
        finally:
            self._idle.append(client)

    def lead(self, stage: Stage, conversations: Sequence[Conversation]) -> Iterator[tuple[int, Outcome]]:
        """What comes of conversations, as each ends, with its place among them.

        One driver leads them in order, in the caller's thread. One that was at fault is replaced; when all
        were, again and again, the rest is the fault of the driver too, and is not held.
        """
        if self._jobs == 1:
            yield from ((at, self._hold(stage, *one)) for at, one in enumerate(conversations))
            return
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="driver") as threads:
            try:
                held = {threads.submit(self._hold, stage, *one): at for at, one in enumerate(conversations)}
                for done in as_completed(list(held)):
                    yield held.pop(done), done.result()
            except BaseException:  # whoever listens no more, or Ctrl-C: no conversation is waited for
                threads.shutdown(wait=False, cancel_futures=True)
                self.close()
                raise

    def _hold(self, stage: Stage, case: Case, surface: str, mode: str) -> Outcome:
        if self._faults >= _TRIES:
            text = f"not held: the driver was at fault in {_TRIES} conversations, one behind the other"
            return Outcome(case, surface, mode, Verdict.DRIVER, message=text)
        client = self._free()
        outcome = hold(stage, client, case, surface, mode)
        if outcome.verdict is Verdict.DRIVER:
            with self._changing:
                self._faults += 1
                self._started.remove(client)
            client.close()
            return outcome
        if outcome.verdict is not Verdict.MISSING:  # for that it is not asked
            self._faults = 0
        self._idle.append(client)
        return outcome

    def _free(self) -> Client:
        """A driver that is not led, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._start()

    def _start(self) -> Client:
        others = len(self._started)
        try:
            client = self._connect()
        except ProtocolError as error:
            if not others:
                raise
            msg = f"beside {others} of its kind, {error}; --jobs 1 drives one at a time"
            raise ProtocolError(msg) from None
        with self._changing:
            if not self._closed:
                self._started.append(client)
                return client
        client.close()
        msg = "all drivers were ended"
        raise ProtocolError(msg)

    def close(self) -> None:
        """Ends all drivers, also those that are led; who was interrupted in it may do it again."""
        with self._changing:
            self._closed = True
            started = list(self._started)
        if started:
            with ThreadPoolExecutor(len(started)) as threads:
                list(threads.map(lambda client: client.close(), started))


def run(
    stage: Stage,
    connect: Callable[[], Client],
    cases: Sequence[Case],
    *,
    surfaces: Sequence[str] | None = None,
) -> Iterator[Outcome]:
    """Leads a client through all cases; a driver that died is started anew for the next one.

    Without `surfaces`, on those that the client speaks. Raises `ProtocolError` when no driver starts.
    """
    with closing(Drivers(connect)) as drivers:
        hello = drivers.hello
        conversations = permutations(cases, surfaces or hello.surfaces, features=hello.features)
        for _, outcome in drivers.lead(stage, conversations):
            yield outcome
