"""Transcripts: what was said and sent, line by line, and the place in a request that a failure means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.protocol import Call, Choice, Error, Report, Tokens
from mockserver.contract.requirements import Failure, requirements
from mockserver.contract.transcript import Transcript, explain, marked

MARK = "    <-- here"
BODY = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Hi"}],"stop":[],"seed":7}'
NAMES = st.sampled_from(["a", "b", "content", "x-y"])
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from([MARK, f"x{MARK}", f"{MARK},", "one\u2028two\u0085three", "{", '"\\', "好"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: str = "") -> Iterator[str]:
    """Every place within a value, as failures name them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        inner = f"{path}[{name}]" if isinstance(value, list) else f"{path}.{name}" if path else str(name)
        yield inner
        yield from places(item, inner)


def at(value: Any, path: str) -> Any:
    """What stands at such a place."""
    for step in path.replace("[", ".").replace("]", "").removeprefix(".").split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def lines_of(report: Report) -> list[str]:
    """What a report leaves in a transcript."""
    told = Transcript()
    told.report(report)
    assert {who for who, _ in told.lines} <= {"report"}
    return [what for _, what in told.lines]


def test_a_conversation_reads_from_top_to_bottom() -> None:
    told = Transcript()
    told.add("kit", "begins: compat, qwen-plus, plain")
    told.add("user", "'Hi'")
    assert [told.request("compat", b"{}"), told.request("native-text", b"[]")] == [1, 2]
    told.add("cloud", "'Ho'")
    told.report(Report((Choice("Ho", finish_reason="stop"),), Tokens(3, 5)))
    assert told.text() == (
        "  kit     begins: compat, qwen-plus, plain\n"
        "  user    'Hi'\n"
        "  client  request 1 to compat\n"
        "  client  request 2 to native-text\n"
        "  cloud   'Ho'\n"
        "  report  text 'Ho', finish reason stop\n"
        "  report  usage 3 in, 5 out"
    )
    assert told.bodies == [b"{}", b"[]"]


def test_a_transcript_of_nothing_is_no_text() -> None:
    assert Transcript().text() == ""


def test_a_text_beyond_four_hundred_characters_is_shortened_and_says_how_long_it_was() -> None:
    told = Transcript()
    told.add("user", "x" * 400)
    told.add("user", "y" * 401)
    assert told.lines == [("user", "x" * 400), ("user", "y" * 400 + "… (401 characters)")]


def test_a_choice_is_told_with_its_thinking_its_calls_and_its_end() -> None:
    calls = (Call("call_1", "weather", '{"city":"Rome"}'), Call("call_2", "time", "{}"))
    (line,) = lines_of(Report((Choice("", "Hm", calls, "tool_calls"),)))
    assert line == (
        "text '', thinking 'Hm', calls weather({\"city\":\"Rome\"}) as 'call_1', "
        "calls time({}) as 'call_2', finish reason tool_calls"
    )


def test_every_choice_has_a_line_and_one_that_did_not_end_says_so() -> None:
    assert lines_of(Report((Choice("one"), Choice("two\n", finish_reason="length")))) == [
        "text 'one', finish reason None",
        "text 'two\\n', finish reason length",
    ]


def test_an_error_and_a_stop_are_told() -> None:
    failed = Report(error=Error("RateLimitError", "Throttling", 429, "too many"))
    assert lines_of(failed) == ["error RateLimitError, code Throttling, status 429: too many"]
    assert lines_of(Report(cancelled=True)) == ["stopped listening"]
    assert lines_of(Report()) == []


def test_a_body_is_indented_and_the_place_marked() -> None:
    assert marked(BODY, "messages[0].content") == (
        "{\n"
        '  "model": "qwen-plus",\n'
        '  "messages": [\n'
        "    {\n"
        '      "role": "user",\n'
        '      "content": "Hi"    <-- here\n'
        "    }\n"
        "  ],\n"
        '  "stop": [],\n'
        '  "seed": 7\n'
        "}"
    )


