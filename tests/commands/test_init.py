"""`dashscope-mock init`: what it writes passes as it stands, and nothing is written over."""

from pathlib import Path

import pytest

from mockserver.catalogue import errors
from mockserver.cli import main
from mockserver.commands.init import SCENARIO, SCHEMA, SDKS, TEST
from mockserver.scenario.document import load
from tests.plugin import ARGUMENTS


@pytest.mark.parametrize("sdk", SDKS)
def test_what_is_written_passes_as_it_stands(
    sdk: str, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pytester.path / "tests"
    assert main(["init", str(folder), "--sdk", sdk]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == [f"wrote {folder / name}" for name in (SCENARIO, SCHEMA, TEST)]
    assert told[-2:] == [f"pip install pytest {sdk}", f"pytest {folder}"]
    assert load([folder / SCENARIO], errors.load()).problems == []
    result = pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore", folder)
    result.assert_outcomes(passed=2)


def test_without_a_folder_it_is_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert sorted(path.name for path in Path("tests").iterdir()) == sorted([SCENARIO, SCHEMA, TEST])


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / TEST).write_text("mine", "utf-8")
    assert main(["init", str(tmp_path)]) == 2
    assert f"{tmp_path / TEST} is there already: name another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [TEST]
    assert (tmp_path / TEST).read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert main(["init", str(tmp_path / "file" / "tests")]) == 2
    assert "file/tests: Not a directory" in capsys.readouterr().err


def test_a_link_to_nothing_is_there_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written to, it would make a file elsewhere."""
    (tmp_path / TEST).symlink_to(tmp_path / "elsewhere.py")
    assert main(["init", str(tmp_path)]) == 2
    assert f"{tmp_path / TEST} is there already: name another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [TEST]


def test_a_folder_that_is_a_link_to_nothing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests").symlink_to(tmp_path / "elsewhere")
    assert main(["init", str(tmp_path / "tests")]) == 2
    assert f"{tmp_path / 'tests'} is a link to nothing: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tests"]
