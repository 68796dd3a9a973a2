"""A recorder that is killed at any moment leaves whole files only."""

import json
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from mockserver.recording import cassette, index
from tests.recording.exchanges import asked, compat_frames, dumped
from tests.recording.upstreams import hear, raw_upstream

KILLS = int(os.environ.get("RECORDING_KILLS", "3"))
"""How often the recorder is killed; 100 for the full proof."""

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def _until_ready(ready: Path, process: "subprocess.Popen[bytes]") -> int:
    while not ready.exists():
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(process.wait(timeout=0.02))
    return int(json.loads(ready.read_text())["port"])


def _ask(port: int, words: str, after: int, enough: threading.Event) -> None:
    """Asks until the recorder is gone; says when so many answers were there."""
    for number in range(40):
        with suppress(OSError, IndexError, ValueError):
            hear(port, dumped(asked(f"{words} {number}")))
        if number >= after:
            enough.set()


def test_every_file_is_whole_and_readable_after_a_kill(tmp_path: Path) -> None:
    rand = random.Random(7)
    folder = tmp_path / "cassette"
    frames = compat_frames(*["好" * 50] * 20)
    with raw_upstream() as upstream:
        upstream.sends = [HEAD, *(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames), b"0\r\n\r\n"]
        command = [sys.executable, "-m", "mockserver", "record", "--port", "0", "--quiet", "--mode", "all"]
        command += ["--cassette", str(folder), "--upstream", f"http://127.0.0.1:{upstream.port}"]
        for kill in range(KILLS):
            ready = tmp_path / f"ready-{kill}.json"
            process = subprocess.Popen([*command, "--ready-file", str(ready)])  # noqa: S603 - our own command
            port = _until_ready(ready, process)
            enough = threading.Event()
            after = rand.randrange(1, 12)

            askers = [
                threading.Thread(target=_ask, args=(port, f"{kill} {worker}", after, enough))
                for worker in range(3)
            ]
            for asker in askers:
                asker.start()
            enough.wait(20)
            threading.Event().wait(rand.random() * 0.02)
            process.kill()
            process.wait()
            for asker in askers:
                asker.join()
    names = [name for name, _, _ in index.files_of(folder)]
    assert len(names) >= KILLS
    for name in names:
        assert cassette.read(folder / name).folded().choices[0].content == "好" * 1000
    assert len(index.rows_of(folder)) == len(names)
