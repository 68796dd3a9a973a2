"""The catalogue of request parameters: that it is whole, and that what it says is so."""

import ast
import re
import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mockserver.base import resources
from mockserver.dialects.table import SURFACES, named
from mockserver.rules import all_rules
from mockserver.rules.schemas import violations
from mockserver.talk.surface import Surface
from tests.asking import body_of
from tests.test_parameters_shown import MODELS, NOTHING

ROOT = Path(__file__).resolve().parent.parent
DOCS = runpy.run_path(str(ROOT / "scripts" / "docs"))
PARAMETERS: dict[str, dict[str, Any]] = {
    parameter["name"]: parameter for parameter in resources.fixture("parameters")["parameters"]
}
EACH = pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
WRONG: list[Any] = ["", "tea", [], ["tea"], [[]], {}, {"type": 7}, True, -99, 0.5, 1e40]
"""Values of every kind: whatever a parameter is, some of them are wrong."""


def states(*wanted: str) -> Iterator[tuple[str, str]]:
    """Every parameter on every surface where it is in one of these states."""
    for name, parameter in PARAMETERS.items():
        for surface, state in parameter["surfaces"].items():
            if state in wanted:
                yield name, surface


def leaf(name: str) -> str:
    """The last part of a name: the key in the object that holds the parameter."""
    return name.rpartition(".")[2]


def test_the_file_is_as_its_schema_says() -> None:
    assert violations("catalogue.parameters", resources.fixture("parameters")) == []
    assert len(PARAMETERS) == len(resources.fixture("parameters")["parameters"])


def properties(surface: Surface) -> set[str]:
    """The places of all parameters that a request schema names, objects followed into what they hold."""
    found = set()

    def follow(schema: Mapping[str, Any], before: str) -> None:
        for name, inner in schema["properties"].items():
            if "properties" in inner:
                follow(inner, f"{before}{name}.")
            else:
                found.add(before + name)

    follow(resources.schema(f"{surface.name}.request"), "")
    return found


@pytest.mark.parametrize("surface", SURFACES)
def test_every_property_of_a_request_is_in_the_catalogue_and_the_other_way_round(surface: str) -> None:
    known: set[str] = set()
    unknown: set[str] = set()
    for parameter in PARAMETERS.values():
        if surface in parameter["surfaces"]:
            place = DOCS["place_of"](parameter, surface)
            (unknown if surface in parameter["passed_through"] else known).add(place)
    assert {place for place in known if "[]" not in place} == properties(named(surface))
    for place in known:
        assert DOCS["schema_at"](surface, place) is not None, place
    for place in unknown:
        assert DOCS["schema_at"](surface, place) is None, place


@EACH
def test_a_parameter_tells_of_its_own_surfaces_only(parameter: dict[str, Any]) -> None:
    surfaces = set(parameter["surfaces"])
    assert set(parameter["passed_through"]) <= surfaces
    assert set(parameter["recorded"]) <= surfaces
    for surface, state in parameter["surfaces"].items():
        if state == "ignored":
            assert surface in parameter["passed_through"]
        if state == "accepted":
            assert surface not in parameter["passed_through"]


def bodies(parameter: dict[str, Any], surface: Surface) -> Iterator[dict[str, Any]]:
    """Bodies that are valid save for wrong values of one parameter."""
    steps = DOCS["place_of"](parameter, surface.name).split(".")
    for value in WRONG:
        body = body_of("Tea?", model=MODELS[surface], surface=surface)
        node: Any = body
        for step in steps[:-1]:
            node = node.setdefault(step.removesuffix("[]"), {})
            node = node[0] if step.endswith("[]") else node
        node[steps[-1]] = value
        yield body


@pytest.mark.parametrize(("name", "surface"), [*states("implemented", "accepted", "ignored")], ids=str)
def test_what_is_said_to_be_validated_is_refused_when_it_is_wrong_and_nothing_else(
    name: str, surface: str
) -> None:
    parameter, needed = PARAMETERS[name], {need for rule in all_rules() for need in rule.needs}
    refused = [violations(f"{surface}.request", body) != [] for body in bodies(parameter, named(surface))]
    assert bool(DOCS["validation"](parameter, surface)) is (any(refused) or name in needed)


@cache
def module(path: str) -> ast.Module:
    """A module of the project, parsed."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def source(path: str, function: str) -> str:
    """A test function as it is written, with its decorators and the tables that it names."""
    tree = module(path)
    node = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    named = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    tables = []
    for statement in tree.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(target, ast.Name) and target.id in named for target in targets):
            tables.append(statement)
    return "\n".join(ast.unparse(part) for part in (*node.decorator_list, node, *tables))


@EACH
def test_the_test_that_shows_a_parameter_exists_and_names_it(parameter: dict[str, Any]) -> None:
    path, _, function = parameter["test"].partition("::")
    name = re.escape(leaf(parameter["name"]))
    assert re.search(rf"(?<![a-z_]){name}(?![a-z_])", source(path, function))


@cache
def modules() -> tuple[ast.Module, ...]:
    """The modules that a chat request goes through, the rules left out: to check is not to do."""
    paths = [path.relative_to(ROOT) for path in sorted((ROOT / "mockserver").rglob("*.py"))]
    left_out = {
        "rules",
        "endpoints",
        "server",
        "scenario",
        "recording",
        "recorder",
        "testing",
        "contract",
        "commands",
    }
    return tuple(module(str(path)) for path in paths if left_out.isdisjoint(path.parts))


def constants() -> set[str]:
    """Every text in the server that stands in quotes."""
    return {
        node.value
        for tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def read() -> set[str]:
    """The names that the server gets from requests, parameters and bodies."""
    found = set()
    for tree in modules():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            holder, name = ast.unparse(node.func.value), node.args[0]
            if node.func.attr == "get" and re.search(r"\b(request|sent|body|self\.parameters)$", holder):
                found.update([name.value] if isinstance(name, ast.Constant) else [])
    return {name for name in found if isinstance(name, str)}


OF_MAKING = {"size", "voice"}
"""What chat does not have: parameters of pictures and speech made at once (`fixtures/making.json`)."""


def test_what_is_implemented_is_read_by_the_server() -> None:
    assert {leaf(name) for name, _ in states("implemented")} <= constants()


def test_what_is_implemented_nowhere_is_not_read_either() -> None:
    implemented = {name for name, _ in states("implemented")}
    assert {"seed", "enable_search", "stream"} <= read()
    assert read() & (set(PARAMETERS) - implemented) == set()


def test_what_is_accepted_or_ignored_is_shown_to_change_nothing() -> None:
    shown = {(name, surface.name) for name, _, surfaces in NOTHING for surface in surfaces}
    assert shown == set(states("accepted", "ignored"))


def test_what_the_server_gets_from_a_request_is_in_the_catalogue() -> None:
    """Anything that the server reads from a request's parameters is a row of the table."""
    places = {place for row in PARAMETERS.values() for place in row.get("places", {}).values()}
    rows = {leaf(name) for name in PARAMETERS} | {name.partition(".")[0] for name in {*PARAMETERS, *places}}
    assert read() - rows == {"parameters", "built_in_tools", *OF_MAKING}
