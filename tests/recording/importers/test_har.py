"""HTTP archives in all their forms."""

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mockserver.recording.exporting import EXPORTERS
from tests.recording.exchanges import COMPAT, asked, compat_body, compat_frames, dumped, interaction
from tests.recording.importers.reading import only, skipped, taken, written

ANSWER = dumped(compat_body("茶"))
STREAM = b"".join(compat_frames("你", "好"))
ZIPPED = gzip.compress(ANSWER, mtime=0)
SSE = [{"name": "content-type", "value": "text/event-stream"}]
PACKED = [
    {"name": "content-type", "value": "application/json"},
    {"name": "content-encoding", "value": "gzip"},
]


def archive(folder: Path, *, name: str = "a.har", **more: Any) -> Path:
    """An archive with one entry; `content` and `post` go into its bodies, the rest into its answer."""
    content, post = more.pop("content", None), more.pop("post", None)
    request = {
        "method": "POST",
        "url": f"https://dashscope.aliyuncs.com{COMPAT}",
        "headers": [{"name": "content-type", "value": "application/json"}],
        "bodySize": 60,
        "postData": {"text": dumped(asked()).decode()} if post is None else post,
    }
    said = {"mimeType": "application/json", "size": len(ANSWER), "text": ANSWER.decode()}
    response = {
        "status": 200,
        "headers": more.pop("headers", []),
        "content": said if content is None else content,
    }
    entry = {"request": request, "response": {**response, **more.pop("response", {})}, **more}
    return written(folder / name, {"log": {"entries": [entry]}})


def standing(path: Path) -> tuple[str, str]:
    response = only(path).response
    return response.standing, response.lost


def test_an_archive_of_ours_comes_back(tmp_path: Path) -> None:
    made = [
        interaction(
            asked(stream=True), compat_frames("a"), sent=[("host", "h"), ("content-type", "application/json")]
        ),
        interaction(b"\xff", b"\xfe\xff", query="q=1", headers=[("x", "1")]),
    ]
    path = tmp_path / "a.har"
    path.write_text(EXPORTERS["har"](made), encoding="utf-8")
    back = taken(path)
    assert [one.response.raw for one in back] == [one.response.raw for one in made]
    assert [one.request.body for one in back] == [one.request.body for one in made]
    assert [chunk.at for chunk in back[0].response.chunks] == [10.0, 20.0, 30.0, 40.0]
    assert [one.request.query for one in back] == ["", "q=1"]
    assert back[0].recorded == made[0].recorded


def test_the_size_is_that_of_the_packed_or_of_the_unpacked_body(tmp_path: Path) -> None:
    packed = len(gzip.compress(ANSWER))
    text = {"mimeType": "application/json", "text": ANSWER.decode()}
    for size in (
        {"size": len(ANSWER)},
        {"size": packed},
        {"size": packed, "compression": len(ANSWER) - packed},
    ):
        assert standing(archive(tmp_path, content={**text, **size}, headers=PACKED)) == ("complete", "")
    cut = f"it holds {len(ANSWER)} bytes, and 9000 were sent"
    assert standing(archive(tmp_path, content={**text, "size": 9000}, headers=PACKED)) == ("rebuilt", cut)
    assert standing(archive(tmp_path, content={**text, "size": 9000})) == ("rebuilt", cut)
    assert standing(archive(tmp_path, content={**text, "size": True})) == ("complete", "")


@pytest.mark.parametrize("size", [-1, 0, None])
def test_chromium_keeps_no_body_of_what_was_aborted(tmp_path: Path, size: Any) -> None:
    failed = {"_failureText": "net::ERR_ABORTED"}
    path = archive(
        tmp_path, content={"size": size, "mimeType": "text/event-stream"}, headers=SSE, response=failed
    )
    assert standing(path) == ("missing", "the answer broke off: net::ERR_ABORTED")


def test_what_was_cut_with_something_of_it_says_by_whom(tmp_path: Path) -> None:
    content = {"mimeType": "text/event-stream", "text": STREAM[:60].decode()}
    path = archive(tmp_path, content=content, headers=SSE, response={"_failureText": "net::ERR_ABORTED"})
    assert only(path).response.end == "cut-by-client"


def test_what_was_never_answered_is_skipped(tmp_path: Path) -> None:
    failed = {"status": 0, "_failureText": "net::ERR_CONNECTION_REFUSED"}
    assert skipped(archive(tmp_path, response=failed)) == [
        "there was no answer: net::ERR_CONNECTION_REFUSED; record it again"
    ]
    assert skipped(archive(tmp_path, response={"status": -1})) == [
        "there was no answer: its status is 0; record it again"
    ]


