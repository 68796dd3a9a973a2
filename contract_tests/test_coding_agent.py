"""A coding agent, Claude Code, works through Anthropic's dialect: what it tells is what was said.

It is one of the heavy clients (`scripts/install-clients claude-agent`), of 450 MB. What it sends beyond what
the service is known to take, instructions amid the messages, needs a lenient server.
"""

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.drivers import SOURCES, Home
from contract_tests.world import World

MODEL = "qwen3.7-plus"
HOME = Home(name="claude-agent", sources=("claude_agent/requirements.txt",))
TOOL = "mcp__kitchen__brew_tea"
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "NO_PROXY": "127.0.0.1,localhost",
}
"""No telemetry, no update, and the proxy for all that is not on this host."""


class Wire(socketserver.ThreadingTCPServer):
    """Stands where a proxy would, and notes what is asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.asked: list[bytes] = []


class Line(socketserver.StreamRequestHandler):
    """One connection to the proxy: its first line is kept, and it is closed."""

    server: Wire

    def handle(self) -> None:
        """Notes it."""
        self.server.asked.append(self.rfile.readline(1024))


@pytest.fixture
def wire() -> Iterator[Wire]:
    """What goes off the host would go through it."""
    with Wire() as own:
        thread = threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield own
        own.shutdown()
        thread.join()


@pytest.fixture
def agent(world: World) -> World:
    """Give a world of a lenient server, where the agent is there."""
    if HOME.missing():
        pytest.skip("Claude Code is one of the heavy clients: scripts/install-clients claude-agent")
    ruling = {"key": world.key, "mode": "lenient"}
    world.control.put("/_mock/rules", json=ruling).raise_for_status()
    return world


def told_by(world: World, wire: Wire, home: Path, *asks: str, **job: Any) -> list[dict[str, Any]]:
    """Let the agent hold a conversation in an empty home; what it tells, and no call went off the host."""
    proxy = f"http://127.0.0.1:{wire.server_address[1]}"
    url = f"{str(world.control.base_url).rstrip('/')}/apps/anthropic"
    done = subprocess.run(
        [str(HOME.path / "bin" / "python"), str(SOURCES / "claude_agent" / "program.py")],
        input=json.dumps({"url": url, "key": world.key, "model": MODEL, "asks": asks, **job}),
        env={
            **QUIET,
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert wire.asked == []
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def test_two_turns_with_a_thought_and_a_tool(agent: World, wire: Wire, tmp_path: Path) -> None:
    agent.script(
        {"reasoning_content": "Hm.", "tool_calls": [{"name": TOOL, "arguments": {"leaf": "龙井"}}]},
        {"content": "Here you are.", "chunks": ["Here", " you are."]},
        {"content": "Eighty degrees."},
    )
    first, second = told_by(agent, wire, tmp_path, "Tea, please.", "How hot?")
    assert first["thoughts"] == ["Hm."]
    assert first["calls"] == [{"name": TOOL, "input": {"leaf": "龙井"}}]
    assert (first["pieces"], first["texts"]) == (["Here", " you are."], ["Here you are."])
    assert (first["result"], second["result"]) == ("Here you are.", "Eighty degrees.")
    assert (first["failed"], second["failed"]) == (False, False)
    asked = [entry for entry in agent.requests() if entry["surface"] == "anthropic"]
    assert [entry["status"] for entry in asked] == [200, 200, 200]
    assert "A cup of 龙井." in json.dumps(asked[1]["body"]["messages"], ensure_ascii=False)
    found = {finding["rule"] for entry in asked for finding in entry["findings"]}
    assert found == {"messages.role", "parameters.unknown"}


def test_an_error_is_told(agent: World, wire: Wire, tmp_path: Path) -> None:
    # It asks again without what a service may not know, six times at most.
    agent.script(*[{"error": {"code": "DataInspectionFailed"}}] * 12)
    (told,) = told_by(agent, wire, tmp_path, "Tea, please.")
    assert told["failed"] is True
    assert "DataInspectionFailed" in told["result"]


def test_a_stream_that_is_interrupted_harms_nobody(agent: World, wire: Wire, tmp_path: Path) -> None:
    many = ["one", *(f" {number}" for number in range(200))]
    agent.script({"content": "".join(many), "chunks": many, "pace": {"per_token_ms": 100}})
    (told,) = told_by(agent, wire, tmp_path, "Count!", leave=True)
    assert told["pieces"][0] == "one"
    assert len(told["pieces"]) < len(many)


def test_what_it_sends_is_refused_by_the_rules_of_the_cloud(agent: World, wire: Wire, tmp_path: Path) -> None:
    ruling = {"key": agent.key, "mode": "cloud"}
    agent.control.put("/_mock/rules", json=ruling).raise_for_status()
    (told,) = told_by(agent, wire, tmp_path, "Tea, please.")
    assert told["failed"] is True
    assert "Role must be in" in told["result"]
