"""The loop: a program asks what to do and reports, and the kit waits for neither longer than it says."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from mockserver.contract import Verdict, built_in, run
from mockserver.contract.cases import chosen
from mockserver.contract.loop import Loop, LoopClient
from mockserver.contract.protocol import Begin, Choice, End, ProtocolError, Report, Say
from mockserver.corridor.engine import Engine
from tests.contract.paper import PaperStage

HELLO = {"type": "hello", "version": 1, "client": "looper", "surfaces": ["compat"]}
BEGIN = Begin(
    conversation="c",
    surface="compat",
    openai_url="o",
    native_url="n",
    anthropic_url="a",
    key="sk-c",
    model="qwen-plus",
)


def call(loop: Loop, method: str, name: str, body: bytes = b"") -> tuple[int, Any]:
    """One call of the loop: its status, and the JSON of the answer; None without a body."""
    heard: list[Any] = []
    scope: Scope = {"type": "http", "method": method, "path": f"/_mock/conform/{name}", "headers": []}

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        heard.append(message)

    asyncio.run(loop(scope, receive, send))
    return heard[0]["status"], json.loads(heard[1]["body"]) if heard[1]["body"] else None


def report(loop: Loop, document: object) -> None:
    """What a program reports."""
    assert call(loop, "POST", "report", json.dumps(document).encode()) == (204, None)


def following(loop: Loop) -> Any:
    """What a program is told when it asks what to do."""
    status, command = call(loop, "GET", "next")
    assert status == 200
    return command


def introduced(loop: Loop) -> LoopClient:
    """The client behind a loop whose program has said who it is."""
    report(loop, HELLO)
    client = LoopClient(loop, patience=0.01)
    assert following(loop) == {"type": "hello", "version": 1}
    return client


def test_a_program_is_led_by_what_it_asks_and_reports() -> None:
    loop = Loop()
    client = introduced(loop)
    assert (client.hello.client, client.hello.surfaces) == ("looper", ("compat",))
    report(loop, {"type": "ok"})
    assert client.send(BEGIN) == Report()
    begun = following(loop)
    assert (begun["type"], begun["conversation"], begun["key"]) == ("begin", "c", "sk-c")
    report(loop, {"type": "report", "choices": [{"text": "Ho"}]})
    assert client.send(Say(conversation="c", text="Hi")) == Report((Choice("Ho"),))
    assert following(loop) == {"type": "say", "conversation": "c", "text": "Hi", "stream": False}
    report(loop, {"type": "report"})
    assert client.send(End(conversation="c")) == Report()
    assert following(loop) == {"type": "end", "conversation": "c"}
    client.close()
    assert [following(loop) for _ in range(3)] == [{"type": "bye"}] * 3


def test_commands_wait_in_their_order() -> None:
    loop = Loop()
    for number in range(3):
        loop.commands.put({"number": number})
    assert [following(loop)["number"] for _ in range(3)] == [0, 1, 2]


@given(st.text())
def test_a_report_comes_as_it_was_sent(text: str) -> None:
    loop = Loop()
    client = introduced(loop)
    report(loop, {"type": "report", "choices": [{"text": text}]})
    assert client.send(Say(conversation="c", text=text)).choices == (Choice(text),)
    assert following(loop).get("text", "") == text


@pytest.mark.parametrize(
    ("method", "name"), [("POST", "next"), ("GET", "report"), ("GET", "other"), ("DELETE", "next")]
)
def test_any_other_call_is_told_what_there_is(method: str, name: str) -> None:
    message = f"/_mock/conform/{name} does not take {method}; GET next, then POST report"
    loop = Loop()
    assert call(loop, method, name, b"{}") == (404, {"error": {"message": message, "field": None}})
    assert loop.answers.empty()


def test_a_report_beyond_the_limit_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.contract.loop._LIMIT", 2)
    loop = Loop()
    told = {"error": {"message": "a report may hold 64 MB", "field": None}}
    assert call(loop, "POST", "report", b"123") == (413, told)
    assert loop.answers.empty()
    assert call(loop, "POST", "report", b"12") == (204, None)
    assert loop.answers.get_nowait() == b"12"


def test_a_program_that_is_told_nothing_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.contract.loop._WAIT_SECONDS", 0.001)
    loop = Loop()
    assert following(loop) == {"type": "wait"}
    loop.commands.put({"type": "hello"})
    assert following(loop) == {"type": "hello"}
    assert following(loop) == {"type": "wait"}


def test_what_was_not_taken_is_not_told_behind_the_end() -> None:
    loop = Loop()
    loop.commands.put({"type": "hello"})
    loop.close()
    assert following(loop) == {"type": "bye"}


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        (None, r"no report came within 0\.01 s: GET /_mock/conform/next, then POST the report"),
        ({"type": "ok"}, "the driver answered 'ok' where a report was due"),
        ({"type": "trouble", "message": "no module"}, "the driver is in trouble: no module"),
        ({"type": "tea"}, "breaks schemas/driver.schema.json"),
    ],
)
def test_what_is_no_report_is_the_programs_fault(answered: object, told: str) -> None:
    loop = Loop()
    client = introduced(loop)
    if answered is not None:
        report(loop, answered)
    with pytest.raises(ProtocolError, match=told):
        client.send(Say(conversation="c", text="Hi"))


def test_a_beginning_may_be_answered_with_a_report() -> None:
    loop = Loop()
    client = introduced(loop)
    report(loop, {"type": "report", "error": {"kind": "E"}})
    assert client.send(BEGIN).error is not None


def test_a_program_of_another_version_is_refused() -> None:
    loop = Loop()
    report(loop, {**HELLO, "version": 2})
    with pytest.raises(ProtocolError, match="answered hello with 2; this kit speaks version 1"):
        LoopClient(loop)


def test_behind_a_fault_of_its_program_nothing_waits_for_it(engine: Engine) -> None:
    stage = PaperStage(engine)
    client = introduced(stage.loop)
    report(stage.loop, {"type": "trouble", "message": "no module"})
    outcomes = list(run(stage, lambda: client, chosen(built_in(), ["turns.single"])))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DRIVER] * 3
    assert [outcome.message for outcome in outcomes] == [
        "the driver is in trouble: no module",
        *["the loop has ended, and its program was told so: start both again"] * 2,
    ]
