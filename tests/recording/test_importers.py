"""Recordings of other tools: read as they were made, and never with a traceback."""

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.recording.exporting import EXPORTERS
from mockserver.recording.importers import IMPORTERS, ImportFaultError, format_of, messages, pieces
from mockserver.recording.interaction import Interaction
from tests.recording.exchanges import (
    COMPAT,
    TEXT,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_body,
    native_frames,
)
from tests.wire.strategies import json_values

STREAM = b"".join(compat_frames("你", "好"))


def read(kind: str, path: Path) -> list[Interaction]:
    """The interactions of a path."""
    return list(IMPORTERS[kind](path))


def vcr_document(**response: Any) -> dict[str, Any]:
    """A cassette of vcrpy with one interaction."""
    request = {
        "method": "POST",
        "uri": f"https://dashscope.aliyuncs.com{COMPAT}?a=1",
        "headers": {"User-Agent": ["tea/1"], "x": "y"},
        "body": dumped(asked(stream=True)).decode(),
    }
    answered = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["text/event-stream"]},
        "body": {"string": STREAM.decode()},
        **response,
    }
    return {
        "interactions": [{"request": request, "response": answered, "recorded_at": "2026-02-02T00:00:00"}],
        "version": 1,
    }


def test_a_cassette_of_vcrpy(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml.dump(vcr_document(), allow_unicode=True), encoding="utf-8")
    (made,) = read("vcr", tmp_path)
    assert (made.request.method, made.request.path, made.request.query) == ("POST", COMPAT, "a=1")
    assert made.request.headers == [("User-Agent", "tea/1"), ("x", "y")]
    assert (made.client, made.recorded, made.source) == ("tea/1", "2026-02-02T00:00:00.000Z", "a.yaml #1")
    assert [chunk.data for chunk in made.response.chunks] == compat_frames("你", "好")
    assert made.folded().choices[0].content == "你好"


@pytest.mark.parametrize(
    "response",
    [
        {"body": {"string": STREAM}},
        {"body": {"base64_string": b64encode(STREAM).decode()}},
        {"content": STREAM.decode(), "body": None, "status_code": 200, "status": None},
    ],
)
def test_bodies_of_vcrpy_in_all_their_forms(tmp_path: Path, response: dict[str, Any]) -> None:
    document = vcr_document(**response)
    answered = document["interactions"][0]["response"]
    if "content" in response:
        del answered["body"], answered["status"]
    path = tmp_path / "a.yml"
    path.write_text(yaml.dump(document), encoding="utf-8")
    assert read("vcr", path)[0].response.raw == STREAM


def test_headers_of_an_unpacked_body_are_put_right() -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Length", "7"), ("a", "b")]
    assert pieces.plain_headers(headers, b"plain text") == [("Content-Length", "10"), ("a", "b")]
    packed = gzip.compress(b"x")
    assert pieces.plain_headers(headers, packed)[:2] == [
        ("Content-Encoding", "gzip"),
        ("Content-Length", str(len(packed))),
    ]
    assert pieces.plain_headers([("content-encoding", "identity")], b"") == [("content-encoding", "identity")]


