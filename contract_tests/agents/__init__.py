"""Agent frameworks with the programs of their tutorials: each in an environment of its own.

Each program is run twice: unscripted, and by its transcript, the replies that lead it to its end.
"""

import hashlib
import json
import os
import subprocess
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copy
from typing import Any

from mockserver.contract.process import LineProcess, ProcessError
from mockserver.scenario.export import reply_spec
from mockserver.testing.embedded import MockServer
from mockserver.testing.mock import Mock

HERE = Path(__file__).parent
HOMES = HERE.parent.parent / ".cache" / "agents"
RESULTS = HERE / "results.json"

IN_CI = ("ai", "instructor", "pydantic_ai", "smolagents")
"""The frameworks that CI runs; the nightly profile `agents` runs all."""

SCRIPTED = frozenset({("dspy", "tool")})
"""Programs that end as asked with a script only: docs/agents.md says of which formats that is so."""

KEY = "sk-agents"
"""The key that the programs send."""

_PATIENCE = 300
"""How many seconds one program may take."""

Transcript = Mapping[str, Sequence[Mapping[str, Any]]]
"""The replies of each program, as scripts say them."""

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


def _command(name: str) -> list[str]:
    """What runs the programs; node looks for packages beside the file that asks for them."""
    if _is_node(name):
        return ["node", str(copy(HERE / name / "programs.mjs", HOMES / name))]
    return [str(HOMES / name / "bin" / "python"), str(HERE / name / "programs.py")]


def transcript(name: str) -> Transcript:
    """The transcripts of a framework's programs; none where none was written yet."""
    path = HERE / name / "transcript.json"
    found: Transcript = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def run(name: str) -> dict[str, Any]:
    """Run the programs of a framework against a server of their own, first unscripted, then scripted.

    What came of each stands under `ok` and `error`, and where it has transcripts under `scripted` and
    `scripted_error`.
    """
    script = transcript(name)
    with MockServer(port=0) as mock:
        environment = {**os.environ, **QUIET, "BASE": mock.openai_base_url, "PYTHONPATH": str(HERE)}
        world = mock.world(KEY)
        try:
            with LineProcess(_command(name), env=environment, patience=_PATIENCE) as child:
                kinds = json.loads(child.ask(b"\n"))
                free = {kind: _ended(child, kind) for kind in kinds}
                bound = {kind: _played(child, kind, world, script.get(kind, ())) for kind in kinds if script}
        except ProcessError as ended:
            free = bound = {"all": f"the programs {ended}"}
    found = [{"program": kind, "ok": not error, "error": error} for kind, error in free.items()]
    for one in found:
        if one["program"] in bound:
            wrong = bound[one["program"]]
            one |= {"scripted": not wrong, "scripted_error": wrong}
    return {"package": packages(name)[0], "programs": found}


def _ended(child: LineProcess, kind: str) -> str:
    """Run a program; what went wrong, "" for nothing."""
    error: str = json.loads(child.ask(f"{kind}\n".encode()))["error"]
    return error


def _played(child: LineProcess, kind: str, world: Mock, replies: Sequence[Mapping[str, Any]]) -> str:
    """Run a program by its transcript, all of it and nothing else; what went wrong, "" for nothing."""
    world.reset()
    world.on_miss("error")
    script = world.when()
    for reply in replies:
        script.reply(reply, times=1)
    error = _ended(child, kind)
    asked = len(world.requests())
    if not error and asked != len(replies):
        return f"it asked {asked} times, and its transcript has {len(replies)} replies"
    return error


def record(name: str) -> dict[str, list[dict[str, Any]]]:
    """The transcripts of the programs that end as asked by the built-in model's answers."""
    made = {}
    with MockServer(port=0) as mock:
        environment = {**os.environ, **QUIET, "BASE": mock.openai_base_url, "PYTHONPATH": str(HERE)}
        with LineProcess(_command(name), env=environment, patience=_PATIENCE) as child:
            for kind in json.loads(child.ask(b"\n")):
                mock.world(KEY).reset()
                error = _ended(child, kind)
                replies = [entry.reply for entry in mock.engine.journal if entry.reply is not None]
                if not error:
                    made[kind] = [_brief(reply_spec(reply)) for reply in replies]
    return made


def _brief(spec: dict[str, Any]) -> dict[str, Any]:
    """A reply without what follows from the rest: why it ends, and the ids of its calls."""
    calls = [{name: call[name] for name in ("name", "arguments")} for call in spec.get("tool_calls", ())]
    kept = {
        name: value for name, value in spec.items() if name not in ("finish_reason", "tool_calls") and value
    }
    return {**kept, "tool_calls": calls} if calls else kept or {"content": ""}
