"""The command and what it tells without running anything."""

import os
import subprocess
import sys

import pytest

from mockserver.base.version import __version__
from mockserver.cli import INTERRUPTED, UNREAD, main
from mockserver.corridor import engine


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dashscope-mock {__version__}\n"


def test_without_a_command_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["errors"], ["conform", "--list"], ["completion", "bash"]])
def test_an_output_that_nobody_reads_any_more_is_no_trouble(command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as unread:
        ended = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "mockserver", *command], stdout=unread, stderr=subprocess.PIPE, check=False
        )
    assert (ended.returncode, ended.stderr) == (UNREAD, b"")


def test_a_server_that_is_interrupted_before_it_answers_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "Engine", interrupt)
    assert main(["serve", "--port", "0"]) == INTERRUPTED
    monkeypatch.setattr("mockserver.cli.import_module", interrupt)
    assert main(["serve", "--port", "0"]) == INTERRUPTED
    assert capsys.readouterr() == ("", "")
