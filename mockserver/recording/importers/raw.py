"""Folders of raw files: for each name `.request.header.txt`, `.request.body.json` (or `.txt`),
`.response.header.txt` and `.response.body.txt` (or `.json`).
"""

from pathlib import Path

from mockserver.recording.importers import messages, pieces
from mockserver.recording.importers.told import Body, Told

HEAD = ".request.header.txt"
"""How the file ends that a pair is known by."""


def _beside(path: Path, stem: str, part: str, endings: tuple[str, ...]) -> bytes | None:
    for ending in endings:
        file = path.with_name(f"{stem}.{part}{ending}")
        if file.is_file():
            return pieces.content(file)
    return None


def told(path: Path) -> Told:
    """What the files beside a `.request.header.txt` tell. Raises `ImportFaultError`."""
    if not path.name.endswith(HEAD):
        raise pieces.fault(path.name, f"it is no folder and no *{HEAD}")
    stem = path.name.removesuffix(HEAD)
    method, target, sent = messages.request_head(pieces.content(path), path.name)
    head = _beside(path, stem, "response.header", (".txt",))
    if head is None:
        raise pieces.fault(path.name, f"there is no {stem}.response.header.txt beside it")
    status, headers = messages.response_head(head, f"{stem}.response.header.txt")
    return Told(
        method=method,
        target=pieces.target_of(target, path.name),
        sent=sent,
        asked=Body(data=_beside(path, stem, "request.body", (".json", ".txt", "")) or b""),
        status=status,
        headers=headers,
        answered=Body(data=_beside(path, stem, "response.body", (".txt", ".json", "")) or b""),
    )
