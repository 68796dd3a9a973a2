"""The format: what is written reads back the same, whole, under a name that depends on the request alone."""

import errno
import gzip
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording import cassette
from mockserver.recording.cassette import CassetteError
from mockserver.recording.interaction import Chunk, Interaction, Request, Response
from mockserver.recording.redaction import Redaction
from mockserver.rules import schemas
from tests.recording.exchanges import (
    COMPAT,
    TEXT,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_frames,
)
from tests.wire.strategies import json_values, texts

PAIRS = st.lists(
    st.tuples(st.sampled_from(["a", "X-B"]), texts.map(lambda text: re.sub(r"[\r\n\x00]", " ", text))),
    max_size=3,
)
BODIES = st.one_of(st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode()))
INTERACTIONS = st.builds(
    Interaction,
    request=st.builds(
        Request,
        method=st.sampled_from(["POST", "GET"]),
        path=st.sampled_from([COMPAT, TEXT, "/x"]),
        query=st.sampled_from(["", "a=1&a=2"]),
        headers=PAIRS,
        body=BODIES,
    ),
    response=st.builds(
        Response,
        status=st.integers(100, 599),
        headers=PAIRS,
        chunks=st.lists(
            st.builds(Chunk, at=st.integers(0, 9999).map(float), data=st.binary(min_size=1, max_size=60)),
            max_size=4,
        ).map(tuple),
        end=st.sampled_from(["complete", "cut-by-upstream", "cut-by-client"]),
    ),
    recorded=st.just("2026-02-02T02:40:00.250Z"),
    client=texts,
    source=texts,
)


@given(made=INTERACTIONS)
def test_what_is_written_reads_back_the_same(made: Interaction) -> None:
    document = json.loads(cassette.encode(made))
    assert schemas.violations("cassette", document) == []
    back = cassette.from_document(document, "x")
    assert back.response == made.response
    assert replace(back.request, body=b"") == replace(made.request, body=b"")
    if "json" in document["request"]["body"]:
        assert json.loads(back.request.body) == json.loads(made.request.body)
    else:
        assert back.request.body == made.request.body
    assert cassette.encode(back) == cassette.encode(made)


def test_a_file_is_made_to_be_read_in_a_diff() -> None:
    text = cassette.encode(interaction(asked("你好"), compat_frames("您", "好"))).decode()
    assert '          {"role": "user", "content": "你好"}\n' in text
    assert text.count('      {"at": ') == 5
    assert '"content": "您好",' in text


def test_names_depend_on_the_request_alone(tmp_path: Path) -> None:
    first = interaction(asked("hi"))
    assert cassette.write(tmp_path, first) == "compat-qwen-plus-" + cassette.stem_of(first)[-8:] + ".json"
    later = replace(
        first, recorded="2027-01-01T00:00:00Z", response=interaction(None, compat_body("x")).response
    )
    assert cassette.stem_of(later) == cassette.stem_of(first)
    assert cassette.write(tmp_path, later).endswith("-2.json")
    assert cassette.write(tmp_path, later).endswith("-3.json")
    assert cassette.stem_of(interaction(asked(model="a/b c"))).startswith("compat-a-b-c-")
    assert cassette.stem_of(interaction(b"", path="/x", method="GET")).startswith("other-")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json"] * 3


def test_surface_model_and_stream_are_read_off() -> None:
    made = interaction(native_asked(), native_frames("a"), path=TEXT)
    assert (made.surface, made.model, made.stream) == ("native-text", "qwen-plus", True)
    odd = interaction(b"not json", b"plain")
    assert (odd.asked, odd.model, odd.stream) == (None, "", False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"{}", "is a required property"),
        (b"7", "the file"),
    ],
)
def test_what_is_no_recording_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(CassetteError, match=words):
        cassette.read(path)


def test_a_chunk_that_is_no_base64_is_explained(tmp_path: Path) -> None:
    document = cassette.to_document(interaction())
    document["response"]["chunks"] = [{"at": 1, "base64": "a"}]
    with pytest.raises(CassetteError, match=r"x\.json: .*docs/cassettes\.md"):
        cassette.from_document(document, "x.json")


def test_files_that_cannot_be_read_or_are_too_large_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CassetteError, match="cannot be read: No such file"):
        cassette.read(tmp_path / "none.json")
    name = cassette.write(tmp_path, interaction())
    monkeypatch.setattr(cassette, "MOST_BYTES", 10)
    with pytest.raises(CassetteError, match="is larger than"):
        cassette.read(tmp_path / name)


def test_a_folder_that_cannot_be_written_is_explained_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(CassetteError, match="cannot be written"):
        cassette.write(taken, interaction())

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(CassetteError, match="Operation not permitted"):
        cassette.write(tmp_path / "c", interaction())
    assert list((tmp_path / "c").iterdir()) == []


