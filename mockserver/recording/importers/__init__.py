"""Recordings of other tools, read as interactions that know what they are.

`found` takes a path and gives what it finds, unredacted: whoever writes it redacts it first. A bad entry is
skipped with its reason and stops no other; a file that cannot be read at all raises `ImportFaultError` with
its format, the place and the way out, or is skipped where it is one of many.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from mockserver.recording import cassette
from mockserver.recording.importers import (
    aimock,
    curl,
    flows,
    har,
    jsonl,
    opening,
    pieces,
    raw,
    table,
    wiremock,
)
from mockserver.recording.importers.assembling import assembled
from mockserver.recording.importers.pieces import ImportFaultError
from mockserver.recording.importers.told import Found, Scripted, Skipped, Taken, Told

Read = Callable[[], Told | Skipped | Scripted | Taken]
"""Reads one entry of a file. Raises `ImportFaultError`."""

NAMES = tuple(one.name for one in table.formats())
"""The names of all formats."""

_ENDINGS = frozenset(
    (
        ".yaml",
        ".yml",
        ".json",
        ".har",
        ".toml",
        ".jsonl",
        ".ndjson",
        ".txt",
        ".http",
        ".dump",
        ".flow",
        ".flows",
        ".mitm",
    )
)
"""How the files end that are looked at in a folder."""

_KINDS = {"lines": "jsonl", "flows": "mitmproxy", "message": "curl"}
"""The formats that are known by what a file is written in."""

_COMPANION = ".request.json"
"""How a file ends that belongs to a dump of curl."""

__all__ = ["NAMES", "Found", "ImportFaultError", "Scripted", "Skipped", "Taken", "format_of", "found"]


def format_of(path: Path) -> str:
    """The format of a file, by its content. Raises `ImportFaultError` when it does not tell."""
    if path.name.endswith(raw.HEAD):
        return "raw"
    content = pieces.content(path).removeprefix(b"\xef\xbb\xbf")
    kind = opening.kind_of(content)
    if kind in _KINDS:
        return _KINDS[kind]
    if content.startswith(b"PK\x03\x04"):
        raise pieces.fault(path.name, "it is packed; unpack it and import the folder")
    document = opening.loaded(path, content, kind)
    known = table.format_of(document)
    if known is None:
        top = (
            ", ".join(map(str, list(document)[:5])) if isinstance(document, dict) else type(document).__name__
        )
        words = (
            f"it is {kind.upper()} of no recorder that is known ({top[:80]}); known are {', '.join(NAMES)}"
        )
        raise pieces.fault(path.name, f"{words}: name one with --format, or save it as HAR")
    return known.name


def _of_table(path: Path, one: table.Format) -> Iterator[tuple[str, Read]]:
    content = pieces.content(path).removeprefix(b"\xef\xbb\xbf")
    document = opening.loaded(path, content, opening.written(content), one.numbers)
    for at, entry in enumerate(table.entries_of(document, one, path.name), 1):
        where = f"{path.name} #{at}"
        yield where, partial(table.told, entry, one, where)


def _document(path: Path) -> Any:
    """The data of a file of a tool that writes JSON. Raises `ImportFaultError`."""
    return opening.loaded(path, pieces.content(path).removeprefix(b"\xef\xbb\xbf"), "json")


def _har(path: Path) -> Iterator[tuple[str, Read]]:
    document = _document(path)
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise pieces.fault(path.name, "it is no HTTP archive: it has no log.entries")
    for at, entry in enumerate(entries, 1):
        where = f"{path.name} #{at}"
        yield where, partial(har.told, entry, path, where)


def _wiremock(path: Path) -> Iterator[tuple[str, Read]]:
    document = _document(path)
    if not isinstance(document, dict):
        raise pieces.fault(path.name, "it is no mapping of WireMock: it is no object")
    for at, entry in enumerate(wiremock.entries(document), 1):
        where = f"{path.name} #{at}"
        yield where, partial(wiremock.told, entry, path, where)


def _aimock(path: Path) -> Iterator[tuple[str, Read]]:
    document = _document(path)
    fixtures = document.get("fixtures") if isinstance(document, dict) else None
    if not isinstance(fixtures, list):
        raise pieces.fault(path.name, "it is no file of aimock: it has no list fixtures")
    for at, fixture in enumerate(fixtures, 1):
        where = f"{path.name} #{at}"
        yield where, partial(aimock.scripted, fixture, where)


def _mitmproxy(path: Path) -> Iterator[tuple[str, Read]]:
    for at, flow in enumerate(flows.flows(path), 1):
        where = f"{path.name} #{at}"
        yield where, partial(flows.told, flow, where)


def _jsonl(path: Path) -> Iterator[tuple[str, Read]]:
    for where, line in jsonl.entries(path, pieces.content(path)):
        yield where, partial(jsonl.told, line, where)


def _one(told: Callable[[Path], Told], path: Path) -> Iterator[tuple[str, Read]]:
    yield path.name, partial(told, path)


def _cassette(path: Path) -> Iterator[tuple[str, Read]]:
    def read() -> Taken:
        try:
            return Taken(cassette.read(path))
        except cassette.CassetteError as error:
            raise ImportFaultError(str(error)) from None

    yield path.name, read


_READERS: dict[str, Callable[[Path], Iterator[tuple[str, Read]]]] = {
    **{one.name: partial(_of_table, one=one) for one in table.formats() if one.fields},
    "har": _har,
    "wiremock": _wiremock,
    "aimock": _aimock,
    "mitmproxy": _mitmproxy,
    "jsonl": _jsonl,
    "curl": partial(_one, curl.told),
    "raw": partial(_one, raw.told),
    "cassette": _cassette,
}


def _files(path: Path) -> list[Path]:
    """The file itself, or those below a folder that may be recordings. Raises `ImportFaultError`."""
    if not path.is_dir():
        return [path]
    here = path.resolve()
    inner = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not file.name.startswith(".") and file.resolve().is_relative_to(here)
    ]
    heads = [file for file in inner if file.name.endswith(raw.HEAD)]
    if heads:
        return heads
    found = [
        file
        for file in inner
        if file.suffix.lower() in _ENDINGS
        and not file.name.endswith(_COMPANION)
        and wiremock.FILES not in file.relative_to(path).parts
    ]
    if not found:
        raise pieces.fault(path.name, f"it holds no file that ends with one of {' '.join(sorted(_ENDINGS))}")
    return sorted(found, key=lambda file: (file.parent, _turn(file)))


def _turn(file: Path) -> int:
    """The place of a mapping of WireMock among those of its folder, whatever the names of their files."""
    if file.parent.name != "mappings" or file.suffix.lower() != ".json":
        return 0
    try:
        document = _document(file)
    except ImportFaultError:  # it is told of when its turn comes
        return 0
    return wiremock.place_of(document)


def _entries(file: Path, name: str) -> Iterator[Found]:
    last = ""
    for where, read in _READERS[name](file):
        try:
            told = read()
        except ImportFaultError as error:
            yield Skipped(where, str(error).removeprefix(f"{where}: "))
            continue
        one = assembled(told, where, after=last) if isinstance(told, Told) else told
        last = one.interaction.recorded if isinstance(one, Taken) else last
        yield one


def found(path: Path, name: str | None = None) -> Iterator[tuple[str, Found]]:
    """All that a file or a folder holds, each with the name of its format; `name` says which one it is.

    Raises `ImportFaultError` for a single file that cannot be read.
    """
    files = _files(path)
    apart = set(_attached(files))
    for file in files:
        if file.resolve() in apart:
            continue
        kind = name or ""
        try:
            kind = name or format_of(file)
            for one in _entries(file, kind):
                yield kind, one
        except ImportFaultError as error:
            if len(files) == 1:
                raise
            yield kind, Skipped(file.name, str(error).removeprefix(f"{file.name}: "))


def _attached(files: list[Path]) -> Iterator[Path]:
    """The files beside archives that hold their bodies."""
    for file in files if len(files) > 1 else []:
        if file.suffix.lower() != ".har":
            continue
        try:
            yield from har.attachments(_document(file), file)
        except ImportFaultError:  # it is told of when its turn comes
            continue