@pytest.mark.parametrize(
    ("name", "pack"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_body_that_is_packed_as_it_says_keeps_its_coding(name: str, pack: Callable[[bytes], bytes]) -> None:
    coded = [("content-encoding", name)]
    assert pieces.plain_headers(coded, pack(b'{"said": "tea"}')) == coded
    assert pieces.plain_headers(coded, b'{"said": "tea"}') == []


def test_a_short_body_that_was_unpacked_keeps_no_coding() -> None:
    assert pieces.plain_headers([("content-encoding", "gzip")], b"{}") == []


def test_a_vcrpy_cassette_as_json_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(vcr_document()))
    assert len(read("vcr", path)) == 1


def test_an_archive(tmp_path: Path) -> None:
    made = [
        interaction(
            asked(stream=True), compat_frames("a"), sent=[("host", "h"), ("content-type", "application/json")]
        ),
        interaction(b"\xff", b"\xfe\xff", query="q=1", headers=[("x", "1")]),
        interaction(b"", b"", method="GET"),
    ]
    path = tmp_path / "a.har"
    path.write_text(EXPORTERS["har"](made), encoding="utf-8")
    back = read("har", path)
    assert [one.response.raw for one in back] == [one.response.raw for one in made]
    assert [one.request.body for one in back] == [one.request.body for one in made]
    assert [chunk.at for chunk in back[0].response.chunks] == [10.0, 20.0, 30.0, 40.0]
    assert [one.request.query for one in back] == ["", "q=1", ""]
    assert back[0].recorded == made[0].recorded


def test_and_back_from_vcrpy(tmp_path: Path) -> None:
    made = [
        interaction(
            None,
            gzip.compress(dumped(compat_body())),
            headers=[("content-encoding", "gzip"), ("a", "1"), ("a", "2")],
        ),
        interaction(asked(), b"oops", status=599),
    ]
    path = tmp_path / "a.yaml"
    path.write_text(EXPORTERS["vcr"](made), encoding="utf-8")
    back = read("vcr", path)
    assert [one.response.raw for one in back] == [one.response.raw for one in made]
    assert back[0].response.headers == made[0].response.headers
    assert yaml.safe_load(path.read_text())["interactions"][1]["response"]["status"] == {
        "code": 599,
        "message": "",
    }


def test_dumps_of_curl(tmp_path: Path) -> None:
    body = dumped(native_body())
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    (tmp_path / "plain.txt").write_bytes(b"HTTP/1.1 100 Continue\r\n\r\n" + head + body)
    (tmp_path / "plain.request.json").write_bytes(dumped(native_asked()))
    (made,) = read("curl", tmp_path)
    assert (made.request.method, made.request.path, made.response.raw) == ("POST", TEXT, body)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    (tmp_path / "plain.txt").write_bytes(head + chunked)
    assert read("curl", tmp_path / "plain.txt")[0].response.raw == body
    sent = b"* Connected\n> POST /compatible-mode/v1/chat/completions HTTP/1.1\n> Host: x\n>\n"
    verbose = sent + b"< HTTP/1.1 200 OK\n{ [5 bytes data]\nHTTP/2 401\ncontent-length: 2\n\n{}"
    (tmp_path / "v.txt").write_bytes(verbose)
    (told,) = read("curl", tmp_path / "v.txt")
    assert (told.request.path, told.response.status, told.response.raw) == (COMPAT, 401, b"{}")
    (tmp_path / "get.txt").write_bytes(b"HTTP/1.1 200 Connection established\n\nHTTP/1.1 200 OK\n\n{}")
    assert read("curl", tmp_path / "get.txt")[0].request.method == "GET"


def test_a_chunked_dump_that_is_cut_stays_as_it_is() -> None:
    head = [("Transfer-Encoding", "chunked")]
    assert messages.unchunked(b"5\r\nabc", head) == b"5\r\nabc"
    assert messages.unchunked(b"2\r\nab\r\n", head) == b"ab"


def test_lines_of_json(tmp_path: Path) -> None:
    lines = [
        {"request": asked(), "response": compat_body()},
        {
            "request": native_asked(),
            "response": {"status": 400, "body": {"code": "x", "message": "m"}},
            "time": "2026-01-01T00:00:00Z",
        },
        {
            "request": {
                "method": "get",
                "url": "https://h/compatible-mode/v1/models?x=1",
                "headers": [["a", "b"]],
            },
            "response": {"body": "{}"},
        },
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(map(dumped, lines)) + b"\n\n")
    made = read("jsonl", tmp_path)
    assert [one.request.path for one in made] == [COMPAT, TEXT, "/compatible-mode/v1/models"]
    assert [one.response.status for one in made] == [200, 400, 200]
    assert (made[2].request.method, made[2].request.query, made[2].request.headers) == (
        "GET",
        "x=1",
        [("a", "b")],
    )
    assert made[0].folded().choices[0].content == "hello"


def test_folders_of_raw_files(tmp_path: Path) -> None:
    below = tmp_path / "RawHttpData"
    below.mkdir()
    (below / "chat-sse.request.header.txt").write_text(f"POST {TEXT} HTTP/1.1\nX-DashScope-SSE: enable\n")
    (below / "chat-sse.request.body.json").write_bytes(dumped(native_asked()))
    (below / "chat-sse.response.header.txt").write_text("HTTP/1.1 200 OK\ncontent-type: text/event-stream\n")
    (below / "chat-sse.response.body.txt").write_bytes(b"".join(native_frames("a", "b")))
    (made,) = read("raw", tmp_path)
    assert (made.surface, made.stream, made.source) == ("native-text", True, "chat-sse")
    assert len(made.response.chunks) == 2
    (below / "chat-sse.response.header.txt").unlink()
    with pytest.raises(ImportFaultError, match=r"there is no chat-sse\.response\.header\.txt"):
        read("raw", tmp_path)
    (below / "other.txt").write_text("")
    with pytest.raises(ImportFaultError, match="is no folder and no"):
        read("raw", below / "other.txt")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.yaml", "vcr"),
        ("a.yml", "vcr"),
        ("a.har", "har"),
        ("a.json", "har"),
        ("a.jsonl", "jsonl"),
        ("a.txt", "curl"),
    ],
)
def test_a_format_is_known_by_its_looks(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_text("")
    assert format_of(tmp_path / name) == kind


def test_so_is_that_of_a_folder(tmp_path: Path) -> None:
    assert format_of(tmp_path) == "raw"
    (tmp_path / "a.ndjson").write_text("")
    assert format_of(tmp_path) == "jsonl"
    (tmp_path / "a.request.header.txt").write_text("")
    assert format_of(tmp_path) == "raw"


def one_har(**entry: Any) -> bytes:
    """An archive with one entry."""
    request = {"method": "POST", "url": "https://h/x"}
    return dumped({"log": {"entries": [{"request": request, "response": {"status": 200}, **entry}]}})


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("vcr", b"a: [", "it is no plain YAML"),
        ("vcr", b"!!python/object/apply:os.system ['true']", "it is no plain YAML"),
        ("vcr", b"[]", "it has no list of interactions"),
        ("vcr", b"interactions: [5]", "#1: it is no interaction"),
        ("vcr", b"interactions: [{request: {}}]", "no request or no response"),
        ("vcr", b"interactions: [{request: {method: 5}, response: {}}]", "its method is '5'"),
        ("vcr", b"interactions: [{request: {method: GET}, response: {}}]", "it has no URL"),
        (
            "vcr",
            b"interactions: [{request: {method: GET, uri: /}, response: {status: {code: x}}}]",
            "its status is 'x'",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: GET, uri: /, headers: 5}, response: {status: 200}}]",
            "headers are a int",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: GET, uri: /, headers: [5]}, response: {status: 200}}]",
            "no pair",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: A, uri: /, headers: {a: {}}}, response: {status: 200}}]",
            "a dict stands",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: GET, uri: /, body: 5}, response: {status: 200}}]",
            "its body is a int",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: GET, uri: /, body: [2020-01-01]}, response: {status: 200}}]",
            "no JSON",
        ),
        (
            "vcr",
            b"interactions: [{request: {method: A, uri: /, body: {base64_string: a}}, response: {}}]",
            "no base64",
        ),
        ("har", b"{", "it is no HTTP archive"),
        ("har", one_har(request=5), "no request or no response"),
        ("har", one_har(response={"status": 200, "content": 5}), "its content is no object"),
        (
            "har",
            one_har(response={"status": 200, "content": {"encoding": "base64", "text": "a"}}),
            "no base64",
        ),
        ("har", one_har(response={"status": 999}), "its status is '999'"),
        ("curl", b"", "it does not begin with a status line"),
        ("curl", b"HTTP/1.1 200 OK\nno header\n\n", "'no header' is no header"),
        ("curl", b"> what\nHTTP/1.1 200 OK\n\n", "it does not begin with a request line"),
        ("curl", b"HTTP/1.1 100 x\n\n" * 3000, "more interim answers"),
        ("jsonl", b"{", "line 1: it is no JSON"),
        ("jsonl", b"\n5", "line 2: it is no object with request and response"),
    ],
)
def test_what_cannot_be_imported_is_explained(tmp_path: Path, kind: str, content: bytes, words: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ImportFaultError) as raised:
        read(kind, path)
    assert words in str(raised.value)


