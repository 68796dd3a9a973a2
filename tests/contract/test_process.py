"""A program that is spoken with by lines."""

import os
import sys

import pytest

from mockserver.contract.process import LineProcess, ProcessError


def program(text: str, *, patience: float = 20.0) -> LineProcess:
    return LineProcess([sys.executable, "-u", "-c", text], env=dict(os.environ), patience=patience)


ECHO = "import sys\nfor line in sys.stdin: print(line.strip()[::-1], flush=True)"


def test_a_line_comes_back_for_a_line() -> None:
    with program(ECHO) as echo:
        assert [echo.ask(line) for line in (b"tea\n", "茶叶\n".encode())] == [b"aet\n", "叶茶\n".encode()]


def test_what_is_no_program_is_named() -> None:
    with pytest.raises(ProcessError, match=r"\['no-such-driver'\] cannot be started: .*No such file"):
        LineProcess(["no-such-driver"], env={})


def test_a_program_that_ends_is_told_with_its_status_and_its_last_words() -> None:
    text = "import sys; sys.stdin.readline(); sys.stderr.write('out of tea'); sys.exit(3)"
    with (
        program(text) as ended,
        pytest.raises(
            ProcessError, match=r"^ended in the middle \(exit status (3|None)\); it wrote:\nout of tea$"
        ),
    ):
        ended.ask(b"tea\n")


def test_a_program_that_is_silent_is_told_after_the_patience() -> None:
    with (
        program("import sys; sys.stdin.read()", patience=0.05) as silent,
        pytest.raises(ProcessError, match=r"^gave no answer within 0.05 s$"),
    ):
        silent.ask(b"tea\n")


def test_a_dead_program_takes_no_more_lines() -> None:
    with program("") as dead:
        for _ in range(2):
            with pytest.raises(ProcessError, match="ended in the middle"):
                dead.ask(b"tea\n" * 100_000)


def test_only_the_end_of_what_was_written_is_told() -> None:
    text = "import sys; sys.stderr.write('first ' + 'x' * 10000 + ' last'); sys.exit(1)"
    with program(text) as ended, pytest.raises(ProcessError) as told:
        ended.ask(b"tea\n")
    assert str(told.value).endswith("x last")
    assert len(str(told.value)) < 4200
    assert "first" not in str(told.value)
