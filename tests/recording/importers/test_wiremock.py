"""Mappings of WireMock 3.13."""

from pathlib import Path
from typing import Any

import pytest

from tests.recording.exchanges import COMPAT, asked, compat_body, dumped
from tests.recording.importers.reading import only, skipped, taken, written

ANSWER = dumped(compat_body("茶"))


def mapping(*, request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    """A mapping as a recording writes it."""
    wanted = {
        "url": f"{COMPAT}?a=1",
        "method": "POST",
        "bodyPatterns": [{"equalToJson": dumped(asked()).decode()}],
    }
    said = {"status": 200, "body": ANSWER.decode(), "headers": {"content-type": "application/json"}}
    return {"request": {**wanted, **(request or {})}, "response": {**said, **(response or {})}, **more}


def test_one_mapping_or_a_list_of_them(tmp_path: Path) -> None:
    one = only(written(tmp_path / "a.json", mapping()))
    assert (one.request.path, one.request.query, one.request.body) == (COMPAT, "a=1", dumped(asked()))
    assert (one.response.raw, one.response.standing) == (ANSWER, "complete")
    many = {
        "mappings": [
            mapping(insertionIndex=1, response={"status": 400}),
            mapping(insertionIndex=2),
            mapping(),
        ]
    }
    assert [each.response.status for each in taken(written(tmp_path / "a.json", many))] == [200, 400, 200]


def test_those_of_a_folder_come_in_the_order_in_which_they_were_recorded(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    for name, place, status in (("b", 2, 200), ("a", 0, 401), ("c", 1, 400)):
        made = mapping(insertionIndex=place, response={"status": status})
        written(tmp_path / "mappings" / f"{name}.json", made)
    assert [one.response.status for one in taken(tmp_path)] == [200, 400, 401]


def test_bodies_beside_the_mappings_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "tea.json").write_bytes(ANSWER)
    (tmp_path / "secret.bin").write_bytes(b"{}")
    path = tmp_path / "mappings" / "a.json"
    written(path, mapping(response={"body": None, "bodyFileName": "tea.json"}))
    assert only(tmp_path).response.raw == ANSWER
    for name in ("../secret.bin", str(tmp_path / "secret.bin"), "", 5, "a\x00"):
        written(path, mapping(response={"bodyFileName": name}))
        assert "outside of __files; put the file there" in skipped(path)[0]
    written(path, mapping(response={"bodyFileName": "none.json"}))
    assert skipped(path) == ["none.json: it cannot be read: No such file or directory"]


@pytest.mark.parametrize(
    ("response", "raw", "standing"),
    [
        ({"body": None, "base64Body": "e30="}, b"{}", "complete"),
        ({"body": None, "jsonBody": {"a": 1}}, b'{"a":1}', "rebuilt"),
        ({"body": None}, b"", "missing"),
    ],
)
def test_bodies_in_their_other_forms(tmp_path: Path, response: Any, raw: bytes, standing: str) -> None:
    found = only(written(tmp_path / "a.json", mapping(response=response))).response
    assert (found.raw, found.standing) == (raw, standing)


@pytest.mark.parametrize(
    ("patterns", "body"),
    [
        ([{"equalTo": "tea"}], b"tea"),
        ([{"matches": ".*"}, {"equalToJson": {"a": 1}}], b'{"a":1}'),
        ([{"binaryEqualTo": "e30="}], b"{}"),
        ([], b""),
        (None, b""),
    ],
)
def test_what_is_asked_for_exactly(tmp_path: Path, patterns: Any, body: bytes) -> None:
    assert (
        only(written(tmp_path / "a.json", mapping(request={"bodyPatterns": patterns}))).request.body == body
    )


@pytest.mark.parametrize(
    "request_", [{"url": None}, {"bodyPatterns": [{"matchesJsonPath": "$.a"}]}, {"bodyPatterns": [5]}]
)
def test_patterns_are_no_recording(tmp_path: Path, request_: Any) -> None:
    made = mapping(request=request_)
    if request_.get("url", "") is None:
        del made["request"]["url"]
    why = "it matches by a pattern and names no one request; write a scenario for it (docs/scenarios.md)"
    assert skipped(written(tmp_path / "a.json", made)) == [why]


@pytest.mark.parametrize(
    "response",
    [{"fault": "EMPTY_RESPONSE"}, {"proxyBaseUrl": "https://h"}, {"transformers": ["response-template"]}],
)
def test_nor_are_faults_proxies_and_templates(tmp_path: Path, response: Any) -> None:
    assert "write a scenario for it" in skipped(written(tmp_path / "a.json", mapping(response=response)))[0]


def test_wiremock_3_13_writes_texts_as_utf_8_whatever_their_charset(tmp_path: Path) -> None:
    (tmp_path / "__files").mkdir()
    told = {"headers": {"Content-Type": "text/plain; charset=gbk"}, "body": "绿茶"}
    inside = only(written(tmp_path / "a.json", mapping(response=told))).response
    assert (inside.raw, inside.standing) == ("绿茶".encode("gbk"), "complete")
    for body, raw, lost in (
        ("绿茶".encode(), "绿茶".encode("gbk"), "WireMock writes texts as UTF-8; put back to gbk"),
        ("绿茶".encode("gbk"), "绿茶".encode("gbk"), ""),
        (b"tea", b"tea", ""),
        (
            "a\ufffd".encode(),
            "a\ufffd".encode(),
            "characters that the tool could not read were replaced by it",
        ),
    ):
        (tmp_path / "__files" / "b.txt").write_bytes(body)
        beside = {"headers": told["headers"], "body": None, "bodyFileName": "b.txt"}
        found = only(written(tmp_path / "a.json", mapping(response=beside))).response
        assert (found.raw, found.lost) == (raw, lost)
    odd = mapping(response={"headers": {"Content-Type": "text/plain; charset=klingon"}, "body": "tea"})
    assert skipped(written(tmp_path / "a.json", odd)) == [
        "its text cannot be written in its charset 'klingon'"
    ]


def test_wiremock_3_13_records_its_own_failure_as_an_answer(tmp_path: Path) -> None:
    body = (
        "Network failure trying to make a proxied request from WireMock to http://h/x\r\nRemote host closed"
    )
    made = mapping(response={"status": 500, "body": body})
    assert skipped(written(tmp_path / "a.json", made)) == [
        "WireMock did not reach the upstream and answered itself; record it again"
    ]


def test_headers_that_are_asked_for_exactly_are_kept(tmp_path: Path) -> None:
    wanted = {"headers": {"X-DashScope-SSE": {"equalTo": "enable"}, "x": {"matches": ".*"}}}
    path = written(tmp_path / "a.json", mapping(request=wanted))
    assert only(path).request.headers == [("X-DashScope-SSE", "enable")]


def test_what_is_no_mapping_is_refused(tmp_path: Path) -> None:
    broken = {"mappings": [{"request": {}, "response": 5}, 5, mapping(response={"body": 5})]}
    words = ["it has no request or no response"] * 2 + ["its body is a int; it must be a text"]
    assert skipped(written(tmp_path / "a.json", broken)) == words
