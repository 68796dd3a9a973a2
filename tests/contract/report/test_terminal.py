"""The terminal: a line while it runs, then a table, every failure once and the numbers."""

import pytest

from mockserver.contract import Verdict, requirements
from mockserver.contract.report import Result
from mockserver.contract.report.expected import Expected
from mockserver.contract.report.terminal import (
    Progress,
    failure_text,
    failures,
    held_text,
    summary,
    table,
)
from tests.contract.report.results import BROKEN, RULE, SHOULD, held, outcome, result, run, transcript


class Terminal:
    """A stream that may be a terminal."""

    def __init__(self, *, real: bool) -> None:
        self.real = real
        self.text = ""
        self.shown = ""

    def isatty(self) -> bool:
        return self.real

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Shows what was written."""
        self.shown = self.text


def progress(total: int, *, real: bool = True) -> str:
    """What is shown while two conversations are held, of which one passes."""
    terminal = Terminal(real=real)
    shown = Progress(terminal, total)  # type: ignore[arg-type]
    for one in result().held[:2]:
        shown.step(one.verdict)
        assert terminal.shown == terminal.text
    shown.end()
    return terminal.text


def test_progress_is_a_line_that_is_written_over_and_then_left() -> None:
    assert progress(4) == (
        f"\r[{'#' * 7}{'-' * 23}] 1/4, 0 not passed \r[{'#' * 15}{'-' * 15}] 2/4, 1 not passed \n"
    )


def test_progress_is_shown_on_a_terminal_only() -> None:
    assert progress(2, real=False) == ""


def test_of_nothing_there_is_no_progress_that_fails() -> None:
    assert "2/1, 1 not passed" in progress(0)


def test_the_table_has_a_row_for_each_requirement_that_was_looked_at() -> None:
    rows = table(result()).splitlines()
    titles = requirements()
    assert f"FAILED   MUST    history.text             {titles['history.text'].title}" in rows
    assert any(
        row.startswith("missing  MUST    partial.sent             (0 of 1 tried) A prefix to be")
        for row in rows
    )
    assert f"unclear  SHOULD  stream.stall             {titles['stream.stall'].title}" in rows
    assert f"ok       MUST    report.text              {titles['report.text'].title}" in rows
    assert not [row for row in rows if "session.header" in row]
    assert list(dict.fromkeys(row.split()[0] for row in rows)) == ["FAILED", "unclear", "missing", "ok"]
    assert table(Result("c")) == ""


@pytest.mark.parametrize("width", [20, 60, 80, 120])
def test_a_row_ends_with_dots_behind_a_word_where_it_would_be_too_wide(width: int) -> None:
    wide = run(outcome("turns.single", Verdict.PASSED), outcome("options.zero", Verdict.FAILED, RULE))
    rows = table(wide, width=width).splitlines()
    assert max(map(len, rows)) <= max(width, 52)
    (row,) = [row for row in rows if "request.harmless" in row]
    whole = f"ok       SHOULD  request.harmless         {requirements()['request.harmless'].title}"
    assert len(whole) > 120
    kept = row.removesuffix("...").rstrip()
    assert row != kept
    assert whole.startswith(f"{kept} ")


def test_a_failure_is_told_in_three_lines() -> None:
    (kept,) = held("turns.single", Verdict.FAILED, RULE).failures
    assert failure_text(kept) == (
        "MUST request.valid at n, rule some.rule\n    it is refused\n    source: the vendor's docs"
    )
    (bare,) = held("turns.single", Verdict.FAILED, SHOULD).failures
    assert failure_text(bare) == (
        "SHOULD options.unasked\n    nobody gave top_p\n"
        f"    source: {requirements()['options.unasked'].source}"
    )


def test_a_conversation_is_told_with_its_failures_and_its_transcript() -> None:
    told = transcript()
    told.lines[2:] = []
    kept = held("turns.single", Verdict.FAILED, RULE, told=told)
    assert held_text(kept) == (
        f"failed: turns.single/compat/plain  {kept.title}\n"
        "  MUST request.valid at n, rule some.rule\n"
        "    it is refused\n"
        "    source: the vendor's docs\n"
        "    user    <script>alert(1)</script>\x1b[31m\n"
        "    client  request 1 to compat"
    )


def test_a_conversation_without_a_failure_says_why_it_did_not_pass() -> None:
    died = result().held[5]
    assert held_text(died) == f"driver: stream.stall/compat/stream  {died.title}\n  it died"


def test_each_broken_requirement_is_told_once_by_its_shortest_conversation() -> None:
    told = failures(
        run(
            outcome("text.bidi", Verdict.FAILED, BROKEN, told=transcript(2)),
            outcome("text.emoji", Verdict.FAILED, BROKEN, RULE, told=transcript(1)),
            outcome("text.json", Verdict.FAILED, RULE, told=transcript(3)),
            outcome("text.null", Verdict.FAILED, BROKEN, told=transcript(4)),
            outcome("turns.single", Verdict.PASSED),
        )
    )
    first, second = told.split("\n\n")
    assert first.startswith("failed: text.emoji/compat/plain")
    assert first.endswith("\n  (and 2 more conversations)")
    assert second.startswith("failed: text.json/compat/plain")
    assert "more conversations" not in second


def test_what_is_missing_is_told_once_for_each_reason() -> None:
    told = failures(
        run(
            outcome("partial.turn", Verdict.MISSING, message="cannot do partial"),
            outcome("partial.turn", Verdict.MISSING, mode="stream", message="cannot do partial"),
            outcome("options.zero", Verdict.MISSING, message="cannot do options"),
        )
    )
    assert [text.splitlines()[0].split("  ")[0] for text in told.split("\n\n")] == [
        "missing: partial.turn/compat/plain",
        "missing: options.zero/compat/plain",
    ]
    assert "  cannot do partial\n  (and 1 more conversations)" in told
    assert failures(run(outcome("turns.single", Verdict.PASSED))) == ""


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (result(), "client|<1>: 6 conversations: 1 passed, 3 failed, 1 missing, 1 driver"),
        (Result("c"), "c: 0 conversations: none"),
    ],
)
def test_the_numbers_of_conversations_stand_in_one_line(made: Result, line: str) -> None:
    assert summary(made).splitlines()[0] == line


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (result(), "14 of 18 requirements that apply hold; 1 need what the client cannot do"),
        (run(outcome("turns.single", Verdict.PASSED)), "15 of 15 requirements that apply hold"),
    ],
)
def test_the_numbers_of_requirements_leave_gaps_apart(made: Result, line: str) -> None:
    assert summary(made).splitlines()[1] == line


def test_what_is_known_is_counted_and_not_told_again() -> None:
    known = Expected(("text.*", "partial.*", "stream.*"))
    assert "1 driver (4 known, 1 new)\n" in summary(result(), known)
    assert failures(result(), known).startswith("failed: options.zero/compat/plain")
    assert "text.emoji" not in failures(result(), known)


def test_of_what_has_gaps_it_is_told_how_many_could_be_tried() -> None:
    made = run(
        outcome("turns.whitespace", Verdict.PASSED), outcome("text.lines", Verdict.MISSING, message="no")
    )
    rows = {row.split()[2]: row for row in table(made).splitlines()}
    assert rows["history.system"].startswith("ok       MUST    history.system           (1 of 2 tried) The")
