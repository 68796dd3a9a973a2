"""Recordings of other tools, taken into a cassette: redacted, each with what it is, none lost silently."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mockserver.base.names import several
from mockserver.recording import cassette
from mockserver.recording.cassette import CassetteError, redacted
from mockserver.recording.coding import UncleanError
from mockserver.recording.importers import Found, Scripted, Skipped, found
from mockserver.recording.interaction import Standing
from mockserver.recording.redaction import Redaction
from mockserver.scenario.export import as_yaml

Verdict = Standing | Literal["scenario", "skipped"]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one entry: its file or its place, the format it was in, and what was lost or changed."""

    what: str
    kind: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing of it was lost."""
        return self.verdict in ("complete", "scenario")

    def __str__(self) -> str:
        return ": ".join([self.what, self.verdict, *(["; ".join(self.reasons)] if self.reasons else [])])


def take_in(source: Path, folder: Path, redaction: Redaction, *, kind: str | None = None) -> Iterator[Line]:
    """Writes what a file or a folder holds into a cassette; what became of each entry, as it is done.

    `kind` names the format; left out, each file tells its own. What holds no bytes becomes a scenario beside
    the recordings. Raises `ImportFaultError` for a single file that cannot be read, and `CassetteError` when
    the folder cannot be written.
    """
    scripts: list[dict[str, Any]] = []
    form = ""
    for form, one in found(source, kind):
        if isinstance(one, Scripted):
            scripts.append(redaction.value(one.script))
        else:
            yield _line(form, one, folder, redaction)
    if scripts:
        name = f"{source.stem}.scenario.yaml"
        _write(folder, name, as_yaml({"name": f"From {form}", "templates": False, "replies": scripts}))
        words = f"{len(scripts)} replies; {form} keeps no bytes: dashscope-mock serve --scenario {name}"
        yield Line(name, form, "scenario", (words,))


def _line(form: str, one: Found, folder: Path, redaction: Redaction) -> Line:
    """Writes one interaction. Raises `CassetteError`."""
    if isinstance(one, Skipped):
        return Line(one.where, form, "skipped", (redaction.text(one.reason),))
    assert not isinstance(one, Scripted)
    where = one.interaction.source
    try:
        clean = redacted(one.interaction, redaction)
        cassette.sendable(clean, where)
    except (UncleanError, CassetteError) as error:
        return Line(where, form, "skipped", (str(error).removeprefix(f"{where}: "),))
    reasons = (clean.response.lost, *one.changes)
    name = cassette.write(folder, clean)
    return Line(name, form, clean.response.standing, tuple(filter(None, reasons)))


def _write(folder: Path, name: str, text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror}; name a folder that can"
        raise CassetteError(msg) from None


def summary(lines: Iterable[Line]) -> str:
    """All lines in one: how many were imported, from which format, and how whole they are."""
    told = list(lines)
    kinds = ", ".join(sorted({line.kind for line in told if line.kind})) or "no known format"
    counts = Counter(line.verdict for line in told)
    taken = sum(count for verdict, count in counts.items() if verdict not in ("skipped", "scenario"))
    each = ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts))
    return f"{several(taken, 'recording')} imported ({kinds}): {each or 'nothing'}"
