"""The command: what it prints, writes and exits with."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli import main
from mockserver.contract import Case, Outcome, Verdict, built_in

DRIVER = f"{sys.executable} -m contract_tests.gallery.driver"
FORGETFUL = (
    "from contract_tests.gallery.histories import {client} as Client\n"
    "from mockserver.contract.driver import drive\n"
    "drive(Client, client='broken 1.0')\n"
)


def broken(tmp_path: Path, client: str) -> str:
    program = tmp_path / "driver.py"
    program.write_text(FORGETFUL.format(client=client))
    return f"{sys.executable} {program}"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drivers import the gallery from here."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def test_a_good_client_passes_and_every_report_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [f"--{name}={tmp_path / name}" for name in ("json", "junit", "markdown", "badge", "html")]
    asked = ["--client", DRIVER, "--suite", "turns.single", "--surface", "compat", "--examples", "2", *files]
    assert main(["conform", *asked]) == 0
    assert "reference: 3 conversations: 3 passed" in capsys.readouterr().out
    assert json.loads((tmp_path / "json").read_text())["requirements"]["report.text"] == "passed"
    for name in ("junit", "markdown", "badge", "html"):
        assert "reference" in (tmp_path / name).read_text()
    merged = ["conform", "--merge", str(tmp_path / "json"), "--html", str(tmp_path / "all.html")]
    assert main(merged) == 0
    assert "reference" in (tmp_path / "all.html").read_text()
    again = ["conform", "--merge", str(tmp_path / "json"), "--badge", str(tmp_path / "again.svg")]
    assert main(again) == 0
    assert (tmp_path / "again.svg").read_text() == (tmp_path / "badge").read_text()
    assert main([*again, "--merge", str(tmp_path / "json")]) == 2


def test_a_broken_client_fails_and_is_told_the_shortest_conversation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = broken(tmp_path, "ForgetsSystem")
    asked = [
        "--client",
        client,
        "--suite",
        "turns",
        "--examples",
        "40",
        "--database",
        str(tmp_path / "found"),
    ]
    assert main(["conform", *asked]) == 1
    told = capsys.readouterr().out
    assert "FAILED   MUST    history.system" in told
    assert "dashscope-mock conform --suite found.json" in told
    assert "def test_history_system(client):" in told


def test_the_machine_tells_what_the_suite_did_not_see(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "conform",
        "--client",
        broken(tmp_path, "TrimsUser"),
        "--suite",
        "turns.single",
        "--surface",
        "compat",
    ]
    assert main(asked) == 0
    assert main([*asked, "--seconds", "600"]) == 1
    assert "def test_history_text(client):" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "seconds"), [([], 10.0), (["--suite", "turns.single"], 0.0)])
def test_behind_all_cases_the_machine_looks_for_a_while(
    asked: list[str], seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def explored(time: float, *_: object, **__: object) -> None:
        given.append(time)

    monkeypatch.setattr("mockserver.contract.machine.explore_for", explored)
    monkeypatch.setattr("mockserver.contract.cases.built_in", lambda: built_in()[:1])
    assert main(["conform", "--client", DRIVER, "--surface", "compat", *asked]) == 0
    assert given == [seconds]


def test_known_failures_pass_until_they_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = tmp_path / "known"
    asked = [
        "conform",
        "--client",
        broken(tmp_path, "ForgetsSystem"),
        "--suite",
        "turns.many",
        "--expect",
        str(known),
    ]
    known.write_text("turns.many/*\n")
    assert main(asked) == 0
    known.write_text("turns.many/*\nturns.single/*\n")
    assert main([*asked, "--suite", "turns.single"]) == 1
    assert "turns.single/*: turns.single/compat/plain passes, and 2 more" in capsys.readouterr().err


def test_what_a_client_should_do_counts_when_strict(tmp_path: Path) -> None:
    program = tmp_path / "driver.py"
    program.write_text(FORGETFUL.format(client="AddsTopP").replace("histories", "requests"))
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "turns.single"]
    assert main(asked) == 0
    assert main([*asked, "--strict"]) == 1


def test_a_missing_feature_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "driver.py"
    program.write_text(FORGETFUL.format(client="TrimsUser").replace("1.0'", "1.0', features=['system']"))
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "partial.turn"]
    assert main(asked) == 1
    assert "cannot do partial" in capsys.readouterr().out


def test_a_fault_of_the_driver_has_a_status_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conform", "--client", "/no/such/driver"]) == 3
    assert "cannot be started" in capsys.readouterr().err
    hello = {"type": "hello", "version": 1, "client": "c", "surfaces": ["compat"]}
    program = tmp_path / "driver.py"
    program.write_text(f"input()\nprint({json.dumps(hello)!r}, flush=True)\n")
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "turns.single"]
    assert main(asked) == 3
    assert "ended in the middle" in capsys.readouterr().out


def test_a_driver_that_hangs_is_given_up_and_the_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hello = {"type": "hello", "version": 1, "client": "c", "surfaces": ["compat"]}
    program = tmp_path / "driver.py"
    program.write_text(f"input()\nprint({json.dumps(hello)!r}, flush=True)\ninput()\ninput()\n")
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "turns.without-system"]
    assert main([*asked, "--driver-patience", "0.4"]) == 3
    told = capsys.readouterr()
    assert "turns.without-system/compat/plain: the driver gave no answer within 0.4 s" in told.err
    assert "c: 3 conversations: 3 driver" in told.out
    assert main([*asked, "--driver-patience", "0"]) == 2


def test_several_drivers_show_what_one_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--client", broken(tmp_path, "ForgetsSystem"), "--suite", "turns", "--suite", "errors"]
    told = []
    for jobs in ("1", "3"):
        path = tmp_path / jobs
        assert main(["conform", *asked, "--jobs", jobs, "--json", str(path)]) == 1
        told.append([(one["id"], one["verdict"]) for one in json.loads(path.read_text())["conversations"]])
    assert told[0] == told[1]
    assert len(told[0]) > 40
    capsys.readouterr()
    for jobs in ("0", "65"):
        assert main(["conform", *asked, "--jobs", jobs]) == 2
        assert f"--jobs is {jobs}: a suite is shared by 1 to 64 drivers" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("before", ["", "print(json.dumps(hello), flush=True)\ninput()\n"])
def test_a_run_that_is_told_to_end_ends_its_driver(
    name: str, before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.contract.process._LEAVE_SECONDS", 60.0)
    number = getattr(signal, name)
    ended = tmp_path / "ended"
    program = tmp_path / "driver.py"
    program.write_text(
        "import json, os, sys\n"
        "hello = {'type': 'hello', 'version': 1, 'client': 'c', 'surfaces': ['compat']}\n"
        f"input()\n{before}os.kill({os.getpid()}, {int(number)})\nsys.stdin.read()\n"
        f"open({str(ended)!r}, 'w')\n"
    )
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "turns.single", "--jobs", "1"]
    assert main(asked) == 3
    assert ended.exists()


def test_a_run_that_is_told_to_end_ends_all_drivers(tmp_path: Path) -> None:
    """The first that is led tells the kit to end, whatever the others do at that moment."""
    program = tmp_path / "driver.py"
    hello = {"type": "hello", "version": 1, "client": "c", "surfaces": ["compat"], "features": ["stream"]}
    program.write_text(
        "import json, os, pathlib, sys\n"
        f"place = pathlib.Path({str(tmp_path)!r})\n"
        "(place / f'{os.getpid()}.pid').touch()\n"
        f"input()\nprint({json.dumps(hello)!r}, flush=True)\ninput()\n"
        "try:\n"
        "    (place / 'told').open('x')\n"
        f"    os.kill({os.getpid()}, {int(signal.SIGINT)})\n"
        "except FileExistsError:\n"
        "    pass\n"
        "sys.stdin.read()\n"
    )
    asked = ["conform", "--client", f"{sys.executable} {program}", "--suite", "turns", "--jobs", "3"]
    assert main(asked) == 3
    started = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(started) in (1, 2, 3)
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_case_of_ones_own_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.json"
    turn = {"say": "Hi", "replies": [{"content": "\u001b[31mHi"}]}
    own.write_text(
        json.dumps({"cases": [{"id": "own.case", "modes": ["plain"], "system": "S", "turns": [turn]}]})
    )
    assert main(["conform", "--client", DRIVER, "--suite", str(own), "--surface", "compat"]) == 0
    client = broken(tmp_path, "ForgetsSystem")
    assert main(["conform", "--client", client, "--suite", str(own)]) == 1
    told = capsys.readouterr().out
    assert "\u001b" not in told
    assert "\\x1b" in told


def test_what_was_found_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Outcome(Case(id="found.talk"), "compat", "plain", Verdict.DRIVER, message="\u001b[31mred\u202e")
    monkeypatch.setattr("mockserver.contract.machine.explore", lambda *_, **__: found)
    asked = ["conform", "--client", DRIVER, "--suite", "options.zero", "--surface", "compat"]
    assert main([*asked, "--examples", "1"]) == 3
    told = capsys.readouterr().out
    assert told.count("\\x1b[31mred\\u202e") == 2
    assert "Run it again" in told
    assert all(character == "\n" or character.isprintable() for character in told)


def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "--list", "--suite", "parallel"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("parallel.turns")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([], "say whom to test"),
        (["--client", "x", "--suite", "none"], "no case is 'none'"),
        (["--client", "x", "--suite", "none.json"], "none.json"),
        (["--client", "x", "--expect", "none.txt"], "none.txt"),
        (["--client", "x", "--examples", "-1"], "none may be negative"),
        (["--client", "x", "--patience", "0"], "none may be negative"),
        (["--merge", "none.json", "--html", "x.html"], "none.json"),
    ],
)
def test_options_that_cannot_be_are_told(
    asked: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conform", *asked]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ('open "quote', "'open \"quote' is no command (no closing quotation): close what is quoted"),
        ("node \\", "'node \\\\' is no command (no escaped character): close what is quoted"),
        ("", "'' names no program: write one"),
    ],
)
def test_a_command_line_that_is_none_is_told_in_a_line(
    command: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["conform", "--client", command])
    assert ended.value.code == 2
    assert f"argument --client: {told}" in capsys.readouterr().err.splitlines()[-1]


HELD: dict[str, Any] = {
    "id": "a",
    "title": "A",
    "requires": [],
    "verdict": "passed",
    "message": "",
    "failures": [],
    "transcript": [],
    "case": {},
}


def run_of(**held: Any) -> bytes:
    """A run of one conversation, as a file keeps it."""
    return json.dumps({"client": "x", "conversations": [HELD | held]}).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{}", "the client of the run is null, where a text belongs"),
        (b"7", "the run is 7, where an object belongs"),
        (b'{"client": "x", "conversations": {}}', "the conversations of the run is {}, where a list belongs"),
        (b'{"client": "x", "conversations": [[]]}', "conversations[0] is [], where an object belongs"),
        (run_of(title=None), "the title of conversations[0] is null, where a text belongs"),
        (run_of(verdict="maybe"), 'the verdict of conversations[0] is "maybe", where one of passed, '),
        (
            run_of(transcript=[["a"]]),
            'the transcript of conversations[0] is ["a"], where a list of two texts belongs',
        ),
        (
            run_of(requires=["tea"]),
            'the requirements of conversations[0] is "tea", where one of this version belongs',
        ),
        (
            run_of(requires=[7]),
            "the requirements of conversations[0] is 7, where one of this version belongs",
        ),
        (
            run_of(failures=[{}]),
            "the requirement of a failure of conversations[0] is null, where a text belongs",
        ),
        (run_of(title=["x" * 90]), f'the title of conversations[0] is ["{"x" * 58}…, where a text belongs'),
        (b'{"client":\n', "x.json:2:1: this is no JSON, so no run that conform --json kept"),
        (b"\xff", "x.json: this is no text in UTF-8, so no run that conform --json kept"),
    ],
)
def test_a_file_that_is_no_result(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert main(["conform", "--merge", str(path), "--html", str(tmp_path / "x.html")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_a_run_of_that_form_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(run_of())
    assert main(["conform", "--merge", str(path), "--html", str(tmp_path / "x.html")]) == 0


def test_a_run_that_shows_nothing_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--client", broken(tmp_path, "TrimsUser"), "--suite", "native.cumulative"]
    assert main(["conform", *asked]) == 1
    assert "no conversation was held" in capsys.readouterr().err


def test_an_interrupt_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.commands.conform._run", interrupt)
    assert main(["conform", "--client", "x"]) == 3
