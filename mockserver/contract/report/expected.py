"""Known failures: they still run, and one that passes fails the build, so that the list never goes stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mockserver.contract.report.result import Held
from mockserver.contract.suite import Verdict


class ExpectedError(ValueError):
    """A file of known failures that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Patterns of conversations that are known to fail, such as ``partial.*/compat/*``."""

    patterns: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Expected":
        """The patterns of a file, one a line; what follows a # is a remark. Raises `ExpectedError`."""
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            msg = f"{path}: {error}"
            raise ExpectedError(msg) from None
        return cls(tuple(text for line in lines if (text := line.partition("#")[0].strip())))

    def covers(self, held: Held) -> bool:
        """Whether a conversation is known to fail."""
        return any(fnmatchcase(held.id, pattern) for pattern in self.patterns)

    def stale(self, held: Iterable[Held]) -> list[str]:
        """The patterns that no longer say the truth: what they cover passes, or is not there."""
        all_held = list(held)
        told = []
        for pattern in self.patterns:
            covered = [one for one in all_held if fnmatchcase(one.id, pattern)]
            passing = [one.id for one in covered if one.verdict is Verdict.PASSED]
            if not covered:
                told.append(f"{pattern}: no such conversation was held")
            elif passing:
                told.append(
                    f"{pattern}: {passing[0]} passes"
                    + (f", and {len(passing) - 1} more" if passing[1:] else "")
                )
        return told
