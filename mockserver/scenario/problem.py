"""What is wrong with a scenario, and where."""

from collections.abc import Sequence
from pathlib import Path

from mockserver.base.values import value


@value
class Spot:
    """A line and a column of a file, both from 1."""

    file: Path
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@value
class Problem:
    """One thing that is wrong, where, and how to mend it. A warning leaves the scenario playable."""

    spot: Spot
    message: str
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning" if self.warning else "error"
        return f"{self.spot}: {kind}: {self.message}{f' ({self.hint})' if self.hint else ''}"


class BrokenScenarioError(ValueError):
    """A scenario that cannot be played; the message lists what is wrong, each with its line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))
