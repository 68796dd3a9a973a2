"""A program that is spoken with by lines."""

import os
import select
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.contract import process
from mockserver.contract.process import LineProcess, ProcessError


def program(text: str, *, patience: float = 20.0) -> LineProcess:
    return LineProcess([sys.executable, "-u", "-c", text], env=dict(os.environ), patience=patience)


def started(shell: str) -> LineProcess:
    """What a shell makes of this."""
    return LineProcess(["sh", "-c", shell], env=dict(os.environ), patience=20.0)


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
        pytest.raises(ProcessError, match=r"^ended in the middle \(exit status 3\); it wrote:\nout of tea$"),
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


HUNG = """
import os, signal
{first}
held = open({path!r}, "wb", 0)
input()
print(os.getpid())
while True:
    signal.pause()
"""
POLITE = "signal.signal(signal.SIGTERM, lambda *_: (held.write(b'bye'), os._exit(0)))"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


class Held:
    """A pipe that a program holds open as long as it lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def by(self, first: str) -> str:
        """A program that tells its number for one line, and then neither reads nor ends."""
        return shlex.join([sys.executable, "-u", "-c", HUNG.format(first=first, path=str(self._path))])

    def last_words(self) -> bytes:
        """What the program wrote there before it was gone."""
        words = b""
        while select.select([self._end], [], [], 20)[0]:
            piece = os.read(self._end, 100)
            if not piece:
                return words
            words += piece
        pytest.fail("the program is still there")

    def close(self) -> None:
        os.close(self._end)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with closing(Held(tmp_path / "held")) as pipe:
        yield pipe


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end by itself is given no time for it."""
    monkeypatch.setattr(process, "_LEAVE_SECONDS", 0.05)


@pytest.mark.parametrize("shell", ["{}; true", "exec 3<&0; {} <&3 & exit", "{} | cat"])
@pytest.mark.usefixtures("hurried")
def test_what_a_program_has_started_is_told_to_end_with_it(shell: str, held: Held) -> None:
    with started(shell.format(held.by(POLITE))) as parent:
        assert int(parent.ask(b"\n"))
    assert held.last_words() == b"bye"


@pytest.mark.usefixtures("hurried")
def test_what_does_not_hear_is_ended_by_force(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_TERM_SECONDS", 0.05)
    with started(held.by(STUBBORN) + "; true") as parent:
        assert int(parent.ask(b"\n"))
    assert held.last_words() == b""


def test_ctrl_c_while_it_is_closed_ends_it_at_once(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> bool:
        monkeypatch.undo()
        raise KeyboardInterrupt

    parent = started(held.by(STUBBORN) + "; true")
    assert int(parent.ask(b"\n"))
    monkeypatch.setattr(LineProcess, "_left", interrupted)
    with pytest.raises(KeyboardInterrupt):
        parent.close()
    assert held.last_words() == b""
    parent.close()


@pytest.mark.usefixtures("hurried")
def test_who_has_left_the_session_is_not_waited_for(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_TERM_SECONDS", "_GONE_SECONDS"):
        monkeypatch.setattr(process, name, 0.5)
    with started(held.by("os.setsid()") + "; true") as parent:
        number = int(parent.ask(b"\n"))
    os.kill(number, signal.SIGKILL)
    assert held.last_words() == b""


@pytest.mark.usefixtures("hurried")
def test_where_there_are_no_groups_of_processes_the_program_itself_is_ended(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "killpg")
    with started("exec " + held.by(STUBBORN)) as alone:
        assert int(alone.ask(b"\n"))
    assert held.last_words() == b""


def test_a_program_that_closes_its_output_and_lives_on_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_GONE_SECONDS", 0.05)
    text = "import os, sys; sys.stdin.readline(); os.close(1); sys.stdin.read()"
    told = "^closed its stdin or stdout in the middle, and still runs$"
    with program(text) as mute, pytest.raises(ProcessError, match=told):
        mute.ask(b"tea\n")


@pytest.mark.usefixtures("hurried")
def test_a_program_that_does_not_read_is_told_after_the_patience() -> None:
    with (
        program("import signal; signal.pause()", patience=0.05) as deaf,
        pytest.raises(ProcessError, match=r"^gave no answer within 0.05 s$"),
    ):
        deaf.ask(b"tea" * 100_000 + b"\n")