def test_files_that_are_not_there_or_too_large_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImportFaultError, match=r"none\.har: it cannot be read: No such file"):
        read("har", tmp_path / "none.har")
    with pytest.raises(ImportFaultError, match=r"it holds no \.jsonl or \.ndjson file"):
        read("jsonl", tmp_path)
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(ImportFaultError, match="it is no JSON"):
        read("vcr", path)
    monkeypatch.setattr(pieces, "MOST_BYTES", 0)
    with pytest.raises(ImportFaultError, match="it is larger than"):
        read("har", path)


def test_moments_are_read_as_far_as_they_can() -> None:
    assert pieces.moment_of("nonsense") == pieces.moment_of(5) == ""
    assert pieces.moment_of("0001-01-01T00:00:00+14:00") == ""
    assert pieces.target_of("x", "w") == ("/x", "")


def vcr_like(value: Any) -> list[Any]:
    request = {"method": "POST", "uri": "/x", "headers": value, "body": value}
    response = {"status": {"code": 200}, "headers": value, "body": {"string": value}}
    return [
        value,
        {"interactions": value},
        {"interactions": [value]},
        {"interactions": [{"request": value, "response": value}]},
        {
            "interactions": [
                {"request": {**request, "headers": None}, "response": {**response, "headers": None}}
            ]
        },
        {"interactions": [{"request": request, "response": response, "recorded_at": value}]},
        {"interactions": [{"request": {**request, "method": value}, "response": response}]},
        {
            "interactions": [
                {"request": {"method": "GET", "uri": value}, "response": {"status": value, "content": value}}
            ]
        },
    ]


