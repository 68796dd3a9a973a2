"""The JSON Schemas of `schemas/`, compiled: a fast yes or no, and the reason for a no.

`jsonschema-rs` says yes or no in microseconds. A no is explained by `jsonschema`, which is imported
then only, and takes long the first time: a server has it done aside. Where the cloud has words for a broken
constraint, the schema names the catalogue entry beside it, under `x-refusal`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from mockserver.base import resources
from mockserver.base.brief import as_json, brief
from mockserver.base.values import value
from mockserver.catalogue.errors import Errors, Refusal
from mockserver.rules import optional
from mockserver.rules.order import rank
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.surface import Surface

if TYPE_CHECKING:
    import jsonschema_rs

_TYPES = {"number": "Float", "integer": "Integer", "string": "String", "boolean": "Boolean"}
_GENERAL = {
    "type": "schema.type",
    "minimum": "schema.minimum",
    "exclusiveMinimum": "schema.minimum",
    "maximum": "schema.maximum",
    "exclusiveMaximum": "schema.maximum",
    "enum": "schema.enum",
    "const": "schema.enum",
    "required": "schema.required",
}
"""The catalogue entry for a broken constraint that has no words of its own."""


MOST_ERRORS = 200
"""So many broken constraints of a document are explained: each costs as much as the value that breaks it."""


@value
class Violation:
    """One broken constraint: where, which keyword, what it demands, and the value that broke it."""

    path: str
    keyword: str
    demand: Any
    value: Any
    refusals: Any
    message: str
    properties: tuple[str, ...] = ()


class _Documents(dict[str, dict[str, Any]]):
    """The schemas by the names of their files, each read when it is first asked for."""

    def __missing__(self, name: str) -> dict[str, Any]:
        document = self[name] = resources.schema(name)
        return document


@cache
def _documents() -> _Documents:
    return _Documents()


def _referred(identifier: str) -> dict[str, Any]:
    """The schema that another one refers to: an identifier ends in the name of the file."""
    return _documents()[identifier.rpartition("/")[2].removesuffix(".schema.json")]


@cache
def validator(name: str) -> "jsonschema_rs.Draft202012Validator":
    """The compiled validator of a schema, by its file's name."""
    import jsonschema_rs  # noqa: PLC0415 - the port opens the sooner

    return jsonschema_rs.Draft202012Validator(_documents()[name], retriever=_referred)


def fits(name: str, document: Any) -> bool:
    """Whether a document keeps to a schema, by its file's name."""
    return validator(name).is_valid(document)


@cache
def _explaining() -> tuple[Any, Any]:
    """The class of the validators that explain, and the registry of the schemas."""
    from jsonschema import Draft202012Validator, ValidationError, validators  # noqa: PLC0415 - 60 ms that most servers never need
    from referencing import Registry, Resource  # noqa: PLC0415

    def among(validator: Any, choices: Any, instance: Any, most: int) -> Iterator[Any]:
        fitting = sum(validator.evolve(schema=choice).is_valid(instance) for choice in choices)
        if not 1 <= fitting <= most:
            how = "is valid under more than one" if fitting else "is not valid under any"
            yield ValidationError(f"{instance!r} {how} of the given schemas")

    def retrieved(identifier: str) -> Resource[Any]:
        return Resource.from_contents(_referred(identifier))

    # That no choice fits is one error. The library makes those of each choice first, which nobody looks at:
    # for a list of 20,000 values they take a second and 160 MB, in circles that are collected late.
    choosing = {
        "anyOf": lambda validator, choices, instance, _: among(validator, choices, instance, len(choices)),
        "oneOf": lambda validator, choices, instance, _: among(validator, choices, instance, 1),
    }
    registry: Registry[Any] = Registry(retrieve=retrieved)  # type: ignore[call-arg]  # an alias of attrs
    return validators.extend(Draft202012Validator, choosing), registry  # type: ignore[no-untyped-call]


def explains() -> bool:
    """Whether what explains a no is imported."""
    return bool(_explaining.cache_info().currsize)


def learn() -> None:
    """Imports what explains a no: who does so aside keeps nobody waiting when the first one comes."""
    _explaining()


@cache
def _explainer(name: str) -> Any:
    kind, registry = _explaining()
    return kind(_documents()[name], registry=registry)


def owners(name: str, field: str) -> tuple[str, ...]:
    """The parts of a schema's documents that have such a field: who writes it elsewhere means it there."""
    document = _documents()[name]
    parts = {"the body": document} | {f"a {part}": inner for part, inner in document.get("$defs", {}).items()}
    return tuple(part for part, inner in parts.items() if field in inner.get("properties", {}))


def home_within(name: str, properties: Iterable[str], field: str) -> str | None:
    """The one of a part's properties under which such a field belongs; None when there is none."""
    document = _documents()[name]
    homes = {part.removeprefix("a ") for part in owners(name, field)}
    parts = [document, *document.get("$defs", {}).values()]
    for known in properties:
        for inner in (part["properties"][known] for part in parts if known in part.get("properties", {})):
            leads_to = {
                str(one.get("$ref", "")).rpartition("/")[2] for one in (inner, inner.get("items", {}))
            }
            if leads_to & homes:
                return known
    return None


