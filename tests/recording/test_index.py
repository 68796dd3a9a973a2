"""The index of a cassette: a row for every file, and none for what is no recording."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording import cassette, index
from mockserver.recording.canonical import keys_of
from mockserver.recording.cassette import CassetteError
from mockserver.recording.index import Row, files_of, rows_of
from tests.recording.exchanges import (
    NOW,
    TEXT,
    asked,
    compat_frames,
    interaction,
    native_asked,
    native_body,
)


def row(name: str, recorded: str = NOW) -> Row:
    """The row of a recording of this name."""
    return Row.of(name, 1, 1, interaction(recorded=recorded))


def test_a_row_has_what_is_known_without_reading_the_file() -> None:
    made = interaction(asked(stream=True, system="be brief"), compat_frames("a")[:1], end="cut-by-client")
    keys = keys_of(made.request)
    assert Row.of("a.json", 7, 8, made) == Row(
        name="a.json",
        size=7,
        changed=8,
        surface="compat",
        model="qwen-plus",
        stream=1,
        status=200,
        end="cut-by-client",
        kept="whole",
        recorded=NOW,
        strict=keys.strict,
        strict_loose=keys.strict_loose,
        talk=keys.talk,
        talk_loose=keys.talk_loose,
        system=keys.system,
    )


def test_rows_come_by_their_moment_and_then_by_their_number() -> None:
    names = ["tea-10.json", "tea-2.json", "tea.json", "zebra-1.json", "cake-1a2b3c4d.json"]
    rows = [row(name) for name in names] + [row("early.json", "2026-01-01T00:00:00Z"), row("never.json", "")]
    assert [one.name for one in sorted(rows, key=lambda one: one.place)] == [
        "never.json",
        "early.json",
        "cake-1a2b3c4d.json",
        "tea.json",
        "zebra-1.json",
        "tea-2.json",
        "tea-10.json",
    ]


def test_a_hash_of_digits_is_no_number() -> None:
    assert row("compat-qwen-plus-12345678.json").place == (NOW, 1, "compat-qwen-plus-12345678.json")
    assert row("compat-qwen-plus-12345678-3.json").place[1] == 3


@given(st.text(st.characters(categories=["Nd", "No", "Nl"]) | st.sampled_from("-a."), max_size=12))
def test_no_name_is_too_odd_for_a_place(name: str) -> None:
    recorded, number, named = row(f"{name}.json").place
    assert (recorded, named) == (NOW, f"{name}.json")
    assert number >= 0


def test_only_the_json_files_of_the_folder_itself_are_recordings(tmp_path: Path) -> None:
    name = cassette.write(tmp_path, interaction())
    for other in (".hidden.json", "notes.txt", "tea.json.part"):
        (tmp_path / other).write_text("{}")
    (tmp_path / "folder.json").mkdir()
    cassette.write(tmp_path / "below", interaction())
    status = (tmp_path / name).stat()
    assert list(files_of(tmp_path)) == [(name, status.st_size, status.st_mtime_ns)]
    assert [one.name for one in rows_of(tmp_path)] == [name]


def test_what_is_no_folder_is_no_cassette(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match="file is no cassette: Not a directory; a cassette is a folder"):
        list(files_of(tmp_path / "file"))
    with pytest.raises(CassetteError, match="none is no cassette: No such file"):
        rows_of(tmp_path / "none")


def test_a_file_that_is_no_recording_is_named_each_time(tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction())
    (tmp_path / "broken.json").write_text("{")
    for _ in range(2):
        with pytest.raises(CassetteError, match=r"broken\.json is no JSON"):
            rows_of(tmp_path)


def test_a_file_of_the_same_size_that_was_changed_is_read_again(tmp_path: Path) -> None:
    name = cassette.write(tmp_path, interaction(asked("tea"), status=200))
    assert rows_of(tmp_path)[0].status == 200
    file = tmp_path / name
    text = file.read_text()
    before = file.stat()
    file.write_text(text.replace('"status": 200', '"status": 503'))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert file.stat().st_size == before.st_size
    assert rows_of(tmp_path)[0].status == 503


def test_what_the_index_keeps_is_what_the_files_say(tmp_path: Path) -> None:
    made = [
        interaction(asked("tea", stream=True), compat_frames("a")),
        interaction(native_asked(), native_body(), path=TEXT, recorded="2026-03-01T00:00:00Z"),
        interaction(b"", b"", path="/x", method="GET", recorded=""),
    ]
    for one in made:
        cassette.write(tmp_path, one)
    read = rows_of(tmp_path)
    assert (tmp_path / index.NAME).is_file()
    assert rows_of(tmp_path) == read
    assert [(one.surface, one.model, one.stream, one.recorded) for one in read] == [
        ("other", "", 0, ""),
        ("compat", "qwen-plus", 1, NOW),
        ("native-text", "qwen-plus", 0, "2026-03-01T00:00:00Z"),
    ]


def test_an_index_without_its_columns_is_made_again(tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction())
    before = rows_of(tmp_path)
    connection = index._connect(tmp_path)
    with connection:
        connection.execute("ALTER TABLE rows RENAME COLUMN talk TO talks")
    connection.close()
    assert rows_of(tmp_path) == before