@pytest.mark.parametrize(
    ("side", "pair", "words"),
    [
        ("response", ["x-tea", "a\r\nset-cookie: b"], "response.headers[0]: 'x-tea' holds a line end"),
        ("response", ["x-tea\n", "a"], "response.headers[0]: 'x-tea\\n' holds a line end"),
        ("request", ["x-tea", "a\x00"], "request.headers[0]: 'x-tea' holds a line end"),
        ("response", ["x tea", "a"], "response.headers[0]: 'x tea' is no name of a header"),
        ("response", ["", "a"], "response.headers[0]: '' is no name of a header"),
        ("response", ["Content-Length", "3"], "content-length is '3', and the chunks hold 7 bytes; write 7"),
        ("response", ["content-length", "9"], "content-length is '9', and the chunks hold 7 bytes; write 7"),
        ("response", ["content-length", "-7"], "content-length is '-7'"),
        ("response", ["content-length", "9" * 5000], "content-length is '9999"),
    ],
)
def test_what_http_cannot_carry_is_told_with_file_and_place(side: str, pair: list[str], words: str) -> None:
    document = cassette.to_document(interaction(None, b"oolong!"))
    document[side]["headers"] = [pair]
    with pytest.raises(CassetteError) as raised:
        cassette.from_document(document, "tea.json")
    assert str(raised.value).startswith("tea.json: ")
    assert words in str(raised.value)


def test_a_length_may_say_more_than_a_cut_answer_holds_or_one_without_a_body() -> None:
    length = [("content-length", "9")]
    for made in (
        interaction(None, b"oolong!", headers=length, end="cut-by-upstream"),
        interaction(b"", b"", headers=length, method="HEAD"),
        interaction(b"", b"", headers=length, status=304),
        interaction(None, b"oolong!", headers=[("content-length", "7")]),
    ):
        assert cassette.from_document(cassette.to_document(made), "tea.json").response == made.response
    short = interaction(None, b"oolong!", headers=[("content-length", "3")], end="cut-by-client")
    document = cassette.to_document(short)
    with pytest.raises(CassetteError, match="content-length is '3'"):
        cassette.from_document(document, "tea.json")


@pytest.mark.parametrize("end", ["complete", "cut-by-upstream"])
def test_a_length_follows_what_was_taken_out(end: str) -> None:
    body = dumped({"password": "t"})
    made = interaction(
        None,
        body,
        headers=[("Content-Length", str(len(body))), ("x-tea", "1")],
        end=end,  # type: ignore[arg-type]
    )
    clean = cassette.redacted(made, Redaction.of())
    assert dict(clean.response.headers)["Content-Length"] == str(len(clean.response.raw))
    assert cassette.from_document(cassette.to_document(clean), "tea.json").response == clean.response


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CassetteError, match="cannot be written: No space left on device"):
        cassette.write(tmp_path, interaction())
    assert list(tmp_path.iterdir()) == []


def test_a_recording_can_be_replaced(tmp_path: Path) -> None:
    name = cassette.write(tmp_path, interaction())
    assert cassette.write(tmp_path, interaction(None, compat_body("new")), over=name) == name
    assert cassette.read(tmp_path / name).folded().choices[0].content == "new"


def test_the_example_of_the_docs_is_a_recording() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cassettes.md").read_text(encoding="utf-8")
    document = json.loads(page.partition("```json\n")[2].partition("```")[0])
    made = cassette.from_document(document, "docs/cassettes.md")
    assert made.folded().choices[0].content == "Hello"
    assert made.response.headers[1] == ("transfer-encoding", "chunked")


def test_a_packed_answer_that_lost_a_secret_may_lose_chunks() -> None:
    packed = gzip.compress(b"sk-0123456789abcdef0123456789" + bytes(range(256)) * 4)
    chunks = tuple(Chunk(float(at), packed[at : at + 1]) for at in range(len(packed)))
    made = replace(
        interaction(), response=Response(status=200, headers=[("content-encoding", "gzip")], chunks=chunks)
    )
    clean = cassette.redacted(made, Redaction.of()).response
    assert clean.body == b"[redacted]" + bytes(range(256)) * 4
    assert all(chunk.data for chunk in clean.chunks)


def test_a_body_nested_beyond_reason_is_kept_as_text(tmp_path: Path) -> None:
    body = b'{"a":' + b"[" * 250 + b"]" * 250 + b"}"
    name = cassette.write(tmp_path, interaction(body))
    assert cassette.read(tmp_path / name).request.body == body


def test_recorders_side_by_side_never_take_the_same_name(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(
            pool.map(lambda at: cassette.write(tmp_path, interaction(None, compat_body(str(at)))), range(60))
        )
    assert len(set(names)) == 60
    said = {cassette.read(tmp_path / name).folded().choices[0].content for name in names}
    assert said == {str(at) for at in range(60)}
