"""`python -m mockserver` is the command."""

import runpy
import subprocess
import sys

import pytest

import mockserver
from mockserver.base.version import __version__


def test_the_module_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mockserver", "--version"])
    with pytest.raises(SystemExit) as ended:
        # By its path: where the plugin is installed, pytest loads the package, and runpy cannot ask it.
        runpy.run_path(mockserver.__path__[0] + "/__main__.py", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dashscope-mock {__version__}\n"


def test_the_process_says_its_version() -> None:
    command = [sys.executable, "-m", "mockserver", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"dashscope-mock {__version__}\n"
    assert done.stderr == ""
