"""Values that may be anything, read as what they must be."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mockserver.recording.importers import pieces
from mockserver.recording.importers.pieces import ImportFaultError


def test_headers_in_all_their_forms() -> None:
    assert pieces.pairs(None, "w") == []
    assert pieces.pairs({"a": ["1", 2], "b": b"\xe9", "c": True}, "w") == [
        ("a", "1"),
        ("a", "2"),
        ("b", "é"),
        ("c", "True"),
    ]
    assert pieces.pairs([{"name": "a", "value": "1\r\n2"}, ["b", "3"]], "w") == [("a", "1 2"), ("b", "3")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "headers are a int; they must be an object or a list of pairs"),
        ([5], "a header is no pair of name and value"),
        ({"a": {}}, "a dict stands where a text must stand"),
    ],
)
def test_what_are_no_headers(value: Any, words: str) -> None:
    with pytest.raises(ImportFaultError, match=f"w: {words}"):
        pieces.pairs(value, "w")


def test_statuses_methods_and_targets() -> None:
    assert (pieces.status_of(200, "w"), pieces.status_of("401", "w")) == (200, 401)
    assert pieces.method_of("post", "w") == "POST"
    assert pieces.target_of("https://h/a?b=1#c", "w") == ("/a", "b=1")
    assert pieces.target_of("x", "w") == ("/x", "")
    for value in ("x", 99, True, None):
        with pytest.raises(ImportFaultError, match="it must be a number from 100 to 599"):
            pieces.status_of(value, "w")
    with pytest.raises(ImportFaultError, match="its method is '5'"):
        pieces.method_of(5, "w")
    with pytest.raises(ImportFaultError, match="it has no URL"):
        pieces.target_of("", "w")


def test_moments_are_read_as_far_as_they_can() -> None:
    assert pieces.moment_of("nonsense") == pieces.moment_of(5) == ""
    assert pieces.moment_of("0001-01-01T00:00:00+14:00") == ""
    assert pieces.moment_of(datetime(2026, 2, 2, tzinfo=UTC)) == "2026-02-02T00:00:00.000Z"
    assert pieces.moment_of("2026-02-02T00:00:00") == "2026-02-02T00:00:00.000Z"


def test_files_that_are_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportFaultError, match=r"none\.har: it cannot be read: No such file"):
        pieces.content(tmp_path / "none.har")
    with pytest.raises(ImportFaultError, match="it is no file"):
        pieces.content(tmp_path)
    (tmp_path / "a").write_bytes(b"tea")
    monkeypatch.setattr(pieces, "MOST_BYTES", 2)
    with pytest.raises(ImportFaultError, match=r"a: it is larger than 0 MB; split it"):
        pieces.content(tmp_path / "a")


def test_what_json_cannot_say_is_refused() -> None:
    assert pieces.json_of({"a": "é"}, "w") == '{"a":"é"}'.encode()
    for value in (float("nan"), {1, 2}):
        with pytest.raises(ImportFaultError, match="w: its body is no JSON"):
            pieces.json_of(value, "w")
