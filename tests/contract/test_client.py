"""Clients under test: in this process, behind stdin and stdout, behind the loop."""

import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.gallery.reference import Reference
from mockserver.contract import (
    Begin,
    ProcessClient,
    ProtocolError,
    Report,
    Say,
    Stage,
    Verdict,
    built_in,
    client_under_test,
    hold,
    run,
)
from mockserver.contract import driver as python_driver
from mockserver.contract.cases import SURFACES, chosen
from mockserver.contract.loop import LoopClient
from mockserver.contract.protocol import End


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(patience=1.0) as running:
        yield running


def driver(tmp_path: Path, body: str) -> list[str]:
    """A driver of these lines, which have `answer(document)` and `lines`."""
    program = tmp_path / "driver.py"
    program.write_text(
        "import json, sys\n"
        "lines = (json.loads(line) for line in sys.stdin)\n"
        "def answer(document):\n    print(json.dumps(document), flush=True)\n"
        "HELLO = {'type': 'hello', 'version': 1, 'client': 'c', 'surfaces': ['compat']}\n" + body
    )
    return [sys.executable, str(program)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise SystemExit('no such module')", "ended in the middle.*no such module"),
        ("next(lines); print('hello?', flush=True)", "is no JSON"),
        ("next(lines); answer({**HELLO, 'version': 9})", "speaks version 1"),
        ("next(lines); next(lines)", "no answer within 0.3 s"),
    ],
)
def test_a_driver_that_cannot_start_is_told_with_its_reason(tmp_path: Path, body: str, told: str) -> None:
    # The pattern looks over lines.
    with pytest.raises(ProtocolError, match=f"(?s){told}"):
        ProcessClient(driver(tmp_path, body), begin_patience=0.3 if "0.3" in told else 30)


def test_what_an_answer_may_take_is_not_what_the_start_may_take(tmp_path: Path, stage: Stage) -> None:
    client = ProcessClient(
        driver(tmp_path, "next(lines); answer(HELLO); next(lines); next(lines)"), patience=0.001
    )
    assert client.hello.client == "c"
    with pytest.raises(ProtocolError, match=r"no answer within 0\.001 s"):
        client.send(End(conversation="1"))
    client.close()


def test_a_command_that_there_is_not() -> None:
    with pytest.raises(ProtocolError, match="cannot be started"):
        ProcessClient("/no/such/driver --really")


def test_a_driver_that_dies_is_started_anew(tmp_path: Path, stage: Stage) -> None:
    command = driver(tmp_path, "next(lines); answer(HELLO)\nnext(lines); answer({'type': 'ok'})\n")
    cases = chosen(built_in(), ["turns.single", "turns.many"])
    outcomes = list(run(stage, lambda: ProcessClient(command), cases, surfaces=["compat"]))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DRIVER}
    assert len(outcomes) == 6
    assert "ended in the middle" in outcomes[0].message


def test_a_surface_or_feature_that_a_client_has_not_is_missing_and_no_pass(stage: Stage) -> None:
    few = client_under_test(surfaces=["compat"], features=["system"])(Reference)
    case = chosen(built_in(), ["turns.single"])[0]
    spoken = hold(stage, few, case, "native-text", "plain")
    assert (spoken.verdict, spoken.message) == (Verdict.MISSING, "Reference does not speak native-text")
    streamed = hold(stage, few, case, "compat", "stream")
    assert streamed.verdict is Verdict.MISSING
    assert "cannot do stream" in streamed.message
    assert hold(stage, few, case, "compat", "plain").verdict is Verdict.PASSED


def test_a_fault_of_the_kit_is_not_the_clients(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_under_test()(Reference)
    monkeypatch.setattr(stage, "plan", None)
    outcome = hold(stage, client, built_in()[0], "compat", "plain")
    assert outcome.verdict is Verdict.KIT
    assert "TypeError" in outcome.message


def test_a_client_that_gives_no_report_is_the_drivers_fault(stage: Stage) -> None:
    class Wrong:
        def __init__(self, begin: Begin) -> None:
            pass

        def say(self, _: Say) -> Report:
            return None  # type: ignore[return-value]

    outcome = hold(stage, client_under_test()(Wrong), built_in()[0], "compat", "plain")
    assert outcome.verdict is Verdict.DRIVER
    assert "gave NoneType where a Report is due" in outcome.explanation


def test_a_client_in_fifteen_lines(stage: Stage) -> None:
    @client_under_test(features=["options"], name="short")
    def short(begin: Begin) -> Reference:
        return Reference(begin)

    case = chosen(built_in(), ["options.zero"])[0]
    assert hold(stage, short, case, "compat", "plain").verdict is Verdict.PASSED
    assert short.hello.client == "short"


@pytest.mark.parametrize("options", [{"surfaces": ["x"]}, {"features": ["x"]}])
def test_a_name_that_there_is_not(options: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="'x' is not known; known are"):
        client_under_test(**options)  # type: ignore[arg-type]


def call(url: str, body: object = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data)) as response:  # noqa: S310 - http on loopback
        return response.status, response.read()


def plain_program(url: str) -> None:
    """What a program without a harness does."""
    held = client_under_test(surfaces=SURFACES)(Reference)
    while (command := json.loads(call(f"{url}/_mock/conform/next")[1]))["type"] != "bye":
        call(f"{url}/_mock/conform/report", python_driver._answer(held, command))


def test_a_program_without_a_harness_goes_through_the_loop() -> None:
    with Stage(patience=1.0) as stage:
        program = threading.Thread(target=plain_program, args=[stage.url])
        program.start()
        client = LoopClient(stage.loop)
        outcomes = list(run(stage, lambda: client, chosen(built_in(), ["tools.single"])))
        program.join()
    assert {outcome.verdict for outcome in outcomes} == {Verdict.PASSED}


def test_the_loop_says_what_it_takes_and_who_is_silent() -> None:
    with Stage() as stage:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            call(f"{stage.url}/_mock/conform/other")
        with pytest.raises(ProtocolError, match=r"no report came within 0\.01 s"):
            LoopClient(stage.loop, begin_patience=0.01)


def test_the_loop_asks_to_wait_and_takes_no_report_beyond_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.contract.loop._WAIT_SECONDS", 0.01)
    monkeypatch.setattr("mockserver.contract.loop._LIMIT", 1)
    with Stage() as stage:
        assert call(f"{stage.url}/_mock/conform/next") == (200, b'{"type":"wait"}')
        with pytest.raises(urllib.error.HTTPError, match="413"):
            call(f"{stage.url}/_mock/conform/report", {"type": "ok"})


def test_the_stage_is_the_whole_server(stage: Stage) -> None:
    assert call(f"{stage.url}/_mock/health")[0] == 200
