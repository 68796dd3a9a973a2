"""The page of a run or of several: what is wrong first, then clients by requirements, transcripts beside it.

It is one file that loads nothing and runs nothing: CSS alone filters its rows, and opens what stands behind
a cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import groupby
from pathlib import Path

from mockserver.base.look import stylesheet
from mockserver.base.names import several
from mockserver.contract.report.result import WORST, Held, Result, State
from mockserver.contract.report.terminal import held_text
from mockserver.contract.requirements import Requirement, Severity, requirements
from mockserver.contract.suite import Verdict

_MOST = 3
"""How many conversations stand behind one cell."""

_TURNED = 4
"""From so many clients on their names are turned."""

_SIGNS = {
    State.PASSED: "✓",
    State.FAILED: "✗",
    State.MISSING: "n/a",
    State.UNCLEAR: "?",
    State.UNCHECKED: "·",
}
"""What a cell says; where conversations stand behind it, their number too."""

_MEANS = {
    State.PASSED: "held wherever it was tried 都符合",
    State.FAILED: "broken 不符合",
    State.MISSING: "the client cannot do what is asked 客户端不支持",
    State.UNCLEAR: "the driver failed, not the client 驱动程序出错",
    State.UNCHECKED: "not looked at 未检查",
}

_FIELDS = """
<label>Rows 行 <select id="rows"><option value="all">all 全部</option>
<option value="open">not passed 未通过</option><option value="failed">failed 失败</option></select></label>
<label>Owed 级别 <select id="owed"><option value="all">all 全部</option>
<option value="MUST">MUST</option><option value="SHOULD">SHOULD</option></select></label>
"""


@dataclass(frozen=True)
class _Column:
    """A client of the page: its number there, its run, and the state of each requirement."""

    number: int
    result: Result

    @cached_property
    def states(self) -> Mapping[str, State]:
        """As on a terminal: each judged by the conversations that the client has the means for."""
        return self.result.states(gaps=False)

    @cached_property
    def tried(self) -> Mapping[str, tuple[int, int]]:
        """How many conversations of each requirement the client has the means for; of how many."""
        return {requirement.id: self.result.tried(requirement.id) for requirement in _all()}

    def open(self, name: str) -> bool:
        """Whether conversations stand behind the cell of a requirement: not all were held, and held well."""
        tried, shown = self.tried[name]
        return tried < shown or self.states[name] not in (State.PASSED, State.UNCHECKED)

    def broken(self) -> list[Requirement]:
        """What it fails in, what it must do first."""
        found = [requirement for requirement in _all() if self.states[requirement.id] is State.FAILED]
        return sorted(found, key=lambda requirement: requirement.severity)

    def concerned(self, name: str) -> list[Held]:
        """The conversations that show why a requirement is in its state, the shortest first."""
        if self.states[name] is State.FAILED:
            found = [
                held
                for held in self.result.held
                if any(failure["requirement"] == name for failure in held.failures)
            ]
        else:
            found = [
                held
                for held in self.result.held
                if name in held.requires and held.verdict is not Verdict.PASSED
            ]
        return sorted(found, key=lambda held: len(held.transcript))

    def place(self, name: str) -> str:
        """What the cell of a requirement is called in the page; `about.` before it, what stands beside."""
        return f"{self.number}.{name}"


def _all() -> list[Requirement]:
    return list(requirements().values())


def _area(requirement: Requirement) -> str:
    return requirement.id.partition(".")[0]


def _option(value: str, text: str) -> str:
    return f'<option value="{value}">{escape(text)}</option>'


def _fields(columns: Sequence[_Column]) -> str:
    """The fields that filter the matrix."""
    areas = "".join(_option(name, name) for name in dict.fromkeys(map(_area, _all())))
    clients = "".join(_option(str(column.number), column.result.client) for column in columns)
    every = _option("all", "all 全部")
    return (
        f'<form class="fields">{_FIELDS}<label>Area 范围 <select id="area">{every}{areas}</select></label> '
        f'<label>Client 客户端 <select id="client">{every}{clients}</select></label></form>'
    )


def _filters(columns: Sequence[_Column]) -> str:
    """The CSS of those fields whose values are this page's."""
    areas = (
        f'body:has(#area [value="{name}"]:checked) tbody:not([data-area="{name}"])'
        for name in dict.fromkeys(map(_area, _all()))
    )
    clients = (
        f'body:has(#client [value="{column.number}"]:checked) '
        f".matrix tr > :not(:first-child):not(:nth-child({column.number + 1}))"
        for column in columns
    )
    return ",\n".join([*areas, *clients]) + "{display:none}"


