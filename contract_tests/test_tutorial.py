"""The tutorial keeps its word: its driver is short, runs, and finds what it says."""

import re
import sys
from pathlib import Path

import pytest

from mockserver.cli import main

PAGE = (Path(__file__).parent.parent / "docs" / "driver-tutorial.md").read_text("utf-8")
DRIVER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
KNOWN = re.findall(r"```text\n(# This client.*?)```", PAGE, re.DOTALL)[0]
LIMIT = 60


def conform(tmp_path: Path, driver: str, *options: str) -> int:
    program = tmp_path / "driver.py"
    program.write_text(driver, "utf-8")
    return main(["conform", "--client", f"{sys.executable} {program}", *options])


def test_the_driver_is_short() -> None:
    assert len([line for line in DRIVER.splitlines() if line.strip()]) < LIMIT


def test_the_driver_passes_but_for_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = tmp_path / "known.txt"
    known.write_text(KNOWN, "utf-8")
    status = conform(tmp_path, DRIVER, "--strict", "--expect", str(known))
    told = capsys.readouterr()
    assert status == 0, told.err + told.out


def test_the_first_draft_fails_as_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = re.sub(
        r'    rest = data = b""\n.*?\n\n',
        "    lines = response.iter_lines()\n    yield from "
        '(json.loads(line[5:]) for line in lines if line.startswith("data:") and "{" in line)\n\n',
        DRIVER,
        count=1,
        flags=re.DOTALL,
    )
    assert conform(tmp_path, draft, "--suite", "text.separators") == 1
    told = capsys.readouterr().out
    assert "failed: text.separators/compat/stream" in told
    assert "the answer was good, reported is JSONDecodeError" in told
