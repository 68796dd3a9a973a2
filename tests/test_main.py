"""`python -m mockserver` is the command."""

import runpy
import subprocess
import sys

import pytest

from mockserver import __version__


def test_the_module_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mockserver", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("mockserver", run_name="__main__", alter_sys=True)
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dashscope-mock {__version__}\n"


def test_the_process_says_its_version() -> None:
    command = [sys.executable, "-m", "mockserver", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"dashscope-mock {__version__}\n"
    assert done.stderr == ""