def _summary(column: _Column) -> str:
    """The row of a client in the table that comes first."""
    result, broken = column.result, column.broken()
    held, judged, gaps = result.score()
    owed = [sum(requirement.severity == severity for requirement in broken) for severity in Severity]
    links = "".join(
        f'<a class="chip failed" href="#about.{column.place(requirement.id)}">{requirement.id}</a>'
        for requirement in broken
    )
    what = f"<details><summary>{several(len(broken), 'requirement')}</summary>{links}</details>"
    return (
        f'<tr><th scope="row">{escape(result.client)}</th>'
        f'<td class="number">{result.count()[Verdict.PASSED]} of {len(result.held)}</td>'
        f'<td class="number">{held} of {judged}</td>'
        + "".join(f'<td class="number {"failed" if number else "passed"}">{number}</td>' for number in owed)
        + f'<td class="number">{gaps}</td><td>{what if broken else ""}</td></tr>'
    )


def _summaries(columns: Sequence[_Column]) -> str:
    heads = (
        "client<br>客户端",
        "conversations passed<br>通过的对话",
        "requirements held<br>符合的要求",
        "MUST broken<br>MUST 不符合",
        "SHOULD broken<br>SHOULD 不符合",
        "cannot be tried<br>无法检查",
        "what is broken<br>不符合的要求",
    )
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    rows = "".join(map(_summary, columns))
    return (
        '<div class="wide summary" tabindex="0" role="region" aria-label="The summary 概要"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(column: _Column, name: str) -> str:
    state, place = column.states[name], column.place(name)
    if not column.open(name):
        return f'<td class="{state}">{_SIGNS[state]}</td>'
    number = len(column.concerned(name))
    tried, shown = column.tried[name]
    count = f"{tried}/{shown}" if state is State.PASSED else str(number)
    said = f"{state}, {several(number, 'conversation')} to look at: {name}, {column.result.client}"
    return (
        f'<td class="{state}"><a id="{place}" href="#about.{place}" aria-label="{escape(said)}">'
        f"{_SIGNS[state]} {count}</a></td>"
    )


def _row(requirement: Requirement, columns: Sequence[_Column]) -> str:
    found = {column.states[requirement.id] for column in columns}
    worst = next((state for state in WORST if state in found), State.UNCHECKED)
    cells = "".join(_cell(column, requirement.id) for column in columns)
    return (
        f'<tr data-worst="{worst}" data-owed="{requirement.severity}"><th scope="row">'
        f"<details><summary><code>{requirement.id}</code> {requirement.severity}</summary>"
        f"<small>{escape(requirement.source)}</small></details>{escape(requirement.title)}</th>{cells}</tr>"
    )


def _matrix(columns: Sequence[_Column]) -> str:
    heads = "".join(
        f'<th scope="col"><span>{escape(column.result.client)}<br>'
        f"<small>{column.result.count()[Verdict.PASSED]} of {len(column.result.held)}</small></span></th>"
        for column in columns
    )
    bodies = "".join(
        f'<tbody data-area="{area}">{"".join(_row(requirement, columns) for requirement in rows)}</tbody>'
        for area, rows in groupby(_all(), _area)
    )
    return (
        '<div class="wide matrix" tabindex="0" role="region" aria-label="The matrix 矩阵">'
        f"<table{' class=many' if len(columns) >= _TURNED else ''}>"
        f'<thead><tr><th scope="col">requirement 要求</th>{heads}</tr></thead>{bodies}</table></div>'
    )


def _articles(column: _Column) -> Iterator[str]:
    """What stands beside each cell that is not green."""
    for requirement in _all():
        state, name = column.states[requirement.id], requirement.id
        if not column.open(name):
            continue
        concerned, place = column.concerned(name), column.place(name)
        shown = "\n\n".join(held_text(held) for held in concerned[:_MOST])
        more = len(concerned) - _MOST
        rest = f"\n\n(and {more} more)" if more > 0 else ""
        yield (
            f'<article id="about.{place}" tabindex="-1"><h3><span class="chip {state}">{state}</span>'
            f"<code>{name}</code> {escape(column.result.client)}</h3>"
            f"<p>{requirement.severity}: {escape(requirement.title)}<br>"
            f"<small>{escape(requirement.source)}</small></p>"
            f'<p class="back"><a href="#{place}">back to the matrix 返回矩阵</a></p>'
            f"<pre>{escape(shown + rest)}</pre></article>"
        )


def as_html(results: Sequence[Result]) -> str:
    """The page of these runs, a column for each."""
    columns = [_Column(number, result) for number, result in enumerate(results, start=1)]
    own = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    legend = "".join(
        f'<span class="chip {state}">{_SIGNS[state]}</span>{text} ' for state, text in _MEANS.items()
    )
    articles = "".join(text for column in columns for text in _articles(column))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>DashScope contract</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{stylesheet()}{own}{_filters(columns)}</style></head><body><main>"
        f"<h1>DashScope contract 契约测试</h1>{_summaries(columns)}"
        f"<h2>Requirements 要求</h2><p>{legend}</p>{_fields(columns)}"
        f'<div class="both">{_matrix(columns)}<section class="beside" aria-label="Transcripts 对话记录">'
        '<p class="hint faint">A cell that is not green opens its conversations. '
        f"点击未通过的单元格可查看对话。</p>{articles}</section></div></main></body></html>\n"
    )
