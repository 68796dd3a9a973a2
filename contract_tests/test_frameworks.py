"""The programs of docs/frameworks.md, each in the environment of its framework, with the plugin beside it.

An environment is there where `scripts/agents` or `scripts/install-clients` made it; CI makes two of these.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from contract_tests import agents, drivers

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "frameworks.md").read_text("utf-8")
SDK = ROOT / ".cache" / "clients" / "ai-sdk" / "node_modules"

HOMES = {
    "LangChain": "langchain",
    "pydantic-ai": "pydantic_ai",
    "LlamaIndex": "llama_index",
    "OpenAI Agents SDK": "openai_agents",
    "smolagents": "smolagents",
}
"""The environment of each section in Python."""

MOST_LINES = 22

RUN = """\
import sys
sys.path += {more!r}  # behind the framework's own packages
import pytest
sys.exit(pytest.main(["-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "mockserver.pytest_plugin"]))
"""


def section(name: str) -> tuple[str, str]:
    """The language and the program of a section."""
    found = re.search(rf"^## {re.escape(name)}\n.*?```(\w+)\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return found[1], found[2]


def test_every_section_with_a_program_is_run() -> None:
    sections = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert sections == [*HOMES, "Vercel AI SDK", "Others"]
    assert PAGE.count("```python") == len(HOMES)


@pytest.mark.parametrize("name", [*HOMES, "Vercel AI SDK"])
def test_a_program_has_few_lines(name: str) -> None:
    assert len(section(name)[1].splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", HOMES)
def test_a_program_in_python_passes(name: str, tmp_path: Path) -> None:
    python = agents.HOMES / HOMES[name] / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{name} is not installed: scripts/agents {HOMES[name]}")
    (tmp_path / "test_program.py").write_text(section(name)[1], "utf-8")
    more = [str(ROOT), sysconfig.get_path("purelib")]
    done = subprocess.run(
        [python, "-c", RUN.format(more=more)],
        cwd=tmp_path,
        env={**os.environ, **agents.QUIET, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_program_for_node_passes(tmp_path: Path) -> None:
    if not SDK.is_dir():
        pytest.skip("the AI SDK is not installed: scripts/install-clients ai-sdk")
    modules = tmp_path / "node_modules"
    modules.mkdir()
    # Copied, for Node looks for what a linked package needs beside the place that the link leads to.
    shutil.copytree(ROOT / "packages" / "npm", modules / "dashscope-mock")
    for package in SDK.iterdir():
        if not package.name.startswith("."):
            (modules / package.name).symlink_to(package)
    (tmp_path / "shop.test.mjs").write_text(section("Vercel AI SDK")[1], "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [drivers.program("node"), "--test", "--test-reporter=tap"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 1" in done.stdout
