"""An exchange copied as a program asks the very same when the program runs, and nothing in it is run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.drivers import program
from mockserver import MockServer

HOSTILE = '\'"`$(echo run)${process.exit(9)}\\u0022 \\n; """ {key} %s \u2028\n</script> 茶🍵'
BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": HOSTILE}],
    "metadata": {"__proto__": {"x": True}, "none": None, HOSTILE: 2.5},
    "stream": True,
}
PROGRAMS = {
    "curl": ("ask.sh", ["bash", "ask.sh"]),
    "python": ("ask.py", [sys.executable, "ask.py"]),
    "node": ("ask.mjs", ["node", "ask.mjs"]),
    "java": ("Ask.java", ["java", "Ask.java"]),
}
"""The file that each copy becomes, and what runs it."""


@pytest.mark.parametrize("form", PROGRAMS)
def test_a_copy_asks_the_very_same_when_it_is_run(form: str, tmp_path: Path) -> None:
    name, command = PROGRAMS[form]
    for tool in (command[0], *(["curl"] if form == "curl" else [])):
        program(tool)
    with MockServer() as server:
        chat = f"{server.openai_base_url}/chat/completions"
        headers = {"Authorization": f"Bearer {server.key}"}
        httpx.post(chat, json=BODY, headers=headers, trust_env=False).raise_for_status()
        number = server.requests()[0].number
        copied = httpx.get(
            f"{server.url}/_mock/requests/{number}/copy", params={"form": form}, trust_env=False
        )
        (tmp_path / name).write_text(copied.raise_for_status().text, "utf-8")
        surroundings = {**os.environ, "DASHSCOPE_API_KEY": server.key, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=tmp_path, env=surroundings, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        first, second = server.requests()
        assert json.dumps(second.body) == json.dumps(first.body)
        assert b"data: [DONE]" in done.stdout
