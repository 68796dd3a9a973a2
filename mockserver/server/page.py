"""The page at `/_mock/`: files of the package, sent as they are, that ask nothing of any other host.

They hold no secret, so that they are open where the control API wants a token: what they show is asked of
it, with the token that the page asks for.
"""

from functools import cache
from html import escape
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mockserver.base.resources import folder
from mockserver.corridor.engine import Engine
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""What the page may do: nothing but run its own files, ask this server, and show pictures of data URIs."""

_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
}

_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Content types by suffix; what a machine says of `.js` differs, and no browser runs a module of another."""

_INDEX = "index.html"

_LONGEST = 200
"""The most characters of a path that are said again."""

PREFIX = "/_mock/page/"
"""Below it are the files of the page."""

HOME = "/_mock/"
"""Where the page is."""


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Every file of the page with its content type, by name; read when first asked for."""
    return {
        path.name: (path.read_bytes(), _KINDS[path.suffix])
        for path in sorted(folder("page").iterdir())
        if path.suffix in _KINDS
    }


def _sent(name: str) -> Response:
    found = files().get(name)
    if found is None:
        msg = f"the page has no file {name!r}; it begins at {HOME}"
        raise FaultError(msg, status=HTTPStatus.NOT_FOUND)
    content, kind = found
    return Response(content, 200, _HEADERS, kind)


async def _home(_: Request) -> Response:
    """The page itself."""
    return _sent(_INDEX)


async def _file(request: Request) -> Response:
    """A file of the page."""
    return _sent(request.path_params["name"])


def wanted(request: Request) -> bool:
    """Whether a browser asks, which wants a page: no SDK asks for one."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def way() -> Response:
    """What a browser gets that asks for the server's own address: the way to the page."""
    return RedirectResponse(HOME, 307, {"cache-control": "no-store"})


_NOWHERE = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>dashscope-mock</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{prefix}look.css"></head>
<body><h1>Nothing is here</h1><p>This is dashscope-mock, and <code>{path}</code> is no path of
the cloud that it stands for. <a href="{home}">The page</a> shows what it is asked.</p></body></html>
"""


def nowhere(path: str) -> Response:
    """What a browser gets that asks for a path where nothing is."""
    text = _NOWHERE.format(prefix=PREFIX, home=HOME, path=escape(path[:_LONGEST]))
    return Response(text, 404, _HEADERS, "text/html")


def routes(_: Engine, __: Aside) -> list[BaseRoute]:
    """The routes of the page, below the prefix of the control API."""
    return [
        Route("/", _home, methods=["GET"]),
        Route("/page/{name}", _file, methods=["GET"]),
    ]
