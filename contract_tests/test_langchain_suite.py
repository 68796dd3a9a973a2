"""LangChain's standard tests of chat models: ChatOpenAI and ChatQwen pass all but what is the client's own.

They run against a usual server without a script (`scripts/install-clients langchain-suite`).
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from contract_tests.drivers import SOURCES, Home
from contract_tests.world import serving

HOME = Home(name="langchain-suite", sources=("langchain_suite/requirements.txt",))
PYTHON = HOME.path.absolute() / "bin" / "python"
OPTIONS = ("-q", "-rf", "--tb=short", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
ONE_LOOP = (
    *("-o", "asyncio_default_test_loop_scope=session"),
    *("-o", "asyncio_default_fixture_loop_scope=session"),
)
"""ChatOpenAI keeps one pool of connections for all tests, which belongs to the loop that opened it."""

THE_CLIENTS = {
    "TestChatQwen::test_tool_choice": "langchain-qwq sends `auto` in the place of `any` and `required`",
}
"""What fails whatever a server answers, each with the reason."""

PASSED = 75
"""How many tests pass; the others ask for what neither model says that it can."""


def test_both_models_pass_all_but_what_is_their_own(tmp_path: Path) -> None:
    if HOME.missing():
        pytest.skip("LangChain's own tests are not installed: scripts/install-clients langchain-suite")
    shutil.copy(SOURCES / "langchain_suite" / "standard.py", tmp_path)
    with serving(tmp_path) as server:
        done = subprocess.run(
            [
                str(HOME.path.absolute() / "bin" / "python"),
                "-m",
                "pytest",
                *OPTIONS,
                *ONE_LOOP,
                "standard.py",
            ],
            cwd=tmp_path,
            env={**os.environ, "BASE": server.openai_url},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    failed = set(re.findall(r"^FAILED standard\.py::(\S+)", done.stdout, re.MULTILINE))
    assert failed == set(THE_CLIENTS), done.stdout[-4000:]
    assert f" {PASSED} passed" in done.stdout, done.stdout[-400:]
