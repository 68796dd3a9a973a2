"""What is known of the newer dialects: each fact has its confidence, and tests that are there and run."""

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACTS = json.loads((ROOT / "tests" / "facts.json").read_text(encoding="utf-8"))
ROWS = [(page, fact) for page, facts in FACTS["pages"].items() for fact in facts]
PROBED = {"R", "P"}


@cache
def module_tests(path: str) -> dict[str, list[str]]:
    """The tests of a module, each with the names of its decorators."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(one) for one in node.decorator_list]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize(("page", "fact"), ROWS, ids=[f"{page}: {fact['fact']}" for page, fact in ROWS])
def test_a_fact_is_held_by_tests_that_run_or_says_why_it_is_open(page: str, fact: dict[str, Any]) -> None:
    assert (ROOT / "docs" / f"{page}.md").is_file()
    assert set(fact) in ({"topic", "fact", "confidence", "tests"}, {"topic", "fact", "confidence", "open"})
    assert fact["confidence"]
    assert set(fact["confidence"]) <= set(FACTS["confidences"])
    assert fact.get("tests") or fact.get("open")
    for name in fact.get("tests", ()):
        path, _, test = name.partition("::")
        assert test in module_tests(path), name
        assert not [one for one in module_tests(path)[test] if "skip" in one or "xfail" in one], name


def test_what_was_recorded_or_probed_is_held() -> None:
    held = [fact for _, fact in ROWS if PROBED & set(fact["confidence"])]
    assert [fact["fact"] for fact in held if "open" in fact] == []
    assert len(held) >= 60


def test_no_fact_stands_twice() -> None:
    said = [(page, fact["fact"]) for page, fact in ROWS]
    assert len(set(said)) == len(said)
