"""The log: one line for each event, as text or as JSON, and never an API key in it.

What is logged may repeat what a client sent: a model that is really a key, a path, a value inside an
exception. So every line passes one formatter, which masks all that has the form of a key. A client's own
key is masked in whatever form it came (`without`), because its owner may have mistyped it.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from mockserver.base.masking import mask

FORMS = ("human", "json")
"""What `--log` takes."""

_KEY = re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_.\-]{1,250}")
_CONTROL = {code: repr(chr(code))[1:-1] for code in (*range(32), 127, 0x85, 0x2028, 0x2029)}
_FIELDS = "fields"
"""The attribute of a record that holds what is told of an event beside its message."""


def masked(text: str) -> str:
    """A text with everything masked that has the form of an API key."""
    return _KEY.sub(lambda found: mask(found.group()), text)


def without(value: Any, key: str | None) -> Any:
    """A text or a JSON value, with one key masked wherever it stands, in the names of fields too."""
    if not key:
        return value
    if isinstance(value, str):
        return value.replace(key, mask(key))
    if isinstance(value, list):
        return [without(item, key) for item in value]
    if isinstance(value, dict):
        return {without(name, key): without(item, key) for name, item in value.items()}
    return value


def event(log: logging.Logger, message: str, *, secret: str | None, **fields: Any) -> None:
    """Logs what happened to a request, at level INFO. `secret`: the client's own key, to be masked."""
    if log.isEnabledFor(logging.INFO):
        # As an argument, the text of a client is never read as a format.
        log.info("%s", without(message, secret), extra={_FIELDS: without(fields, secret)})


class Human(logging.Formatter):
    """`LEVEL message`, with a traceback below it where there is one."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the library
        """The line; what a client sent cannot begin a line of its own."""
        return super().formatMessage(record).translate(_CONTROL)

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, keys masked."""
        return masked(super().format(record))


class Json(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, keys masked."""
        shown: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        for name, value in getattr(record, _FIELDS, {}).items():
            shown[name] = masked(value) if isinstance(value, str) else value
        if record.exc_info:
            shown["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(shown, ensure_ascii=False, default=lambda value: masked(repr(value)))


_FORMATTERS = {"human": Human, "json": Json}


def set_up(form: str, *, verbose: bool) -> None:
    """Lets the whole process log to stderr in a form of `FORMS`; `verbose` logs each refusal."""
    handler = logging.StreamHandler()
    handler.setFormatter(_FORMATTERS[form]())
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])
    # The application logs its own faults; uvicorn would add a traceback for each stream cut off at the end.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
