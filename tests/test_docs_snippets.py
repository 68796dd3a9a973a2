"""Every snippet of the docs on testing runs: Python as a test module, YAML as a scenario."""

import os
import re
import sys
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.catalogue import errors as error_catalogue
from mockserver.scenario.document import load
from tests.plugin import ARGUMENTS

ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "quickstart.md",
    "parallel.md",
    "retries.md",
    "broken-streams.md",
    "pytest.md",
    "recording.md",
    "scenarios.md",
    "test-agents.md",
    "load.md",
    "import.md",
)
PAGES = [ROOT / "docs" / name for name in NAMES]
MOST_LINES = 15


def _blocks(kind: str, page: Path) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def snippets(kind: str) -> list[tuple[str, str]]:
    """The fenced blocks of a kind on all pages, each with its name."""
    return [
        (f"{page.stem}-{number}", text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL), 1
        )
    ]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in snippets("python")])
def test_a_snippet_of_python_passes(
    text: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command stands beside the interpreter, whether its environment is activated or not.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    pytester.makepyfile(test_snippet=text)
    if "cassette=" in text and "cassette import" not in text:
        with MockServer() as upstream:
            record = ("--dashscope-record=new", "--dashscope-upstream", upstream.url)
            assert pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore", *record).ret == 0
    result = pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore")
    assert result.ret == 0
    assert "passed" in result.stdout.str()


@pytest.mark.parametrize(
    "text", [text for name, text in snippets("python") if name in ("quickstart-1", "quickstart-2")]
)
def test_a_new_user_needs_no_more_than_fifteen_lines(text: str) -> None:
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in snippets("yaml")])
def test_a_snippet_of_yaml_is_a_scenario_with_which_nothing_is_wrong(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text(text, "utf-8")
    assert load([file], error_catalogue.load()).problems == []
