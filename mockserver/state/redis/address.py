"""Where the shared state is: the URL of `--state`."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.base.names import nearest
from mockserver.state.ports import StateError

SCHEMES = {"redis": False, "rediss": True, "valkey": False, "valkeys": True, "unix": False}
"""The schemes of a URL, and whether they speak TLS."""

_UNIX = "unix"

PREFIX = "dashscope-mock"
_OPTIONS = {"redis": ("prefix", "ca"), _UNIX: ("prefix", "db")}
"""What may stand behind the `?` of an address, and of the socket of a file."""

_PREFIX_MOST = 100
_PORT = 6379


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One primary. Every key begins with `prefix`; `ca` is the file that a certificate rests on.

    One on this host may be a socket at a `path`, and has no `host` then.
    """

    host: str = ""
    port: int = _PORT
    database: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    prefix: str = PREFIX
    ca: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        """It as it may be told: without its password."""
        if self.path is not None:
            return f"{self.path}/{self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.database}"


def read_address(url: str) -> Address:
    """The address of a URL, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME].

    A socket of this host is unix://[USER:PASSWORD@]/PATH[?db=DATABASE&prefix=NAME]. Raises `StateError`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        msg = f"the state's URL cannot be read: {error}; write redis://HOST:PORT"
        raise StateError(msg) from None
    if parts.scheme not in SCHEMES:
        known, near = ", ".join(SCHEMES), nearest(parts.scheme, SCHEMES)
        scheme, form = parts.scheme[:40], "/PATH" if near == _UNIX else "HOST:PORT"
        msg = f"the state's scheme is {scheme!r}: it must be one of {known}; the nearest is {near}://{form}"
        raise StateError(msg)
    local = parts.scheme == _UNIX
    if local and (parts.hostname or not parts.path.strip("/")):
        path = (parts.hostname or "") + parts.path
        msg = f"the path of the state's socket is {path[:200]!r}: it must begin with /, as in unix:///run/redis.sock"
        raise StateError(msg)
    if not local and not parts.hostname:
        msg = f"the state's URL names no host: write {parts.scheme}://HOST:PORT"
        raise StateError(msg)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    known_options = _OPTIONS[_UNIX if local else "redis"]
    for name in options:
        if name not in known_options:
            near = nearest(name, known_options)
            msg = f"the state's URL has no option {name[:40]!r}; the nearest is {near!r}"
            raise StateError(msg)
    prefix = options.get("prefix", PREFIX)
    if not 0 < len(prefix) <= _PREFIX_MOST:
        msg = f"the state's prefix has {len(prefix)} characters: it must have 1 to {_PREFIX_MOST}"
        raise StateError(msg)
    example = "unix:///run/redis.sock?db=0" if local else f"{parts.scheme}://HOST:PORT/0"
    database = options.get("db", "0") if local else parts.path.strip("/") or "0"
    return Address(
        host=parts.hostname or "",
        port=port,
        database=_database(database, example),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=SCHEMES[parts.scheme],
        prefix=prefix,
        ca=options.get("ca"),
        path=unquote(parts.path) if local else None,
    )


def _database(said: str, example: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < len("10000")):
        msg = f"the state's database is {said[:40]!r}: it must be a number, as in {example}"
        raise StateError(msg)
    return int(said)
