"""Folders of raw files."""

from pathlib import Path

from tests.recording.exchanges import TEXT, dumped, native_asked, native_frames
from tests.recording.importers.reading import only, skipped


def test_folders_of_raw_files(tmp_path: Path) -> None:
    below = tmp_path / "RawHttpData"
    below.mkdir()
    (below / "chat-sse.request.header.txt").write_text(f"POST {TEXT} HTTP/1.1\nX-DashScope-SSE: enable\n")
    (below / "chat-sse.request.body.json").write_bytes(dumped(native_asked()))
    (below / "chat-sse.response.header.txt").write_text("HTTP/1.1 200 OK\ncontent-type: text/event-stream\n")
    (below / "chat-sse.response.body.txt").write_bytes(b"".join(native_frames("a", "b")))
    made = only(tmp_path)
    assert (made.surface, made.stream, made.source) == ("native-text", True, "chat-sse.request.header.txt")
    assert len(made.response.chunks) == 2
    (below / "chat-sse.response.header.txt").unlink()
    assert skipped(tmp_path) == ["there is no chat-sse.response.header.txt beside it"]
    (below / "other.txt").write_text("")
    assert skipped(below / "other.txt", "raw") == ["it is no folder and no *.request.header.txt"]
