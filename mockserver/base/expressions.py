"""Regular expressions that users write for Python's engine."""

import re
import warnings
from threading import Lock

_ONE_AT_A_TIME = Lock()
"""Which warnings are shown belongs to the whole process (Python's `warnings`, before 3.14)."""


def compiled(pattern: str) -> re.Pattern[str]:
    """An expression, compiled without a warning of what later versions of Python may read otherwise.

    Raises what `re.compile` raises: `re.error`, `OverflowError` or `RecursionError`.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings(action="ignore"):
        return re.compile(pattern)
