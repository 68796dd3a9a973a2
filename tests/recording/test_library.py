"""A cassette in use: found by key, by an index that is believed only while it is fresh."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mockserver.recording import cassette, index, nearest
from mockserver.recording import library as libraries
from mockserver.recording.canonical import keys_of
from mockserver.recording.cassette import CassetteError
from mockserver.recording.interaction import Interaction
from mockserver.recording.library import Library, age, moment
from tests.recording.exchanges import TEXT, asked, compat_body, interaction, native_asked, native_body


def filled(folder: Path, count: int = 3) -> list[str]:
    """Recordings of different requests."""
    return [cassette.write(folder, interaction(asked(f"question {at}"))) for at in range(count)]


def test_recordings_are_found_by_their_keys_in_recorded_order(tmp_path: Path) -> None:
    later = interaction(None, compat_body("later"), recorded="2026-03-01T00:00:00Z")
    names = [cassette.write(tmp_path, made) for made in (later, interaction(), interaction())]
    library = Library(tmp_path)
    found = library.find(keys_of(later.request).strict)
    assert [row.name for row in found] == [names[1], names[2], names[0]]
    assert library.find("none") == ()
    assert library.load(found[0]) is library.load(found[0])
    assert library.unused == [row.name for row in library.rows]


def test_the_index_is_believed_while_it_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = filled(tmp_path)
    before = index.rows_of(tmp_path)
    read = []

    def reading(path: Path) -> Interaction:
        read.append(path.name)
        return cassette.read(path)

    monkeypatch.setattr(index, "read", reading)
    assert index.rows_of(tmp_path) == before
    assert read == []
    cassette.write(tmp_path, interaction(asked("question 1"), compat_body("a longer answer")), over=names[1])
    (tmp_path / names[0]).unlink()
    assert len(index.rows_of(tmp_path)) == 2
    assert read == [names[1]]
    assert len(index.rows_of(tmp_path)) == 2
    assert read == [names[1]]


def test_who_records_cleans_away_what_a_killed_recorder_left(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / ".0123456789abcdef.part").write_bytes(b"half")
    Library(tmp_path)
    assert (tmp_path / ".0123456789abcdef.part").exists(), "who only reads changes nothing"
    assert len(Library(tmp_path, create=True).rows) == 1
    assert list(tmp_path.glob(".*.part")) == []


@pytest.mark.parametrize("broken", [b"no database", b"SQLite format 3\x00" + b"x" * 200])
def test_a_broken_index_is_made_again(tmp_path: Path, broken: bytes) -> None:
    filled(tmp_path)
    (tmp_path / index.NAME).write_bytes(broken)
    assert len(index.rows_of(tmp_path)) == 3
    with sqlite3.connect(tmp_path / index.NAME) as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (3,)
    connection.close()


def test_an_index_of_another_version_is_made_again(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = sqlite3.connect(tmp_path / index.NAME)
    with connection:
        connection.execute("CREATE TABLE rows (name)")
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert len(index.rows_of(tmp_path)) == 3


def test_an_index_that_cannot_be_written_lives_in_memory(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / index.NAME).mkdir()
    assert len(index.rows_of(tmp_path)) == 3


def test_an_index_that_another_process_holds_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 1)
    index.rows_of(tmp_path)
    filled(tmp_path, 2)
    holder = sqlite3.connect(tmp_path / index.NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda place, **_: connect(place, timeout=0, isolation_level="IMMEDIATE")
    )
    assert len(index.rows_of(tmp_path)) == 3
    holder.close()


def test_what_is_added_is_there_at_once_and_can_replace(tmp_path: Path) -> None:
    library = Library(tmp_path / "new" / "folder", create=True)
    first = library.add(interaction())
    second = library.add(interaction(None, compat_body("second")))
    rows = library.find(keys_of(interaction().request).strict)
    assert [row.name for row in rows] == [first, second]
    assert library.load(rows[1]).folded().choices[0].content == "second"
    third = library.add(interaction(None, compat_body("third")), over=list(rows))
    assert third == first
    assert [path.name for path in library.folder.glob("*.json")] == [first]
    (row,) = library.find(keys_of(interaction().request).strict)
    assert library.load(row).folded().choices[0].content == "third"
    assert library.unused == []


def test_only_so_many_are_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)
    monkeypatch.setattr(libraries, "_REMEMBERED", 2)
    library = Library(tmp_path)
    one = library.load(library.rows[0])
    for row in library.rows:
        library.load(row)
    assert library.load(library.rows[0]) is not one


def test_a_folder_that_is_none_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="is no cassette: No such file"):
        Library(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match="cannot be made"):
        Library(tmp_path / "file", create=True)


def test_ages_are_read_and_old_recordings_found(tmp_path: Path) -> None:
    assert (age("30d"), age("12h"), age("2w")) == (timedelta(30), timedelta(hours=12), timedelta(14))
    with pytest.raises(ValueError, match="'soon' is no age: write 30d, 12h or 2w"):
        age("soon")
    assert moment("2026-02-02T00:00:00") == datetime(2026, 2, 2, tzinfo=UTC)
    assert moment("") is None
    names = [
        cassette.write(tmp_path, replace(interaction(asked(when)), recorded=when))
        for when in ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "")
    ]
    old = Library(tmp_path).older(timedelta(10), datetime(2026, 2, 2, tzinfo=UTC))
    assert sorted(old) == sorted([names[0], names[2]])


def test_a_miss_names_the_nearest_with_what_differs(tmp_path: Path) -> None:
    assert "holds none" in nearest.report(Library(tmp_path), interaction().request)
    cassette.write(tmp_path, interaction(asked("how long does green tea steep")))
    near = cassette.write(tmp_path, interaction(asked("how long does black tea steep")))
    cassette.write(
        tmp_path, interaction(native_asked("how long does black tea steep?"), native_body(), path=TEXT)
    )
    report = nearest.report(Library(tmp_path), interaction(asked("how long does black tea sleep")).request)
    assert f"the nearest is {near}\n" in report
    assert '-   "text": "how long does black tea steep"' in report
    assert '+   "text": "how long does black tea sleep"' in report
    same = nearest.report(Library(tmp_path), interaction(asked("how long does black tea steep")).request)
    assert "it differs only in what is not compared" in same


def test_a_long_difference_is_cut() -> None:
    rows = nearest.difference(list(range(200)), ["x" * 500] * 100)
    assert len(rows) == 41
    assert rows[-1].endswith("more lines")
    assert max(map(len, rows)) < 170
