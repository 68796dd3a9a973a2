"""Cases: conversations as data, read from `fixtures/conformance.json` or a file of the same form."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from mockserver.base import resources
from mockserver.contract.delivery import CHOPPED, Delivery, spoilt
from mockserver.contract.stage import Planned
from mockserver.contract.texts import filled
from mockserver.dialects.table import named
from mockserver.rules.schemas import violations

MODES = ("plain", "stream", "chopped")
"""How an answer is asked for and delivered: whole, in frames, in frames that are cut into odd pieces."""

MIXED = "mixed"
"""The mode of cases that name it: in a conversation every other answer is streamed, from the first on."""

_SURFACES: Mapping[str, Mapping[str, Any]] = resources.fixture("surfaces")["surfaces"]

SURFACES = tuple(_SURFACES)
"""The surfaces that the kit leads clients through."""

MODELS = {name: row["model"] for name, row in _SURFACES.items()}
"""The model of a case that names none, by surface."""

LACKS = {name: frozenset(row["lacks"]) for name, row in _SURFACES.items()}
"""What a surface has no place for: what needs it is not asked of a client there."""

CARRIERS = {name: frozenset(row["carriers"]) for name, row in _SURFACES.items()}
"""The options by which a client says how an answer is carried, by surface: it decides on them by itself."""

FOR_STREAMS = {name: frozenset(row["for_streams"]) for name, row in _SURFACES.items()}
"""Those of them that say something of streams only."""

_COPIES = 12
"""How often an answer that ends early is there again, whole, for a client that asks again."""


_LAST = Planned({"content": "Done."})
"""What is answered to results that a case did not think of."""


class CaseError(ValueError):
    """A file of cases that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said, the answers to it in order, and the results of the calls among them.

    `interrupted`: the calls of the last answer get no results, for the user says what comes next.
    `result_options`: the options of each round of results, where they are not those of the turn.
    """

    say: str = ""
    parts: tuple[Mapping[str, Any], ...] = ()
    conversation: int = 0
    partial: str | None = None
    cancel_after: int | None = None
    interrupted: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    replies: tuple[Mapping[str, Any], ...] = ()
    results: tuple[tuple[str, ...], ...] = ()
    result_options: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> "Turn":
        """A turn of a case's JSON, as its schema allows it."""
        given = dict(spec)
        for name in ("parts", "replies", "result_options"):
            given[name] = tuple(spec.get(name) or ())
        given["results"] = tuple(tuple(results) for results in spec.get("results") or ())
        return cls(**given)

    def json(self) -> dict[str, Any]:
        """The turn as a case's JSON; what says nothing is left out."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value
            for name, value in fields.items()
            if value not in (None, (), {}, 0, "") or name == "say"
        }

    def segments(self, *, chopped: bool) -> Iterator[list[Planned]]:
        """The answers between two rounds of calls, which belong to one request and its retries.

        What breaks off comes whole to a client that asks again, or `again` comes in its place: a model seldom
        says the same twice, and what has a delivery of its own may break off each time. Calls that break off
        and are the last are followed by an answer to their results.
        """
        segment: list[Planned] = []
        for number, spec in enumerate(self.replies, 1):
            reply = {name: value for name, value in spec.items() if name not in ("delivery", "again")}
            delivery = Delivery.read(spec.get("delivery"))
            if chopped and not delivery.sizes:
                delivery = replace(delivery, sizes=CHOPPED)
            segment.append(Planned(reply, delivery))
            broken = bool(delivery.end or (reply.get("fault") and spoilt(reply)))
            if broken:
                again = spec.get("again", reply)
                whole = {name: value for name, value in again.items() if name not in ("delivery", "fault")}
                behind = (
                    Delivery.read(again["delivery"]) if "delivery" in again else replace(delivery, end="")
                )
                segment += [Planned(whole, behind) for _ in range(_COPIES)]
            if reply.get("tool_calls"):
                yield segment
                segment = [_LAST] if broken and number == len(self.replies) else []
        if segment:
            yield segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One named conversation, with the requirements that it shows and the features that it needs.

    `conversations` is how many are held side by side, and `each` what they have of their own, by number:
    `system`, `tools`, `options`, `models`. The other fields are those of `Begin`.
    """

    id: str
    title: str = ""
    requires: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = SURFACES
    modes: tuple[str, ...] = MODES
    models: Mapping[str, str] = field(default_factory=lambda: MODELS)
    system: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    native_options: Mapping[str, Any] = field(default_factory=dict)
    session: bool = False
    thread: str | None = None
    keep: int | None = None
    timeout: float = 10.0
    conversations: int = 1
    each: tuple[Mapping[str, Any], ...] = ()
    turns: tuple[Turn, ...] = ()

    @classmethod
    def read(cls, spec: Mapping[str, Any], tools: Mapping[str, Any]) -> "Case":
        """A case of JSON, as its schema allows it; `tools` are those that it may name."""
        given = dict(spec)
        for name in ("requires", "features", "surfaces", "modes"):
            if name in spec:
                given[name] = tuple(spec[name])
        given["models"] = {**MODELS, **spec.get("models", {})}
        given["tools"] = _offered(spec, tools)
        given["each"] = tuple(
            {**own, "tools": _offered(own, tools)} if "tools" in own else own for own in spec.get("each", ())
        )
        given["turns"] = tuple(Turn.read(turn) for turn in spec["turns"])
        return cls(**given)

    def json(self) -> dict[str, Any]:
        """The case as JSON, which `read` reads again; what says nothing is left out."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "turns"}
        kept = {name: value for name, value in fields.items() if value not in (None, (), {}, False, "")}
        return {**kept, "turns": [turn.json() for turn in self.turns]}

    def of(self, conversation: int) -> "Case":
        """The case as one of its conversations has it."""
        own = dict(self.each[conversation]) if conversation < len(self.each) else {}
        if "models" in own:
            own["models"] = {**self.models, **own["models"]}
        if "options" in own:
            own["options"] = {**self.options, **own["options"]}
        return replace(self, **own)

    def held_on(self, surface: str) -> bool:
        """Whether the case can be held on a surface at all."""
        return surface in self.surfaces and LACKS[surface].isdisjoint(self.features)

    def options_on(self, surface: str) -> dict[str, Any]:
        """The options that hold for every turn on a surface."""
        by_dialect = {"native": self.native_options}
        return {**self.options, **by_dialect.get(named(surface).dialect, {})}


def _offered(spec: Mapping[str, Any], tools: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The tools of a case or of one conversation; `tools` are those that it may name."""
    return tuple(tools[tool] if isinstance(tool, str) else tool for tool in spec.get("tools", ()))


