"""The table of surfaces: every chat endpoint, by its name and by its paths."""

from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.talk.surface import Surface

SURFACES: dict[str, Surface] = {}
"""Every surface by its name."""

PATHS: dict[str, Surface] = {}
"""Every surface by each of its paths."""


def enter(surface: Surface) -> None:
    """Enters a surface."""
    SURFACES[surface.name] = surface
    PATHS.update(dict.fromkeys(surface.paths, surface))


for _surface in (COMPAT, NATIVE_TEXT, NATIVE_MULTIMODAL):
    enter(_surface)


def at(path: str) -> Surface | None:
    """The surface at a path; None where no chat is."""
    return PATHS.get(path)


def named(name: str) -> Surface:
    """The surface of that name. Raises `KeyError`."""
    return SURFACES[name]
