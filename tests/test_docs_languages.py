"""Pages in other languages: the programs of the first five minutes run; Chinese is built like English."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import MockServer
from tests.test_site import outline

ROOT = Path(__file__).resolve().parent.parent
OPENAI = ROOT / ".cache" / "clients" / "node" / "node_modules"
"""Where `scripts/install-clients` puts OpenAI's SDK for Node, among others."""

MOST_LINES = {"python": 15, "js": 30, "java": 40, "bash": 25, "go": 45}
"""How many lines a page may ask of a new user."""


def block(page: str, kind: str) -> str:
    """The first block of a kind on a page."""
    found = re.search(rf"```{kind}\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def run(folder: Path, *command: str, **more: str) -> str:
    """What a program says, in a folder of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    surroundings = {**os.environ, "PATH": path, **more}
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, timeout=180, check=False, cwd=folder, env=surroundings
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needed(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


@pytest.fixture
def url() -> Iterator[str]:
    with MockServer() as server:
        yield server.url


def test_node(tmp_path: Path) -> None:
    node = needed("node")
    if not (OPENAI / "openai").is_dir():
        pytest.skip("OpenAI's SDK for Node is not installed: scripts/install-clients node")
    modules = tmp_path / "node_modules"
    modules.mkdir()
    # Copied, for Node looks for what a linked package needs beside the place that the link leads to.
    shutil.copytree(ROOT / "packages" / "npm", modules / "dashscope-mock")
    for package in OPENAI.iterdir():
        if not package.name.startswith("."):
            (modules / package.name).symlink_to(package)
    (tmp_path / "shop.test.mjs").write_text(block("node.md", "js"), "utf-8")
    assert "# pass 1" in run(tmp_path, node, "--test", "--test-reporter=tap")


def test_java(url: str, tmp_path: Path) -> None:
    (tmp_path / "Shop.java").write_text(block("java.md", "java"), "utf-8")
    run(tmp_path, needed("java"), "-ea", "Shop.java", DASHSCOPE_MOCK_URL=url)


def test_java_fails_where_nothing_is_there_to_answer(url: str, tmp_path: Path) -> None:
    text = block("java.md", "java").replace('contains("Which resolution?")', 'contains("Which colour?")')
    (tmp_path / "Shop.java").write_text(text, "utf-8")
    with pytest.raises(AssertionError, match=r"Shop\.main"):
        run(tmp_path, needed("java"), "-ea", "Shop.java", DASHSCOPE_MOCK_URL=url)


def test_a_shell(tmp_path: Path) -> None:
    needed("curl")
    (tmp_path / "shop.sh").write_text("set -eu\n" + block("anywhere.md", "bash"), "utf-8")
    assert "Which resolution?" in run(tmp_path, needed("bash"), "shop.sh")


def test_go(url: str, tmp_path: Path) -> None:
    (tmp_path / "shop.go").write_text(block("anywhere.md", "go"), "utf-8")
    run(tmp_path, needed("go"), "run", "shop.go", DASHSCOPE_MOCK_URL=url)


FIRST = [
    ("quickstart.md", "python"),
    ("node.md", "js"),
    ("java.md", "java"),
    ("anywhere.md", "bash"),
    ("anywhere.md", "go"),
]
"""The first test of each ecosystem: its page, and the language of its block."""


@pytest.mark.parametrize(("page", "kind"), FIRST)
def test_a_first_test_has_two_turns_in_as_many_lines_as_its_page_promises(page: str, kind: str) -> None:
    text = block(page, kind)
    before = (ROOT / "docs" / page).read_text("utf-8").partition(f"```{kind}\n")[0]
    promised = re.findall(r"(\d+) lines", before)[-1]
    assert len(text.splitlines()) == int(promised) <= MOST_LINES[kind]
    assert len(re.findall(r"\bask\b", text)) == 1 + 2  # the app, and two turns of it


@pytest.mark.parametrize("page", ["quickstart.md", "zh/quickstart.md"])
def test_the_table_of_first_tests_counts_their_lines(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = re.findall(r"^\| \[.*\]\((?:\.\./)?(\w+\.md)\) \| (\d+) \|", text, re.MULTILINE)
    assert rows == [(name, str(len(block(name, kind).splitlines()))) for name, kind in FIRST]


TWINS = sorted(page.name for page in (ROOT / "docs" / "zh").glob("*.md"))
"""The pages that stand in Chinese too."""


def twins(name: str) -> tuple[str, str]:
    english, chinese = (ROOT / "docs" / folder / name for folder in ("", "zh"))
    return english.read_text("utf-8"), chinese.read_text("utf-8")


def cells(text: str) -> list[list[str]]:
    """The code in the first column of each row of the tables, by table."""
    tables = re.findall(
        r"(?:^\|.*\n)+", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    heads = [[row.replace("\\|", "").split("|")[1] for row in table.splitlines()] for table in tables]
    return [[" ".join(re.findall(r"`[^`]+`", head)) for head in table] for table in heads]


@pytest.mark.parametrize("name", TWINS)
def test_a_page_is_built_alike_in_both_languages(name: str) -> None:
    english, chinese = twins(name)
    assert outline(chinese) == outline(english)
    assert cells(chinese) == cells(english)


@pytest.mark.parametrize("name", TWINS)
def test_the_code_of_a_page_is_the_same_in_both_languages(name: str) -> None:
    fence = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    english, chinese = map(fence.findall, twins(name))
    assert chinese == english


HAN = r"[\u3400-\u9fff]"
STOP = r"[\u3000-\u303f\uff00-\uffef]"
"""The punctuation of Chinese, which has its own room."""

TORN = re.compile(
    rf"{STOP}\n *(?=\S)(?![-*+#>] |\d+\. |\|)|{HAN}\n *(?:{HAN}|{STOP})|[^\s|]\n *{STOP}",
)
"""A line that ends within a text: shown, its end is a space, which Chinese has none of."""

CHINESE = [ROOT / "README.zh.md", *sorted((ROOT / "docs" / "zh").glob("*.md"))]


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_a_chinese_sentence_has_no_room_within(page: Path) -> None:
    words = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert [found[0] for found in TORN.finditer(words)] == []


def test_what_newcomers_need_first_stands_in_chinese() -> None:
    first = {
        "index",
        "quickstart",
        "node",
        "java",
        "pytest",
        "scenarios",
        "recording",
        "control-api",
        "comparison",
    }
    assert {f"{name}.md" for name in first} <= set(TWINS)
