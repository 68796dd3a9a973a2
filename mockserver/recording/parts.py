"""Files that are being written: beside their place and under a name of their own, until they are whole.

Whoever writes one holds a lock on it, which ends with the process. So what a killed recorder left is told
from what another is just writing, and can be cleaned away.
"""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_ENDING = ".part"


if sys.platform == "win32":  # pragma: no cover - there an open file cannot be deleted, which is lock enough

    def _lock(_: BinaryIO) -> bool:
        return True

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        """Takes the lock on a file; False when another has it. Raises `OSError` where there are none."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _is_mine(part: Path, file: BinaryIO) -> bool:
    """Whether a new file is there to stay: whoever cleans up may have come between."""
    try:
        return _lock(file) and part.exists()
    except OSError:
        return True  # where there are no locks, nothing is cleaned up either


@contextmanager
def new(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file to be written, and its path; what is left under that name at the end is deleted.

    Raises `OSError`.
    """
    while True:
        part = folder / f".{secrets.token_hex(8)}{_ENDING}"
        with part.open("xb") as file:
            if not _is_mine(part, file):
                continue
            try:
                yield part, file
            finally:
                part.unlink(missing_ok=True)
            return


def clean(folder: Path) -> list[str]:
    """Deletes the files in a folder that nobody writes any more; their names. What cannot go stays."""
    gone = []
    for part in sorted(folder.glob(f".*{_ENDING}")):
        with suppress(OSError), part.open("rb+") as file:
            if _lock(file):
                part.unlink()
                gone.append(part.name)
    return gone
