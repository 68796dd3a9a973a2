"""The table of dialects and surfaces: what is spoken where. Whoever asks for either asks here."""

from collections.abc import Mapping
from typing import Any

from mockserver.dialects.anthropic.dialect import Anthropic
from mockserver.dialects.compat.dialect import Compat
from mockserver.dialects.dialect import Dialect
from mockserver.dialects.native.dialect import Native
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.talk.surface import Surface

DIALECTS: dict[str, Dialect] = {}
"""Every dialect by its name."""

SURFACES: dict[str, Surface] = {}
"""Every surface by its name."""

PATHS: dict[str, Surface] = {}
"""Every surface by each of its paths."""


def enter(dialect: Dialect) -> None:
    """Enters a dialect and its surfaces."""
    DIALECTS[dialect.name] = dialect
    for surface in dialect.surfaces:
        SURFACES[surface.name] = surface
        PATHS.update(dict.fromkeys(surface.paths, surface))


enter(Compat())
enter(Native())
enter(Anthropic())


def at(path: str) -> Surface | None:
    """The surface at a path; None where no chat is."""
    return PATHS.get(path)


def around(path: str) -> Surface:
    """A surface whose dialect is spoken at a path, be it one of chat or beside it."""
    found = PATHS.get(path)
    if found is not None:
        return found
    return next((surface for surface in SURFACES.values() if path.startswith(surface.roots)), NATIVE_TEXT)


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
