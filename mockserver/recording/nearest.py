"""What to say when no recording matches: the nearest one, and where it differs."""

import json
from difflib import SequenceMatcher
from typing import Any

from mockserver.base import differing
from mockserver.base.deadline import Deadline, working_time
from mockserver.recording import canonical
from mockserver.recording.interaction import Request, surface_of
from mockserver.recording.library import Library

_LOOKED_AT = 64
"""How many recordings are compared in full; those of the same surface and model first."""

_LINES = 40
"""How many lines of a difference are shown."""

_PATIENCE = 0.05
"""For how many seconds of its own time the nearest recording is looked for."""

_WIDTH = 160
_SAMPLE = 20_000
"""How much of a text is compared to tell how near it is, in characters."""


def lines_of(document: Any) -> list[str]:
    """A canonical document in lines, as it is compared."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    return [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..." for line in text.splitlines()]


def difference(recorded: Any, asked: Any) -> list[str]:
    """A unified diff of two canonical documents; empty when they are the same."""
    rows = differing.lines(lines_of(recorded), lines_of(asked), ("recorded", "asked"))
    if len(rows) > _LINES:
        rows = [*rows[:_LINES], f"... and {len(rows) - _LINES} more lines"]
    return rows


def report(library: Library, request: Request) -> str:
    """Why nothing matched. `request` is redacted, so nothing secret is in the report."""
    surface = surface_of(request.path)
    asked = canonical.document_of(request, surface)
    model = asked.get("model")
    near = sorted(library.rows, key=lambda row: (row.surface != surface, row.model != model))[:_LOOKED_AT]
    if not near:
        return f"no recording matches this request: {library.folder.name} holds none"
    wanted = json.dumps(asked, sort_keys=True, ensure_ascii=False)[:_SAMPLE]
    best, name, found, lost = -1.0, "", {}, ""
    deadline = Deadline(_PATIENCE, timer=working_time)
    for row in near:
        if deadline.over:
            break
        interaction = library.load(row)
        document = canonical.document_of(interaction.request, row.surface)
        text = json.dumps(document, sort_keys=True, ensure_ascii=False)[:_SAMPLE]
        matcher = SequenceMatcher(None, text, wanted, autojunk=False)
        if matcher.real_quick_ratio() <= best or matcher.quick_ratio() <= best:
            continue
        share = matcher.quick_ratio()
        best, name, found = share, row.name, document
        lost = interaction.response.lost if row.kept == "missing" else ""
    rows = difference(found, asked)
    same = "; it differs only in what is not compared, or has no key of this kind" if not rows else ""
    if lost:
        same = f", which holds no answer: {lost}; record it again"
    return "\n".join([f"no recording matches this request; the nearest is {name}{same}", *rows])
