"""`dashscope-mock serve`: its options, its help, and its exit status."""

import gc
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from mockserver.base.logs import Human, Json
from mockserver.cli import main
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import TOKEN_VARIABLE, Settings
from mockserver.meter.quotas import Quota
from mockserver.server import many
from mockserver.server import serve as serving
from mockserver.server.listening import PortTakenError, bind


@pytest.fixture(autouse=True)
def set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """Stands in for setting up the root logger, which is pytest's here."""
    uvicorn = logging.getLogger("uvicorn")
    level = uvicorn.level
    given = Mock()
    monkeypatch.setattr(logging, "basicConfig", given)
    yield given
    uvicorn.setLevel(level)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, dict[str, Any]]]:
    """What `serve` is called with, in place of serving: the settings and the options."""
    calls: list[tuple[Settings, dict[str, Any]]] = []

    def serve(engine: Engine, *, sock: socket.socket, **options: Any) -> None:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), "the port is open by now"
        calls.append((engine.settings, options))

    monkeypatch.setattr(serving, "serve", serve)
    return calls


def test_without_options_the_defaults_hold(served: list[tuple[Settings, dict[str, Any]]]) -> None:
    assert main(["serve"]) == 0
    assert served == [(Settings(), {"ready_file": None, "quiet": False, "beside": []})]


def test_every_option_reaches_its_setting(served: list[tuple[Settings, dict[str, Any]]]) -> None:
    options = (
        "serve --host ::1 --port 0 --api-key sk-one --api-key sk-two --model tea:like=qwen-plus "
        "--model my/tea:like=qwen-max --max-body 64k --request-timeout 2.5 --idle-timeout 9 "
        "--max-connections 5 --control token --control-token 0123456789abcdef --grace 0 --journal 7 --seed 3 "
        "--quota qwen-*=rpm:60,tpm:1000 --quota sk-one:*=burst:2 --block-word tea --block-word 茶 "
        "--rules lenient --rule ranges.n=refuse --rule usage.not-asked=off --no-buffering "
        "--ready-file ready.json --quiet"
    )
    assert main(options.split()) == 0
    assert served == [
        (
            Settings(
                host="::1",
                port=0,
                api_keys=("sk-one", "sk-two"),
                models={"tea": "qwen-plus", "my/tea": "qwen-max"},
                max_body=65536,
                request_timeout=2.5,
                idle_timeout=9.0,
                max_connections=5,
                control="token",
                control_token="0123456789abcdef",
                grace=0.0,
                journal=7,
                seed=3,
                quotas=(Quota(model="qwen-*", rpm=60, tpm=1000), Quota(key="sk-one", burst=2)),
                block_words=("tea", "茶"),
                rules="lenient",
                rule_switches={"ranges.n": "refuse", "usage.not-asked": "off"},
                unbuffered=True,
            ),
            {"ready_file": Path("ready.json"), "quiet": True, "beside": []},
        )
    ]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500", 500),
        ("64k", 65536),
        ("64K", 65536),
        ("10M", 10 * 1024**2),
        ("10MB", 10 * 1024**2),
        ("1g", 1024**3),
    ],
)
def test_a_size_may_have_a_unit(text: str, size: int, served: list[tuple[Settings, dict[str, Any]]]) -> None:
    assert main(["serve", "--max-body", text]) == 0
    assert served[0][0].max_body == size


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max-body", "ten"], "'ten' is no size: write 500, 64k or 10M"),
        (["--max-body", ""], "'' is no size"),
        (["--max-body", "k"], "'k' is no size"),
        (["--max-body", "-5"], "is no size"),
        (["--model", "tea"], "'tea' names no model: write NAME:like=KNOWN, such as my-model:like=qwen-plus"),
        (["--model", ":like=qwen-plus"], "names no model"),
        (["--model", "tea:like="], "names no model"),
        (["--quota", "qwen-plus"], "'qwen-plus' is no quota: write [KEY:]MODEL=rpm:60,tpm:100000"),
        (["--port", "tea"], "invalid int value: 'tea'"),
        (["--tea"], "unrecognized arguments: --tea"),
    ],
)
def test_an_option_that_cannot_be_read_is_explained(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "port is 70000: it must lie in 0 to 65535; 0 takes a free one"),
        (["--api-key", "secret-key"], "api key sec... (10 characters): a key is `sk-` and 1 to 250"),
        (["--max-body", "0"], "max body is 0"),
        (["--request-timeout", "0"], "request timeout is 0.0: it must be above 0 seconds"),
        (["--request-timeout", "inf"], "request timeout is inf"),
        (["--request-timeout", "nan"], "request timeout is nan"),
        (["--grace", "-1"], "grace is -1.0: it must be 0 seconds or more"),
        (["--grace", "inf"], "grace is inf"),
        (["--journal", "0"], "journal is 0"),
        (["--block-word", " "], "' ' cannot be blocked: a word has 1 to 200 characters"),
        (["--max-connections", "0"], "max connections is 0: it must let in at least 1"),
        (["--idle-timeout", "0"], "idle timeout is 0.0: it must be above 0 seconds"),
        (["--control-token", "secret-key"], "the control token has 10 characters: it must be 16 to 250"),
        (
            ["--control", "on", "--control-token", "secret-key-secret-key"],
            "there is a control token, but control is on: only --control token asks for one",
        ),
        (["--model", "tea:like=oolong"], "no model is named 'oolong'"),
    ],
)
def test_a_value_that_cannot_be_is_explained_without_a_traceback(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("dashscope-mock: ")
    assert words in told.err
    assert "secret-key" not in told.err


def test_a_taken_port_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with bind("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"dashscope-mock: cannot listen on 127.0.0.1:{port}: " in capsys.readouterr().err


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, PortTakenError])
def test_nothing_is_collected_while_a_server_is_made(
    error: type[BaseException] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    collecting = []

    def serve(*_: Any, **__: Any) -> None:
        collecting.append(gc.isenabled())
        if error is not None:
            raise error

    monkeypatch.setattr(serving, "serve", serve)
    main(["serve", "--port", "0"])
    assert (collecting, gc.isenabled()) == ([False], True)


def test_an_interrupt_is_a_good_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "serve", serve)
    assert main(["serve"]) == 0


