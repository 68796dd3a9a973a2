"""`dashscope-mock check`: what it prints and its exit status."""

from pathlib import Path

import pytest

from mockserver.cli import main

GOOD = "replies: [{reply: {content: a}}]"
WARNED = "replies: [{reply: {content: a}}, {reply: {content: b}}]"


@pytest.mark.parametrize(
    ("text", "options", "status", "words"),
    [
        (GOOD, [], 0, "tea.yaml: 1 replies, 0 warnings"),
        (WARNED, [], 0, "warning: this reply is never given"),
        (WARNED, ["--strict"], 1, "tea.yaml: 2 replies, 1 warnings"),
        ("replies:\n  - reply: 7", [], 1, "tea.yaml:2:5: error: replies[0].reply: 7 is not of type"),
    ],
)
def test_a_file_is_checked(
    text: str, options: list[str], status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text(text)
    assert main(["check", str(file), *options]) == status
    assert words in capsys.readouterr().out


def test_every_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(GOOD)
    assert main(["check", str(tmp_path / "none.yaml"), str(good)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert "none.yaml cannot be read: No such file or directory (name a YAML or JSON file)" in told[0]
    assert told[1].endswith("good.yaml: 1 replies, 0 warnings")
