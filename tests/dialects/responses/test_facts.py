"""The page of the Responses API: each fact names a test that there is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "responses.md").read_text(encoding="utf-8")
FACTS = PAGE.partition("## What is known")[2]
ROWS = re.findall(r"^\| .+ \| ([RPDSI, ]+) \| `(tests/\S+)::(\w+)` \|$", FACTS, re.MULTILINE)


def test_every_fact_has_a_confidence_and_a_test_that_exists() -> None:
    assert len(ROWS) == len(re.findall(r"^\| (?!fact)", FACTS, re.MULTILINE)) > 40
    for _, path, name in ROWS:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
