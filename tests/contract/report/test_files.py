"""The reports that are files: JSON, JUnit, Markdown and the badge."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract import Failure, Verdict
from mockserver.contract.report import Result
from mockserver.contract.report.expected import Expected
from mockserver.contract.report.files import FORMATS, as_badge, as_json, as_junit, as_markdown
from mockserver.contract.report.terminal import held_text
from tests.contract.report.results import BROKEN, outcome, result, run, transcript


def xml(text: str) -> ET.Element:
    """A document of XML."""
    return ET.fromstring(text)  # noqa: S314 - our own


def rows(made: Result) -> list[str]:
    """The rows of the table in Markdown."""
    return [line for line in as_markdown(made).splitlines() if line.startswith("| ")][1:]


def test_json_is_the_run_and_is_read_again() -> None:
    text = as_json(result())
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == json.loads(json.dumps(result().document()))
    assert as_json(Result.read(json.loads(text))) == text


def test_junit_tells_faults_of_the_client_from_others() -> None:
    made = result()
    made.add(outcome("stream.cut", Verdict.KIT, message="TypeError: x"))
    suite = xml(as_junit(made))
    assert suite.get("name") == "conform client|<1>"
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors")}
    assert counts == {"tests": "7", "failures": "4", "errors": "2"}
    told = [
        (case.get("name"), case.get("classname"), [(one.tag, one.get("message")) for one in case])
        for case in suite.findall("testcase")
    ]
    assert told[0] == ("turns.single/compat/plain", "turns", [])
    assert told[4] == ("partial.turn/compat/plain", "partial", [("failure", "cannot do partial")])
    assert told[5] == ("stream.stall/compat/stream", "stream", [("error", "it died")])
    assert told[6][2] == [("error", "TypeError: x")]


def test_junit_skips_what_is_known_to_fail_and_nothing_else() -> None:
    suite = xml(as_junit(result(), Expected(("text.emoji/*", "turns.single/*", "stream.*"))))
    told = {case.get("name"): [one.tag for one in case] for case in suite.findall("testcase")}
    assert told["text.emoji/compat/plain"] == ["skipped"]
    assert told["text.bidi/compat/plain"] == ["failure"]
    assert told["turns.single/compat/plain"] == []
    assert told["stream.stall/compat/stream"] == ["error"]


def test_junit_holds_the_whole_conversation() -> None:
    made = run(outcome("text.emoji", Verdict.FAILED, Failure("report.text", "wrong"), told=transcript(1)))
    (failure,) = xml(as_junit(made)).iter("failure")
    assert failure.get("message") == "wrong"
    assert failure.text is not None
    assert failure.text.strip().splitlines()[-1] == "    more    0"


def test_markdown_is_a_table_of_what_is_open() -> None:
    lines = as_markdown(result()).splitlines()
    assert lines[:6] == [
        "### Contract of client\\|<1>",
        "",
        "client|<1>: 6 conversations: 1 passed, 3 failed, 1 missing, 1 driver",
        "14 of 18 requirements that apply hold; 1 need what the client cannot do",
        "",
        "| state | severity | requirement | what is wrong |",
    ]
    made = rows(result())
    assert made[0].startswith("| failed | MUST | `request.valid` ")
    assert made[0].endswith(" | it is refused |")
    told = {row.split("`")[1]: row for row in made}
    assert told["partial.sent"].startswith("| missing | MUST | ")
    assert told["partial.sent"].endswith(" | cannot do partial |")
    assert told["stream.stall"].startswith("| unclear | SHOULD | ")
    assert told["stream.stall"].endswith(" | it died |")
    assert not {"report.text", "session.header"} & set(told)


def test_markdown_shows_one_transcript_that_cannot_leave_its_fence() -> None:
    told = transcript()
    told.add("user", "```\n# loud\n```")
    made = run(outcome("text.emoji", Verdict.FAILED, BROKEN, told=told), outcome("text.bidi", Verdict.FAILED))
    text = as_markdown(made)
    assert text.count("```") == 2
    inside = text.partition("```text\n")[2].partition("\n```")[0]
    assert inside == held_text(made.held[0]).replace("```", "'''")
    assert "text.bidi" not in text


def test_markdown_of_a_good_client_is_its_numbers() -> None:
    made = run(outcome("turns.single", Verdict.PASSED), client="good")
    told = "good: 1 conversation: 1 passed\n15 of 15 requirements that apply hold"
    assert as_markdown(made) == f"### Contract of good\n\n{told}\n\n"


def cells(row: str) -> list[str]:
    """The cells of a row, as Markdown reads them: a backslash takes the meaning of what follows."""
    found = [""]
    signs = iter(row)
    for sign in signs:
        if sign == "|":
            found.append("")
        else:
            found[-1] += next(signs) if sign == "\\" else sign
    return found[1:-1]


@given(st.text(st.sampled_from("ab|\\\r\n` ") | st.characters(codec="utf-8"), max_size=30))
def test_a_message_is_one_cell_of_markdown_whatever_is_in_it(message: str) -> None:
    made = run(outcome("text.emoji", Verdict.FAILED, Failure("report.text", message)))
    (row,) = [line for line in re.split("[\r\n]", as_markdown(made)) if line.startswith("| failed |")]
    said = re.sub("[\r\n]", " ", message)
    assert [len(cells(row)), cells(row)[-1]] == [4, f" {said} "]


def test_a_long_message_is_cut_in_a_row_of_markdown() -> None:
    (row,) = rows(run(outcome("text.emoji", Verdict.FAILED, Failure("report.text", "x" * 300))))
    assert row.endswith(f" | {'x' * 200} |")


@pytest.mark.parametrize(
    ("made", "words", "colour"),
    [
        (run(outcome("turns.without-system", Verdict.PASSED)), "1/1", "#2e7d32"),
        (run(outcome("turns.without-system", Verdict.MISSING)), "0/0", "#b71c1c"),
        (Result("nothing"), "0/0", "#b71c1c"),
    ],
)
def test_the_badge_counts_requirements(made: Result, words: str, colour: str) -> None:
    badge = as_badge(made)
    assert f">{words}</text>" in badge
    assert colour in badge
    assert badge.endswith("</svg>\n")


def test_the_badge_says_whose_it_is_and_is_as_wide_as_its_words() -> None:
    svg = xml(as_badge(result()))
    title = svg.find("{*}title")
    assert title is not None
    assert (title.text or "").startswith("client|<1>: ")
    assert svg.get("aria-label") == title.text
    left, right = svg.findall("{*}rect")
    assert int(svg.get("width", 0)) == int(left.get("width", 0)) + int(right.get("width", 0))
    assert right.get("x") == left.get("width")


def test_there_is_a_format_for_each_option() -> None:
    assert {"json": as_json, "junit": as_junit, "markdown": as_markdown, "badge": as_badge} == FORMATS
