"""The rules of names: parameters that the service does not know, or not in that place."""

from collections.abc import Iterator, Mapping
from functools import cache

from mockserver.base import resources
from mockserver.base.names import nearest
from mockserver.rules.registry import NATIVE, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest, Surface

_IGNORED = "Model Studio docs, API references, 2026: only listed parameters are processed"
_OTHERS = {"stream"}
"""What clients of a native surface send without harm: the header decides (recordings, see the schema)."""


@cache
def _by_surface() -> Mapping[Surface, frozenset[str]]:
    """The parameters of each surface, by the key of the object that holds them."""
    known: dict[Surface, set[str]] = {surface: set(_OTHERS) for surface in Surface}
    for parameter in resources.fixture("parameters")["parameters"]:
        for surface in parameter["surfaces"]:
            places = parameter.get("places", {})
            native = Surface(surface).native
            place: str = places.get("native" if native else "compat", parameter["name"])
            if "[]" not in place and not place.startswith("input.") and not (native and place == "model"):
                known[Surface(surface)].add(place.partition(".")[0])
    return {surface: frozenset(names) for surface, names in known.items()}


def known_parameters(surface: Surface) -> frozenset[str]:
    """The names that a surface knows: at its top level, or under `parameters` of a native one."""
    return _by_surface()[surface]


_KNOWN = _by_surface()


@rule(
    "parameters.unknown",
    severity=Severity.HARMFUL,
    source=_IGNORED,
    fix="Correct the name, or leave it out.",
    teaches="{name!r} is no parameter of this surface and does nothing; {hint}.",
)
def _unknown(request: ChatRequest) -> Iterator[Broken]:
    known = _KNOWN[request.surface]
    if known.issuperset(request.parameters):
        return
    for name in request.parameters:
        if name not in known:
            yield Broken(request.place(name[:80]), {"name": name[:80], "hint": _hint(name, request.surface)})


def _hint(name: str, surface: Surface) -> str:
    elsewhere = [other for other in Surface if name in _KNOWN[other]]
    if elsewhere:
        return f"it is one of {', '.join(elsewhere)}"
    return f"the nearest known one is {nearest(name, sorted(_KNOWN[surface]))!r}"


@rule(
    "parameters.misplaced",
    severity=Severity.HARMFUL,
    source="Model Studio docs, DashScope API reference, 2026: options stand under `parameters`",
    fix="Put it under `parameters`; `input` holds messages or prompt only.",
    teaches="{name!r} stands outside `parameters`, where it does nothing.",
    surfaces=NATIVE,
)
def _misplaced(request: ChatRequest) -> Iterator[Broken]:
    for place in request.stray:
        yield Broken(place[:80], {"name": place.rpartition(".")[2][:80]})
