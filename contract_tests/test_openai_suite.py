"""OpenAI's SDK for Python brings tests of its own: those that make chat completions pass on a lenient server.

They send what the service does not know or refuses: a foreign model and role, a key of another form, a seed
below zero, every parameter of OpenAI's at once. The suite stands in the source distribution of the package
(`scripts/install-clients openai-suite`).
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from contract_tests.drivers import Home
from contract_tests.world import serving

HOME = Home(name="openai-suite", sources=("openai_suite/requirements.txt", "openai_suite/sdist.txt"))
SUITE = "tests/api_resources/chat/test_completions.py"
OPTIONS = ("-q", "-o", "addopts=", "--tb=line", "-k", "create", "-p", "no:cacheprovider")
TESTS = 40


def test_the_tests_of_the_sdk_pass_on_a_lenient_server(tmp_path: Path) -> None:
    if HOME.missing():
        pytest.skip("OpenAI's own tests are not installed: scripts/install-clients openai-suite")
    with serving(tmp_path, "--rules", "lenient") as server:
        done = subprocess.run(
            [str(HOME.path.absolute() / "bin" / "python"), "-m", "pytest", *OPTIONS, SUITE],
            cwd=HOME.path / "sdist",
            env={**os.environ, "TEST_API_BASE_URL": server.openai_url},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) == TESTS
