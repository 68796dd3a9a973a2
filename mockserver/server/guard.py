"""Who may use the control API: everybody on this machine, whoever knows the token, or nobody.

The control API shows what every client asked and changes what they are told, so it is open on the loopback
only. Even there a page in a browser may reach it, which `strangers` tells; it does not get in.
"""

import hmac
import re
import secrets
from dataclasses import field
from typing import Self

from starlette.types import Scope

from mockserver.base.values import value
from mockserver.corridor.settings import Settings
from mockserver.server.strangers import foreign_host, foreign_origin, foreign_site, is_loopback
from mockserver.wire.incoming import RequestHeaders

TOKEN_HEADER = "x-mock-token"  # noqa: S105 - the name of a header
"""The header that carries the token of the control API."""

OPEN_CALL = "/_mock/health"
"""The one call that everybody may make: it says no more than that the server is up."""

_PAGE = re.compile(r"/_mock/(?:page/[^/]*)?", re.DOTALL)
"""The page and its files: the same on every server, they ask for the token that its calls want."""


@value
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
        if _PAGE.fullmatch(scope["path"]) and scope["method"] in ("GET", "HEAD"):
            return None
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
        origin = foreign_origin(headers)
        if origin is not None:
            rule = "a page of another origin may not use the control API"
            return (
                403,
                f"the origin is {origin[:200]!r}: {rule}; call it from a test, or use a token",
            )
        if foreign_site(headers):
            rule = "a page of another site may not use the control API"
            return 403, f"{rule}; call it from a test, or use a token"
        host = foreign_host(headers) if self.local else None
        if host is not None:
            rule = "a name that others can own may have been pointed at this machine by them"
            return 403, f"the host is {host[:200]!r}: {rule}; write 127.0.0.1 or localhost, or use a token"
        return None
