"""The commands for recordings: their options, what they print, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli import main
from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing
from mockserver.recorder import serving
from mockserver.recorder.proxy import Recorder
from mockserver.recording import cassette
from mockserver.recording.library import Library
from mockserver.server import serve as server
from tests.recording.exchanges import asked, compat_body, compat_frames, dumped, interaction

KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is served, in place of serving it."""
    calls: list[Any] = []
    monkeypatch.setattr(server, "serve", lambda engine, **options: calls.append((engine, options)))
    monkeypatch.setattr(serving, "serve", lambda recorder, **options: calls.append((recorder, options)))
    return calls


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "cassette"
    cassette.write(folder, interaction(asked("one", system="be brief")))
    cassette.write(folder, interaction(asked("two"), compat_body("other"), recorded="2026-03-01T00:00:00Z"))
    return folder


def names(folder: Path) -> list[str]:
    """The recordings of a folder, in recorded order."""
    return [row.name for row in Library(folder).rows]


def test_record_serves_a_recorder(served: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_KEY", "sk-tea")
    command = ["record", "--cassette", str(tmp_path / "c"), "--mode", "all", "--port", "0", "--quiet"]
    assert main([*command, "--upstream-key-env", "TEA_KEY", "--redact", "tea+"]) == 0
    recorder, options = served[0]
    assert isinstance(recorder, Recorder)
    assert recorder.mode == "all"
    assert recorder.upstream is not None
    assert recorder.upstream.target.host == "dashscope.aliyuncs.com"
    assert recorder.recorded.redaction.text("my teaaa") == "my [redacted]"
    assert options == {"host": "127.0.0.1", "port": 0, "ready_file": None, "quiet": True}
    assert (
        main(
            [
                "record",
                "--cassette",
                str(tmp_path / "c"),
                "--mode",
                "none",
                "--upstream",
                "http://127.0.0.1:1",
            ]
        )
        == 0
    )
    assert served[1][0].upstream is None


def test_record_takes_a_region_by_its_name(
    served: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "")
    command = ["record", "--cassette", str(tmp_path / "c"), "--quiet"]
    assert main([*command, "--region", "us"]) == 0
    assert served[0][0].upstream.way == "dashscope-us.aliyuncs.com by way of the proxy proxy.example:3128"
    with pytest.raises(SystemExit):
        main([*command, "--region", "us", "--upstream", "https://h.example"])
    assert "not allowed with argument --region" in capsys.readouterr().err
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example")
    assert main(command) == 2
    assert "proxy socks5://proxy.example: it must be an http:// or https:// one" in capsys.readouterr().err


def test_record_tells_what_it_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve(recorder: Recorder, **_: Any) -> None:
        recorder.counts["recorded"] = 2
        recorder.counts["missed"] = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "serve", serve)
    assert main(["record", "--cassette", str(tmp_path), "--upstream", "http://127.0.0.1:1"]) == 1
    assert "dashscope-mock: 2 recorded, 1 missed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "port is 70000"),
        (["--upstream", "http://far.example"], "keys do not travel without TLS"),
        (
            ["--upstream-key-env", "NO_SUCH_KEY"],
            "--upstream-key-env NO_SUCH_KEY: that environment variable holds no key",
        ),
        (["--redact", "("], "is no regular expression"),
        (["--cassette", "/dev/null/x"], "cannot be made"),
    ],
)
def test_what_cannot_be_recorded_is_explained(
    served: list[Any], tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "--cassette", str(tmp_path), *options]) == 2
    assert words in capsys.readouterr().err
    assert served == []


