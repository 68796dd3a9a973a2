"""The matrix: one HTML page of clients by requirements, with the transcripts behind each cell.

It is one file that loads nothing; it works without scripts.
"""

from collections.abc import Sequence
from html import escape

from mockserver.contract.report.result import Held, Result, State
from mockserver.contract.report.terminal import held_text
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict

_MOST = 3
"""How many conversations stand behind one cell."""

_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse}
th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}
thead th{position:sticky;top:0;background:#f4f4f4}.passed{background:#d9f0dc}.failed{background:#f8d3d0}
.missing{background:#fbe6c2}.unclear{background:#e3e0f5}.unchecked{color:#777}small{color:#555}
pre{white-space:pre-wrap;max-width:60rem;font-size:12px;background:#fafafa;padding:.5rem}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}thead th{background:#222}
.passed{background:#12391a}
.failed{background:#5a1712}.missing{background:#553a06}.unclear{background:#2c2755}
pre{background:#202020}small{color:#aaa}}
"""


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
        rows.append(
            f'<tr><th scope="row">{about}<small>{escape(requirement.source)}</small></th>{cells}</tr>'
        )
    heads = "".join(
        f'<th scope="col">{escape(result.client)}<br>'
        f"<small>{result.count()[Verdict.PASSED]} of {len(result.held)}</small></th>"
        for result in results
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>DashScope contract</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>DashScope contract</h1><table><thead><tr><th>requirement</th>{heads}</tr></thead><tbody>"
        f"{''.join(rows)}</tbody></table></body></html>\n"
    )
