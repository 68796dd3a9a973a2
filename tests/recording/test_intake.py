"""What other tools recorded is taken into a cassette: redacted, and none lost silently."""

from pathlib import Path

import pytest
import yaml

from mockserver.recording import cassette, coding
from mockserver.recording.cassette import CassetteError, read
from mockserver.recording.importers import ImportFaultError
from mockserver.recording.intake import Line, summary, take_in
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from tests.recording.exchanges import asked, compat_body, dumped, interaction
from tests.recording.importers.reading import written
from tests.recording.importers.tools import WRITERS, Sent

KEY = "sk-0123456789abcdef0123456789abcdef"


def test_recordings_are_taken_in_without_their_secrets(tmp_path: Path) -> None:
    source, folder = tmp_path / "a.jsonl", tmp_path / "cassette"
    lines = [{"request": asked(said), "response": compat_body(f"it is {KEY}")} for said in ("a", "b")]
    source.write_bytes(b"\n".join(map(dumped, lines)))
    told = list(take_in(source, folder, Redaction.of()))
    assert sorted(line.what for line in told) == sorted(path.name for path in folder.glob("*.json"))
    assert [(line.kind, line.verdict) for line in told] == [("jsonl", "rebuilt")] * 2
    assert all(KEY not in (folder / line.what).read_text() for line in told)


def test_each_line_says_what_became_of_an_entry(tmp_path: Path) -> None:
    answer = dumped(compat_body())
    sent = [Sent(answer=answer), Sent(answer=answer, asked=dumped(asked("b")), cut=20)]
    told = list(take_in(WRITERS["har"](tmp_path, sent), tmp_path / "c", Redaction.of()))
    assert [(line.verdict, line.whole) for line in told] == [("complete", True), ("missing", False)]
    assert str(told[0]) == f"{told[0].what}: complete"
    assert str(told[1]) == f"{told[1].what}: missing: the answer broke off: net::ERR_ABORTED"
    assert summary(told) == "2 recordings imported (har): 1 complete, 1 missing"
    library = Library(tmp_path / "c")
    missing = next(row for row in library.rows if row.kept == "missing")
    assert library.find(missing.strict) == ()
    assert read(tmp_path / "c" / missing.name).response.lost == "the answer broke off: net::ERR_ABORTED"


def test_what_cannot_be_cleaned_is_skipped_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coding, "MOST", 100)
    source = tmp_path / "dumps"
    source.mkdir()
    bomb = coding.packed(b"tea " * 1000, "gzip")
    (source / "bomb.txt").write_bytes(b"HTTP/1.1 200 OK\ncontent-encoding: gzip\n\n" + bomb)
    (source / "br.txt").write_bytes(b"HTTP/1.1 200 OK\ncontent-encoding: br\n\n\xff\xfe")
    (source / "good.txt").write_bytes(b"HTTP/1.1 200 OK\n\n{}")
    told = list(take_in(source, tmp_path / "c", Redaction.of()))
    assert [line.verdict for line in told] == ["skipped", "skipped", "complete"]
    assert str(told[0]).startswith("bomb.txt: skipped: unpacked, the body is larger than")
    assert str(told[1]).startswith("br.txt: skipped: the body is coded as 'br'")
    assert summary(told) == "1 recording imported (curl): 1 complete, 2 skipped"


def test_what_no_replay_could_send_is_skipped_and_spoils_no_folder(tmp_path: Path) -> None:
    source = tmp_path / "c"
    made = interaction(headers=[("tea", "x")])
    name = cassette.write(source, made)
    broken = (source / name).read_text().replace('"tea"', '"green tea"')
    (source / name).write_text(broken)
    (told,) = take_in(source, tmp_path / "d", Redaction.of())
    assert (told.verdict, told.whole) == ("skipped", False)
    assert "response.headers[0]: 'green tea' is no name of a header" in told.reasons[0]


@pytest.mark.parametrize("half", ["\\ud83d", "\\udf75"])
def test_half_a_character_in_json_is_no_trouble(tmp_path: Path, half: str) -> None:
    body = dumped(asked()).replace(b'"hi"', f'"{half}"'.encode()).replace(b"qwen-plus", half.encode())
    answer = dumped(compat_body("TEA")).replace(b"TEA", half.encode())
    (told,) = take_in(
        WRITERS["vcr"](tmp_path, [Sent(answer=answer, asked=body)]), tmp_path / "c", Redaction.of()
    )
    library = Library(tmp_path / "c")
    (row,) = library.rows
    assert (told.verdict, library.load(row).response.raw) == ("complete", answer)
    assert library.load(row).request.body == body


def test_what_holds_no_bytes_becomes_a_scenario(tmp_path: Path) -> None:
    fixture = {"match": {"userMessage": f"my key is {KEY}"}, "response": {"content": "tea"}}
    source = written(tmp_path / "recorded.json", {"fixtures": [fixture, {"match": {}, "response": {}}]})
    told = list(take_in(source, tmp_path / "c", Redaction.of()))
    assert [line.verdict for line in told] == ["skipped", "scenario"]
    assert told[1].whole
    text = (tmp_path / "c" / "recorded.scenario.yaml").read_text(encoding="utf-8")
    assert KEY not in text
    assert yaml.safe_load(text)["replies"][0]["reply"] == {"content": "tea"}
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match=r"cannot be written: .*; name a folder that can"):
        list(take_in(source, tmp_path / "file" / "c", Redaction.of()))


def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ImportFaultError, match=r"none\.har: it cannot be read"):
        list(take_in(tmp_path / "none.har", tmp_path / "cassette", Redaction.of(), kind="har"))
    assert not (tmp_path / "cassette").exists()
    assert summary([]) == "0 recordings imported (no known format): nothing"
    assert str(Line("a", "har", "skipped", ("b", "c"))) == "a: skipped: b; c"
