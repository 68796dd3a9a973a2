"""The jobs of docs/ci.md: each is what its kind of CI takes, and its shell lines are a shell's."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def blocks(section: str, kind: str) -> list[str]:
    """The fenced blocks of a kind in a section."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def checked(schema: str, text: str, folder: Path) -> None:
    checker = shutil.which("check-jsonschema", path=Path(sys.executable).parent)
    if checker is None:
        pytest.skip("check-jsonschema is not installed")
    file = folder / "job.yml"
    file.write_text(text, "utf-8")
    done = subprocess.run(  # noqa: S603 - our own words
        [checker, "--builtin-schema", schema, file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("section", ["GitHub Actions", "A client, held to the contract"])
def test_a_job_of_github_is_one(section: str, tmp_path: Path) -> None:
    (text,) = blocks(section, "yaml")
    checked("vendor.github-workflows", f"on: push\n{text}", tmp_path)


def test_actionlint_finds_nothing_in_the_jobs_of_github(tmp_path: Path) -> None:
    linter = shutil.which("actionlint")
    if linter is None:
        pytest.skip("actionlint is not installed")
    steps = re.search(
        r"```yaml\n(steps:.*?)```", (ROOT / "docs" / "packages.md").read_text("utf-8"), re.DOTALL
    )
    assert steps is not None
    job = "jobs:\n  test:\n    runs-on: ubuntu-latest\n" + textwrap.indent(steps[1], "    ")
    sections = ("GitHub Actions", "A client, held to the contract")
    for number, text in enumerate([job, *(blocks(section, "yaml")[0] for section in sections)]):
        (tmp_path / f"{number}.yml").write_text(f"on: push\n{text}", "utf-8")
    done = subprocess.run([linter, *tmp_path.iterdir()], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


def test_the_action_is_given_what_it_takes() -> None:
    (text,) = blocks("GitHub Actions", "yaml")
    steps: list[dict[str, Any]] = yaml.safe_load(text)["jobs"]["test"]["steps"]
    (mock,) = [step for step in steps if step.get("id") == "mock"]
    assert set(mock["with"]) <= set(ACTION["inputs"])
    assert set(re.findall(r"steps\.mock\.outputs\.([\w-]+)", text)) <= set(ACTION["outputs"])


def test_a_job_of_gitlab_is_one_and_extends_what_there_is(tmp_path: Path) -> None:
    (text,) = blocks("GitLab", "yaml")
    checked("vendor.gitlab-ci", text, tmp_path)
    job = yaml.safe_load(text)
    template = yaml.safe_load((ROOT / job["include"][0]["local"]).read_text("utf-8"))[job["test"]["extends"]]
    assert set(job["test"]["variables"]) <= set(template["variables"])


def test_the_shell_lines_of_jenkins_are_a_shells() -> None:
    (text,) = blocks("Jenkins", "groovy")
    (lines,) = re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    assert subprocess.run([bash, "-n"], input=lines, text=True, check=False).returncode == 0  # noqa: S603
    assert text.count("{") == text.count("}")