def read_cases(document: Any, *, where: str) -> tuple[Case, ...]:
    """The cases of a document. Raises `CaseError`."""
    found = violations("conformance", document)
    if found:
        msg = f"{where}: {found[0].path or 'the document'}: {found[0].message[:300]}"
        raise CaseError(msg)
    document = filled(document, document.get("texts") or {})
    tools = document.get("tools") or {}
    for case in document["cases"]:
        named_here = [tool for spec in (case, *case.get("each", ())) for tool in spec.get("tools", ())]
        unknown = [tool for tool in named_here if isinstance(tool, str) and tool not in tools]
        if unknown:
            msg = (
                f"{where}: the case {case['id']} names the tool {unknown[0]!r}; known are {', '.join(tools)}"
            )
            raise CaseError(msg)
    return tuple(Case.read(case, tools) for case in document["cases"])


@cache
def built_in() -> tuple[Case, ...]:
    """The cases that ship with the package."""
    return read_cases(resources.fixture("conformance"), where="fixtures/conformance.json")


def from_file(path: Path) -> tuple[Case, ...]:
    """The cases of a file. Raises `CaseError`."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: {error}"
        raise CaseError(msg) from None
    return read_cases(document, where=str(path))


def document_of(cases: Iterable[Case]) -> dict[str, Any]:
    """The document of some cases, for a file."""
    return {"cases": [case.json() for case in cases]}


def chosen(cases: Sequence[Case], names: Sequence[str]) -> tuple[Case, ...]:
    """The cases whose id is one of the names or begins with one and a dot.

    Raises `CaseError` for a name that chooses none.
    """
    for name in names:
        if not any(case.id == name or case.id.startswith(f"{name}.") for case in cases):
            groups = sorted({case.id.partition(".")[0] for case in cases})
            msg = f"no case is {name!r} or begins with it; the groups are {', '.join(groups)}"
            raise CaseError(msg)
    if not names:
        return tuple(cases)
    return tuple(
        case for case in cases if any(case.id == name or case.id.startswith(f"{name}.") for name in names)
    )
