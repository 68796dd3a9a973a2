"""Folders of raw files: for each name `.request.header.txt`, `.request.body.json` (or `.txt`),
`.response.header.txt` and `.response.body.txt` (or `.json`).
"""

from collections.abc import Iterator
from pathlib import Path

from mockserver.recording.importers import messages, pieces
from mockserver.recording.interaction import Interaction

_HEAD = ".request.header.txt"


def _beside(path: Path, stem: str, part: str, endings: tuple[str, ...]) -> bytes | None:
    for ending in endings:
        file = path.with_name(f"{stem}.{part}{ending}")
        if file.is_file():
            return pieces.content(file)
    return None


def _interaction(path: Path) -> Interaction:
    stem = path.name.removesuffix(_HEAD)
    method, target, sent = messages.request_head(pieces.content(path), path.name)
    head = _beside(path, stem, "response.header", (".txt",))
    if head is None:
        raise pieces.fault(path.name, f"there is no {stem}.response.header.txt beside it")
    status, headers = messages.response_head(head, f"{stem}.response.header.txt")
    body = _beside(path, stem, "response.body", (".txt", ".json", "")) or b""
    return pieces.exchange(
        method=method,
        target=pieces.target_of(target, path.name),
        asked=(sent, _beside(path, stem, "request.body", (".json", ".txt", "")) or b""),
        answered=(status, headers, body),
        recorded="",
        source=stem,
    )


def read(path: Path) -> Iterator[Interaction]:
    """The interactions of a folder, or of one `.request.header.txt`. Raises `ImportFaultError`."""
    for file in pieces.files(path, (_HEAD,)):
        if not file.name.endswith(_HEAD):
            raise pieces.fault(file.name, f"it is no folder and no *{_HEAD}")
        yield _interaction(file)
