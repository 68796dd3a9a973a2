"""Qwen Code, a coding agent, reads a file and edits it in one session, without a script.

It is one of the heavy clients (`scripts/install-clients qwen-code`), of 150 MB.
"""

import json
from pathlib import Path

import pytest

from contract_tests.assistants import assisted
from contract_tests.drivers import Home, program
from contract_tests.world import World

HOME = Home(name="qwen-code", sources=("qwen_code/package.json", "qwen_code/package-lock.json"))
ENTRY = HOME.path / "node_modules" / "@qwen-code" / "qwen-code" / "cli-entry.js"
MODEL = "qwen3-coder-plus"
ASKED = 'Read the file notes.txt, then edit the file notes.txt: replace "tea" by "coffee"'
SETTINGS = {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
"""No call off the host: neither of use nor of traces is told."""


def test_a_file_is_read_and_edited_in_one_session(world: World, tmp_path: Path) -> None:
    if HOME.missing():
        pytest.skip("Qwen Code is one of the heavy clients: scripts/install-clients qwen-code")
    home, work = tmp_path / "home", tmp_path / "work"
    (home / ".qwen").mkdir(parents=True)
    (home / ".qwen" / "settings.json").write_text(json.dumps(SETTINGS), "utf-8")
    work.mkdir()
    notes = work / "notes.txt"
    notes.write_text("I like tea.\n", "utf-8")
    assisted(
        [program("node"), str(ENTRY.absolute()), "--auth-type", "openai", "--yolo", "-p", ASKED],
        work=work,
        home=home,
        environment={
            "OPENAI_API_KEY": world.key,
            "OPENAI_BASE_URL": world.openai_url,
            "OPENAI_MODEL": MODEL,
            "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        },
    )
    assert notes.read_text("utf-8") == "I like coffee.\n"
    answers = [entry["answer"][0] for entry in world.requests()]
    called = [call["name"] for answer in answers for call in answer.get("tool_calls", ())]
    assert called == ["read_file", "edit"]
    assert answers[-1]["finish_reason"] == "stop"
