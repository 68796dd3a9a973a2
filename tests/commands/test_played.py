"""`dashscope-mock serve --scenario`: played at the start, followed while it runs, no request lost."""

import os
import threading
from pathlib import Path
from typing import Self

import pytest

from mockserver.cli import main
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server import serve as serving
from mockserver.server.listening import bind
from mockserver.server.serve import Server
from mockserver.server.watch import Watcher
from tests.server.talk import COMPAT, PATIENCE, Live, collector_as_it_was, request

ASKED = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}


def test_a_scenario_is_played_and_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[Engine, int]] = []
    monkeypatch.setattr(serving, "serve", lambda engine, beside, **_: served.append((engine, len(beside))))
    monkeypatch.setattr("mockserver.commands.serve.set_up", lambda *_, **__: None)
    file = tmp_path / "tea.yaml"
    file.write_text("replies: [{reply: {content: a}}, {reply: {content: b}}]")
    options = ["--on-miss", "error", "--pace", "first_ms=5", "--scenario", str(file)]
    assert main(["serve", *options]) == 0
    ((engine, followers),) = served
    assert (len(engine.scripts), followers) == (2, 1)
    assert engine.settings.on_miss == "error"
    assert engine.settings.pace.rows[0].pace.first_ms == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--scenario", "tea.yaml"],
            "tea.yaml:2:5: error: replies[0] has no field 'rply' (did you mean 'reply'?)",
        ),
        (["--pace", "slow"], "dashscope-mock: pace is 'slow': write instant, recorded or"),
    ],
)
def test_what_cannot_be_played_is_explained(
    options: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mockserver.commands.serve.set_up", lambda *_, **__: None)
    Path("tea.yaml").write_text("replies:\n  - rply: {}")
    assert main(["serve", *options]) == 2
    assert words in capsys.readouterr().err


class Load:
    """Clients that ask without pause, and what they hear."""

    def __init__(self, server: Live) -> None:
        self.heard: list[tuple[int, str]] = []
        self._server = server
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def _ask(self) -> None:
        with self._server.line() as line:
            while not self._end.is_set():
                line.say(request("POST", COMPAT, ASKED))
                heard = line.hear()
                self.heard.append((heard.status, heard.json()["choices"][0]["message"]["content"]))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def until(self, said: str) -> None:
        """Waits until this was said to somebody who asked from now on."""
        begun = len(self.heard)
        while said not in {text for _, text in self.heard[begun:]}:
            threading.Event().wait(0.001)


def test_a_change_under_load_loses_no_request(tmp_path: Path, lazy_tokenizer: LazyTokenizer) -> None:
    file = tmp_path / "tea.yaml"
    tick = 0

    def write(text: str) -> None:
        nonlocal tick
        part = file.with_suffix(".part")
        part.write_text(text)
        tick += 1_000_000_000
        os.utime(part, ns=(tick, tick))
        part.replace(file)

    write("replies: [{reply: {content: cup 0}}]")
    engine = Engine(Settings(on_miss="error"), tokenizer=lazy_tokenizer)
    watcher = Watcher(engine, [file], every=0.001)
    watcher.start()
    sock = bind("127.0.0.1", 0)
    opened = threading.Event()
    server = Server(engine, on_open=opened.set, alone=False, beside=[watcher.run])
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    with collector_as_it_was():
        thread.start()
        assert opened.wait(PATIENCE)
        try:
            with Load(Live(sock.getsockname()[1], engine, server)) as load:
                load.until("cup 0")
                for number in range(1, 21):
                    write("replies: [")
                    write(f"replies: [{{reply: {{content: cup {number}}}}}]")
                    load.until(f"cup {number}")
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
    assert {status for status, _ in load.heard} == {200}
    assert {said for _, said in load.heard} == {f"cup {number}" for number in range(21)}
