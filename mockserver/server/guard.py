"""Who may use the control API: everybody on this machine, whoever knows the token, or nobody.

The control API shows what every client asked and changes what they are told, so it is open on the loopback
only. Even there a page in a browser may reach it: a foreign page sends its `Origin`, and one that has
pointed its own name at the loopback (DNS rebinding) sends that name as `Host`. Neither gets in.
"""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.server.control import refusal, reply_json
from mockserver.settings import Settings
from mockserver.wire.incoming import RequestHeaders

TOKEN_HEADER = "x-mock-token"  # noqa: S105 - the name of a header
"""The header that carries the token of the control API."""

OPEN_CALL = "/_mock/health"
"""The one call that everybody may make: it says no more than that the server is up."""

_LOCAL_NAMES = ("localhost", "local", "internal", "test", "home.arpa")
"""The ends of names that nobody can register, so that no stranger can point one at this machine
(RFC 6761, RFC 6762, RFC 8375; ICANN on `.internal`, 2024). Other names below `arpa` have owners."""

_OWN_SITES = ("same-origin", "none")
"""What a browser says of a request of a page of this server's own, or of its user."""


def is_loopback(host: str) -> bool:
    """Whether an address to listen on, or a name of one, is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_name(authority: str) -> str | None:
    """The host of `host:port`, in lower case; None when it is none."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _is_local(name: str) -> bool:
    """Whether no stranger can have given this name to the address that a browser asked."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        bare = name.rstrip(".")
        return bool(bare) and ("." not in bare or bare.endswith(tuple(f".{end}" for end in _LOCAL_NAMES)))
    return True


@dataclass(frozen=True, slots=True)
class Guard:
    """The decision for one server. `mode` is `on`, `off` or `token`.

    `local`: the server listens on the loopback. `drawn`: nobody chose the token, so it has to be told.
    """

    mode: str
    local: bool
    token: str = field(default="", repr=False)
    drawn: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The guard that the settings ask for; when they say nothing: on at the loopback, else a token."""
        local = is_loopback(settings.host)
        mode = settings.control or ("on" if local and settings.control_token is None else "token")
        if mode != "token":
            return cls(mode, local)
        if settings.control_token is not None:
            return cls(mode, local, settings.control_token)
        return cls(mode, local, secrets.token_urlsafe(24), drawn=True)

    def objection(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request may not pass, as a status and words that teach; None when it may."""
        if scope["path"] == OPEN_CALL and scope["method"] in ("GET", "HEAD"):
            return None
        headers = RequestHeaders(scope["headers"])
        if self.mode == "off":
            return 404, "the control API is off; start the server with --control token or --control on"
        if self.mode == "token":
            given = headers.get(TOKEN_HEADER, "").encode("latin-1")
            if hmac.compare_digest(given, self.token.encode()):
                return None
            wrong = "has the wrong token" if given else "needs a token"
            how = "send the one that was printed at the start, or given with --control-token, as"
            return 403, f"the control API {wrong}; {how} the header X-Mock-Token"
        return self._stranger(headers)

    def _stranger(self, headers: RequestHeaders) -> tuple[int, str] | None:
        """Why a request looks as if a page in a browser sent it that is not this server's own."""
        host = headers.get("host", "")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            rule = "a page of another origin may not use the control API"
            return (
                403,
                f"the origin is {origin[:200]!r}: {rule}; call it from a test, or use a token",
            )
        if headers.get("sec-fetch-site", "none").lower() not in _OWN_SITES:
            # A page may ask without an origin: for a picture, or by a link.
            rule = "a page of another site may not use the control API"
            return 403, f"{rule}; call it from a test, or use a token"
        name = _host_name(host)
        if self.local and host and not (name and _is_local(name)):
            rule = "a name that others can own may have been pointed at this machine by them"
            return 403, f"the host is {host[:200]!r}: {rule}; write 127.0.0.1 or localhost, or use a token"
        return None


class Guarded:
    """An ASGI application behind a guard."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol; the body of one that may not pass is not read."""
        objection = self._guard.objection(scope)
        if objection is None:
            await self._app(scope, receive, send)
            return
        status, message = objection
        refused = reply_json(refusal(message), status, {"connection": "close"})
        await refused(scope, receive, send)
