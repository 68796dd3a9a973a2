"""Which app a path asks: what a server has to know before it knows the rest of apps."""

import re

PATH = "/api/v1/apps/{app}/completion"
"""Where apps are asked."""

_PATH = re.compile(re.escape(PATH).replace(r"\{app\}", "([^/]*)"))


def app_of(path: str) -> str | None:
    """The id of the app that a path asks, whether there is such a one; None for another path."""
    found = _PATH.fullmatch(path)
    return None if found is None else found[1]
