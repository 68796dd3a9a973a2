"""Flows of mitmproxy, read by its own library: the extra `mitmproxy`, on Python 3.12 and newer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockserver.recording.importers import opening, pieces
from mockserver.recording.importers.told import Body, Skipped, Told
from mockserver.recording.redaction import Pairs

_MISSING = (
    "it holds flows of mitmproxy, whose library is not installed: pip install 'dashscope-mock[mitmproxy]', "
    "or write an HTTP archive with mitmdump -nr FILE --set hardump=FILE.har"
)


_LOOKED_AT = 64
"""The first of so many bytes tell."""


def flows(path: Path) -> Iterator[Any]:
    """The flows of a file, as mitmproxy has them. Raises `ImportFaultError`."""
    pieces.sized(path)
    with path.open("rb") as file:
        if opening.kind_of(file.read(_LOOKED_AT)) != "flows":
            raise pieces.fault(path.name, "it holds no flows of mitmproxy: it does not begin as they do")
    try:
        from mitmproxy.exceptions import FlowReadException  # noqa: PLC0415 - an extra
        from mitmproxy.io import FlowReader  # noqa: PLC0415 - an extra
    except ImportError:
        raise pieces.fault(path.name, _MISSING) from None
    with path.open("rb") as file:
        try:
            yield from FlowReader(file).stream()
        except FlowReadException as error:
            raise pieces.fault(path.name, f"mitmproxy cannot read it: {error}") from None


def _headers(message: Any) -> Pairs:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.fields]


def _body(message: Any) -> Body:
    raw = message.raw_content
    return Body(kept="missing", lost="it was streamed and not stored") if raw is None else Body(data=raw)


def _after(begin: Any, moment: Any) -> float:
    plain = isinstance(begin, int | float) and isinstance(moment, int | float)
    return max(0.0, (moment - begin) * 1000) if plain else 0.0


def told(flow: Any, where: str) -> Told | Skipped:
    """What a flow tells. Raises `ImportFaultError`."""
    request, response = getattr(flow, "request", None), getattr(flow, "response", None)
    if request is None:
        return Skipped(where, "it is no flow of HTTP")
    error = getattr(flow, "error", None)
    if response is None:
        words = str(getattr(error, "msg", "") or "nobody told why")[:120]
        return Skipped(where, f"there was no answer: {words}; record it again")
    begun = request.timestamp_start
    moment = datetime.fromtimestamp(begun, UTC) if isinstance(begun, int | float) else None
    return Told(
        method=pieces.method_of(request.method, where),
        target=pieces.target_of(request.path, where),
        sent=_headers(request),
        asked=_body(request),
        status=pieces.status_of(response.status_code, where),
        headers=_headers(response),
        answered=_body(response),
        recorded=pieces.moment_of(moment),
        first=_after(begun, response.timestamp_start),
        last=_after(begun, response.timestamp_end),
        failure=f"the answer broke off: {str(error.msg)[:120]}" if error is not None else "",
    )
