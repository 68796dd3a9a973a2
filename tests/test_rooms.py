"""The rooms of the package: a room imports only rooms above it, and no module imports itself by a detour."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mockserver

ROOMS = (
    "base",
    "catalogue",
    "talk",
    "wire",
    "dialects",
    "rules",
    "meter",
    "state",
    "instances",
    "answer",
    "faults",
    "scripts",
    "scenario",
    "recording",
    "corridor",
    "endpoints",
    "server",
    "recorder",
    "testing",
    "contract",
    "commands",
)
"""From the floor up; CONTRIBUTING.md says what lives in each."""

DOORS = ("", "__main__", "cli", "pytest_plugin")
"""The modules outside of the rooms, by which the package is entered: they may import any."""

PACKAGE = Path(mockserver.__file__).parent
MODULES = {
    ".".join(("mockserver", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(source: str) -> Iterator[str]:
    """The modules of the package that a module imports: anywhere, in functions and for types too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in MODULES else node.module


IMPORTS = {name: set(imported(path.read_text(encoding="utf-8"))) for name, path in MODULES.items()}


def room(module: str) -> str:
    return module.removeprefix("mockserver").removeprefix(".").partition(".")[0]


def test_every_module_lives_in_a_room() -> None:
    assert {room(module) for module in MODULES} == {*ROOMS, *DOORS}


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_rooms_above_it(name: str) -> None:
    allowed = ROOMS[: ROOMS.index(name) + 1]
    backwards = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        if room(module) == name
        for other in sorted(others)
        if room(other) not in allowed
    ]
    assert backwards == []


def test_no_module_imports_itself_by_a_detour() -> None:
    try:
        TopologicalSorter({name: others - {name} for name, others in IMPORTS.items()}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_imports_are_found_wherever_they_stand() -> None:
    source = "def f():\n    from mockserver.base import names\nif T:\n    import mockserver.base.logs\n"
    assert set(imported(source)) == {"mockserver.base.names", "mockserver.base.logs"}


def test_the_guide_says_what_lives_in_each_room() -> None:
    guide = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in ROOMS if f"`mockserver/{name}/`" not in guide] == []
