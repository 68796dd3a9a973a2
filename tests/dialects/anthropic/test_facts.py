"""The page of Anthropic's dialect: each fact names a test that there is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "anthropic.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| .+ \| ([RPDSI, ]+) \| `(tests/\S+)::(\w+)` \|$", PAGE, re.MULTILINE)


def test_every_fact_has_a_confidence_and_a_test_that_exists() -> None:
    assert len(ROWS) == len(re.findall(r"^\| (?!fact)", PAGE, re.MULTILINE)) > 15
    for _, path, name in ROWS:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
