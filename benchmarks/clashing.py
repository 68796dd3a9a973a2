"""500 tests that clash, two sessions at once, two hosts on one Redis: `python benchmarks/clashing.py`.

Each test scripts the same words as all others and asks either host in turn, one of which has two workers.
Then 64 clients ask for the steps of a scenario, and as many come to a quota at its limit. Nothing may be
counted twice or lost.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import many
import workload

CLIENTS, LIMIT, STEPS, ASKED = 64, 40, 50, 4
"""Connections at once; requests a minute; steps of a scenario; requests of each test."""

TESTS = """
import http.client
import json
import os

import pytest

PORTS = os.environ["CLASHING_PORTS"].split()


def ask(port, key):
    body = {{"model": "qwen-plus", "messages": [{{"role": "user", "content": "Next?"}}]}}
    head = {{"Authorization": f"Bearer {{key}}", "Content-Type": "application/json"}}
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    connection.request("POST", "{path}", json.dumps(body), head)
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    connection.close()
    return answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("number", range({tests}))
def test_clash(dashscope_mock, number):
    script = dashscope_mock.when()
    for step in range({asked}):
        script.then(f"{{number}}: {{step}}", times=1)
    heard = [ask(PORTS[step % len(PORTS)], dashscope_mock.key) for step in range({asked})]
    assert heard == [f"{{number}}: {{step}}" for step in range({asked})]
    assert len(dashscope_mock.requests()) == {asked}
"""


def tested(folder: Path, ports: list[int], tests: int) -> list[str]:
    """Run the tests by two sessions of two workers, one against each host; what is wrong."""
    (folder / "test_clash.py").write_text(
        TESTS.format(path=workload.COMPAT_PATH, tests=tests // 2, asked=ASKED)
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", str(folder)]
    sessions = [
        subprocess.Popen(
            [*command, "--dashscope-url", f"http://127.0.0.1:{port}"],
            cwd=folder,
            env={**os.environ, "CLASHING_PORTS": " ".join(map(str, ports))},
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    told = [session.communicate()[0].strip() for session in sessions]
    print("\n".join(text.splitlines()[-1] for text in told))
    return [text[-2000:] for text, session in zip(told, sessions, strict=True) if session.returncode]


def asked(ports: list[int]) -> list[tuple[int, str]]:
    """Ask by all clients at once, each by a connection of its own; statuses and words."""

    def one(number: int) -> tuple[int, str]:
        status, said = many.ask(ports[number % len(ports)], "POST", workload.COMPAT_PATH, many.BODY)
        return status, said["choices"][0]["message"]["content"] if status == 200 else str(said)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(one, range(CLIENTS)))


def stepped(ports: list[int]) -> list[str]:
    """Ask for the steps of a scenario, each of which may be given once; what is wrong."""
    replies = [{"reply": {"content": f"Step {number}."}, "times": 1} for number in range(STEPS)]
    replies.append({"reply": {"content": "No more."}})
    many.ask(ports[1], "DELETE", f"/_mock/quotas?key={many.KEY}")
    many.ask(ports[1], "POST", f"/_mock/reset?key={many.KEY}")
    document = {"files": {"steps.yaml": json.dumps({"replies": replies})}}
    status, told = many.ask(ports[0], "PUT", f"/_mock/scenario?key={many.KEY}", document)
    heard = sorted(said for _, said in asked(ports))
    wanted = sorted([f"Step {number}." for number in range(STEPS)] + ["No more."] * (CLIENTS - STEPS))
    return [] if heard == wanted else [f"the scenario ({status}, {told}) gave {heard}"]


def limited(ports: list[int]) -> list[str]:
    """Come to a quota at its limit; what is wrong."""
    many.ask(ports[1], "POST", f"/_mock/reset?key={many.KEY}")
    many.ask(ports[0], "PUT", "/_mock/quotas", {"key": many.KEY, "model": "*", "rpm": LIMIT})
    statuses = sorted(status for status, _ in asked(ports))
    wanted = [200] * LIMIT + [429] * (CLIENTS - LIMIT)
    return [] if statuses == wanted else [f"{statuses.count(200)} were let in where {LIMIT} may be"]


def main() -> int:
    """Run all of it; say by the exit status whether anything was counted twice or lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", type=int, default=500)
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often clients come to steps and to a limit"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        engine = many.Engine(folder)
        stack.callback(engine.end)
        state = f"redis://127.0.0.1:{engine.port}"
        ports = [
            stack.enter_context(many.serving("--state", state, "--workers", workers))[1]
            for workers in ("2", "1")
        ]
        (folder / "tests").mkdir()
        bad = tested(folder / "tests", ports, options.tests)
        for _ in range(options.rounds):
            bad += stepped(ports) + limited(ports)
    print(json.dumps({"wrong": bad}, ensure_ascii=False))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