def test_replay_serves_an_engine_that_has_only_the_cassette(
    served: list[Any], filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ways = ["--replay-as", "transcode", "--match", "relaxed", "--ignore-whitespace", "--repeat", "last"]
    options = [*ways, "--times", "0.5", "--port", "0"]
    assert main(["replay", str(filled), *options]) == 0
    engine, _ = served[0]
    assert isinstance(engine, Engine)
    assert engine.recorded is not None
    assert engine.recorded.playing == Playing(way="transcode", relaxed=True, loose=True, last=True, speed=0.5)
    assert "2 of 2 recordings were never used" in capsys.readouterr().err
    assert main(["replay", str(filled), "--fail-unused", "--quiet", "--times", "recorded"]) == 1
    assert main(["replay", str(filled), "--quiet"]) == 0


def test_serve_takes_a_cassette_beside_scripts(served: list[Any], filled: Path) -> None:
    assert main(["serve", "--cassette", str(filled), "--quiet"]) == 0
    assert served[0][0].recorded.playing.strict_miss is False
    assert main(["serve", "--cassette", str(filled / "none")]) == 2
    assert main(["replay", str(filled / "none")]) == 2


def test_old_recordings_are_warned_of_or_fail(
    served: list[Any], filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(6):
        cassette.write(filled, interaction(asked(f"more {at}")))
    assert main(["replay", str(filled), "--max-age", "1d"]) == 0
    told = capsys.readouterr().err
    assert "warning: 8 recordings are older than 1d" in told
    assert "and 3 more; record them again" in told
    assert main(["replay", str(filled), "--max-age", "1d", "--fail-stale"]) == 2
    assert main(["replay", str(filled), "--max-age", "9999w"]) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--times", "slow"], "'slow' is no pace: write instant, recorded, or a factor"),
        (["--times", "nan"], "'nan' is no pace"),
        (["--max-age", "old"], "'old' is no age: write 30d, 12h or 2w"),
    ],
)
def test_options_that_cannot_be_read_are_explained(
    filled: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["replay", str(filled), *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_verify_reports_offline(filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["verify", str(filled)]) == 0
    assert capsys.readouterr().out == "verify: 2 recordings; 0 error, 0 warning, 0 info\n"
    cassette.write(filled, interaction(asked(temperature=9)))
    assert main(["verify", str(filled), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"]["error"] == 1
    assert main(["verify", str(filled), "--output", str(tmp_path / "no" / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert main(["verify", str(filled), "--against", "ftp://x"]) == 2
    assert main(["verify", str(filled), "--redact", "("]) == 2


def test_inspect_and_diff(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = compat_body(None)  # type: ignore[arg-type]
    calls["choices"][0]["message"] |= {
        "reasoning_content": "hm " * 60,
        "tool_calls": [{"id": "c", "function": {"name": "brew", "arguments": "{}"}}],
    }
    cassette.write(filled, interaction(asked("three"), calls))
    cassette.write(filled, interaction(asked("four"), {"code": "Bad", "message": "m"}, status=400))
    cassette.write(filled, interaction(b"", b"", path="/x", method="GET"))
    assert main(["cassette", "inspect", str(filled)]) == 0
    told = capsys.readouterr().out
    for words in (
        "system: be brief",
        "user: two",
        "answer: other",
        "thinking: hm hm",
        "calls: brew({})",
        "error: Bad: m",
    ):
        assert words in told
    one, two = names(filled)[0], names(filled)[-1]
    assert main(["cassette", "inspect", str(filled), one.removesuffix(".json")]) == 0
    assert main(["cassette", "diff", str(filled), one, one]) == 0
    assert capsys.readouterr().out.endswith("request: the same\nanswer: the same\n")
    assert main(["cassette", "diff", str(filled), one, two]) == 1
    assert main(["cassette", "inspect", str(filled), "none"]) == 2
    assert "has no recording 'none'" in capsys.readouterr().err


def test_scrub_takes_out_what_was_left(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = cassette.write(filled, interaction(asked("three"), compat_body(KEY)))
    assert main(["cassette", "scrub", str(filled)]) == 0
    assert capsys.readouterr().out == f"{name}\n1 recording cleaned\n"
    assert KEY not in (filled / name).read_text()
    assert main(["cassette", "scrub", str(filled), "--redact", "("]) == 2
    document = cassette.to_document(interaction())
    document["response"]["headers"] = [["content-encoding", "br"]]
    (filled / "br.json").write_text(json.dumps(document))
    assert main(["cassette", "scrub", str(filled)]) == 2
    assert "br.json: the body is coded as 'br'" in capsys.readouterr().err


def test_scrub_shows_what_it_takes_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cassette", "scrub", "--list"]) == 0
    told = capsys.readouterr().out
    assert "  *api-key                 headers, queries, fields: Azure, Anthropic" in told
    assert "  LTAI" not in told, "a form is told by its name first"
    assert "  Alibaba Cloud access key LTAI: RAM docs\n" in told
    assert main(["cassette", "scrub"]) == 2
    assert "name the folder to clean, or --list" in capsys.readouterr().err


def test_prune_tells_and_then_deletes(
    filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    double = cassette.write(
        filled, interaction(asked("one", system="be brief"), recorded="2026-04-01T00:00:00Z")
    )
    cut = cassette.write(
        filled, interaction(asked("cut", stream=True), compat_frames("a")[:1], end="cut-by-client")
    )
    prune = ["cassette", "prune", str(filled)]
    assert main([*prune, "--cut", "--doubles"]) == 0
    told = capsys.readouterr().out
    assert f"{cut}: cut-by-client" in told
    assert f"{double}: the same as compat-qwen-plus-" in told
    assert "2 of 4 recordings would go; add --yes to delete them" in told
    assert main([*prune, "--cut", "--yes"]) == 0
    assert cut not in names(filled)
    used = tmp_path / "used"
    used.write_text(double)
    assert main([*prune, "--unused", str(used), "--yes"]) == 0
    assert names(filled) == [double]
    assert main([*prune, "--older", "1s", "--yes"]) == 0
    assert names(filled) == []
    assert main([*prune, "--unused", str(tmp_path / "none")]) == 2
    assert "none: No such file" in capsys.readouterr().err


def test_stats(filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["cassette", "stats", str(filled)]) == 0
    told = capsys.readouterr().out
    assert "recordings 2" in told
    assert "models     qwen-plus 2" in told
    assert main(["cassette", "stats", str(filled), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["oldest"] == "2026-02-02T02:40:00.250000+00:00"
    (tmp_path / "empty").mkdir()
    assert main(["cassette", "stats", str(tmp_path / "empty")]) == 0
    assert "oldest     -" in capsys.readouterr().out


def test_import_and_export(filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    archive = tmp_path / "a.har"
    assert main(["cassette", "export", str(filled), "--output", str(archive)]) == 0
    other = tmp_path / "other"
    assert main(["cassette", "import", str(other), str(archive)]) == 0
    assert "2 recordings imported (har): 2 complete" in capsys.readouterr().out
    assert len(names(other)) == 2
    assert main(["cassette", "export", str(filled), "--format", "vcr", "--only", names(filled)[0]]) == 0
    assert capsys.readouterr().out.startswith("interactions:\n")
    assert main(["cassette", "import", str(other), str(tmp_path / "none.har")]) == 2
    line = {"request": asked(), "response": {"headers": {"content-encoding": "br"}, "body": "x"}}
    (tmp_path / "a.jsonl").write_bytes(dumped(line))
    lines = ["cassette", "import", str(other), str(tmp_path / "a.jsonl"), "--format", "jsonl"]
    assert main(lines) == 0
    (tmp_path / "a.jsonl").write_bytes(dumped({"request": asked(), "response": compat_body()}))
    assert main(lines) == 1, "its bytes were lost"
    assert ": rebuilt: a line of JSON keeps what JSON says, and not its bytes" in capsys.readouterr().out
    assert main(["cassette", "export", str(filled), "--output", str(tmp_path / "no" / "x")]) == 2
    capsys.readouterr()
    assert main(["cassette", "export", str(other), "--format", "scenario"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("# yaml-language-server:")
    assert "not kept: that it was made anew: a line of JSON keeps what JSON says" in said.err
    (tmp_path / "br.txt").write_bytes(b"HTTP/1.1 200 OK\ncontent-encoding: br\n\n\xff\xfe")
    assert main(["cassette", "import", str(other), str(tmp_path / "br.txt")]) == 1
    told = capsys.readouterr().out
    assert "br.txt: skipped: the body is coded as 'br'" in told
    assert "0 recordings imported (curl): 1 skipped" in told


@pytest.mark.parametrize(
    "command", [["record"], ["replay"], ["verify"], ["cassette"], ["cassette", "import"]]
)
def test_help_reads_well_in_80_columns(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
