"""Recordings against what the mock knows: what no longer holds is told, by its weight."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.recorder.verify import Checks, verify
from mockserver.recording import cassette
from mockserver.recording.cassette import CassetteError, redacted
from mockserver.recording.interaction import Interaction
from mockserver.recording.redaction import Redaction
from tests.recording.exchanges import (
    MESSAGES,
    RID,
    TEXT,
    anthropic_asked,
    anthropic_frames,
    asked,
    compat_body,
    compat_frames,
    interaction,
    native_asked,
    native_body,
    native_frames,
)

CHECKS = Checks()


def found(made: Interaction) -> list[tuple[str, str, str]]:
    """The deviations of a recording: weight, kind and words."""
    return [(one.weight.value, one.kind, one.message) for one in CHECKS.of("r", made)]


@pytest.mark.parametrize(
    "made",
    [
        interaction(),
        interaction(asked(stream=True), compat_frames("a", "b")),
        interaction(native_asked(), native_body(), path=TEXT),
        interaction(native_asked(), native_frames("a", "b"), path=TEXT),
        interaction(anthropic_asked(stream=True), anthropic_frames("a", "b"), path=MESSAGES),
        interaction(
            anthropic_asked(stream=True),
            [
                b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"request_id":"%b","code":"InvalidParameter",'
                b'"message":"m"}\n\n' % RID.encode()
            ],
            path=MESSAGES,
            status=400,
        ),
        interaction(b"", {"anything": 1}, path="/unknown", method="GET"),
        interaction(
            asked(),
            {
                "error": {"message": "m", "type": "t", "param": None, "code": "invalid_api_key"},
                "request_id": RID,
            },
            status=401,
        ),
    ],
)
def test_what_holds_is_silent(made: Interaction) -> None:
    assert found(made) == []


def frames_with(change: str, by: str) -> list[bytes]:
    return [frame.replace(change.encode(), by.encode()) for frame in compat_frames("a")]


@pytest.mark.parametrize(
    ("made", "weight", "kind", "words"),
    [
        (interaction(None, compat_body(extra=1)), "error", "schema", "'extra' was unexpected"),
        (interaction(None, b"{"), "error", "json", "is no JSON"),
        (
            interaction(asked(temperature=7)),
            "error",
            "rule parameter.temperature-range",
            "the cloud accepted this request",
        ),
        (interaction(asked(model="oolong")), "warning", "model", "no model 'oolong'"),
        (interaction(None, compat_body("sk-0123456789abcdef0123")), "error", "secret", "cassette scrub"),
        (interaction(None, b"x", headers=[("content-encoding", "br")]), "error", "coding", "'br'"),
        (
            interaction(asked(stream=True), frames_with("data: ", "data:")),
            "warning",
            "framing",
            "not written as",
        ),
        (interaction(asked(stream=True), compat_frames("a")[:-1]), "warning", "framing", "end with [DONE]"),
        (interaction(asked(stream=True), [*compat_frames("a"), b": x"]), "warning", "framing", "has no end"),
        (
            interaction(
                native_asked(), [frame.replace(b"id:", b"id:2") for frame in native_frames("a")], path=TEXT
            ),
            "warning",
            "framing",
            "not numbered",
        ),
        (
            interaction(asked(stream=True), compat_frames("a")[:1], end="cut-by-client"),
            "info",
            "cut",
            "cut by client",
        ),
        (
            interaction(asked(stream=True), [b"data: {\n\n"], end="cut-by-upstream"),
            "info",
            "cut",
            "cut by upstream",
        ),
        (interaction(None, b""), "warning", "meaning", "says nothing"),
        (
            interaction(asked(stream=True), [compat_frames("a")[0], b"data: [DONE]\n\n"]),
            "warning",
            "meaning",
            "no finish",
        ),
        (
            interaction(
                None, compat_body(usage={"total_tokens": 9, "prompt_tokens": 1, "completion_tokens": 1})
            ),
            "warning",
            "usage",
            "total",
        ),
        (
            interaction(
                asked(),
                {"error": {"message": "m", "type": "t", "param": None, "code": "Odd"}, "request_id": "r"},
                status=400,
            ),
            "warning",
            "code",
            "no error code 'Odd'",
        ),
        (
            interaction(asked(), {"code": "Odd", "message": "m"}, status=400, path=TEXT),
            "error",
            "schema",
            "native.error",
        ),
        (
            interaction(b'{"model":"m"}', {"data": 1}, path="/compatible-mode/v1/embeddings"),
            "error",
            "schema",
            "embeddings",
        ),
    ],
)
def test_what_does_not_hold_is_told(made: Interaction, weight: str, kind: str, words: str) -> None:
    told = found(made)
    assert any((one, other) == (weight, kind) and words in text for one, other, text in told), told


def test_a_folder_is_gone_through_whatever_is_in_it(tmp_path: Path) -> None:
    good = cassette.write(tmp_path, interaction())
    hidden = cassette.write(
        tmp_path, redacted(interaction(None, compat_body("LTAI5tAbCdEfGhIjKlMnOpQr")), Redaction.of())
    )
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text("{}")
    document: dict[str, Any] = json.loads((tmp_path / good).read_text())
    document["reply"]["choices"][0]["content"] = "edited"
    document["request"]["body"]["json"]["messages"][0]["content"] = "edited"
    (tmp_path / "edited.json").write_text(json.dumps(document))
    report = verify(tmp_path)
    assert {(one.recording, one.kind) for one in report.deviations} == {
        ("broken.json", "file"),
        ("other.json", "file"),
        ("edited.json", "edited"),
    }
    assert report.recordings == sorted([good, hidden, "broken.json", "other.json", "edited.json"])
    assert report.status("error") == 1
    with pytest.raises(CassetteError, match="is no cassette"):
        verify(tmp_path / "none")


@pytest.mark.parametrize("said", [b'"\\ud83d"', b"NaN"])
def test_a_request_that_is_no_strict_json_is_told(said: bytes) -> None:
    ((weight, kind, message),) = found(interaction(b'{"model":"qwen-plus","user":%b}' % said))
    assert (weight, kind) == ("error", "json")
    assert message.startswith("the cloud accepted this request, and we refuse it: ")


def test_an_answer_with_half_of_a_pair_is_held_against_the_schema() -> None:
    assert found(interaction(asked(), json.dumps(compat_body("a\ud83d")).encode())) == []
