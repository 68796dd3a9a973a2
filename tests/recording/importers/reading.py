"""What an importer makes of a file, for tests."""

import json
from pathlib import Path
from typing import Any

from mockserver.recording.importers import Found, Skipped, Taken, found
from mockserver.recording.importers.told import Body, Told
from mockserver.recording.interaction import Interaction
from tests.recording.exchanges import COMPAT, asked, dumped


def taken(path: Path, kind: str | None = None) -> list[Interaction]:
    """The interactions of a path; nothing in it may be skipped."""
    made = []
    for _, one in found(path, kind):
        assert isinstance(one, Taken), one
        made.append(one.interaction)
    return made


def only(path: Path, kind: str | None = None) -> Interaction:
    """The one interaction of a path."""
    (made,) = taken(path, kind)
    return made


def skipped(path: Path, kind: str | None = None) -> list[str]:
    """The reasons of all that a path holds; nothing in it may be taken."""
    made = []
    for _, one in found(path, kind):
        assert isinstance(one, Skipped), one
        made.append(one.reason)
    return made


def written(path: Path, document: Any) -> Path:
    """A file with a JSON document."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def told(answer: bytes, **more: Any) -> Told:
    """What an entry tells of a plain answer."""
    said = {
        "method": "POST",
        "target": (COMPAT, ""),
        "sent": [],
        "asked": Body(data=dumped(asked())),
        "status": 200,
        "headers": [("content-type", "application/json")],
        "answered": Body(data=answer),
    }
    return Told(**{**said, **more})


def interaction_of(one: Found) -> Interaction:
    """The interaction that was taken."""
    assert isinstance(one, Taken), one
    return one.interaction