@pytest.mark.parametrize(
    ("place", "row"),
    [
        ("model", '  "model": "qwen-plus",    <-- here'),
        ("messages", '  "messages": [    <-- here'),
        ("messages[0]", "    {    <-- here"),
        ("messages[0].role", '      "role": "user",    <-- here'),
        ("stop", '  "stop": [],    <-- here'),
        ("seed", '  "seed": 7    <-- here'),
    ],
)
def test_the_mark_stands_behind_the_comma(place: str, row: str) -> None:
    assert [line for line in marked(BODY, place).splitlines() if MARK in line] == [row]


@pytest.mark.parametrize("place", ["", "messages[1]", "message", "messages[0].content.text"])
def test_a_place_that_is_not_there_is_not_marked(place: str) -> None:
    assert MARK not in marked(BODY, place)
    assert json.loads(marked(BODY, place)) == json.loads(BODY)


def test_a_text_that_looks_like_the_mark_stays_as_it_is() -> None:
    body = json.dumps({"a": f"x{MARK}", "b": f"y{MARK}", "c": 1}).encode()
    assert marked(body, "b").splitlines() == [
        "{",
        f'  "a": "x{MARK}",',
        f'  "b": "y{MARK}",{MARK}',
        '  "c": 1',
        "}",
    ]


@given(VALUES)
def test_what_is_shown_is_the_body(value: Any) -> None:
    assert json.loads(marked(json.dumps(value).encode(), "")) == value


@given(VALUES, st.data())
def test_one_row_is_marked_and_says_what_stands_there(value: Any, data: st.DataObject) -> None:
    paths = list(places(value))
    if not paths:
        return
    place = data.draw(st.sampled_from(paths))
    plain, shown = (marked(json.dumps(value).encode(), one).split("\n") for one in ("", place))
    ((before, row),) = [pair for pair in zip(plain, shown, strict=True) if pair[0] != pair[1]]
    assert row == before + MARK
    meant = at(value, place)
    begins = json.dumps(meant, ensure_ascii=False)
    assert before.rstrip(",").endswith(begins[0] if meant and isinstance(meant, dict | list) else begins)


def test_a_body_that_is_no_json_is_shown_as_it_came_as_far_as_it_is_short() -> None:
    assert marked(b"\xff{", "x") == "\ufffd{"
    assert marked(b"{" * 3000, "x") == "{" * 2000


def test_a_failure_within_a_request_is_shown_with_the_request() -> None:
    told = Transcript()
    told.request("compat", b"{}")
    told.request("compat", b'{"n":[],"t":{}}')
    failure = Failure("request.valid", "it is refused", 2, "n", "some.rule", "the vendor's docs")
    assert explain(failure, told) == (
        "MUST request.valid: it is refused\n"
        "  at n of request 2\n"
        "  rule some.rule\n"
        "  source: the vendor's docs\n"
        "  request 2:\n"
        "    {\n"
        '      "n": [],    <-- here\n'
        '      "t": {}\n'
        "    }"
    )


def test_a_failure_of_the_report_shows_no_request() -> None:
    told = Transcript()
    told.request("compat", b"{}")
    assert explain(Failure("usage.plain", "no usage is reported", place="usage"), told) == (
        "SHOULD usage.plain: no usage is reported\n"
        "  at usage of the report\n"
        f"  source: {requirements()['usage.plain'].source}"
    )


def test_a_failure_without_a_place_shows_the_whole_request_and_one_that_is_not_there_none() -> None:
    told = Transcript()
    told.request("compat", b"[1]")
    failure = Failure("request.surface", "another one was used", 1)
    assert explain(failure, told).splitlines()[2:] == ["  request 1:", "    [", "      1", "    ]"]
    assert explain(failure, Transcript()).splitlines()[1:] == [f"  source: {failure.cited}"]


@given(TEXTS)
def test_a_text_is_one_row_of_a_failure_whatever_is_in_it(text: str) -> None:
    told = Transcript()
    told.request("compat", json.dumps({"a": text, "b": 1}).encode())
    rows = explain(Failure("request.model", "it is wrong", 1, "a"), told).split("\n")
    assert rows[-4:] == [
        "    {",
        f'      "a": {json.dumps(text, ensure_ascii=False)},{MARK}',
        '      "b": 1',
        "    }",
    ]
