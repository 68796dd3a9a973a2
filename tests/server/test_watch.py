"""Files are followed: a good change is played at once, a broken one is told of and changes nothing."""

import asyncio
import logging
import os
from pathlib import Path

import pytest

from mockserver.scenario.problem import BrokenScenarioError
from mockserver.server.watch import Watcher
from tests.scenario.playing import fresh, say


class Desk:
    """A scenario file that is written again and again, and the server that follows it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "main.yaml"
        self.engine = fresh()
        self.watcher = Watcher(self.engine, [self.file], every=0)
        self._tick = 0

    def write(self, text: str, file: Path | None = None) -> None:
        """Writes a file, at a moment of its own."""
        path = file or self.file
        path.write_text(text)
        self._tick += 1_000_000_000
        os.utime(path, ns=(self._tick, self._tick))

    def poll(self) -> bool:
        """Lets the watcher look once."""
        return asyncio.run(self.watcher.poll())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_change_is_played(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.write("replies: [{reply: {content: One.}}]")
    assert desk.watcher.start() == []
    assert say(desk.engine, "Tea?") == "One."
    assert not desk.poll()
    desk.write("replies: [{reply: {content: Two.}}]")
    assert desk.poll()
    assert say(desk.engine, "Tea?") == "Two."
    assert "the scenario is played anew: 1 replies" in caplog.text
    assert not desk.poll()


def test_a_broken_change_is_told_of_and_the_one_before_goes_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.write("replies: [{reply: {content: One.}}]")
    desk.watcher.start()
    desk.write("replies:\n  - replyy: {}\n")
    assert desk.poll()
    assert say(desk.engine, "Tea?") == "One."
    assert f"{desk.file}:2:5: error: replies[0] has no field 'replyy' (did you mean 'reply'?)" in caplog.text
    assert "the one before goes on" in caplog.text
    assert not desk.poll()
    desk.file.unlink()
    assert desk.poll()
    assert say(desk.engine, "Tea?") == "One."
    desk.write("replies: [{reply: {content: Three.}}]")
    assert desk.poll()
    assert say(desk.engine, "Tea?") == "Three."


def test_what_is_included_is_followed_too(desk: Desk) -> None:
    tea = desk.file.with_name("tea.yaml")
    desk.write("replies: [{reply: {content: One.}}]", tea)
    desk.write("include: [tea.yaml]")
    desk.watcher.start()
    desk.write("replies: [{reply: {content: Two.}}]", tea)
    assert desk.poll()
    assert say(desk.engine, "Tea?") == "Two."


def test_a_broken_file_cannot_be_started_with(desk: Desk) -> None:
    with pytest.raises(BrokenScenarioError, match=r"main\.yaml cannot be read: No such file"):
        desk.watcher.start()


def test_warnings_are_given_at_the_start_and_logged_later(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    text = "replies: [{reply: {content: a}}, {reply: {content: b}}]"
    desk.write(text)
    (warning,) = desk.watcher.start()
    assert "never given" in str(warning)
    desk.write(f"{text}\n")
    with caplog.at_level(logging.WARNING):
        assert desk.poll()
    assert "warning: this reply is never given" in caplog.text


def test_it_looks_again_and_again_until_it_is_ended(desk: Desk) -> None:
    desk.write("replies: [{reply: {content: One.}}]")
    desk.watcher.start()

    async def follow() -> None:
        task = asyncio.create_task(desk.watcher.run())
        desk.write("replies: [{reply: {content: Two.}}]")
        while say(desk.engine, "Tea?") != "Two.":  # noqa: ASYNC110 - nobody tells when a file is read
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(follow())


def test_uses_begin_anew_with_a_new_scenario(desk: Desk) -> None:
    text = "replies: [{reply: [{content: a}, {content: b}]}]"
    desk.write(text)
    desk.watcher.start()
    assert [say(desk.engine, "Tea?") for _ in range(2)] == ["a", "b"]
    desk.write(f"{text}\n")
    desk.poll()
    assert say(desk.engine, "Tea?") == "a"
    desk.engine.reset()
    assert say(desk.engine, "Tea?") == "a"
