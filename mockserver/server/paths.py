"""Routes that know every path: Starlette's own end before a line feed, which a client may send as `%0A`."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

Endpoint = Callable[[Request], Awaitable[Response]]


def _whole(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The pattern of a path, with a line feed as good as any other character."""
    return re.compile(pattern.pattern.removesuffix("$") + r"\Z", re.DOTALL)


class Whole(Route):
    """A route that looks at the whole path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path_regex = _whole(self.path_regex)


class Below(Mount):
    """A mount that has all that is below it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path_regex = _whole(self.path_regex)


def any_method(path: str, endpoint: Endpoint) -> Route:
    """A route for every method there is; Starlette's own way takes GET alone for all of them."""
    route = Whole(path, endpoint)
    route.methods = set()
    return route
