"""The matrix: a page that loads nothing, with a column for each client, transcripts behind its cells."""

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract import Failure, Verdict, requirements
from mockserver.contract.report import Result
from mockserver.contract.report.matrix import as_html
from mockserver.contract.report.terminal import held_text
from tests.contract.report.results import BROKEN, CASES, outcome, result, run, transcript


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


def beside(made: Result, name: str) -> str:
    """What stands beside the cell of a requirement."""
    page = as_html([made])
    return page.partition(f'<article id="about.1.{name}"')[2].partition("</article>")[0]


def transcripts(made: Result, name: str) -> str:
    """The conversations that stand there."""
    return unescape(beside(made, name).partition("<pre>")[2].partition("</pre>")[0])


def test_the_page_has_a_row_for_each_requirement_and_a_column_for_each_client() -> None:
    page = as_html([result(), Result("other")])
    tags = _Tags(page)
    assert tags.open == []
    matrix = page.partition('class="wide matrix"')[2].partition("</table>")[0]
    assert (matrix.count("<tr"), matrix.count("<td")) == (len(requirements()) + 1, 2 * len(requirements()))
    assert '<th scope="col"><span>client|&lt;1&gt;<br><small>1 of 6</small></span></th>' in matrix
    assert '<th scope="col"><span>other<br><small>0 of 0</small></span></th>' in matrix


def test_the_summary_comes_first_and_leads_to_what_is_broken() -> None:
    summary = as_html([result()]).partition('class="wide summary"')[2].partition("</table>")[0]
    row = summary.partition("<tbody>")[2]
    texts = re.sub(r"</t[hd]>", "|", re.sub(r"<details>.*</details>|<(?!/t[hd]>)[^>]*>", "", row))
    held, judged, gaps = result().score()
    assert unescape(texts) == f"client|<1>|1 of 6|{held} of {judged}|2|1|{gaps}||"
    links = [f"#about.1.{name}" for name in ("request.valid", "history.text", "options.unasked")]
    assert re.findall('href="([^"]*)"', row) == links, "what it must do stands before what it should do"


def test_a_client_that_breaks_nothing_has_nothing_to_lead_to() -> None:
    made = run(outcome("turns.single", Verdict.PASSED))
    assert "details" not in as_html([made]).partition("<tbody>")[2].partition("</tbody>")[0]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = as_html([result()])
    assert not {"script", "link", "img", "iframe", "object"} & set(_Tags(page).counts)
    assert "url(" not in page.partition("</style>")[0]


def test_every_link_leads_to_a_place_of_the_page() -> None:
    page = as_html([result(), result()])
    links, places = re.findall(r'href="([^"]*)"', page), re.findall(r' id="([^"]*)"', page)
    assert {link.removeprefix("#") for link in links} <= set(places)
    assert len(places) == len(set(places))


def test_every_row_and_column_is_in_reach_of_the_filters() -> None:
    page = as_html([result(), result()])
    for requirement in requirements():
        area = requirement.partition(".")[0]
        assert f'<option value="{area}">' in page
        assert f'body:has(#area [value="{area}"]:checked) tbody:not([data-area="{area}"])' in page
        assert (
            f"<code>{requirement}</code>"
            in page.partition(f'<tbody data-area="{area}">')[2].partition("</tbody>")[0]
        )
    for number in (1, 2):
        assert f'body:has(#client [value="{number}"]:checked) .matrix tr > ' in page


def test_the_names_of_many_clients_are_turned() -> None:
    assert "<table class=many>" not in as_html([result()] * 3)
    assert "<table class=many>" in as_html([result()] * 4)


def test_a_requirement_stands_with_its_words_and_its_source() -> None:
    requirement = requirements()["request.single"]
    row = as_html([]).partition("<code>request.single</code>")[2].partition("</tr>")[0]
    source = f"<small>{requirement.source}</small>"
    assert unescape(row) == f" {requirement.severity}</summary>{source}</details>{requirement.title}</th>"


def test_a_good_requirement_and_one_that_nobody_looked_at_are_told_by_a_sign() -> None:
    assert cells(result(), "report.text") == '<td class="passed">✓</td>'
    assert cells(result(), "session.header") == '<td class="unchecked">·</td>'
    assert beside(result(), "report.text") == ""


def test_behind_a_bad_one_stand_the_conversations_that_show_it() -> None:
    made = result()
    cell = cells(made, "history.text")
    assert cell.startswith('<td class="failed"><a id="1.history.text" href="#about.1.history.text" ')
    assert unescape(cell).endswith('2 conversations to look at: history.text, client|<1>">✗ 2</a></td>')
    assert transcripts(made, "history.text") == f"{held_text(made.held[1])}\n\n{held_text(made.held[2])}"
    assert 'href="#1.history.text">back' in beside(made, "history.text")


def test_behind_a_missing_one_stand_only_the_conversations_that_need_it() -> None:
    made = result()
    assert ">n/a 1</a>" in cells(made, "partial.sent")
    assert "missing: partial.turn/compat/plain" in transcripts(made, "partial.sent")
    assert "stream.stall" not in transcripts(made, "partial.sent")
    assert cells(made, "stream.stall").startswith('<td class="unclear">')
    assert ">? 1</a>" in cells(made, "stream.stall")


def test_one_that_holds_as_far_as_it_can_be_tried_tells_how_far() -> None:
    made = run(outcome("turns.single", Verdict.PASSED), outcome("text.emoji", Verdict.MISSING, message="no"))
    shared = set(CASES["turns.single"].requires) & set(CASES["text.emoji"].requires)
    assert shared
    for name in shared:
        assert cells(made, name).startswith('<td class="passed">')
        assert ">✓ 1/2</a>" in cells(made, name)
        assert transcripts(made, name) == held_text(made.held[1])


def test_of_many_conversations_the_three_shortest_are_shown() -> None:
    names = ("text.emoji", "text.bidi", "text.json", "text.lines", "text.null")
    made = run(
        *(outcome(name, Verdict.FAILED, BROKEN, told=transcript(9 - at)) for at, name in enumerate(names))
    )
    shown = transcripts(made, "history.text")
    assert "✗ 5<" in cells(made, "history.text")
    assert [shown.find(f"failed: {name}/") >= 0 for name in names] == [False, False, True, True, True]
    assert shown.index("text.null/") < shown.index("text.lines/") < shown.index("text.json/")
    assert shown.endswith("\n\n(and 2 more)")
    three = run(*(outcome(name, Verdict.FAILED, BROKEN) for name in names[:3]))
    assert "more)" not in transcripts(three, "history.text")


@settings(max_examples=30)
@given(st.text())
def test_no_text_is_markup(text: str) -> None:
    plain, wild = (
        run(outcome("text.emoji", Verdict.FAILED, Failure("report.text", words)), client=words)
        for words in ("x", text)
    )
    assert _Tags(as_html([wild])).counts == _Tags(as_html([plain])).counts
    assert _Tags(as_html([wild])).open == []


def test_a_row_knows_its_worst_cell_and_what_is_owed() -> None:
    made, good = result(), Result("good")
    states = made.states(gaps=False)
    for name, requirement in requirements().items():
        before = as_html([good, made]).partition(f"<code>{name}</code>")[0]
        row = before[before.rindex("<tr") :]
        assert row.startswith(f'<tr data-worst="{states[name]}" data-owed="{requirement.severity}">'), name
