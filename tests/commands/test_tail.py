"""`dashscope-mock tail` and `export`: the exchanges of a running server, shown and written."""

import json
import re
import sys
import time
from pathlib import Path

import pytest

from mockserver.cli import main
from mockserver.corridor.settings import TOKEN_VARIABLE
from tests.server.conftest import MakeLive, _one_live, live, make_live  # noqa: F401 - fixtures
from tests.server.talk import COMPAT, Live

ASKED = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}


def url(server: Live) -> str:
    """The address of a server."""
    return f"http://127.0.0.1:{server.port}"


def ask(server: Live, times: int = 1, *, key: str = "sk-test") -> None:
    """So many chats."""
    for _ in range(times):
        assert server.ask("POST", COMPAT, ASKED, key=key).status == 200


def test_tail_shows_a_block_for_each_exchange(live: Live, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    live.script({"content": "Oolong."})
    ask(live, 3)
    assert main(["tail", "--url", url(live), "--once", "--last", "2"]) == 0
    told = capsys.readouterr().out
    assert told.count("  says      Oolong.") == 2
    assert main(["tail", "--url", url(live), "--once", "--key", "sk-b"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_it_is_as_wide_as_that_and_in_colour(
    live: Live,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    colour: bool,
) -> None:
    live.script({"content": "Oolong, and behind it another oolong. " * 4})
    ask(live)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "" if colour else "1")
    assert main(["tail", "--url", url(live), "--once"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("\x1b[1;32m#") is colour
    plain = re.sub(r"\x1b\[[\d;]*m", "", told).splitlines()
    assert max(map(len, plain)) <= 60
    assert "  says      Oolong, and behind it another oolong. Oolong," in plain


def test_tail_shows_json_when_it_is_asked_for(live: Live, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    ask(live)
    assert main(["tail", url(live), "--once", "--jsonl", "--model", "qwen-plus"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "qwen-plus"


def test_tail_goes_on_with_what_is_new(
    live: Live,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) > 2:
            raise KeyboardInterrupt
        ask(live)

    monkeypatch.setattr(time, "sleep", nap)
    assert main(["tail", "--url", url(live)]) == 0
    assert capsys.readouterr().out.count("  user      Tea?") == 2


@pytest.mark.parametrize("command", [["tail", "--once"], ["export"]])
def test_a_wrong_filter_and_an_absent_server_are_explained(
    command: list[str],
    live: Live,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*command, "--url", url(live), "--surface", "compt"]) == 2
    assert (
        "dashscope-mock: there is no surface 'compt'; the nearest known one is 'compat'"
        in capsys.readouterr().err
    )
    assert main([*command, "--url", "http://127.0.0.1:1"]) == 2
    assert "http://127.0.0.1:1: Connection refused" in capsys.readouterr().err


TOKEN = "oolong-oolong-oolong"


@pytest.mark.parametrize("command", [["tail", "--once", "--jsonl"], ["export", "--format", "jsonl"]])
def test_a_guarded_server_is_shown_to_who_has_its_token(
    command: list[str],
    make_live: MakeLive,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guarded = make_live(control_token=TOKEN)
    ask(guarded)
    command = [*command, "--url", url(guarded)]
    assert main([*command, "--control-token", TOKEN]) == 0
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    assert main(command) == 0
    heard = capsys.readouterr()
    assert [json.loads(line)["model"] for line in heard.out.splitlines()] == ["qwen-plus", "qwen-plus"]
    assert main([*command, "--control-token", "x" * 16]) == 2
    monkeypatch.setenv(TOKEN_VARIABLE, "line\nline")
    assert main(command) == 2
    monkeypatch.delenv(TOKEN_VARIABLE)
    assert main(command) == 2
    wrong, short, absent = capsys.readouterr().err.splitlines()
    assert wrong.startswith("dashscope-mock: the control API has the wrong token; send the one that")
    assert short.startswith("dashscope-mock: the control token has 9 characters: it must be 16 to 250")
    assert absent.startswith("dashscope-mock: the control API needs a token; send the one that")
    assert TOKEN not in heard.out + heard.err


def test_export_writes_a_scenario_that_can_be_checked(
    live: Live,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    script = live.script({"content": "Oolong."})
    ask(live)
    file = tmp_path / "tea.yaml"
    assert main(["export", "--url", url(live), "--out", str(file)]) == 0
    assert main(["check", "--strict", str(file)]) == 0
    assert capsys.readouterr().out.endswith("tea.yaml: 1 replies, 0 warnings\n")
    assert main(["export", "--url", url(live), "--format", "jsonl", "--answered-by", script]) == 0
    assert json.loads(capsys.readouterr().out)["answer"][0]["content"] == "Oolong."
    assert main(["export", "--url", url(live), "--out", str(tmp_path / "no" / "tea.yaml")]) == 2
    assert "tea.yaml: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["tail", "export"])
def test_an_address_that_is_none_is_told_in_a_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "localhost:8000"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dashscope-mock: 'localhost:8000' is no address of a server: ")
