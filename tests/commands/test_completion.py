"""Completion, as a shell itself does it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver.cli import COMMANDS, main
from mockserver.commands.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_completed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    told = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in told] == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["dashscope-mock", "ta"], ["tail"]),
        (["dashscope-mock", "serve", "--contr"], ["--control", "--control-token"]),
        (["dashscope-mock", "serve", "--rules", "st"], ["strict"]),
        (["dashscope-mock", "completion", "z"], ["zsh"]),
    ],
)
def test_bash_completes(
    words: list[str], found: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    main(["completion", "bash"])
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out, "utf-8")
    typed = " ".join(words)
    ask = f"""
        source {script}
        COMP_WORDS=({typed}) COMP_CWORD={len(words) - 1} COMP_LINE={typed!r} COMP_POINT={len(typed)}
        $(complete -p dashscope-mock | sed 's/.*-F \\([^ ]*\\).*/\\1/') dashscope-mock {words[-1]} {words[-2]}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run([bash, "-c", ask], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own words
    assert sorted(done.stdout.split()) == found


def test_a_shell_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "cobol"])
    assert ended.value.code == 2
    assert "bash" in capsys.readouterr().err
