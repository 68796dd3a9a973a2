"""Help reads well in 80 columns: of the command and of each of its commands."""

import pytest

from mockserver.cli import COMMANDS, main


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=["whole", *COMMANDS])
def test_help_fits_into_eighty_columns(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) > 5


def test_every_command_is_named_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert [name for name in COMMANDS if f"    {name}" not in told] == []