def path_text(path: Iterable[str | int]) -> str:
    """A place in a document: ``messages[0].role``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def violations(name: str, document: Any) -> list[Violation]:
    """The broken constraints of a document, in the order of its keys; empty when there is none."""
    if fits(name, document):
        return []
    found = []
    for error in islice(_explainer(name).iter_errors(brief(document)), MOST_ERRORS):
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        found.append(
            Violation(
                path=path_text(error.absolute_path),
                keyword=error.validator,
                demand=error.validator_value,
                value=error.instance,
                refusals=schema.get("x-refusal"),
                message=error.message,
                properties=tuple(schema.get("properties", ())),
            )
        )
    if not found:
        found = list(_told_by_the_fast_one(name, document))
    return sorted(found, key=lambda violation: (violation.keyword != "required", violation.path.count(".")))


def told_at_once(name: str, document: Any) -> Violation | None:
    """A broken constraint of a document, in the words of the validator that is fast; None when it fits.

    It is for what is read where nobody may wait.
    """
    return next(_told_by_the_fast_one(name, document), None)


def _told_by_the_fast_one(name: str, document: Any) -> Iterator[Violation]:
    """What the validator that refuses says itself, where the one that explains finds nothing.

    They differ in corners, such as whether `$` matches before a line feed. The one that refuses is right.
    """
    for error in validator(name).iter_errors(document):
        kind: Any = error.kind
        yield Violation(
            path=path_text(error.instance_path),
            keyword=kind.name,
            demand=[kind.value] if kind.name == "required" else kind.value,
            value=error.instance,
            refusals=None,
            message=error.message,
        )


def _missing(violation: Violation) -> str:
    """The first required property that is absent."""
    return next((name for name in violation.demand if name not in violation.value), "")


def _entry_id(violation: Violation, surface: Surface) -> str:
    chosen = violation.refusals
    while isinstance(chosen, Mapping):
        if surface.voice in chosen:
            chosen = chosen[surface.voice]
        elif violation.keyword == "required" and "required" not in chosen:
            chosen = chosen.get(_missing(violation))
        else:
            chosen = chosen.get(violation.keyword, chosen.get("*"))
    return str(chosen or _GENERAL.get(violation.keyword, "schema.other"))


def _expected(violation: Violation) -> str:
    demand = violation.demand
    if violation.keyword == "type":
        names = [demand] if isinstance(demand, str) else [name for name in demand if name != "null"]
        return _TYPES.get(names[0], names[0].capitalize())
    if violation.keyword == "const":
        return repr(demand)
    if violation.keyword == "enum":
        return repr([option for option in demand if option is not None])
    return str(demand)


def _actual(value: Any) -> str:
    """What a value is, as the parameter check words it."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, bool):
        return "a boolean"
    return "an integer" if isinstance(value, int) else "a number"


def _shown(value: Any, limit: int = 120) -> str:
    if not isinstance(value, str):
        return as_json(value, most=limit)
    return value if len(value) <= limit else f"{value[:limit]}..."


def refusal(violation: Violation, surface: Surface, errors: Errors) -> Refusal:
    """What the cloud answers to a broken constraint, in its words for this surface."""
    steps = violation.path.replace("[", ".").replace("]", "").split(".")
    index = next((step for step in steps if step.isdigit()), "0")
    name = _missing(violation) if violation.keyword == "required" else steps[-1]
    required = violation.keyword == "required"
    shown = _shown(violation.value)
    return errors.refuse(
        _entry_id(violation, surface),
        value=shown,
        role=shown,
        type=shown,
        actual=_actual(violation.value),
        limit=violation.demand,
        expected=_expected(violation),
        path=".".join(step for step in [*steps, name] if step) if required else ".".join(steps),
        name=name,
        index=index,
    )


@cache
def _table() -> tuple[Mapping[str, Any], ...]:
    return tuple(rule for rule in resources.fixture("rules")["rules"] if "places" in rule)


def _table_name(place: str, surface: Surface) -> str:
    """A place as the table of rules calls it: messages have the same name on every surface."""
    if re.match(rf"{re.escape(surface.messages_at)}(?![^.\[])", place):
        return "messages" + place.removeprefix(surface.messages_at)
    return place.removeprefix("input.").removeprefix("parameters.")


def rule_of(violation: Violation, surface: Surface) -> str:
    """The id of the rule that a broken constraint of a request breaks."""
    place = _table_name(re.sub(r"\[\d+\]", "[]", violation.path), surface)
    missing = _table_name(_missing(violation), surface) if violation.keyword == "required" else None

    def fits(rule: Mapping[str, Any]) -> bool:
        if not surface.has(rule.get("traits", ())):
            return False
        there = place in rule["places"] or rule["places"] == ["*"]
        of_kind = violation.keyword in rule.get("keywords", (violation.keyword,))
        return there and of_kind and (missing is None or missing in rule.get("missing", (missing,)))

    # The last one fits every constraint.
    return str(next(rule["id"] for rule in _table() if fits(rule)))


def findings(name: str, document: Any, surface: Surface, errors: Errors) -> list[Finding]:
    """What a document's schema finds in it; the first one is what the cloud answers with."""
    found = (_finding(violation, surface, errors) for violation in violations(name, document))
    return sorted(found, key=rank)


def _finding(violation: Violation, surface: Surface, errors: Errors) -> Finding:
    """A broken constraint of a request, as what breaks a rule."""
    rule = rule_of(violation, surface)
    return Finding(
        rule,
        Severity.REFUSED,
        violation.path,
        violation.message[:500],
        refusal(violation, surface, errors),
        rule in optional.rules() and optional.part_at(surface, violation.path) is None,
    )


def document(name: str) -> dict[str, Any]:
    """A schema as it stands in its file."""
    return _documents()[name]


def resolved(home: Mapping[str, Any], reference: str) -> tuple[dict[str, Any], Any]:
    """Where a `$ref` of a schema leads: the schema of that file, and the part of it."""
    url, _, pointer = reference.partition("#")
    name = url.rpartition("/")[2].removesuffix(".schema.json") or home["$id"].rpartition("/")[2].removesuffix(
        ".schema.json"
    )
    root = _documents()[name]
    part: Any = root
    for step in pointer.split("/")[1:]:
        part = part[step]
    return root, part
