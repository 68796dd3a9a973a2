"""The protocol: commands and answers as lines, and what no driver may say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract import protocol as p
from mockserver.rules.schemas import violations

BEGIN = p.Begin(
    conversation="c",
    surface="compat",
    openai_url="http://127.0.0.1:1/v1",
    native_url="http://127.0.0.1:1/api",
    anthropic_url="http://127.0.0.1:1/apps/anthropic",
    key="sk-c",
    model="qwen-plus",
    system="Be\u2028brief.",
    tools=({"type": "function", "function": {"name": "f"}},),
    options={"seed": 0},
    session="s",
    keep=4,
)
COMMANDS: list[p.Command] = [
    BEGIN,
    p.Say(conversation="c", text="Hi", stream=True, partial="So", cancel_after=2, options={"n": 2}),
    p.Say(conversation="c", parts=({"text": "Hi"},)),
    p.Results(conversation="c", results=(p.Result(id="1", content="x"),), stream=True),
    p.End(conversation="c"),
]
REPORT = p.Report(
    (p.Choice("a", "b", (p.Call("1", "f", "{}"),), "stop"),),
    p.Tokens(1, 2),
    p.Error("E", "c", 400, "m"),
    True,
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_is_one_line_of_ascii_and_read_again(command: p.Command) -> None:
    line = p.encoded(p.command_json(command))
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert p.read_command(json.loads(line)) == command


def test_a_report_is_read_again() -> None:
    assert p.read_report(p.answer(p.encoded(p.report_json(REPORT)))) == REPORT


@given(st.text(), st.integers(), st.none() | st.text())
def test_every_report_is_one_that_the_schema_allows(text: str, tokens: int, code: str | None) -> None:
    report = p.Report((p.Choice(text, text),), p.Tokens(tokens, tokens), p.Error("E", code, None, text))
    assert p.read_report(p.checked(json.loads(json.dumps(p.report_json(report))))) == report


def test_a_report_may_say_nothing() -> None:
    assert p.read_report(p.answer('{"type":"report"}')) == p.Report()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "is no JSON"),
        ("[]", "at its root"),
        ('{"type":"report","choices":[{"text":1}]}', "schemas/driver.schema.json"),
        ('{"type":"report","usage":{"input":1}}', "schemas/driver.schema.json"),
        ('{"type":"report","extra":1}', "schemas/driver.schema.json"),
        ('{"type":"hello","version":1,"client":"c","surfaces":["x"]}', "schemas/driver.schema.json"),
    ],
)
def test_what_no_driver_may_say(line: str, told: str) -> None:
    with pytest.raises(p.ProtocolError, match=told):
        p.answer(line)


def test_a_driver_says_who_it_is() -> None:
    document = {"type": "hello", "version": 1, "client": "c", "surfaces": ["compat"]}
    assert p.read_hello(p.checked(document)) == p.Hello(client="c", surfaces=("compat",))
    few = p.read_hello(p.checked({**document, "features": ["stream"]}))
    assert few.features == ("stream",)


@pytest.mark.parametrize("document", [{"type": "ok"}, {"type": "hello", "version": 2}])
def test_a_driver_of_another_version_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(p.ProtocolError, match="speaks version 1"):
        p.read_hello(document)


def test_trouble_and_other_answers_are_the_drivers_fault() -> None:
    with pytest.raises(p.ProtocolError, match="in trouble: no module"):
        p.read_report({"type": "trouble", "message": "no module"})
    with pytest.raises(p.ProtocolError, match="'ok' where a report was due"):
        p.read_report({"type": "ok"})
    with pytest.raises(p.ProtocolError, match="no command 'x'"):
        p.read_command({"type": "x"})


def test_the_schema_knows_all_features_and_commands() -> None:
    document = {"type": "hello", "version": 1, "client": "c", "surfaces": ["compat"]}
    assert violations("driver", {**document, "features": list(p.KNOWN_FEATURES)}) == []
    assert p.hello_line() == b'{"type":"hello","version":1}\n'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            {"type": "report", "choices": [{"text": 5}]},
            r"choices\[0\]\.text: 5 is not of type 'string', 'null'",
        ),
        (
            {"type": "report", "usage": {"input": "3", "output": 1}},
            r"usage\.input: '3' is not of type 'integer'",
        ),
        ({"type": "tea"}, r"type: 'tea' is not one of"),
        ({}, "its root: 'type' is a required property"),
    ],
)
def test_a_wrong_field_of_a_line_is_named(line: dict[str, Any], told: str) -> None:
    with pytest.raises(p.ProtocolError, match=f"breaks schemas/driver.schema.json at {told}"):
        p.answer(json.dumps(line))
