"""Files that are being written: nothing is left of them, and what a killed recorder left is cleaned away."""

import errno
from pathlib import Path
from typing import BinaryIO

import pytest

from mockserver.recording import parts


def test_a_part_is_gone_when_it_is_written_or_when_that_fails(tmp_path: Path) -> None:
    with parts.new(tmp_path) as (part, file):
        file.write(b"tea")
        assert [path.name for path in tmp_path.iterdir()] == [part.name]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="No space left"), parts.new(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_only_what_nobody_writes_any_more_is_cleaned_away(tmp_path: Path) -> None:
    (tmp_path / ".0123.part").write_bytes(b"half")
    (tmp_path / "tea.part").write_bytes(b"a file of somebody else")
    (tmp_path / ".folder.part").mkdir()
    with parts.new(tmp_path) as (part, _):
        assert parts.clean(tmp_path) == [".0123.part"]
        assert part.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".folder.part", "tea.part"]
    assert parts.clean(tmp_path / "none") == []


def test_a_part_that_was_cleaned_away_before_it_was_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = parts._lock
    stolen: list[str] = []

    def steal(file: BinaryIO) -> bool:
        if not stolen:
            stolen.append(file.name)
            Path(file.name).unlink()
        return lock(file)

    monkeypatch.setattr(parts, "_lock", steal)
    with parts.new(tmp_path) as (part, file):
        file.write(b"tea")
        assert part.exists()
        assert str(part) != str(stolen[0])


def test_where_there_are_no_locks_files_are_written_and_nothing_is_cleaned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (tmp_path / ".0123.part").write_bytes(b"half")
    monkeypatch.setattr("fcntl.flock", none)
    with parts.new(tmp_path) as (part, _):
        assert part.exists()
    assert parts.clean(tmp_path) == []
    assert (tmp_path / ".0123.part").exists()
