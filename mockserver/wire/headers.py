"""Response headers: the cloud's own sets, in its own order, as tables in `fixtures/headers.json`."""

from functools import cache, lru_cache
from time import gmtime

from mockserver.base import resources

Headers = list[tuple[bytes, bytes]]

UNBUFFERED = (b"x-accel-buffering", b"no")
"""Tells nginx and others to pass a stream on as it comes (nginx docs, ngx_http_proxy_module)."""

Holes = list[tuple[int, bytes, bytes]]
"""Where a header with an open value stands, its name, and the name of its value."""


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=16)
def http_date(second: int) -> bytes:
    """A moment as the `date` header writes it (RFC 9110, 5.6.7)."""
    at = gmtime(second)
    day = f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"
    return f"{day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT".encode()


@cache
def _sets() -> dict[tuple[str, bool], tuple[Headers, Holes]]:
    """The sets by name and by whether the body is encoded: the headers, and those whose value is open."""
    sets = {}
    for name, pairs in resources.fixture("headers")["sets"].items():
        every = [(key.encode(), value.encode()) for key, value in pairs]
        for encoding in (True, False):
            headers = [pair for pair in every if encoding or pair[1] != b"$encoding"]
            holes = [(at, *pair) for at, pair in enumerate(headers) if pair[1].startswith(b"$")]
            sets[name, encoding] = headers, holes
    return sets


def response_headers(
    name: str, *, request_id: str, arrived_ms: int, started_ms: int, timeout_s: int = 0, encoding: bytes = b""
) -> Headers:
    """The headers of one answer, from the set of that name.

    `arrived_ms` and `started_ms` are milliseconds since 1970: when the request was there and when
    the answer begins. `encoding` is the content encoding, empty for none.
    """
    cost = b"%d" % (started_ms - arrived_ms)
    values = {
        b"$id": request_id.encode(),
        b"$cost": cost,
        b"$upstream": cost,
        b"$arrive": b"%d" % arrived_ms,
        b"$start": b"%d" % started_ms,
        b"$date": http_date(started_ms // 1000),
        b"$timeout": b"%d" % timeout_s,
        b"$encoding": encoding,
    }
    base, holes = _sets()[name, bool(encoding)]
    headers = base.copy()
    for at, key, hole in holes:
        headers[at] = (key, values[hole])
    return headers
