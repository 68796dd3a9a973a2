"""What a found conversation leaves behind: a file and a test that hold the same conversation again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from mockserver.contract import Failure, Outcome, Verdict
from mockserver.contract.cases import Case, Turn, from_file
from mockserver.contract.found import case_text, pytest_text, story
from mockserver.contract.strategies import conversations, texts
from mockserver.contract.transcript import Transcript

HELLO = Turn(say="Hi", replies=({"content": "Ho"},))


def found(case: Case, *, message: str = "", failures: tuple[Failure, ...] = ()) -> Outcome:
    """A conversation that was found."""
    return Outcome(case, "compat", "stream", Verdict.FAILED, failures, message=message)


def told(text: str) -> dict[str, Any]:
    """The test of a text as pytest would run it, with its one case; `replay` is not called."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "test_found.py", "exec"), namespace)  # noqa: S102 - the text is ours
    return namespace


def test_the_file_is_ascii_that_ends_with_a_line() -> None:
    text = case_text(found(Case(id="a", title="好\u2028", turns=(HELLO,))))
    assert text.isascii()
    assert text.startswith('{\n "cases": [\n  {\n   "id": "a",\n   "title": "\\u597d\\u2028",\n')
    assert text.endswith("]\n}\n")


def test_the_file_is_one_that_the_suite_runs(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    case = Case(id="found.talk", system="S", conversations=2, turns=(HELLO,))
    path.write_text(case_text(found(case)))
    assert from_file(path) == (case,)


def test_the_test_is_a_module_of_its_own() -> None:
    assert pytest_text(found(Case(id="a", requires=("tools.arguments-exact",), turns=()))) == (
        "import json\n"
        "\n"
        "from mockserver.contract import Verdict, replay\n"
        "\n"
        "CASE = json.loads(\n"
        '    "{\\"cases\\": [{\\"id\\": \\"a\\", \\"requires\\": [\\"tools.arguments-exact\\"], '
        '\\"surfaces\\": [\\"compat\\", \\"native-text\\", \\"native-multimodal\\", '
        '\\"anthropic\\", \\"responses\\"], '
        '\\"modes\\": [\\"plain\\", \\"stream\\", \\"chopped\\"], '
        '\\"models\\": {\\"compat\\": \\"qwen-plus\\", \\"native-text\\": \\"qwen-plus\\", '
        '\\"native-multimodal\\": \\"qwen3-vl-plus\\", \\"anthropic\\": \\"qwen-plus\\", '
        '\\"responses\\": \\"qwen-plus\\"}, '
        '\\"timeout\\": 10.0, \\"conversations\\": 1, \\"turns\\": []}]}"\n'
        ")\n"
        "\n"
        "\n"
        "def test_tools_arguments_exact(client):\n"
        '    outcome = replay(client, CASE, surface="compat", mode="stream")\n'
        "    assert outcome.verdict is Verdict.PASSED, outcome.explanation\n"
    )


@pytest.mark.parametrize(
    ("requires", "name", "title"),
    [
        ((), "", "test_conversation"),
        (("history.failed-turn",), "", "test_history_failed_turn"),
        (("history.failed-turn",), "mine", "test_mine"),
    ],
)
def test_the_test_is_named_for_what_was_broken(requires: tuple[str, ...], name: str, title: str) -> None:
    text = pytest_text(found(Case(id="a", requires=requires, turns=(HELLO,))), name=name)
    assert callable(told(text)[title])


@given(conversations())
def test_file_and_test_hold_the_same_case(case: Case) -> None:
    outcome = found(case)
    assert told(pytest_text(outcome))["CASE"] == json.loads(case_text(outcome))


@given(texts(), texts())
def test_no_text_breaks_out_of_the_test(said: str, answered: str) -> None:
    case = Case(id="a", turns=(Turn(say=said, replies=({"content": answered},)),))
    text = pytest_text(found(case))
    assert text.isascii()
    (turn,) = told(text)["CASE"]["cases"][0]["turns"]
    assert (turn["say"], turn["replies"]) == (said, [{"content": answered}])


def test_the_story_says_what_happened_and_how_to_see_it_again() -> None:
    failure = Failure("usage.plain", "no usage is reported")
    transcript = Transcript()
    transcript.add("user", "'Hi'")
    case = Case(id="found.talk", requires=("usage.plain",), turns=(HELLO, HELLO))
    outcome = Outcome(case, "compat", "plain", Verdict.FAILED, (failure,), transcript, "It shrank.")
    assert story(outcome) == (
        "failed: found.talk/compat/plain, 2 turns\n\n"
        "It shrank.\n"
        "  user    'Hi'\n"
        "SHOULD usage.plain: no usage is reported\n"
        f"  source: {failure.cited}\n\n"
        "Run it again: save this as found.json, then dashscope-mock conform --suite found.json\n\n"
        f"{case_text(outcome).strip()}\n\n"
        "Or as a test of pytest:\n\n"
        f"{pytest_text(outcome).strip()}"
    )


def test_a_story_without_an_explanation_has_no_gap() -> None:
    first, second, *_ = story(Outcome(Case(id="a"), "compat", "plain", Verdict.DRIVER)).split("\n\n")
    assert first == "driver: a/compat/plain, 0 turns"
    assert second.startswith("Run it again")