def har_like(value: Any) -> list[Any]:
    request = {"method": "POST", "url": "/x", "headers": value, "postData": {"text": value}}
    response = {"status": 200, "headers": [], "content": {"text": value, "encoding": "base64"}}
    return [
        value,
        {"log": value},
        {"log": {"entries": value}},
        {"log": {"entries": [value]}},
        {"log": {"entries": [{"request": request, "response": response, "timings": value}]}},
        {
            "log": {
                "entries": [
                    {
                        "request": {**request, "headers": None, "postData": value},
                        "response": {"status": 200, "content": value},
                    }
                ]
            }
        },
    ]


def lines_like(value: Any) -> list[Any]:
    return [
        value,
        {"request": value, "response": value},
        {"request": {"body": value, "url": value}, "response": {"body": value}},
    ]


LIKE: dict[str, Callable[[Any], list[Any]]] = {"vcr": vcr_like, "har": har_like, "jsonl": lines_like}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values, noise=st.binary(max_size=200), at=st.integers(0, 400))
def test_no_file_is_too_odd_for_a_clear_error_or_a_result(
    tmp_path: Path, value: Any, noise: bytes, at: int
) -> None:
    path = tmp_path / "a.txt"
    good = b"HTTP/1.1 200 OK\r\na: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    samples = [noise, good[: at % len(good)] + noise + good[at % len(good) :]]
    for kind in IMPORTERS:
        made = [json.dumps(one).encode() for one in LIKE[kind](value)] if kind in LIKE else []
        made += [sample[: at % (len(sample) + 1)] + noise for sample in made[:2]]
        for content in (*samples, *made):
            path.write_bytes(content)
            (tmp_path / "a.request.header.txt").write_bytes(content)
            (tmp_path / "a.response.header.txt").write_bytes(good)
            with suppress(ImportFaultError):
                for one in IMPORTERS[kind](tmp_path / "a.request.header.txt" if kind == "raw" else path):
                    assert one.response.status >= 100


def test_values_of_yaml_are_texts_and_moments(tmp_path: Path) -> None:
    document = vcr_document(headers={"a": b"\xe9", "b": 5, "c": True})
    path = tmp_path / "a.yaml"
    path.write_text(yaml.dump(document).replace("'2026-02-02T00:00:00'", "2026-02-02T00:00:00Z"))
    (made,) = read("vcr", path)
    assert made.response.headers == [("a", "é"), ("b", "5"), ("c", "True")]
    assert made.recorded == "2026-02-02T00:00:00.000Z"
    assert pieces.plain_headers([("content-encoding", "br")], b"\xff") == [("content-encoding", "br")]
