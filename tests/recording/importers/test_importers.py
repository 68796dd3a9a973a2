"""Recordings of other tools, each file by its content: its right value, or a refusal that shows the way out.

The smallest inputs that failed once, in our own words: tool and version are those that wrote such files.
"""

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mockserver.recording import cassette
from mockserver.recording.importers import ImportFaultError, Skipped, Taken, format_of, found
from tests.recording.exchanges import COMPAT, asked, compat_body, compat_frames, dumped, interaction
from tests.recording.importers.reading import only, skipped, taken, written
from tests.recording.importers.tools import WRITERS, Sent

ANSWER = dumped(compat_body("绿茶"))
STREAM = b"".join(compat_frames("绿", "茶"))
SENT = [
    Sent(answer=ANSWER),
    Sent(answer=STREAM, asked=dumped(asked(stream=True)), mime="text/event-stream"),
    Sent(answer=ANSWER, packed=True, asked=dumped(asked("packed"))),
    Sent(answer=dumped({"error": {"message": "m", "code": "c"}}), asked=dumped(asked("hot")), status=400),
]
REBUILDS = {"cassetter": [0, 2, 3], "cassetter-toml": [0, 2, 3], "nock": [0, 3]}
"""Which of these each tool keeps as values only; those that are not named keep all bytes."""


@pytest.mark.parametrize("tool", WRITERS)
def test_each_tool_keeps_what_it_keeps(tmp_path: Path, tool: str) -> None:
    made = taken(WRITERS[tool](tmp_path, SENT))
    assert [one.response.status for one in made] == [200, 200, 200, 400]
    assert [one.request.path for one in made] == [COMPAT] * 4
    for at, (one, sent) in enumerate(zip(made, SENT, strict=True)):
        assert one.response.standing == ("rebuilt" if at in REBUILDS.get(tool, []) else "complete")
        assert json.loads(one.request.body) == json.loads(sent.asked)
        if one.response.standing == "complete":
            assert one.response.body == sent.answer


@pytest.mark.parametrize("tool", WRITERS)
def test_the_format_is_guessed_from_the_content(tmp_path: Path, tool: str) -> None:
    path = WRITERS[tool](tmp_path, SENT)
    known = {kind for kind, _ in found(path)}
    name = {
        "chrome": "har",
        "mitmproxy": "har",
        "polly": "har",
        "polly-5": "har",
        "cassetter-toml": "cassetter",
    }.get(tool, tool)
    assert known == {name}
    if path.is_file():
        renamed = path.rename(tmp_path / "tea.txt")
        assert format_of(renamed) == name


def test_betamax_0_9_took_a_stream_for_iso_8859_1(tmp_path: Path) -> None:
    body = {"encoding": "ISO-8859-1", "string": STREAM.decode("latin-1")}
    request = {
        "method": "POST",
        "uri": f"https://h{COMPAT}",
        "headers": {},
        "body": {"encoding": "utf-8", "string": "{}"},
    }
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["text/event-stream"]},
        "body": body,
    }
    document = {
        "http_interactions": [{"request": request, "response": response}],
        "recorded_with": "betamax/0.9.0",
    }
    one = only(written(tmp_path / "a.json", document))
    assert (one.response.raw, one.response.standing) == (STREAM, "complete")


CASSETTER = """\
version: 1
interactions:
- request:
    method: POST
    uri: https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions
    headers: {}
    body:
      type: json
      content:
        model: qwen-plus
        messages:
        - role: user
          content: 7:45
  response:
    status: 200
    headers:
      content-type:
      - application/json
    body:
      type: json
      content:
        answer: 2026-02-02
        sure: no
        count: 3
  recorded_at: 2026-02-02T00:00:00.000000+00:00
"""