@pytest.mark.parametrize(("options", "level"), [([], logging.WARNING), (["--verbose"], logging.INFO)])
def test_refusals_are_logged_when_asked(
    options: list[str], level: int, served: list[tuple[Settings, dict[str, Any]]], set_up: Mock
) -> None:
    assert main(["serve", *options]) == 0
    assert set_up.call_args.kwargs["level"] == level
    (handler,) = set_up.call_args.kwargs["handlers"]
    assert type(handler.formatter) is Human
    assert logging.getLogger("uvicorn.error").getEffectiveLevel() == logging.CRITICAL


def test_the_log_is_json_when_asked(served: list[tuple[Settings, dict[str, Any]]], set_up: Mock) -> None:
    assert main(["serve", "--log", "json"]) == 0
    (handler,) = set_up.call_args.kwargs["handlers"]
    assert type(handler.formatter) is Json


def test_the_control_token_may_stand_in_the_environment(
    served: list[tuple[Settings, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "from-the-environment")
    assert main(["serve"]) == 0
    assert main(["serve", "--control-token", "from-the-command-line"]) == 0
    assert [settings.control_token for settings, _ in served] == [
        "from-the-environment",
        "from-the-command-line",
    ]


def test_help_shows_no_token(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "from-the-environment")
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert "from-the-environment" not in capsys.readouterr().out


def test_help_tells_every_option_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    for option in ("--host", "--port", "--api-key", "--model", "--max-body", "--request-timeout", "--grace"):
        assert option in told
    assert "port; 0 takes a free one (default: 8000)" in told


@pytest.mark.parametrize("text", ["ranges.n", "=off", "ranges.n=", "="])
def test_a_rule_is_switched_with_its_action(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", "--rule", text])
    assert stopped.value.code == 2
    assert "switches no rule: write ID=refuse, ID=report or ID=off" in capsys.readouterr().err


def test_a_rule_that_there_is_not_ends_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--rule", "range.n=refuse"]) == 2
    assert capsys.readouterr().err == (
        "dashscope-mock: there is no rule 'range.n'; the nearest known one is 'ranges.n'\n"
    )


@pytest.mark.parametrize("command", [["serve"], ["replay", "."], ["record", "."]])
@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            "none/ready.json",
            "'none/ready.json' cannot be written, for there is no folder 'none': make it first",
        ),
        (".", "'.' is a folder: name a file in it"),
    ],
)
def test_a_ready_file_that_cannot_be_written_is_told_at_once(
    command: list[str],
    file: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([*command, "--ready-file", file])
    assert ended.value.code == 2
    assert f"argument --ready-file: {words}" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--workers 2", "--workers 2 without --state: each process would have worlds of its own"),
        ("--workers 0", "workers is 0: it must lie in 1 to 64"),
        ("--workers 65", "workers is 65: it must lie in 1 to 64"),
        ("--state redis://127.0.0.1:1", "the state at 127.0.0.1:1/0 cannot be used: "),
        ("--state mysql://127.0.0.1", "the state's scheme is 'mysql': it must be one of redis, rediss"),
        ("--state redis://h --seed 3", "--seed does not go with --state: two processes would give out"),
        ("--state redis://h --scenario a.yaml", "--scenario does not go with --state: play it by PUT"),
        ("--state redis://h --cassette tapes", "--cassette does not go with --state: the turns of"),
    ],
)
def test_what_cannot_be_shared_is_told_in_one_line_and_nothing_begins(
    served: list[tuple[Settings, dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: str,
    told: str,
) -> None:
    monkeypatch.setattr(many, "listen_many", Mock(side_effect=AssertionError("a port was opened")))
    assert main(["serve", *options.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"dashscope-mock: {told}")
    assert served == []


def test_a_state_and_its_workers_reach_who_serves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Mock(return_value=0)
    monkeypatch.setattr(many, "serve_many", given)
    assert (
        main(
            [
                "serve",
                "--state",
                "redis://h",
                "--workers",
                "3",
                "--port",
                "0",
                "--quiet",
                "--ready-file",
                "ready.json",
            ]
        )
        == 0
    )
    given.assert_called_once_with(
        Settings(port=0), "redis://h", workers=3, ready_file=Path("ready.json"), quiet=True
    )
