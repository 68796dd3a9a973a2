"""Keeping cassettes: what is in them, what to take out, what to throw away."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mockserver.base import secrecy
from mockserver.recording import canonical, cassette, nearest
from mockserver.recording.cassette import CassetteError, redacted
from mockserver.recording.coding import UncleanError
from mockserver.recording.interaction import Interaction
from mockserver.recording.library import Library, moment
from mockserver.recording.redaction import Redaction

_WIDE = 72


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDE else f"{flat[: _WIDE - 3]}..."


def inspect(name: str, interaction: Interaction) -> list[str]:
    """One recording in a few lines: what was asked, what was answered, when and how."""
    request, response = interaction.request, interaction.response
    folded = interaction.folded()
    document = canonical.document_of(request, interaction.surface)
    lines = [
        name,
        f"  {interaction.recorded or 'at an unknown time'}, {interaction.client or 'unknown client'}",
        f"  {request.method} {request.path}  {interaction.model}",
    ]
    lines += [f"  {said['role']}: {_short(said['text'])}" for said in document.get("system", [])]
    lines += [f"  {said['role']}: {_short(said['text'])}" for said in document.get("messages", [])]
    last = f", the last after {response.chunks[-1].at:.0f} ms" if response.chunks else ""
    size = sum(len(chunk.data) for chunk in response.chunks)
    lines.append(f"  -> {response.status}, {len(response.chunks)} chunks, {size} bytes{last}, {response.end}")
    if response.kept != "whole" or response.lost:
        lines.append(f"  {response.standing}: {response.lost or 'nobody told why'}")
    for choice in folded.choices:
        if choice.reasoning:
            lines.append(f"  thinking: {_short(choice.reasoning)}")
        if choice.content:
            lines.append(f"  answer: {_short(choice.content)}")
        lines += [f"  calls: {call.name}({_short(call.arguments)})" for call in choice.tool_calls]
    if folded.error is not None:
        lines.append(f"  error: {folded.error.code}: {_short(folded.error.message)}")
    return lines


def difference(left: Interaction, right: Interaction) -> list[str]:
    """How two recordings differ: their conversations, then what was answered."""
    asked = [canonical.document_of(side.request, side.surface) for side in (left, right)]
    answered: list[Any] = [
        {"status": side.response.status, "end": side.response.end, "reply": side.folded().shown()}
        for side in (left, right)
    ]
    lines = []
    for title, (before, after) in (("request", asked), ("answer", answered)):
        rows = nearest.difference(before, after)
        lines += [f"{title}: the same"] if not rows else [f"{title}:", *rows[2:]]
    return lines


def secrets_listed() -> list[str]:
    """All that is taken out of every recording, in lines: names by their places, then forms."""
    everything = secrecy.listed()
    names = [
        (
            f"{'*' if row.ending else ''}{row.shown}",
            ", ".join(p for p in secrecy.PLACES if p in row.places),
            row.why,
        )
        for row in everything.names
    ]
    forms = [(form.shown, " ".join(form.begins).strip() or "*", form.why) for form in everything.forms]
    lines, others = ([f"  {a:24} {b}: {c}" for a, b, c in rows] for rows in (names, forms))
    least = f"What a secret header holds is taken out elsewhere too, from {everything.least} characters on"
    return ["Names (* before: and all that end so):", *lines, "", "Forms:", *others, "", f"{least}."]


def scrub(folder: Path, redaction: Redaction) -> Iterator[str]:
    """Takes out of every recording what is secret by these rules; the names of those that changed.

    Raises `CassetteError`.
    """
    library = Library(folder)
    for row in list(library.rows):
        interaction = library.load(row)
        try:
            clean = redacted(interaction, redaction)
        except UncleanError as error:
            msg = f"{row.name}: {error}; delete it and record again"
            raise CassetteError(msg) from None
        if clean != interaction:
            cassette.write(folder, clean, over=row.name)
            yield row.name


def prunable(
    library: Library,
    *,
    now: datetime,
    older: timedelta | None,
    used: set[str] | None,
    cut: bool,
    doubles: bool,
) -> dict[str, str]:
    """The recordings that can go, each with the reason.

    `used`: the names that are needed; `cut`: answers that are not whole go; `doubles`: of recordings of one
    request with one answer, only the first stays.
    """
    reasons: dict[str, str] = {}
    seen: dict[tuple[str, str, str], str] = {}
    stale = set(library.older(older, now)) if older is not None else set()
    for row in library.rows:
        if row.name in stale:
            reasons[row.name] = "too old"
        elif used is not None and row.name not in used:
            reasons[row.name] = "not used"
        elif cut and (row.end != "complete" or row.kept == "missing"):
            reasons[row.name] = "missing" if row.kept == "missing" else row.end
        elif doubles:
            interaction = library.load(row)
            key = (row.strict, row.system, repr(interaction.folded().shown()))
            if key in seen:
                reasons[row.name] = f"the same as {seen[key]}"
            seen.setdefault(key, row.name)
    return reasons


def stats(library: Library) -> dict[str, Any]:
    """Figures of a cassette."""
    moments = [made for row in library.rows if (made := moment(row.recorded)) is not None]
    size = sum((library.folder / row.name).stat().st_size for row in library.rows)
    return {
        "recordings": len(library.rows),
        "bytes": size,
        "requests": len({row.strict for row in library.rows}),
        "oldest": min(moments).isoformat() if moments else None,
        "newest": max(moments).isoformat() if moments else None,
        "surfaces": dict(Counter(row.surface for row in library.rows)),
        "models": dict(Counter(row.model or "none" for row in library.rows)),
        "statuses": {
            str(status): count for status, count in Counter(row.status for row in library.rows).items()
        },
        "streams": sum(row.stream for row in library.rows),
        "cut": sum(row.end != "complete" for row in library.rows),
        "rebuilt": sum(row.kept == "rebuilt" for row in library.rows),
        "missing": sum(row.kept == "missing" for row in library.rows),
    }


def interactions(library: Library, names: Iterable[str] = ()) -> Iterator[tuple[str, Interaction]]:
    """The recordings of these names, or all. Raises `CassetteError` for a name that is not there."""
    known = {row.name: row for row in library.rows}
    for wanted in list(names) or list(known):
        name = wanted if wanted in known else f"{wanted}.json"
        if name not in known:
            msg = f"{library.folder} has no recording {wanted!r}; dashscope-mock cassette inspect lists them"
            raise CassetteError(msg)
        yield name, library.load(known[name])