def test_cassetter_0_16_writes_yaml_1_2(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(CASSETTER)
    one = only(path)
    assert json.loads(one.request.body)["messages"] == [{"role": "user", "content": "7:45"}]
    assert one.response.raw == b'{"answer":"2026-02-02","sure":"no","count":3}'
    assert (one.response.standing, one.recorded) == ("rebuilt", "2026-02-02T00:00:00.000Z")


def test_cassetter_0_16_writes_bytes_in_hex(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    head, _, _ = CASSETTER.rpartition("    body:\n")
    path.write_text(f"{head}    body:\n      type: binary\n      content: 7b7d\n")
    assert only(path).response.raw == b"{}"


def test_go_vcr_4_0_has_its_status_in_words_and_as_a_number(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "---\nversion: 2\ninteractions:\n    - id: 0\n      request:\n        body: '{}'\n"
        "        method: POST\n        url: https://h/x\n"
        "      response:\n        uncompressed: true\n        content_length: -1\n"
        "        body: '{\"a\":1}'\n        status: 200 OK\n        code: 200\n        duration: 213.5ms\n"
    )
    one = only(path)
    assert (one.response.status, one.response.raw, one.response.chunks[0].at) == (200, b'{"a":1}', 213.5)


def test_nock_15_0_keeps_a_packed_answer_as_a_list_of_hex(tmp_path: Path) -> None:
    packed = gzip.compress(ANSWER, mtime=0)
    entry = {
        "scope": "https://dashscope.aliyuncs.com:443",
        "method": "POST",
        "path": COMPAT,
        "body": asked(),
        "status": 200,
        "response": [packed[:9].hex(), packed[9:].hex()],
        "rawHeaders": {"content-type": "application/json", "content-encoding": "gzip"},
        "responseIsBinary": False,
    }
    one = only(written(tmp_path / "a.json", [entry]))
    assert (one.response.raw, one.response.standing) == (packed, "complete")


VCR = {
    "interactions": [
        {
            "request": {
                "method": "POST",
                "uri": f"https://dashscope.aliyuncs.com{COMPAT}?a=1",
                "headers": {"User-Agent": ["tea/1"], "x": "y"},
                "body": dumped(asked()).decode(),
            },
            "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}},
            "recorded_at": "2026-02-02T00:00:00",
        }
    ],
    "version": 1,
}


@pytest.mark.parametrize(
    ("response", "standing"),
    [
        ({"body": {"string": "{}"}}, "complete"),
        ({"body": {"base64_string": b64encode(b"{}").decode()}}, "complete"),
        ({"content": "{}", "body": None, "status_code": 200, "status": None}, "complete"),
        ({"body": None, "parsed_body": {}}, "rebuilt"),
    ],
)
def test_vcrpy_and_what_serializers_make_of_it(tmp_path: Path, response: Any, standing: str) -> None:
    document = json.loads(json.dumps(VCR))
    document["interactions"][0]["response"] |= response
    one = only(written(tmp_path / "a.json", document))
    assert (one.response.raw, one.response.standing) == (b"{}", standing)
    assert (one.request.query, one.request.headers) == ("a=1", [("User-Agent", "tea/1"), ("x", "y")])
    assert (one.client, one.recorded, one.source) == ("tea/1", "2026-02-02T00:00:00.000Z", "a.json #1")


def test_one_bad_entry_does_not_stop_the_others(tmp_path: Path) -> None:
    document = json.loads(json.dumps(VCR))
    document["interactions"] = [5, {"request": {}}, document["interactions"][0]]
    first, second, third = (one for _, one in found(written(tmp_path / "a.json", document)))
    assert first == Skipped("a.json #1", "it is no interaction with request and response")
    assert second == Skipped("a.json #2", "its method is 'None'; it must be POST, GET or the like")
    assert isinstance(third, Taken)


def test_a_cassette_of_ours_can_be_brought_along(tmp_path: Path) -> None:
    made = interaction()
    name = cassette.write(tmp_path, made)
    assert only(tmp_path / name).response == made.response
    (tmp_path / name).write_text('{"format": "dashscope-mock-cassette/9", "key": {"strict": ""}}')
    assert "docs/cassettes.md describes the format" in skipped(tmp_path / name)[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b'{"choices": []}',
            "it is JSON of no recorder that is known (choices); known are cassette,",
        ),
        (b"[1]", "it is JSON of no recorder that is known (list)"),
        (b"a: 1", "it is YAML of no recorder that is known (a)"),
        (b"PK\x03\x04tea", "it is packed; unpack it and import the folder"),
        (b'{"log": ', "it is no JSON, or cut; write the file again"),
        (b'{"log": {"entries": 5}}', "it is no HTTP archive: it has no log.entries"),
        (b'{"interactions": 5}', "it has no list interactions"),
    ],
)
def test_what_is_of_no_known_tool_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "tea.bin"
    path.write_bytes(content)
    with pytest.raises(ImportFaultError) as raised:
        list(found(path))
    assert str(raised.value).startswith("tea.bin: ")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("har", "it is no HTTP archive: it has no log.entries"),
        ("wiremock", "it is no mapping of WireMock: it is no object"),
        ("aimock", "it is no file of aimock: it has no list fixtures"),
        ("nock", "it has no list at its top"),
    ],
)
def test_what_is_called_something_else_is_refused(tmp_path: Path, kind: str, words: str) -> None:
    path = written(tmp_path / "a.json", "tea" if kind == "wiremock" else {"a": 1})
    with pytest.raises(ImportFaultError, match=words):
        list(found(path, kind))


def test_in_a_folder_each_file_tells_its_own_format_and_a_bad_one_is_skipped(tmp_path: Path) -> None:
    for tool in ("vcr", "har", "cassetter-toml"):
        WRITERS[tool](tmp_path, SENT[:1])
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "notes.md").write_text("# tea")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "broken.json").write_text("[")
    told = [(kind, type(one).__name__) for kind, one in found(tmp_path)]
    assert sorted(told) == [
        *[("", "Skipped")] * 2,
        ("cassetter", "Taken"),
        ("har", "Taken"),
        ("vcr", "Taken"),
    ]


def test_a_link_that_leads_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    WRITERS["vcr"](tmp_path, SENT[:1])
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.yaml").symlink_to(tmp_path / "exchanges.yaml")
    (inner / "good.yaml").write_bytes((tmp_path / "exchanges.yaml").read_bytes())
    (inner / "beside.yaml").symlink_to("good.yaml")
    assert [one.source for one in taken(inner)] == ["beside.yaml #1", "good.yaml #1"]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFaultError, match=r"it holds no file that ends with one of \.dump \.flow"):
        list(found(tmp_path))


def test_an_archive_that_is_broken_hides_no_file_beside_it(tmp_path: Path) -> None:
    WRITERS["vcr"](tmp_path, SENT[:1])
    (tmp_path / "broken.har").write_text("{")
    told = [(kind, type(one).__name__) for kind, one in found(tmp_path)]
    assert told == [("", "Skipped"), ("vcr", "Taken")]


def test_a_bom_does_no_harm(tmp_path: Path) -> None:
    path = WRITERS["har"](tmp_path, SENT[:1])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert only(path).response.raw == ANSWER
