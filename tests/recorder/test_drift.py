"""Recorded requests asked again: what differs in shape is named, in three columns."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mockserver.cli import main
from mockserver.recorder import report
from mockserver.recorder.drift import Drift, allowed_at, compare, learned
from mockserver.recorder.report import Deviation, Weight
from mockserver.recorder.shape import paths, type_of
from mockserver.recorder.upstream import Target, Upstream
from mockserver.recording import cassette
from mockserver.recording.redaction import Redaction
from tests.recording.exchanges import (
    COMPAT,
    MESSAGES,
    TEXT,
    anthropic_frames,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_body,
    native_frames,
)
from tests.recording.upstreams import RawUpstream, raw_upstream

NOW = datetime(2026, 2, 2, tzinfo=UTC)
ERROR: dict[str, Any] = {
    "error": {
        "message": "Incorrect API key provided 12.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    },
    "request_id": "a",
}


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    with raw_upstream() as running:
        yield running


def answering(body: Any, status: bytes = b"200 OK") -> list[bytes]:
    """The bytes of an answer."""
    data = body if isinstance(body, bytes) else dumped(body)
    return [b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(data), data)]


def drifted(recorded: Any, live: Any, **more: Any) -> list[Deviation]:
    """The deviations between two answers."""
    status = more.pop("live_status", 200)
    return list(
        Drift(
            "r.json",
            interaction(None, recorded, **more),
            interaction(None, live, status=status, **{k: v for k, v in more.items() if k != "status"}),
        ).deviations()
    )


def kinds(found: list[Deviation]) -> list[tuple[str, str, str]]:
    return [(deviation.weight.value, deviation.kind, deviation.path) for deviation in found]


def test_other_words_are_no_drift() -> None:
    assert drifted(compat_body("hello"), compat_body("something else altogether")) == []
    assert drifted(compat_frames("a", "b"), compat_frames("quite", "another", "text")) == []
    assert drifted(native_frames("a"), native_frames("b", "c"), path=TEXT) == []


def test_what_blocks_say_is_no_drift_and_what_they_are_is() -> None:
    used = {"type": "tool_use", "id": "toolu_1", "name": "brew", "input": {"leaf": "a"}}
    body = {"type": "message", "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn"}
    live = {**body, "content": [used], "stop_reason": "tool_use"}
    assert {weight for weight, _, _ in kinds(drifted(body, live, path=MESSAGES))} == {"info"}
    frames = anthropic_frames("a", "b")
    assert drifted(frames, anthropic_frames("c"), path=MESSAGES) == []
    spaced = [frame.replace(b"event:", b"event: ") for frame in frames]
    assert ("error", "framing", "") in kinds(drifted(frames, spaced, path=MESSAGES))


def test_new_gone_and_retyped_fields_are_named_with_their_three_columns() -> None:
    live = compat_body(new_field={"inner": 1})
    del live["created"]
    live["usage"] = {**live["usage"], "total_tokens": "12"}
    found = drifted(compat_body(), live)
    assert kinds(found) == [
        ("error", "retyped", "usage.total_tokens"),
        ("warning", "new field", "new_field"),
        ("error", "gone field", "created"),
    ]
    assert (found[0].schema, found[0].recorded, found[0].live) == ("number", "number", "string")
    assert (found[1].schema, found[1].recorded, found[1].live) == ("", "", "object")
    assert (found[2].schema, found[2].recorded, found[2].live) == ("number", "number", "")


def test_what_comes_and_goes_with_the_words_weighs_little() -> None:
    live = compat_body()
    live["choices"][0]["message"]["reasoning_content"] = "hm"
    live["choices"][0]["message"]["content"] = None
    assert {weight for weight, _, _ in kinds(drifted(compat_body(), live))} == {"info", "error"}
    frames = compat_frames("a")
    nulled = [frames[0].replace(b'"content":""', b'"content":null'), *frames[1:]]
    assert kinds(drifted(frames, nulled)) == [("info", "retyped", "choices[].delta.content")]


def test_status_codes_framing_and_arithmetic_are_compared() -> None:
    other = {**ERROR, "error": {**ERROR["error"], "code": "wrong_key"}}
    assert kinds(drifted(ERROR, other, status=401, live_status=403)) == [
        ("error", "status", ""),
        ("error", "code", ""),
    ]
    reworded = {**ERROR, "error": {**ERROR["error"], "message": "No such key 13."}}
    assert kinds(drifted(ERROR, reworded, status=401, live_status=401)) == [("info", "message", "")]
    numbered = {**ERROR, "error": {**ERROR["error"], "message": "Incorrect API key provided 99."}}
    assert drifted(ERROR, numbered, status=401, live_status=401) == []
    assert kinds(drifted(ERROR, compat_body(), status=401)) == [
        ("error", "status", ""),
        ("error", "code", ""),
    ]
    assert ("error", "framing", "") in kinds(drifted(compat_body(), compat_frames("a")))
    wrong = compat_body(
        usage={
            "total_tokens": 1,
            "completion_tokens": 3,
            "prompt_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
    )
    assert kinds(drifted(compat_body(), wrong)) == [("error", "usage", "usage")]
    frame = b'id:1\nevent:error\n:HTTP_STATUS/%d\ndata:{"code":"%b","message":"m","request_id":"r"}\n\n'
    found = drifted([frame % (429, b"Throttling")], [frame % (400, b"Throttling")], path=TEXT)
    assert kinds(found) == [("error", "status", "")]
    assert kinds(drifted(b"<html>", b"{}", path="/x")) == [("error", "framing", "")]


@pytest.mark.parametrize(
    ("schema", "path", "types"),
    [
        ("compat.chunk", "choices[].delta.content", "null|string"),
        ("compat.chunk", "object", "string"),
        ("native-text.response", "output.text", "string"),
        ("compat.response", "usage.total_tokens", "number"),
        ("compat.response", "no.such[].path", ""),
    ],
)
def test_the_schema_says_what_it_allows_at_a_path(schema: str, path: str, types: str) -> None:
    assert allowed_at(schema, path) == types


Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def demonstration(tmp_path: Path, upstream: RawUpstream) -> tuple[list[str], Path]:
    """An answer and an error; an upstream with a field more, one gone, one retyped, another code."""
    folder = tmp_path / "cassette"
    cassette.write(folder, interaction(asked("answer")))
    cassette.write(folder, interaction(asked("error"), ERROR, status=401, recorded="2026-02-03T00:00:00Z"))
    live = compat_body(service_tier="default")
    del live["system_fingerprint"]
    live["created"] = "now"
    other = {**ERROR, "error": {**ERROR["error"], "code": "key_unknown"}}
    plain = upstream.answer

    def answer(connection: Any) -> None:
        upstream.sends = answering(live) if len(upstream.requests) % 2 == 0 else answering(other, b"401 No")
        plain(connection)

    upstream.answer = answer  # type: ignore[method-assign]
    return ["verify", str(folder), "--against", f"http://127.0.0.1:{upstream.port}"], tmp_path


def test_a_field_added_gone_and_retyped_and_a_code_changed_are_all_named(
    demonstration: tuple[list[str], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command, folder = demonstration
    monkeypatch.setenv("TEA_KEY", "sk-drift")
    learned_file = folder / "learned.json"
    assert main([*command, "--key-env", "TEA_KEY", "--learn", str(learned_file)]) == 1
    text = capsys.readouterr().out
    assert "new field service_tier" in text
    assert "gone field system_fingerprint" in text
    assert "retyped created: another type" in text
    assert "schema: number | recording: number | live: string" in text
    assert "another error code" in text
    assert (
        "recording: invalid_api_key (invalid_request_error) | live: key_unknown (invalid_request_error)"
        in text
    )
    assert "drift: 2 recordings; 3 error, 1 warning, 0 info" in text

    assert main([*command, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"error": 3, "warning": 1, "info": 0}
    assert sorted(found["kind"] for found in document["deviations"]) == [
        "code",
        "gone field",
        "new field",
        "retyped",
    ]

    output = folder / "junit.xml"
    assert main([*command, "--format", "junit", "--output", str(output)]) == 1
    assert "drift: 2 recordings" in capsys.readouterr().out
    suite = ET.parse(output).getroot()  # noqa: S314 - our own file
    assert suite.attrib == {"name": "drift", "tests": "2", "failures": "2", "errors": "0", "skipped": "0"}
    assert len(suite.findall(".//failure")) == 3
    assert main([*command, "--fail-on", "never"]) == 0

    proposal = json.loads(learned_file.read_text())
    assert {(entry["path"], entry["change"], entry["evidence"]) for entry in proposal["schemas"]} == {
        ("service_tier", "new field", "1 of 1"),
        ("system_fingerprint", "gone field", "1 of 1"),
        ("created", "retyped", "1 of 1"),
    }
    assert [(entry["code"], entry["status"], entry["evidence"]) for entry in proposal["errors"]] == [
        ("key_unknown", 401, "1")
    ]


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ([], "name its key with --key-env NAME"),
        (["--key-env", "TEA_KEY"], "it does not take the key in TEA_KEY"),
    ],
)
def test_a_host_that_wants_a_key_is_told_once_and_is_no_drift(
    options: list[str],
    fix: str,
    tmp_path: Path,
    upstream: RawUpstream,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEA_KEY", "sk-drift")
    upstream.sends = answering(ERROR, b"401 No")
    for number, status in enumerate((200, 200, 401)):
        recorded = ERROR if status == 401 else compat_body()
        cassette.write(tmp_path, interaction(asked(f"a{number}"), recorded, status=status))
    address = f"http://127.0.0.1:{upstream.port}"
    assert main(["verify", str(tmp_path), "--against", address, "--fail-on", "never", *options]) == 2
    told = capsys.readouterr()
    assert told.err == f"dashscope-mock: {address} answers 401 to all 3 requests: {fix}\n"
    assert told.out == ""


def test_a_refusal_that_was_recorded_as_one_wants_no_key(tmp_path: Path, upstream: RawUpstream) -> None:
    upstream.sends = answering(ERROR, b"401 No")
    cassette.write(tmp_path, interaction(asked("a"), ERROR, status=401))
    assert main(["verify", str(tmp_path), "--against", f"http://127.0.0.1:{upstream.port}"]) == 0


def test_an_upstream_that_is_gone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with raw_upstream() as upstream:
        port = upstream.port
    cassette.write(tmp_path, interaction(native_asked(), native_body(), path=TEXT))
    assert main(["verify", str(tmp_path), "--against", f"http://127.0.0.1:{port}"]) == 1
    assert "unreachable" in capsys.readouterr().out


def test_a_live_answer_that_cannot_be_read_teaches_nothing(tmp_path: Path, upstream: RawUpstream) -> None:
    upstream.sends = answering(b"<html>oops</html>", b"500 Oops")

    async def run() -> dict[str, Any]:
        onward = Upstream(Target.read(f"http://127.0.0.1:{upstream.port}"), key="sk-a")
        sent = [("authorization", "Bearer [redacted]"), ("accept", "*/*")]
        found, drifts = await compare(
            [("a", interaction(sent=sent, query="x=1"))], onward, Redaction.of(), now=NOW
        )
        await onward.close()
        assert found.status("error") == 1
        return learned(drifts, now=NOW)

    assert asyncio.run(run())["schemas"] == []
    assert b"POST /compatible-mode/v1/chat/completions?x=1 " in upstream.requests[0]
    assert b"authorization: Bearer sk-a" in upstream.requests[0]


def test_a_report_tells_its_weights() -> None:
    found = report.Report(
        "t",
        ["a\x00"],
        [
            Deviation("a\x00", Weight.INFO, "k", "", "m<"),
            Deviation("a\x00", Weight.WARNING, "k", "p", "m", "s"),
        ],
    )
    assert [found.status(weight) for weight in ("error", "warning", "info", "never")] == [0, 1, 1, 0]
    text = report.text(found)
    assert text.index("warning") < text.index("info ")
    suite = ET.fromstring(report.as_junit(found))  # noqa: S314 - our own text
    assert suite[0].attrib["name"] == "a?"
    assert "m<" in str(suite[0][0].text)
    assert COMPAT


def test_every_type_has_a_name() -> None:
    values: list[Any] = [None, True, 1, 1.5, "a", [], {}]
    assert [type_of(value) for value in values] == [
        "null",
        "boolean",
        "number",
        "number",
        "string",
        "array",
        "object",
    ]
    assert dict(paths({"embedding": [1.0, 2.0]})) == {"": "object", "embedding": "array"}
    assert drifted(b"<html>", b"<html>", path="/x") == []
    assert kinds(drifted(dumped({"a": 1}), dumped([1]), path="/x"))[0] == ("error", "retyped", "")
