"""Where work is done that may take long: in few threads, so that the loop has its turn in between."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Any, TypeVar

from mockserver.corridor.work import Steps, Work

Result = TypeVar("Result")

WORKERS = 2
"""How many pieces of work run at once; each takes a share of the interpreter from the loop."""


class Aside:
    """A few threads, there while there is work; as daemons, so that a server that ends waits for none."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._waiting: deque[tuple[asyncio.Future[Any], Work]] = deque()
        self._running = 0

    async def run(self, work: Work) -> Any:
        """What the work returns; raises what it raises."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((done, work))
            if self._running < self._workers:
                self._running += 1
                threading.Thread(target=self._drain, name="aside", daemon=True).start()
        return await done

    async def through(self, steps: Steps[Result]) -> Result:
        """Goes all steps: here, but for the work that may take long."""
        try:
            work = next(steps)
            while True:
                try:
                    done = await self.run(work)
                except Exception as error:  # noqa: BLE001 - the steps decide what is done about it
                    work = steps.throw(error)
                else:
                    work = steps.send(done)
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            steps.close()

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                done, work = self._waiting.popleft()
            if done.cancelled():
                continue  # whoever asked has left
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # noqa: BLE001 - handed to whoever asked
                error = raised
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                done.get_loop().call_soon_threadsafe(_settle, done, result, error)


def _settle(done: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    elif isinstance(error, StopIteration):  # no future takes it
        done.set_exception(RuntimeError("the work raised StopIteration"))
    else:
        done.set_exception(error)
