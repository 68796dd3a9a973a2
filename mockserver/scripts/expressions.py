r"""Regular expressions of users, which never hold the server up, whatever they are and whatever they meet.

They are those of JSON Schema (ECMA 262), in the engine that checks requests by their schemas: it takes time
in proportion to the text, and where it has to go back, for lookarounds and back references, it stops after
so many steps. Unlike Python's, its `\w`, `\d` and `\b` mean ASCII; `\p{L}` is any letter.
"""

import re
from collections.abc import Callable

import jsonschema_rs

from mockserver.base.expressions import compiled
from mockserver.base.kept import remembered

_LONGEST = 10_000
"""The most characters of an expression: compiling one takes time too."""

_SIZE = 1024 * 1024
"""The most bytes of a compiled expression, which is what bounds repetitions of repetitions."""

_STEPS = 20_000
"""How many steps back an expression may go on one text, about 5 ms."""

_GOES_BACK = re.compile(r"\(\?<?[=!]|\\[1-9]")
"""What makes an expression go back."""

_Endless = jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded

Text = Callable[[str], bool]


class RegexError(ValueError):
    """An expression that cannot be used, or that goes back without end; the message says which and why."""


def _reason(pattern: str) -> str:
    """Why an expression cannot be compiled."""
    try:
        compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return "only Python reads it: write { as \\{ and \\Z as $, and repeat no large repetitions"


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 100 else f"{pattern[:100]}...")  # noqa: PLR2004 - a line's worth


@remembered(most=1024, characters=1 << 18)
def found(pattern: str) -> Text:
    """The test whether an expression is found in a text. Raises `RegexError`; so does the test itself."""
    if len(pattern) > _LONGEST:
        msg = f"{_shown(pattern)} has {len(pattern)} characters; a regular expression may have {_LONGEST}"
        raise RegexError(msg)
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=_STEPS, size_limit=_SIZE, dfa_size_limit=_SIZE)
    try:
        validator = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except (ValueError, jsonschema_rs.ValidationError):
        msg = f"{_shown(pattern)} is not a regular expression: {_reason(pattern)}"
        raise RegexError(msg) from None
    if not _GOES_BACK.search(pattern):
        test: Text = validator.is_valid
        return test

    def holds(text: str) -> bool:
        error = next(validator.iter_errors(text), None)
        if error is not None and isinstance(
            error.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded
        ):
            msg = (
                f"{_shown(pattern)} went back {_STEPS} times on a text of {len(text)} characters; "
                "write it without lookarounds and back references, or with fewer repetitions"
            )
            raise RegexError(msg)
        return error is None

    return holds
