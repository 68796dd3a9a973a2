"""Response headers: the cloud's own sets, in its own order, as tables in `fixtures/headers.json`."""

from email.utils import formatdate
from functools import cache, lru_cache

from mockserver import resources

Headers = list[tuple[bytes, bytes]]


@lru_cache(maxsize=16)
def http_date(second: int) -> bytes:
    """A moment as the `date` header writes it."""
    return formatdate(second, usegmt=True).encode()


@cache
def _sets() -> dict[tuple[str, bool], Headers]:
    """The sets by name and by whether the body is encoded."""
    sets: dict[tuple[str, bool], Headers] = {}
    for name, pairs in resources.fixture("headers")["sets"].items():
        encoded = [(key.encode(), value.encode()) for key, value in pairs]
        sets[name, True] = encoded
        sets[name, False] = [pair for pair in encoded if pair[1] != b"$encoding"]
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
    return [(key, values.get(value, value)) for key, value in _sets()[name, bool(encoding)]]
