"""The pages of the docs: their tables show the data, and their links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_tables_show_the_data() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "docs"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_both_readmes_show_the_same_code() -> None:
    english, chinese = [
        re.findall(r"```(\w+)\n", (ROOT / name).read_text(encoding="utf-8"))
        for name in ("README.md", "README.zh.md")
    ]
    assert english == chinese
