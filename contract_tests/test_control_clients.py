"""The typed clients of the control API: their types are those of the page, their examples run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.drivers import ROOT, Home, program, required

HOME = Home(
    name="control-node",
    sources=("control_node/package.json", "control_node/package-lock.json"),
)
JAVA = Home(
    name="control-java",
    sources=("../../packages/java/pom.xml", "../../packages/java/control.openapi.json"),
)
PACKAGE = ROOT / "packages" / "npm"
STRICT = ("--noEmit", "--strict", "--module", "nodenext", "--target", "es2022")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project that has the package and what its examples use, as `npm install` lays them."""
    required(HOME.missing())
    folder = tmp_path_factory.mktemp("project")
    modules = folder / "node_modules"
    modules.mkdir()
    for path in (HOME.path.resolve() / "node_modules").iterdir():
        (modules / path.name).symlink_to(path)
    shutil.copytree(PACKAGE, modules / "dashscope-mock", ignore=shutil.ignore_patterns("examples"))
    shutil.copytree(PACKAGE / "examples", folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    return folder


def said_by(project: Path, *command: str) -> str:
    """Run a program of a project with the server of this checkout; what it says."""
    mock = str(Path(sys.executable).parent / "dashscope-mock")
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "DASHSCOPE_MOCK": mock, "NO_PROXY": "*", "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_are_those_of_the_page() -> None:
    required(HOME.missing())
    script = str(ROOT / "scripts" / "control-clients")
    assert said_by(ROOT, sys.executable, script, "--check", str(HOME.path)) == ""


def test_the_example_for_node_test_passes(project: Path) -> None:
    assert "# pass 2" in said_by(project, program("node"), "--test", "--test-reporter=tap", "shop.test.mjs")


def test_the_example_for_vitest_passes(project: Path) -> None:
    vitest = str(project / "node_modules" / "vitest" / "vitest.mjs")
    assert "6 passed" in said_by(project, program("node"), vitest, "run", "--dir", ".", "shop.test.ts")


def test_what_is_misspelt_is_found_before_it_runs(project: Path) -> None:
    tsc = str(project / "node_modules" / "typescript" / "bin" / "tsc")
    assert said_by(project, program("node"), tsc, *STRICT, "shop.test.ts") == ""
    wrong = (project / "shop.test.ts").read_text("utf-8").replace("last_user:", "last_users:")
    (project / "wrong.ts").write_text(wrong, "utf-8")
    done = subprocess.run(
        [program("node"), tsc, *STRICT, "wrong.ts"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert "'last_users' does not exist in type" in done.stdout


def test_the_example_for_junit_passes() -> None:
    required(JAVA.missing())
    home = JAVA.path.resolve()
    maven = (program("mvn"), "--offline", "--batch-mode", f"-Dbuild.home={home}")
    said = said_by(ROOT / "packages" / "java", *maven, "test")
    assert "Tests run: 10, Failures: 0, Errors: 0, Skipped: 0" in said
