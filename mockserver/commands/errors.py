"""`dashscope-mock errors`: the cloud's errors, all of them in a table or one of them in full."""

import argparse
import sys
from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mockserver.base.names import nearest

if TYPE_CHECKING:
    from mockserver.catalogue.errors import ErrorEntry, Errors

_WIDTH = 80
_LABEL = 9
_ARISES = {
    "door": "at the door, before the gateway",
    "gateway": "in the gateway",
    "validator": "in the gateway's check of parameters",
    "service": "in the model service",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    errors = commands.add_parser(
        "errors",
        help="show the cloud's errors",
        description="Shows the cloud's errors: a table of all codes, or all that is known of one.",
    )
    errors.add_argument(
        "code", nargs="?", metavar="CODE", help="a code of either surface, or the id of an entry"
    )
    errors.add_argument("--json", action="store_true", help="print JSON")
    errors.set_defaults(run=_errors)


def _errors(options: argparse.Namespace) -> int:
    from mockserver.base.jsontext import dumps  # noqa: PLC0415
    from mockserver.catalogue import errors as error_catalogue  # noqa: PLC0415 - help answers without it

    catalogue = error_catalogue.load()
    entries = list(catalogue) if options.code is None else catalogue.all_by_code(options.code)
    if not entries:
        print(f"dashscope-mock: {_unknown(options.code, catalogue)}", file=sys.stderr)  # noqa: T201
        return 2
    if options.json:
        lines = [dumps([as_json(entry) for entry in entries]).decode()]
    elif options.code is None:
        lines = list(table(entries))
    else:
        lines = list(cards(entries))
    for line in lines:
        print(line)  # noqa: T201 - this is what was asked for
    return 0


def _unknown(code: str, catalogue: "Errors") -> str:
    known = [*catalogue.codes(), *(entry.id for entry in catalogue)]
    return f"no error has the code {code!r}; the nearest known one is {nearest(code, known)!r}"


def table(entries: "list[ErrorEntry]") -> Iterator[str]:
    """One line for each pair of codes, in the order of their status; at most 80 columns wide."""
    counts: dict[tuple[int, str, str], int] = {}
    for entry in entries:
        native, compat = (entry.words[voice].code or "-" for voice in ("native", "compat"))
        row = (entry.status, native, "=" if compat == native else compat)
        counts[row] = counts.get(row, 0) + 1
    wide = max(len(native) for _, native, _ in counts)
    narrow = max(len(compat) for *_, compat in counts)
    yield f"HTTP  {'native code':{wide}}  {'compat code':{narrow}}{'texts':>5}"
    for (status, native, compat), count in sorted(counts.items()):
        yield f"{status:4}  {native:{wide}}  {compat:{narrow}}{count:>5}"
    yield ""
    yield "= is the native code, - is null. All of one: dashscope-mock errors CODE"


def _streams(entry: "ErrorEntry") -> Iterator[tuple[str, str, str, str]]:
    """How an entry looks on a stream, by backend: surface, which backends, the form, and its confidence."""
    from mockserver.catalogue.errors import stream_forms  # noqa: PLC0415
    from mockserver.dialects.refusing import BACKENDS  # noqa: PLC0415

    for surface in ("native", "compat"):
        seen: dict[str, tuple[str, str]] = {}
        for backends, backend in BACKENDS.items():
            form = next(form for form in stream_forms(surface, "refused") if form.holds(entry, **backend))
            seen.setdefault(form.told(entry.status), (backends, form.confidence))
        for told, (backends, confidence) in seen.items():
            yield surface, backends if len(seen) > 1 else "", told, confidence
        late = next(
            form for form in stream_forms(surface, "late") if form.holds(entry, backend=None, era=None)
        )
        yield surface, "in a stream that has begun", late.told(entry.status), late.confidence


def cards(entries: "list[ErrorEntry]") -> Iterator[str]:
    """All that is known of these entries; what several have alike of streams is told once, behind them."""
    alike: dict[tuple[str, ...], list[ErrorEntry]] = {}
    for entry in entries:
        alike.setdefault(tuple(_stream_lines(entry)), []).append(entry)
    for number, (streams, group) in enumerate(alike.items()):
        if number:
            yield ""
        for at, entry in enumerate(group):
            if at:
                yield ""
            yield from card(entry)
        if len(group) > 1:
            yield from ["", f"all {len(group)} of these"]
        yield from streams


def _stream_lines(entry: "ErrorEntry") -> Iterator[str]:
    for at, (surface, backends, form, confidence) in enumerate(_streams(entry)):
        where = f"{surface}, {backends}" if backends else surface
        yield from _field("" if at else "stream", f"{where}: {form} ({confidence})")


def card(entry: "ErrorEntry") -> Iterator[str]:
    """What is known of an entry beside its streams, in lines of at most 80 columns."""
    native, compat = entry.words["native"], entry.words["compat"]
    yield entry.id
    yield from _field("status", str(entry.status))
    yield from _field("native", str(native.code))
    yield from _field("", entry.prefix + native.text())
    yield from _field("compat", f"{compat.code or 'null'} (type {compat.type})")
    yield from _field("", entry.prefix + compat.text())
    if entry.aliases:
        yield from _field("also", ", ".join(entry.aliases))
    yield from _field("arises", _ARISES[entry.origin])
    yield from _field("known", f"{entry.confidence}: {entry.source}")
    if entry.references:
        yield from _field("threads", ", ".join(entry.references))


def _field(label: str, text: str) -> Iterator[str]:
    lines = [line for part in text.split("\n") for line in wrap(part, _WIDTH - _LABEL - 2) or [""]]
    for at, line in enumerate(lines):
        yield f"  {'' if at else label:{_LABEL}}{line}".rstrip()


def as_json(entry: "ErrorEntry") -> dict[str, Any]:
    """All that is known of an entry, for programs."""
    native, compat = entry.words["native"], entry.words["compat"]
    return {
        "id": entry.id,
        "status": entry.status,
        "native": {"code": native.code, "message": native.text()},
        "compat": {"code": compat.code, "type": compat.type, "message": compat.text()},
        "prefix": entry.prefix,
        "params": list(entry.params),
        "aliases": list(entry.aliases),
        "origin": entry.origin,
        "stream": [
            {"surface": surface, "when": backends, "form": form, "confidence": confidence}
            for surface, backends, form, confidence in _streams(entry)
        ],
        "confidence": entry.confidence,
        "references": list(entry.references),
        "source": entry.source,
    }
