"""The matrix: one HTML page of clients by requirements, with the transcripts behind each cell.

It is one file that loads nothing; it works without scripts.
"""

from collections.abc import Sequence
from html import escape

from mockserver.base.look import stylesheet
from mockserver.contract.report.result import Held, Result, State
from mockserver.contract.report.terminal import held_text
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict

_MOST = 3
"""How many conversations stand behind one cell."""

_STYLE = """
body{padding:1rem}
.wide{max-height:85vh;border:1px solid var(--line)}
tbody th{position:sticky;left:0;background:var(--paper);max-width:min(24rem,45vw);overflow-wrap:anywhere}
tbody th{font-weight:400}
thead th:first-child{left:0;z-index:2}
td pre{width:min(60rem,80vw);max-height:60vh;overflow:auto}
.legend span{display:inline-block;padding:0 .5rem;border-radius:99px;margin-right:.5rem}
body:has(#only:checked) tr[data-good]{display:none}
"""
"""What the matrix has beside the look of everything: heads that stay, rows without a failure that can go."""


def _concerned(result: Result, name: str, state: State) -> list[Held]:
    if state is State.FAILED:
        found = [h for h in result.held if any(failure["requirement"] == name for failure in h.failures)]
    else:
        found = [h for h in result.held if name in h.requires and h.verdict is not Verdict.PASSED]
    return sorted(found, key=lambda held: len(held.transcript))


def _cell(result: Result, name: str, state: State) -> str:
    if state in (State.PASSED, State.UNCHECKED):
        return f'<td class="{state}">{state if state is State.PASSED else "–"}</td>'
    concerned = _concerned(result, name, state)
    shown = "\n\n".join(held_text(held) for held in concerned[:_MOST])
    more = len(concerned) - _MOST
    rest = f"\n\n(and {more} more)" if more > 0 else ""
    body = (
        f"<details><summary>{state} ({len(concerned)})</summary><pre>{escape(shown + rest)}</pre></details>"
    )
    return f'<td class="{state}">{body}</td>'


def as_html(results: Sequence[Result]) -> str:
    """The page of these runs, a column for each."""
    columns = [result.states() for result in results]
    rows = []
    for name, requirement in requirements().items():
        about = f"<code>{name}</code> {requirement.severity}<br>{escape(requirement.title)}<br>"
        cells = "".join(
            _cell(result, name, states[name]) for result, states in zip(results, columns, strict=True)
        )
        good = not any(states[name] is State.FAILED for states in columns)
        rows.append(
            f'<tr{" data-good" if good else ""}><th scope="row">{about}'
            f"<small>{escape(requirement.source)}</small></th>{cells}</tr>"
        )
    heads = "".join(
        f'<th scope="col">{escape(result.client)}<br>'
        f"<small>{result.count()[Verdict.PASSED]} of {len(result.held)}</small></th>"
        for result in results
    )
    legend = "".join(f'<span class="{state}">{state}</span>' for state in State)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>DashScope contract</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{stylesheet()}{_STYLE}</style></head><body>"
        f'<h1>DashScope contract</h1><p class="legend">{legend}'
        '<label><input type="checkbox" id="only"> only rows with a failure</label></p>'
        '<div class="wide" tabindex="0" role="region" aria-label="The matrix"><table>'
        f'<thead><tr><th scope="col">requirement</th>{heads}</tr></thead><tbody>'
        f"{''.join(rows)}</tbody></table></div></body></html>\n"
    )
