"""The table of dialects and surfaces: what is spoken where. Whoever asks for either asks here."""

import re
from collections.abc import Mapping
from typing import Any

from mockserver.dialects.anthropic.dialect import Anthropic
from mockserver.dialects.compat.dialect import Compat
from mockserver.dialects.dialect import Dialect
from mockserver.dialects.native.dialect import Native
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.responses.dialect import Responses
from mockserver.talk.surface import Surface

DIALECTS: dict[str, Dialect] = {}
"""Every dialect by its name."""

SURFACES: dict[str, Surface] = {}
"""Every surface by its name."""

PATHS: dict[str, Surface] = {}
"""Every surface by each of its paths."""


_FORMS: list[tuple[re.Pattern[str], Surface]] = []
"""The paths with places such as `{app}`, where anything may stand."""

_DEPTHS: set[int] = set()
"""How many steps these have: most other paths need not be held against them."""

_PLACE = re.compile(r"\\{\w+\\}")


def enter(dialect: Dialect) -> None:
    """Enters a dialect and its surfaces."""
    DIALECTS[dialect.name] = dialect
    for surface in dialect.surfaces:
        SURFACES[surface.name] = surface
        for path in surface.paths:
            if "{" in path:
                _FORMS.append((re.compile(_PLACE.sub("[^/]+", re.escape(path))), surface))
                _DEPTHS.add(path.count("/"))
            else:
                PATHS[path] = surface


enter(Compat())
enter(Native())
enter(Anthropic())
enter(Responses())


def at(path: str) -> Surface | None:
    """The surface at a path; None where no chat is."""
    found = PATHS.get(path)
    if found is not None or path.count("/") not in _DEPTHS:
        return found
    return next((surface for form, surface in _FORMS if form.fullmatch(path)), None)


def around(path: str) -> Surface:
    """A surface whose dialect is spoken at a path, be it one of chat or beside it."""
    found = at(path)
    if found is not None:
        return found
    below = [
        (root, surface) for surface in SURFACES.values() for root in surface.roots if path.startswith(root)
    ]
    return max(below, key=lambda pair: len(pair[0]), default=("", NATIVE_TEXT))[1]


def named(name: str) -> Surface:
    """The surface of that name. Raises `KeyError`."""
    return SURFACES[name]


def dialect_of(surface: Surface) -> Dialect:
    """The dialect that is spoken on a surface."""
    return DIALECTS[surface.dialect]


def speaker(document: Mapping[str, Any]) -> Dialect | None:
    """The dialect of a document of an answer; None where it is a compatible or a native one, or none."""
    return next((dialect for dialect in DIALECTS.values() if dialect.spoke(document)), None)


def detect(body: Any) -> Dialect:
    """The dialect of a body of unknown origin; the compatible one where nothing tells."""
    # The compatible one asks for the least, and was entered first.
    known = reversed(DIALECTS.values()) if isinstance(body, Mapping) else ()
    return next((dialect for dialect in known if dialect.detect(body)), DIALECTS["compat"])
