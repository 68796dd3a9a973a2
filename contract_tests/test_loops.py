"""What the drivers of a language share: whatever their client prints, on stdout there are answers only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.drivers import program

CLIENTS = Path(__file__).resolve().parent / "clients"
HELLO = {"client": "one that prints", "surfaces": ["compat"], "features": []}

NODE = """
const { serve } = require(%s);
const { log, info } = console;
function make() {
  for (const print of [log, info, console.log, console.info, console.debug]) print("a word of the client");
  process.stdout.write("and one past the console\\n");
  return {};
}
serve(make, %s);
"""

PYTHON = """
import os, sys
from contract_tests.clients.loop import serve
before = sys.stdout
def make(begin):
    print("a word of the client")
    before.write("and one past it")
    before.flush()
    os.write(1, b"and one past Python")
    return object()
serve(make, **%s)
"""


def printing(language: str) -> list[str]:
    """How a driver is run whose client prints in all ways that it can."""
    if language == "node":
        loop = json.dumps(str(CLIENTS / "loop.cjs"))
        return [program("node"), "-e", NODE % (loop, json.dumps(HELLO))]
    return [sys.executable, "-c", PYTHON % json.dumps(HELLO)]


@pytest.mark.parametrize("language", ["node", "python"])
def test_what_a_client_prints_is_no_answer(language: str) -> None:
    asked = [{"type": "hello"}, {"type": "begin", "conversation": "c1"}]
    done = subprocess.run(
        printing(language),
        input="".join(json.dumps(each) + "\n" for each in asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=CLIENTS.parent.parent,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [{"type": "hello", "version": 1, **HELLO}, {"type": "ok"}]
    assert "a word of the client" in done.stderr
    assert "and one past" in done.stderr
