"""The matrix: a page that loads nothing, with a column for each client, transcripts behind its cells."""

from html import unescape
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract import Failure, Verdict, requirements
from mockserver.contract.report import Result
from mockserver.contract.report.matrix import as_html
from mockserver.contract.report.terminal import held_text
from tests.contract.report.results import BROKEN, outcome, result, run, transcript


class _Tags(HTMLParser):
    """Counts the tags of a page, and what is open in the end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def cells(made: Result, name: str) -> str:
    """The cells of a requirement's row."""
    row = as_html([made]).partition(f"<code>{name}</code>")[2].partition("</tr>")[0]
    return row.partition("</th>")[2]


def test_the_page_has_a_row_for_each_requirement_and_a_column_for_each_client() -> None:
    page = as_html([result(), Result("other")])
    tags = _Tags(page)
    assert tags.open == []
    assert (tags.counts["tr"], tags.counts["td"]) == (len(requirements()) + 1, 2 * len(requirements()))
    assert '<th scope="col">client|&lt;1&gt;<br><small>1 of 6</small></th>' in page
    assert '<th scope="col">other<br><small>0 of 0</small></th>' in page


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    tags = _Tags(as_html([result()]))
    assert not {"script", "link", "img", "iframe", "a", "object"} & set(tags.counts)
    head = as_html([result()]).partition("<tbody>")[0]
    assert "http" not in head
    assert "url(" not in head


def test_a_requirement_stands_with_its_words_and_its_source() -> None:
    requirement = requirements()["request.single"]
    row = as_html([]).partition("<code>request.single</code>")[2].partition("</tr>")[0]
    assert unescape(row) == (
        f" {requirement.severity}<br>{requirement.title}<br><small>{requirement.source}</small></th>"
    )


def test_a_good_requirement_and_one_that_nobody_looked_at_are_told_in_a_word() -> None:
    assert cells(result(), "report.text") == '<td class="passed">passed</td>'
    assert cells(result(), "session.header") == '<td class="unchecked">–</td>'


def test_behind_a_bad_one_stand_the_conversations_that_show_it() -> None:
    made = result()
    cell = cells(made, "history.text")
    assert cell.startswith('<td class="failed"><details><summary>failed (2)</summary><pre>')
    shown = unescape(cell.partition("<pre>")[2].partition("</pre>")[0])
    assert shown == f"{held_text(made.held[1])}\n\n{held_text(made.held[2])}"


def test_behind_a_missing_one_stand_only_the_conversations_that_need_it() -> None:
    cell = cells(result(), "partial.sent")
    assert cell.startswith('<td class="missing"><details><summary>missing (1)</summary><pre>')
    assert "missing: partial.turn/compat/plain" in cell
    assert "stream.stall" not in cell
    unclear = cells(result(), "stream.stall")
    assert unclear.startswith('<td class="unclear"><details><summary>unclear (1)</summary>')


def test_of_many_conversations_the_three_shortest_are_shown() -> None:
    names = ("text.emoji", "text.bidi", "text.json", "text.lines", "text.null")
    made = run(
        *(outcome(name, Verdict.FAILED, BROKEN, told=transcript(9 - at)) for at, name in enumerate(names))
    )
    cell = cells(made, "history.text")
    assert "failed (5)" in cell
    assert [cell.find(f"failed: {name}/") >= 0 for name in names] == [False, False, True, True, True]
    assert cell.index("text.null/") < cell.index("text.lines/") < cell.index("text.json/")
    assert "\n\n(and 2 more)</pre>" in cell
    three = run(*(outcome(name, Verdict.FAILED, BROKEN) for name in names[:3]))
    assert "more)" not in cells(three, "history.text")


@settings(max_examples=30)
@given(st.text())
def test_no_text_is_markup(text: str) -> None:
    plain, wild = (
        run(outcome("text.emoji", Verdict.FAILED, Failure("report.text", words)), client=words)
        for words in ("x", text)
    )
    assert _Tags(as_html([wild])).counts == _Tags(as_html([plain])).counts
    assert _Tags(as_html([wild])).open == []


def test_rows_without_a_failure_can_go_and_no_other() -> None:
    made = result()
    states = made.states()
    for name in requirements():
        before = as_html([made]).partition(f"<code>{name}</code>")[0]
        row = before[before.rindex("<tr") :]
        assert row.startswith("<tr data-good>") is (str(states[name]) != "failed"), name
