"""The reports: every format tells the same run, and none trusts a client's text."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mockserver.contract import Failure, Outcome, Verdict, built_in
from mockserver.contract.report import Expected, ExpectedError, Result, State
from mockserver.contract.report.files import as_badge, as_json, as_junit, as_markdown
from mockserver.contract.report.matrix import as_html
from mockserver.contract.report.terminal import Progress, failures, held_text, summary, table
from mockserver.contract.transcript import Transcript

CASES = {case.id: case for case in built_in()}
BODY = b'{"model":"qwen-plus","messages":[{"role":"user","content":"<b>\\u0007|"}],"n":[],"t":{}}'


def transcript() -> Transcript:
    told = Transcript()
    told.add("user", "<script>alert(1)</script>\x1b[31m")
    told.request("compat", BODY)
    told.add("long", "x" * 500)
    return told


BROKEN = Failure("history.text", "said 'a', sent '<b>'\x07", 1, "messages[0].content")
RULE = Failure("request.valid", "it is refused", 1, "n", "some.rule", "the vendor's docs")
SHOULD = Failure("options.unasked", "nobody gave top_p")


def result() -> Result:
    made = Result("client|<1>", 7)
    made.add(Outcome(CASES["turns.single"], "compat", "plain", Verdict.PASSED, (), transcript()))
    made.add(Outcome(CASES["text.emoji"], "compat", "plain", Verdict.FAILED, (BROKEN, RULE), transcript()))
    made.add(Outcome(CASES["text.bidi"], "compat", "plain", Verdict.FAILED, (BROKEN,), transcript()))
    made.add(Outcome(CASES["options.zero"], "compat", "plain", Verdict.FAILED, (SHOULD,), transcript()))
    made.add(Outcome(CASES["partial.turn"], "compat", "plain", Verdict.MISSING, message="cannot do partial"))
    made.add(Outcome(CASES["stream.stall"], "compat", "stream", Verdict.DRIVER, message="it died"))
    return made


def test_a_requirement_is_as_good_as_its_worst_conversation() -> None:
    states = result().states()
    assert states["history.text"] is State.FAILED
    assert states["report.text"] is State.PASSED
    assert states["partial.sent"] is State.MISSING
    assert states["stream.stall"] is State.UNCLEAR
    assert states["session.header"] is State.UNCHECKED


def test_only_what_a_client_should_do_is_lenient() -> None:
    assert [held.lenient for held in result().held] == [True, False, False, True, False, False]


def test_json_is_the_run_and_is_read_again() -> None:
    text = as_json(result())
    assert text.isascii()
    again = Result.read(json.loads(text))
    assert as_json(again) == text
    with pytest.raises(ValueError, match="no result of conform"):
        Result.read({"client": "x"})


def test_junit_tells_faults_of_the_client_from_others() -> None:
    suite = ET.fromstring(as_junit(result()))  # noqa: S314 - our own
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors")}
    assert counts == {"tests": "6", "failures": "4", "errors": "1"}
    assert len(suite.findall("testcase/failure")) == 4


def test_markdown_is_a_table_that_no_text_breaks() -> None:
    text = as_markdown(result())
    assert "### Contract of client\\|<1>" in text
    assert "| failed | MUST | `history.text`" in text
    assert "| missing | MUST | `partial.sent`" in text
    assert text.count("```") == 2
    clean = Result("good")
    clean.add(Outcome(CASES["turns.single"], "compat", "plain", Verdict.PASSED))
    assert "|" not in as_markdown(clean)


def test_the_badge_counts_requirements() -> None:
    assert "client|&lt;1&gt;: " in as_badge(result())
    ET.fromstring(as_badge(result()))  # noqa: S314 - our own
    clean = Result("good")
    clean.add(Outcome(CASES["turns.without-system"], "compat", "plain", Verdict.PASSED))
    assert ">1/1<" in as_badge(clean)
    assert "#2e7d32" in as_badge(clean)
    assert "#b71c1c" in as_badge(Result("nothing"))


def test_the_matrix_has_a_column_for_each_client_and_escapes_all_texts() -> None:
    page = as_html([result(), Result("other")])
    assert page.count('scope="col"') == 2
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("https://", "http").partition("<tbody>")[0]
    assert "failed (2)" in page


def test_many_conversations_of_one_cell_are_counted() -> None:
    made = Result("c")
    for name in ("text.emoji", "text.bidi", "text.json", "text.lines", "text.null"):
        made.add(Outcome(CASES[name], "compat", "plain", Verdict.FAILED, (BROKEN,), transcript()))
    assert "(and 2 more)" in as_html([made])


def test_the_terminal_shows_each_broken_requirement_once() -> None:
    made = result()
    assert "FAILED   MUST    history.text" in table(made)
    text = failures(made)
    assert text.count("failed: text.") == 1
    assert "(and 1 more conversations)" in text
    assert "missing: partial.turn/compat/plain" in text
    assert summary(made) == "client|<1>: 6 conversations: 1 passed, 3 failed, 1 missing, 1 driver"
    assert "rule some.rule" in held_text(made.held[1])


class Terminal:
    """A stream that may be a terminal."""

    def __init__(self, *, real: bool) -> None:
        self.real = real
        self.text = ""

    def isatty(self) -> bool:
        return self.real

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is kept."""


def test_progress_is_shown_on_a_terminal_only() -> None:
    for real in (True, False):
        terminal = Terminal(real=real)
        progress = Progress(terminal, 2)  # type: ignore[arg-type]
        for held in result().held[:2]:
            progress.step(held)
        progress.end()
        assert ("2/2, 1 not passed" in terminal.text) is real


def test_known_failures_that_pass_or_are_not_there_are_stale(tmp_path: Path) -> None:
    listed = tmp_path / "known.txt"
    listed.write_text("text.*/compat/*  # emoji\n\n# all\nturns.single/*/plain\nnone/compat/plain\n*/plain\n")
    expected = Expected.read(listed)
    held = result().held
    assert [expected.covers(one) for one in held] == [True, True, True, True, True, False]
    assert expected.stale(held) == [
        "turns.single/*/plain: turns.single/compat/plain passes",
        "none/compat/plain: no such conversation was held",
        "*/plain: turns.single/compat/plain passes",
    ]
    held.append(held[0])
    assert Expected(("turns.*",)).stale(held) == ["turns.*: turns.single/compat/plain passes, and 1 more"]
    with pytest.raises(ExpectedError, match=r"missing\.txt"):
        Expected.read(tmp_path / "missing.txt")
