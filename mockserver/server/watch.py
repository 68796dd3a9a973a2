"""Follows scenario files: plays them anew when they change, keeps the old ones when the new are broken."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from mockserver.corridor.engine import Engine
from mockserver.scenario.document import Scenario, load
from mockserver.scenario.problem import BrokenScenarioError, Problem
from mockserver.scenario.reach import warnings
from mockserver.scripts.script import FILES, let_go

log = logging.getLogger("mockserver")

Stamp = tuple[tuple[str, int, int], ...]


def _stamp(files: Sequence[Path]) -> Stamp:
    stamps = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            stamps.append((str(file), 0, -1))
        else:
            stamps.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(stamps)


class Watcher:
    """The scenario files of a server."""

    def __init__(self, engine: Engine, files: Sequence[Path], *, every: float = 0.3) -> None:
        self._engine = engine
        self._files = tuple(files)
        self._every = every
        self._followed: tuple[Path, ...] = self._files
        self._stamp: Stamp = ()

    def read(self) -> Scenario:
        """The scenario as the files have it now, warnings and all."""
        whole = load(self._files, self._engine.errors)
        whole.problems += warnings(whole, self._engine.models)
        whole.filed()  # what is filed now need not be filed where others wait
        return whole

    def start(self) -> list[Problem]:
        """Plays the files for the first time; gives the warnings. Raises `BrokenScenarioError`."""
        self._stamp = _stamp(self._followed)
        whole = self.read()
        self._follow(whole)
        if whole.broken:
            raise BrokenScenarioError(whole.problems)
        self._engine.play(FILES, whole)
        return whole.problems

    def _follow(self, whole: Scenario) -> None:
        """Follows what the scenario includes too. A file keeps the stamp it had before it was read."""
        before = {stamp[0]: stamp for stamp in self._stamp}
        self._followed = tuple(dict.fromkeys((*self._files, *whole.files)))
        self._stamp = tuple(before.get(stamp[0], stamp) for stamp in _stamp(self._followed))

    async def poll(self) -> bool:
        """Looks at the files once; whether they changed. What is read is played all at once.

        A broken scenario is told of in the log, and the one before goes on.
        """
        stamp = _stamp(self._followed)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        whole = await asyncio.to_thread(self.read)
        self._follow(whole)
        for problem in whole.problems:
            log.warning("%s", problem)
        if whole.broken:
            log.error("the scenario is broken: the one before goes on")
            return True
        held = self._engine.scripts.played()
        self._engine.play(FILES, whole)
        await asyncio.to_thread(let_go, held)
        log.warning("the scenario is played anew: %d replies", len(whole.scripts))
        return True

    async def run(self) -> None:
        """Looks at the files every so many seconds, for as long as the server runs."""
        while True:
            await asyncio.sleep(self._every)
            await self.poll()
