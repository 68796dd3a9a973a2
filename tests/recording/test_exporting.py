"""Cassettes for other tools: what they read, and that it leads back to the same bytes."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver.base.version import __version__
from mockserver.recording.exporting import EXPORTERS, har, vcr
from mockserver.recording.interaction import Interaction
from tests.recording.exchanges import COMPAT, NOW, asked, dumped, interaction
from tests.recording.importers.reading import taken
from tests.wire.strategies import texts

BODIES = texts.map(str.encode) | st.binary(max_size=60) | st.binary(max_size=60).map(gzip.compress)


def entries(*made: Interaction) -> list[dict[str, Any]]:
    """The entries of an archive."""
    found: list[dict[str, Any]] = json.loads(har(made))["log"]["entries"]
    return found


def test_an_archive_names_its_version_and_its_maker() -> None:
    assert json.loads(har([]))["log"] == {
        "version": "1.2",
        "creator": {"name": "dashscope-mock", "version": __version__},
        "entries": [],
    }


def test_an_entry_has_all_that_an_archive_asks_for() -> None:
    made = interaction(
        asked("茶"),
        [b'{"a":', b'"\xe8\x8c\xb6"}'],
        query="a=1",
        sent=[("Host", "h.example"), ("Content-Type", "application/json; charset=utf-8")],
        headers=[("Content-Type", "application/json"), ("X", "1"), ("X", "2")],
    )
    body = dumped(asked("茶"))
    assert entries(made) == [
        {
            "startedDateTime": NOW,
            "time": 20.0,
            "request": {
                "method": "POST",
                "url": f"https://h.example{COMPAT}?a=1",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": "Host", "value": "h.example"},
                    {"name": "Content-Type", "value": "application/json; charset=utf-8"},
                ],
                "queryString": [],
                "headersSize": -1,
                "bodySize": len(body),
                "postData": {"mimeType": "application/json; charset=utf-8", "text": body.decode()},
            },
            "response": {
                "status": 200,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": "Content-Type", "value": "application/json"},
                    {"name": "X", "value": "1"},
                    {"name": "X", "value": "2"},
                ],
                "content": {"size": 11, "mimeType": "application/json", "text": '{"a":"茶"}'},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": 11,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 10.0, "receive": 10.0},
        }
    ]


def test_what_is_not_known_has_a_usual_value() -> None:
    (entry,) = entries(interaction(b"", b"", path="/x", method="GET", recorded="", headers=[], status=599))
    assert entry["startedDateTime"] == "1970-01-01T00:00:00.000Z"
    assert entry["request"]["url"] == "https://dashscope.aliyuncs.com/x"
    assert "postData" not in entry["request"]
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (599, "")
    assert entry["response"]["content"] == {"size": 0, "mimeType": "application/octet-stream", "text": ""}
    assert (entry["time"], entry["timings"]) == (0.0, {"send": 0, "wait": 0.0, "receive": 0.0})


def test_a_packed_body_is_shown_unpacked_with_both_of_its_sizes() -> None:
    packed = gzip.compress(b"tea" * 50)
    (entry,) = entries(interaction(None, packed, headers=[("content-encoding", "gzip")]))
    content = entry["response"]["content"]
    assert (content["text"], content["size"]) == ("tea" * 50, 150)
    assert entry["response"]["bodySize"] == len(packed)


def test_bytes_that_are_no_text_are_in_base64() -> None:
    (entry,) = entries(interaction(b"\xff", b"\xfe\xff"))
    content = entry["response"]["content"]
    assert (content["text"], content["encoding"]) == ("/v8=", "base64")
    assert entry["request"]["postData"]["text"] == "/w=="


def test_a_cassette_of_vcrpy_has_each_exchange_with_its_headers_by_name() -> None:
    made = interaction(
        asked(), [b"a", b"b"], query="q", status=429, sent=[("a", "1"), ("a", "2")], headers=[("X", "y")]
    )
    assert yaml.safe_load(vcr([made])) == {
        "interactions": [
            {
                "request": {
                    "body": dumped(asked()).decode(),
                    "headers": {"a": ["1", "2"]},
                    "method": "POST",
                    "uri": f"https://dashscope.aliyuncs.com{COMPAT}?q",
                },
                "response": {
                    "body": {"string": "ab"},
                    "headers": {"X": ["y"]},
                    "status": {"code": 429, "message": "Too Many Requests"},
                },
            }
        ],
        "version": 1,
    }


def test_in_a_cassette_of_vcrpy_no_body_is_null_and_bytes_are_bytes() -> None:
    (told,) = yaml.safe_load(vcr([interaction(b"", b"\xff\xfe", method="GET")]))["interactions"]
    assert (told["request"]["body"], told["response"]["body"]) == (None, {"string": b"\xff\xfe"})


@pytest.mark.parametrize("text", ["a\x85b", "\x85", "a \u2028 b", "a\r\nb\n", " a", "\ufeff"])
def test_the_ends_of_lines_of_every_kind_survive_yaml(text: str) -> None:
    (told,) = yaml.safe_load(vcr([interaction(text.encode(), text.encode())]))["interactions"]
    for body in (told["request"]["body"], told["response"]["body"]["string"]):
        assert (body if isinstance(body, bytes) else body.encode()) == text.encode()


TYPES = st.sampled_from(["", "application/json", "text/plain", "text/html; charset=gbk", "text/event-stream"])
MARKS = st.sampled_from(
    [
        {},
        {"kept": "rebuilt", "lost": "nock keeps what JSON says, and not its bytes"},
        {"end": "cut", "lost": "its stream does not end with [DONE]"},
        {"end": "cut-by-client"},
        {"end": "cut-by-upstream", "kept": "rebuilt", "lost": "both"},
    ]
)


@pytest.mark.parametrize("form", sorted(EXPORTERS))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answered=BODIES.filter(bool), mime=TYPES, mark=MARKS)
@example(answered=b"\xd0\xa7\xd0\xb0\xd0\xb9", mime="text/html; charset=gbk", mark={})
def test_what_a_recording_is_survives_another_tools_file(
    tmp_path: Path, form: str, answered: bytes, mime: str, mark: dict[str, Any]
) -> None:
    made = interaction(None, answered, headers=[("content-type", mime)] if mime else [])
    made = replace(made, response=replace(made.response, **mark))
    path = tmp_path / "exported"
    path.write_text(EXPORTERS[form]([made]), encoding="utf-8")
    (back,) = taken(path, form)
    assert back.response.raw == answered
    # An importer may find out more, but nothing that was known is lost.
    assert back.response.end == mark.get("end", back.response.end)
    assert back.response.kept == mark.get("kept", back.response.kept)
    assert back.response.lost == mark.get("lost", back.response.lost)


@pytest.mark.parametrize("form", sorted(EXPORTERS))
def test_one_without_its_answer_comes_back_as_such(tmp_path: Path, form: str) -> None:
    made = interaction(None, b"")
    made = replace(made, response=replace(made.response, kept="missing", lost="it was streamed"))
    path = tmp_path / "exported"
    path.write_text(EXPORTERS[form]([made]), encoding="utf-8")
    (back,) = taken(path, form)
    assert (back.response.standing, back.response.lost) == ("missing", "it was streamed")


@pytest.mark.parametrize("form", sorted(EXPORTERS))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=BODIES, answered=BODIES)
def test_what_is_exported_is_imported_with_the_same_bytes(
    tmp_path: Path, form: str, sent: bytes, answered: bytes
) -> None:
    made = interaction(sent, answered, query="a=b", headers=[("x-request-id", "1")])
    path = tmp_path / "exported"
    path.write_text(EXPORTERS[form]([made, made]), encoding="utf-8")
    told = taken(path, form)
    assert len(told) == 2
    for back in told:
        assert (back.request.body, back.response.raw) == (made.request.body, made.response.raw)
        assert (back.request.method, back.request.path, back.request.query) == ("POST", COMPAT, "a=b")
        assert (back.response.status, back.response.headers) == (200, [("x-request-id", "1")])
