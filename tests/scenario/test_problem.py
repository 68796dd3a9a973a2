"""What is wrong with a scenario, in one line each."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.problem import BrokenScenarioError, Problem, Spot

FILE = Path("tea") / "main.yaml"
LINES = st.integers(1, 10**6)


@given(line=LINES, column=LINES)
def test_a_spot_is_written_as_editors_read_it(line: int, column: int) -> None:
    assert str(Spot(FILE, line, column)) == f"{FILE}:{line}:{column}"
    assert str(Spot(FILE, line)) == f"{FILE}:{line}:1"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem(Spot(FILE, 2, 5), "no field 'rply'"), "2:5: error: no field 'rply'"),
        (
            Problem(Spot(FILE, 2), "no field 'rply'", hint="write reply"),
            "2:1: error: no field 'rply' (write reply)",
        ),
        (Problem(Spot(FILE, 1), "never answers", warning=True), "1:1: warning: never answers"),
        (Problem(Spot(FILE, 1), "odd", "mend it", warning=True), "1:1: warning: odd (mend it)"),
    ],
)
def test_a_problem_says_where_it_is_how_bad_and_how_to_mend_it(problem: Problem, line: str) -> None:
    assert str(problem) == f"{FILE}:{line}"


def test_a_broken_scenario_lists_all_that_is_wrong_and_keeps_it() -> None:
    problems = [Problem(Spot(FILE, 2), "one"), Problem(Spot(FILE, 1), "two", warning=True)]
    error = BrokenScenarioError(problems)
    assert error.problems == tuple(problems)
    assert str(error) == f"{FILE}:2:1: error: one\n{FILE}:1:1: warning: two"
    assert isinstance(error, ValueError)


def test_problems_of_one_file_come_in_one_order() -> None:
    assert Problem(Spot(FILE, 1), "a") == Problem(Spot(FILE, 1, 1), "a")
    assert len({Problem(Spot(FILE, 1), "a"), Problem(Spot(FILE, 1), "a", warning=True)}) == 2
