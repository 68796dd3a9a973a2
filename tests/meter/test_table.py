"""A vocabulary's table: what is written is found again, and nothing else."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.meter.table import StaleTableError, Table, keep, written

SOURCE, OTHER = (sha256(text).digest() for text in (b"tea", b"coffee"))
vocabularies = st.lists(st.binary(min_size=1, max_size=5), unique=True, max_size=50)


@given(vocabularies, st.lists(st.binary(max_size=5)))
def test_each_token_has_its_number_and_nothing_else_has_one(tokens: list[bytes], others: list[bytes]) -> None:
    table = Table(written(tokens, SOURCE), SOURCE)
    assert len(table) == len(tokens)
    assert [table.number(token) for token in tokens] == [*range(len(tokens))]
    assert [table.token(number) for number in range(len(tokens))] == tokens
    for other in {*others} - {*tokens}:
        assert table.number(other) == -1
    for number in (-1, len(tokens), 2**70):
        with pytest.raises(KeyError):
            table.token(number)


def test_a_kept_table_is_mapped(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "vocabulary.table"
    keep(file, written([b"tea", b"pot"], SOURCE))
    table = Table.mapped(file, SOURCE)
    assert (table.number(b"pot"), table.number(b"teapot"), table.token(0)) == (1, -1, b"tea")
    assert [*file.parent.iterdir()] == [file]


def test_a_table_is_kept_in_the_place_of_another_that_is_in_use(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.table"
    keep(file, written([b"tea"], SOURCE))
    older = Table.mapped(file, SOURCE)
    keep(file, written([b"coffee"], OTHER))
    assert older.token(0) == b"tea"
    assert Table.mapped(file, OTHER).token(0) == b"coffee"
    with pytest.raises(StaleTableError):
        Table.mapped(file, SOURCE)


@given(vocabularies, st.data())
def test_what_was_cut_or_changed_is_no_table(tokens: list[bytes], data: st.DataObject) -> None:
    good = written(tokens, SOURCE)
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(bad), good[: data.draw(st.integers(0, len(good) - 1))], good + b"x"):
        with pytest.raises(StaleTableError):
            Table(broken, SOURCE)
    with pytest.raises(StaleTableError):
        Table(good, OTHER)


def test_an_empty_file_is_no_table_and_a_missing_one_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.table"
    with pytest.raises(FileNotFoundError):
        Table.mapped(file, SOURCE)
    file.touch()
    with pytest.raises(StaleTableError):
        Table.mapped(file, SOURCE)


def test_what_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.table").mkdir()
    with pytest.raises(OSError, match="vocabulary"):
        keep(tmp_path / "vocabulary.table", written([b"tea"], SOURCE))
    assert [file.name for file in tmp_path.iterdir()] == ["vocabulary.table"]
