"""The table of formats: what a file is known by, and how an entry of it is read."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.commands.cassette import FORMATS
from mockserver.recording.importers import NAMES, table
from mockserver.recording.importers.bodies import READERS
from mockserver.recording.importers.pieces import ImportFaultError


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"interactions": [{"request": {}, "response": {"code": 200}}]}, "go-vcr"),
        ({"interactions": [{"response": {"body": {"type": "none"}}}]}, "cassetter"),
        ({"interactions": [{"response": {"body_type": "none"}}]}, "cassetter"),
        ({"interactions": []}, "vcr"),
        ({"http_interactions": []}, "betamax"),
        ([{"scope": "https://h:443"}], "nock"),
        ({"log": {"entries": []}}, "har"),
        ({"request": {}, "response": {"status": 200}}, "wiremock"),
        ({"mappings": [{"response": {}}]}, "wiremock"),
        ({"fixtures": [{"match": {}}]}, "aimock"),
        ({"key": {"strict": "1"}}, "cassette"),
        ({"model": "qwen-plus"}, None),
        ([1, 2], None),
        ("tea", None),
    ],
)
def test_a_file_is_known_by_its_signs(document: Any, name: str | None) -> None:
    found = table.format_of(document)
    assert (None if found is None else found.name) == name


def test_every_format_tells_what_it_keeps_and_loses_and_has_a_way_for_bodies() -> None:
    for one in table.formats():
        assert one.kept
        assert one.lost
        assert one.body in READERS
        assert table.by_name(one.name) is one
    assert sorted(NAMES) == sorted(FORMATS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("213.741835ms", 213.741835),
        ("1m2.5s", 62500.0),
        ("0s", 0.0),
        ("1h", 3_600_000.0),
        ("5µs", 0.005),
        ("tea", 0.0),
        ("5", 0.0),
        (5, 0.0),
        ("999999999h", 0.0),
    ],
)
def test_durations_as_go_writes_them(text: Any, wanted: float) -> None:
    assert table.milliseconds(text) == pytest.approx(wanted)


def test_a_document_without_its_list_is_refused() -> None:
    with pytest.raises(ImportFaultError, match=r"it is no file of vcrpy .*: it has no list interactions"):
        table.entries_of({}, table.by_name("vcr"), "tea")
    with pytest.raises(ImportFaultError, match="it has no list at its top"):
        table.entries_of({}, table.by_name("nock"), "tea")


def test_an_entry_that_is_none_is_refused() -> None:
    with pytest.raises(ImportFaultError, match="w: it is no interaction with request and response"):
        table.told(5, table.by_name("vcr"), "w")


def test_flat_lists_of_headers_are_pairs() -> None:
    entry = {"method": "GET", "path": "/", "status": 200, "rawHeaders": ["a", "1", "b", "2"], "response": "x"}
    assert table.told(entry, table.by_name("nock"), "w").headers == [("a", "1"), ("b", "2")]


def test_the_page_shows_the_table() -> None:
    rows = [f"| `{one.name}` | {one.tools} | {one.kept} | {one.lost} |" for one in table.formats()]
    page = (Path(__file__).parents[3] / "docs" / "recording.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in page
