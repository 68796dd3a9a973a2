"""Coding assistants: programs that change the files of a folder, each at home in a folder of its own."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE = 300
"""How many seconds one may work."""


def assisted(command: Sequence[str], *, work: Path, home: Path, environment: Mapping[str, str]) -> str:
    """What an assistant prints who works in a folder, without a terminal; it has to end well."""
    done = subprocess.run(
        command,
        cwd=work,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NO_PROXY": "127.0.0.1,localhost",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
