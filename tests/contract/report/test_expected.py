"""Known failures: which conversations they cover, and when they say the truth no more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract import Verdict
from mockserver.contract.report import Expected, ExpectedError
from tests.contract.report.results import held, result


def test_a_file_has_a_pattern_a_line_and_remarks(tmp_path: Path) -> None:
    listed = tmp_path / "known.txt"
    listed.write_text("# all of it\n\n  text.*/compat/*  # emoji\n*/native-text/*#\n \t\n")
    assert Expected.read(listed) == Expected(("text.*/compat/*", "*/native-text/*"))
    listed.write_text("")
    assert Expected.read(listed) == Expected()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExpectedError, match=r"missing\.txt: .*No such file"):
        Expected.read(tmp_path / "missing.txt")
    wild = tmp_path / "wild.txt"
    wild.write_bytes(b"\xff")
    with pytest.raises(ExpectedError, match=r"wild\.txt: 'utf-8' codec"):
        Expected.read(wild)


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("text.emoji/compat/plain", True),
        ("text.*", True),
        ("*/compat/plain", True),
        ("text.emoji/compat/[ps]*", True),
        ("text.emoji", False),
        ("text.emoji/compat/stream", False),
        ("TEXT.emoji/compat/plain", False),
    ],
)
def test_a_pattern_is_that_of_a_whole_name_as_it_is_written(pattern: str, *, covers: bool) -> None:
    assert Expected((pattern,)).covers(held("text.emoji", Verdict.FAILED)) is covers
    assert not Expected().covers(held("text.emoji", Verdict.FAILED))


def test_known_failures_that_pass_or_are_not_there_are_stale() -> None:
    expected = Expected(("text.*/compat/*", "turns.single/*/plain", "none/compat/plain", "*/plain"))
    run = result().held
    assert [expected.covers(one) for one in run] == [True, True, True, True, True, False]
    assert expected.stale(run) == [
        "turns.single/*/plain: turns.single/compat/plain passes",
        "none/compat/plain: no such conversation was held",
        "*/plain: turns.single/compat/plain passes",
    ]
    run.append(run[0])
    assert Expected(("turns.*",)).stale(run) == ["turns.*: turns.single/compat/plain passes, and 1 more"]


def test_what_is_missing_is_no_pass() -> None:
    assert Expected(("partial.*",)).stale(iter(result().held)) == []


@given(st.lists(st.sampled_from(["text.*", "turns.*", "options.*", "*/plain", "none"]), unique=True))
def test_each_pattern_is_stale_by_itself(patterns: list[str]) -> None:
    run = result().held
    alone = [line for pattern in patterns for line in Expected((pattern,)).stale(run)]
    assert Expected(tuple(patterns)).stale(run) == alone
