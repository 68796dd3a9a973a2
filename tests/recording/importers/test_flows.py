"""Flows of mitmproxy, as its library gives them; it is an extra, and what stands in for it has its form."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mockserver.recording.importers import ImportFaultError
from tests.recording.exchanges import COMPAT, asked, compat_body, dumped
from tests.recording.importers.reading import only, skipped

ASKED, ANSWER = dumped(asked()), dumped(compat_body())
BEGUN = 1_770_000_000.0


def message(raw: bytes | None, **more: Any) -> SimpleNamespace:
    fields = ((b"content-type", b"application/json"),)
    return SimpleNamespace(raw_content=raw, headers=SimpleNamespace(fields=fields), **more)


def flow(
    *, answer: bytes | None = ANSWER, body: bytes | None = dumped(asked()), **more: Any
) -> SimpleNamespace:
    request = message(body, method="POST", path=f"{COMPAT}?a=1", timestamp_start=BEGUN)
    response = message(
        answer, status_code=200, timestamp_start=1_770_000_000.5, timestamp_end=1_770_000_001.0
    )
    return SimpleNamespace(**{"request": request, "response": response, "error": None, **more})


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, list[Any]]:
    """A file of flows, and what mitmproxy reads in it."""
    kept: list[Any] = []

    class UnreadableError(Exception):
        """What mitmproxy calls FlowReadException."""

    class FlowReader:
        def __init__(self, file: Any) -> None:
            assert file.read()

        def stream(self) -> Iterator[Any]:
            for one in kept:
                if one is None:
                    raise UnreadableError(*["it is cut"])
                yield one

    exceptions, io = ModuleType("mitmproxy.exceptions"), ModuleType("mitmproxy.io")
    vars(exceptions)["FlowReadException"], vars(io)["FlowReader"] = UnreadableError, FlowReader
    for name, module in {"": ModuleType("mitmproxy"), ".exceptions": exceptions, ".io": io}.items():
        monkeypatch.setitem(sys.modules, f"mitmproxy{name}", module)
    path = tmp_path / "tea.flows"
    path.write_bytes(b"1234:9:websocket;")
    return path, kept


def test_a_flow_is_an_interaction(held: tuple[Path, list[Any]]) -> None:
    path, kept = held
    kept.append(flow())
    one = only(path)
    assert (one.request.path, one.request.query, one.request.body) == (COMPAT, "a=1", dumped(asked()))
    assert (one.response.raw, one.response.chunks[0].at, one.response.standing) == (ANSWER, 500.0, "complete")
    assert one.recorded == "2026-02-02T02:40:00.000Z"


def test_bodies_that_were_not_stored_are_missing(held: tuple[Path, list[Any]]) -> None:
    path, kept = held
    kept.append(flow(answer=None))
    assert (only(path).response.standing, only(path).response.lost) == (
        "missing",
        "it was streamed and not stored",
    )
    kept[:] = [flow(body=None)]
    assert "the body of its request was not kept" in skipped(path)[0]


def test_what_broke_off_is_cut_and_what_never_came_is_skipped(held: tuple[Path, list[Any]]) -> None:
    path, kept = held
    kept.append(flow(error=SimpleNamespace(msg="peer closed connection")))
    assert only(path).response.lost == "the answer broke off: peer closed connection"
    kept[:] = [
        flow(response=None),
        flow(response=None, error=SimpleNamespace(msg="no host")),
        SimpleNamespace(),
    ]
    assert skipped(path) == [
        "there was no answer: nobody told why; record it again",
        "there was no answer: no host; record it again",
        "it is no flow of HTTP",
    ]


def test_times_that_are_not_there_are_none(held: tuple[Path, list[Any]]) -> None:
    path, kept = held
    kept.append(flow())
    kept[0].request.timestamp_start = None
    assert (only(path).recorded, only(path).response.chunks[0].at) == ("", 0.0)


def test_what_mitmproxy_cannot_read_is_refused(held: tuple[Path, list[Any]]) -> None:
    path, kept = held
    kept.append(None)
    with pytest.raises(ImportFaultError, match=r"tea\.flows: mitmproxy cannot read it: it is cut"):
        only(path)


def test_without_the_library_there_is_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mitmproxy.io", None)
    path = tmp_path / "tea.flows"
    path.write_bytes(b"1234:9:websocket;")
    with pytest.raises(
        ImportFaultError, match=r"whose library is not installed: pip install .*hardump=FILE\.har"
    ):
        only(path)


def test_what_does_not_begin_as_flows_is_none_whether_the_library_is_there_or_not(tmp_path: Path) -> None:
    path = tmp_path / "tea.mitm"
    path.write_bytes(b"\xfc\x00tea")
    with pytest.raises(ImportFaultError, match=r"tea\.mitm: it holds no flows of mitmproxy"):
        only(path, "mitmproxy")
