"""Every snippet of the READMEs runs: programs against a server, tests under pytest, calls by curl."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.base.resources import fixture
from mockserver.cli import main
from tests.plugin import ARGUMENTS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh.md"]
ADDRESS = "http://127.0.0.1:8000"


def _blocks(kind: str) -> list[tuple[str, str]]:
    """The fenced blocks of a kind on both pages, each with its name."""
    return [
        (f"{page.name}-{number}", text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL), 1
        )
    ]


PROGRAMS = [(name, text) for name, text in _blocks("python") if "def test_" not in text]
TESTS = [(name, text) for name, text in _blocks("python") if "def test_" in text]
CALLS = [(name, text.replace("$ curl", "curl")) for name, text in _blocks("console") if "$ curl" in text]
COMMANDS = [
    (name, command)
    for name, text in [*_blocks("console"), *((page.name, page.read_text("utf-8")) for page in PAGES)]
    for command in re.findall(r"(?<!/)dashscope-mock ([a-z]+)", text)
]


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    """A server for all snippets."""
    with MockServer() as running:
        yield running


def _run(command: list[str], server: MockServer) -> str:
    command = [part.replace(ADDRESS, server.url) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_snippets_of_each_kind_in_both_languages() -> None:
    for snippets in (PROGRAMS, TESTS, CALLS):
        assert {name.rpartition("-")[0] for name, _ in snippets} == {page.name for page in PAGES}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in PROGRAMS])
def test_a_program_prints_an_answer(text: str, server: MockServer) -> None:
    assert ADDRESS in text
    assert _run([sys.executable, "-W", "ignore", "-c", text], server).strip()


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TESTS])
def test_a_test_passes(text: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_snippet=text)
    result = pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore")
    result.assert_outcomes(passed=text.count("def test_"))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CALLS])
def test_a_call_is_understood(text: str, server: MockServer) -> None:
    answers = _run(["bash", "-c", text.replace("curl ", "curl -sS --fail-with-body ")], server)
    assert '"id"' in answers


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_models_are_counted(page: Path) -> None:
    told = re.findall(r"([0-9]+) (?:names with limits|个名称，含限制)", page.read_text("utf-8"))
    assert told == [str(len(fixture("models")["models"]))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_stands_for_unittest_points_the_sdks_at_the_mock(page: Path) -> None:
    told = re.findall(r"`(with MockServer\(\)[^`]*)`", page.read_text("utf-8"))
    assert told == ["with MockServer() as mock, mock.environment()"]
    program = "import os\nfrom mockserver import MockServer\n"
    program += f"{told[0]}:\n    assert os.environ['OPENAI_BASE_URL'] == mock.openai_base_url"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)  # noqa: S603 - our own words


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: str(page.relative_to(ROOT))
)
def test_who_asks_the_cloud_again_names_a_key(page: Path) -> None:
    for command in re.findall(r"dashscope-mock verify [^`\n]*--against[^`\n]*", page.read_text("utf-8")):
        assert "--key-env" in command


@pytest.mark.parametrize("command", sorted({command for _, command in COMMANDS}))
def test_a_command_that_is_named_exists(command: str) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
