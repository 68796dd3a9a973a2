"""Where the shared state is: the URL of `--state`."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.base.names import nearest
from mockserver.state.ports import StateError

SCHEMES = {"redis": False, "rediss": True, "valkey": False, "valkeys": True}
"""The schemes of a URL, and whether they speak TLS."""

PREFIX = "dashscope-mock"
_OPTIONS = ("prefix", "ca")
_PREFIX_MOST = 100
_PORT = 6379


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One primary. Every key begins with `prefix`; `ca` is the file that a certificate rests on."""

    host: str
    port: int = _PORT
    database: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    prefix: str = PREFIX
    ca: str | None = None

    def __str__(self) -> str:
        """It as it may be told: without its password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.database}"


def read_address(url: str) -> Address:
    """The address of a URL, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME].

    Raises `StateError`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        msg = f"the state's URL cannot be read: {error}; write redis://HOST:PORT"
        raise StateError(msg) from None
    if parts.scheme not in SCHEMES:
        known, near = ", ".join(SCHEMES), nearest(parts.scheme, SCHEMES)
        scheme = parts.scheme[:40]
        msg = (
            f"the state's scheme is {scheme!r}: it must be one of {known}; the nearest is {near}://HOST:PORT"
        )
        raise StateError(msg)
    if not parts.hostname:
        msg = f"the state's URL names no host: write {parts.scheme}://HOST:PORT"
        raise StateError(msg)
    database = parts.path.strip("/") or "0"
    if not (database.isascii() and database.isdigit() and len(database) < len("10000")):
        msg = f"the state's database is {database[:40]!r}: it must be a number, as in {parts.scheme}://HOST:PORT/0"
        raise StateError(msg)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            msg = f"the state's URL has no option {name[:40]!r}; the nearest is {nearest(name, _OPTIONS)!r}"
            raise StateError(msg)
    prefix = options.get("prefix", PREFIX)
    if not 0 < len(prefix) <= _PREFIX_MOST:
        msg = f"the state's prefix has {len(prefix)} characters: it must have 1 to {_PREFIX_MOST}"
        raise StateError(msg)
    return Address(
        host=parts.hostname,
        port=port,
        database=int(database),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=SCHEMES[parts.scheme],
        prefix=prefix,
        ca=options.get("ca"),
    )
