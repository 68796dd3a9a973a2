"""What is given away: the wheel and the sdist hold what they should, and nothing else."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from mockserver.base.version import __version__

ROOT = Path(__file__).resolve().parent.parent
NAME = f"dashscope_mock-{__version__}"

WHEEL = {"mockserver", f"{NAME}.dist-info"}
DATA = {
    "mockserver/fixtures": {".json", ".yaml", ".txt"},
    "mockserver/schemas": {".json"},
    "mockserver/contract": {".py", ".css"},
    "mockserver/page": {".py", ".css", ".html", ".js", ".svg", ".json"},
    "mockserver/state": {".py", ".lua"},
}
"""The folders of the wheel that hold more than code, and the kinds of their files."""

SDIST = {
    ".dockerignore",
    ".gitignore",  # the builder's own doing
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "README.zh.md",
    "action.yml",
    "benchmarks",
    "contract_tests",
    "docs",
    "fixtures",
    "mkdocs.yml",
    "mockserver",
    "packages",
    "pyproject.toml",
    "schemas",
    "scripts",
    "tests",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "hatchling", "build", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> list[PurePosixPath]:
    with zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl") as file:
        return [PurePosixPath(name) for name in file.namelist()]


@pytest.fixture(scope="module")
def sdist(built: Path) -> list[PurePosixPath]:
    with tarfile.open(built / f"{NAME}.tar.gz") as file:
        return [PurePosixPath(name).relative_to(NAME) for name in file.getnames()]


def test_the_wheel_brings_one_import_name(wheel: list[PurePosixPath]) -> None:
    assert {path.parts[0] for path in wheel} == WHEEL


def test_the_wheel_holds_code_and_the_data_that_it_reads(wheel: list[PurePosixPath]) -> None:
    plain = set()
    for path in wheel:
        if path.parts[0] != "mockserver":
            continue
        kinds = DATA.get("/".join(path.parts[:2]), {".py"})
        if path.suffix not in kinds:
            plain.add(path.as_posix())
    assert plain == {"mockserver/py.typed"}
    held = {path.as_posix() for path in wheel}
    for folder, pattern in (("fixtures", "*.json"), ("schemas", "*.json"), ("mockserver", "**/*.py")):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob(pattern)}
        inside = {name if folder == "mockserver" else f"mockserver/{name}" for name in here}
        assert inside <= held


def test_the_sdist_holds_the_project_and_nothing_that_was_made_of_it(sdist: list[PurePosixPath]) -> None:
    assert {path.parts[0] for path in sdist} == SDIST
    made = {".cache", ".venv", "__pycache__", "node_modules", "target"}
    assert [path for path in sdist if made & set(path.parts)] == []


def test_neither_is_large(built: Path) -> None:
    assert (built / f"{NAME}-py3-none-any.whl").stat().st_size < 2_000_000
    assert (built / f"{NAME}.tar.gz").stat().st_size < 4_000_000
