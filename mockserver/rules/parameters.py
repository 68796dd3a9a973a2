"""The rules of names: parameters that the service does not know, or not in that place."""

from collections.abc import Iterator
from functools import cache

from mockserver.base import resources
from mockserver.base.names import nearest
from mockserver.dialects.table import SURFACES
from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface, Trait

_IGNORED = "Model Studio docs, API references, 2026: only listed parameters are processed"
_OTHERS = {"stream"}
"""What clients of a native surface send without harm: the header decides (recordings, see the schema)."""


@cache
def known_parameters(surface: Surface) -> frozenset[str]:
    """The names that a surface knows, by the key of the object that holds the parameters."""
    apart = Trait.APART in surface.traits
    known = set(_OTHERS)
    for parameter in resources.fixture("parameters")["parameters"]:
        if surface.name in parameter["surfaces"]:
            place: str = parameter.get("places", {}).get(surface.dialect, parameter["name"])
            if "[]" not in place and not place.startswith("input.") and not (apart and place == "model"):
                known.add(place.partition(".")[0])
    return frozenset(known)


@rule(
    "parameters.unknown",
    severity=Severity.HARMFUL,
    source=_IGNORED,
    fix="Correct the name, or leave it out.",
    teaches="{name!r} is no parameter of this surface and does nothing; {hint}.",
)
def _unknown(request: ChatRequest) -> Iterator[Broken]:
    if Trait.RENAMED in request.surface.traits:
        for place in request.stray:
            yield Broken(place[:80], {"name": place[:80], "hint": _hint(place, request.surface)})
        return
    known = known_parameters(request.surface)
    if known.issuperset(request.parameters):
        return
    for name in request.parameters:
        if name not in known:
            yield Broken(request.place(name[:80]), {"name": name[:80], "hint": _hint(name, request.surface)})


def _hint(name: str, surface: Surface) -> str:
    elsewhere = [other.name for other in SURFACES.values() if name in known_parameters(other)]
    if elsewhere:
        return f"it is one of {', '.join(elsewhere)}"
    return f"the nearest known one is {nearest(name, sorted(known_parameters(surface)))!r}"


@rule(
    "parameters.misplaced",
    severity=Severity.HARMFUL,
    source="Model Studio docs, DashScope API reference, 2026: options stand under `parameters`",
    fix="Put it under `parameters`; `input` holds messages or prompt only.",
    teaches="{name!r} stands outside `parameters`, where it does nothing.",
    traits=(Trait.APART,),
)
def _misplaced(request: ChatRequest) -> Iterator[Broken]:
    for place in request.stray:
        yield Broken(place[:80], {"name": place.rpartition(".")[2][:80]})