def test_mitmproxy_leaves_bodies_out_that_it_passed_on(tmp_path: Path) -> None:
    empty = {"size": 0, "compression": 0, "mimeType": "application/json", "text": ""}
    assert standing(archive(tmp_path, content=empty)) == ("missing", "the tool kept no body")
    assert standing(archive(tmp_path, content={**empty, "size": 700})) == (
        "missing",
        "the tool kept no body, though 700 bytes were sent",
    )
    why = "the body of its request was not kept, so no request could find it; record it again"
    assert skipped(archive(tmp_path, post={"mimeType": "application/json", "text": None, "params": []})) == [
        why
    ]


def test_a_stream_that_chromium_took_for_windows_1252(tmp_path: Path) -> None:
    text = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in STREAM)
    content = {"mimeType": "text/event-stream", "text": text}
    path = archive(tmp_path, content={**content, "size": len(STREAM)}, headers=SSE)
    assert only(path).response.raw == STREAM
    assert standing(path) == ("complete", "")
    counted = archive(tmp_path, content={**content, "size": len(text.encode())}, headers=SSE)
    assert only(counted).response.raw == STREAM
    assert standing(counted)[0] == "rebuilt"


@pytest.mark.parametrize(
    "content",
    [
        {"encoding": "base64", "text": b64encode(ZIPPED).decode()},
        {
            "encoding": "base64",
            "text": json.dumps([b64encode(part).decode() for part in (ZIPPED[:20], ZIPPED[20:])]),
        },
        {"_isBinary": True, "text": json.dumps([ZIPPED.hex()])},
        {"_isBinary": True, "text": ZIPPED.hex()},
    ],
)
def test_polly_keeps_packed_answers_in_pieces(tmp_path: Path, content: Any) -> None:
    path = archive(tmp_path, content={"mimeType": "application/json", "size": 1, **content}, headers=PACKED)
    assert only(path).response.raw == ZIPPED
    assert standing(path) == ("complete", "")


def test_attached_files_are_read_beside_the_archive(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_bytes(dumped(asked()))
    (tmp_path / "a.json").write_bytes(ANSWER)
    archive(tmp_path, content={"_file": "a.json"}, post={"text": "", "_file": "q.json"})
    one = only(tmp_path)
    assert (one.request.body, one.response.raw) == (dumped(asked()), ANSWER)


@pytest.mark.parametrize("name", ["../a.json", "/etc/hostname", 5, "a\x00", "link.json"])
def test_and_nowhere_else(tmp_path: Path, name: Any) -> None:
    (tmp_path / "a.json").write_bytes(ANSWER)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.json").symlink_to(tmp_path / "a.json")
    path = archive(inner, content={"_file": name})
    assert "outside of the archive's folder; put the file beside it" in skipped(path)[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"content": 5}, "its content is no object with a text"),
        ({"content": {"text": 5}}, "its body is a int; it must be a text"),
        ({"content": {"encoding": "base64", "text": "a"}}, "its body is no base64"),
        ({"content": {"encoding": "gzip", "text": "a"}}, "its body has the encoding 'gzip'; known is base64"),
        ({"post": {"params": [{"name": "a", "value": "b"}]}}, "the body of its request was not kept"),
        ({"post": {"text": None}}, "the body of its request was not kept"),
        ({"content": {"encoding": "base64", "text": "e30=\n"}}, "its body is no base64"),
        ({"content": {"encoding": "base64", "text": "["}}, "its body is no list of pieces"),
        ({"content": {"encoding": "base64", "text": "[5]"}}, "a int stands where base64 must stand"),
        ({"content": {"_isBinary": True, "text": "xy"}}, "its body is no text of hexadecimal digits"),
        ({"response": {"status": 999}}, "its status is '999'"),
        ({"request": 5}, "it has no request or no response"),
    ],
)
def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path, more: Any, words: str) -> None:
    assert words in skipped(archive(tmp_path, **more))[0]


def test_odd_times_are_none(tmp_path: Path) -> None:
    for timings in ({"wait": -1}, {"wait": True}, {"wait": 1e12}, 5):
        assert only(archive(tmp_path, timings=timings)).response.chunks[0].at == 0.0


def test_a_request_without_a_body_has_none(tmp_path: Path) -> None:
    document = json.loads(archive(tmp_path).read_text())
    request = document["log"]["entries"][0]["request"]
    del request["postData"]
    request["bodySize"] = 0
    assert only(written(tmp_path / "a.har", document)).request.body == b""
