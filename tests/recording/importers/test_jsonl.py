"""Lines of JSON."""

from pathlib import Path

from mockserver.recording.intake import take_in
from mockserver.recording.redaction import Redaction
from tests.recording.exchanges import COMPAT, TEXT, asked, compat_body, dumped, native_asked
from tests.recording.importers.reading import skipped, taken


def test_lines_of_json(tmp_path: Path) -> None:
    lines = [
        {"request": asked(), "response": compat_body()},
        {
            "request": native_asked(),
            "response": {"status": 400, "body": {"code": "x", "message": "m"}},
            "time": "2026-01-01T00:00:00Z",
        },
        {
            "request": {
                "method": "get",
                "url": "https://h/compatible-mode/v1/models?x=1",
                "headers": [["a", "b"]],
            },
            "response": {"body": "{}"},
        },
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(map(dumped, lines)) + b"\n\n")
    made = taken(tmp_path)
    assert [one.request.path for one in made] == [COMPAT, TEXT, "/compatible-mode/v1/models"]
    assert [one.response.status for one in made] == [200, 400, 200]
    assert [one.response.standing for one in made] == ["rebuilt", "rebuilt", "complete"]
    assert (made[2].request.method, made[2].request.query, made[2].request.headers) == (
        "GET",
        "x=1",
        [("a", "b")],
    )
    assert made[0].folded().choices[0].content == "hello"
    assert made[1].recorded == "2026-01-01T00:00:00.000Z"


def test_one_line_alone_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(dumped({"request": asked(), "response": {"body": "{}"}}))
    assert len(taken(tmp_path / "a.json")) == 1


def test_a_bad_line_is_skipped_and_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1\n5\n{"body": {}, "answered_by": "mock"}\n')
    assert skipped(path, "jsonl") == [
        "it is no JSON",
        "it is no object with request and response",
        "it is of a server's journal, which holds no bytes; dashscope-mock export writes a scenario",
    ]


def test_a_request_that_has_not_the_form_of_its_dialect_loses_no_other(tmp_path: Path) -> None:
    odd = {"messages": [{"role": "tool", "tool_call_id": [1], "content": "x"}]}
    refused = {"status": 400, "body": {"error": {}}}
    lines = [{"request": odd, "response": refused}, {"request": asked(), "response": compat_body()}]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(map(dumped, lines)))
    told = list(take_in(tmp_path / "a.jsonl", tmp_path / "tape", Redaction.of()))
    assert [line.verdict for line in told] == ["rebuilt", "rebuilt"]
