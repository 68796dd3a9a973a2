"""Agent frameworks with the programs of their tutorials, unscripted: each in an environment of its own."""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from shutil import copy
from typing import Any

from mockserver.testing.embedded import MockServer

HERE = Path(__file__).parent
HOMES = HERE.parent.parent / ".cache" / "agents"
RESULTS = HERE / "results.json"

IN_CI = ("pydantic_ai", "smolagents")
"""The frameworks that CI runs; the nightly profile `agents` runs all."""

SCRIPTED = frozenset({("dspy", "tool")})
"""Programs that end as asked with a script only: docs/agents.md says of which formats that is so."""

_PATIENCE = 600
"""How many seconds the programs of one framework may take."""

QUIET = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "MEM0_DIR": str(HOMES / "mem0" / "kept"),
    "MEM0_TELEMETRY": "False",
    "OPENAI_API_KEY": "sk-agents",
    "OTEL_SDK_DISABLED": "true",
}
"""What keeps the frameworks from calling home, and from writing into that of the user."""


def names() -> list[str]:
    """The frameworks, by folder."""
    return sorted(path.parent.name for path in HERE.glob("*/programs.*"))


def read_results() -> dict[str, Any]:
    """What came of the last run that was kept, by framework."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return results


def packages(name: str) -> list[str]:
    """The packages that a framework's environment is made for, with their pinned versions."""
    if _is_node(name):
        wanted = json.loads((HERE / name / "package.json").read_text("utf-8"))["dependencies"]
        return [f"{name}=={wanted[name]}"]
    pinned = (HERE / name / "requirements.txt").read_text("ascii").splitlines()
    first = (HERE / name / "requirements.in").read_text("ascii").split()[0].partition("[")[0].lower()
    return [line for line in pinned if line.partition("==")[0].lower() == first]


def _is_node(name: str) -> bool:
    return (HERE / name / "package.json").is_file()


def _stamp(name: str) -> str:
    pinned = "package-lock.json" if _is_node(name) else "requirements.txt"
    return hashlib.sha256((HERE / name / pinned).read_bytes()).hexdigest()


def install(name: str) -> None:
    """Make a framework's environment, unless it is there, made from the same versions."""
    home = HOMES / name
    stamp = home / "stamp"
    if stamp.is_file() and stamp.read_text("ascii") == _stamp(name):
        return
    if _is_node(name):
        home.mkdir(parents=True, exist_ok=True)
        for file in (".npmrc", "package.json", "package-lock.json"):
            copy(HERE / name / file, home)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "ci", "--prefix", home, *quiet], check=True)
    else:
        venv.create(home, with_pip=True, clear=True)
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pinned = HERE / name / "requirements.txt"
        subprocess.run([home / "bin" / "python", *command, "-r", pinned], check=True)
    stamp.write_text(_stamp(name), "ascii")


def _command(name: str) -> list[str | Path]:
    """What runs the programs; node looks for packages beside the file that asks for them."""
    if _is_node(name):
        return ["node", copy(HERE / name / "programs.mjs", HOMES / name)]
    return [HOMES / name / "bin" / "python", HERE / name / "programs.py"]


def run(name: str) -> dict[str, Any]:
    """Run the programs of a framework against a server of their own."""
    with MockServer(port=0) as mock:
        environment = {
            **os.environ,
            **QUIET,
            "BASE": mock.openai_base_url,
            "PYTHONPATH": str(HERE),
        }
        done = subprocess.run(
            _command(name),
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"program"')]
    if not found:
        print(done.stderr[-2000:], file=sys.stderr)
        found = [{"program": "all", "ok": False, "error": "the programs did not start"}]
    return {"package": packages(name)[0], "programs": found}
