"""A secret planted everywhere is nowhere: in no file, no log, no journal, no error."""

import json
import logging
from pathlib import Path

import httpx
import pytest

from contract_tests.recording import playing
from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.dialects.compat.surface import COMPAT
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from tests.conftest import MakeHeaders
from tests.recording.exchanges import asked, compat_body, compat_frames, dumped
from tests.recording.test_redaction import everywhere, leaks
from tests.recording.upstreams import raw_upstream

KEY = "sk-planted0123456789abcdef012345"
OTHER = "plant-7f3e-geheim"
"""A secret that only the user's pattern knows."""

REDACTION = Redaction.of(patterns=[r"plant-7f3e-\w+"])


def _chunked(body: bytes, size: int) -> list[bytes]:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


def _answers() -> list[list[bytes]]:
    secrets = f"{KEY} {OTHER}"
    head = (
        f"HTTP/1.1 200 OK\r\nSet-Cookie: s={OTHER}cookie; path=/\r\nX-Echo: {KEY}\r\nX-{OTHER}: {OTHER}\r\n"
        "Transfer-Encoding: chunked\r\nContent-Type: {}\r\nConnection: close\r\n\r\n"
    )
    whole = dumped(everywhere(compat_body(secrets), secrets))
    stream = b"".join(compat_frames("a", KEY[:11], KEY[11:], OTHER[:4], OTHER[4:], secrets))
    error = dumped({"error": {"message": f"wrong key {KEY} {OTHER}", "code": OTHER}, "request_id": KEY})
    return [
        [head.format("application/json").encode(), *_chunked(whole, 7)],
        [head.format("text/event-stream").encode(), *_chunked(stream, 5)],
        [head.format("application/json").replace("200 OK", "401 No").encode(), *_chunked(error, 3)],
        [head.format("text/event-stream").encode(), *_chunked(stream, 9)[:60]],
    ]


def test_a_planted_secret_is_in_no_file_log_journal_or_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, engine: Engine, headers: MakeHeaders
) -> None:
    caplog.set_level(logging.DEBUG, "mockserver")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    told = [("authorization", f"Bearer {KEY}"), ("x-dashscope-workspace", OTHER), ("cookie", f"a={OTHER}")]
    told += [("user-agent", f"tea {OTHER}"), ("x-any", KEY), (f"x-{OTHER}", "1")]
    with raw_upstream() as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        with playing(tmp_path, "all", upstream=url, redaction=REDACTION) as recorder:
            for at, sends in enumerate(_answers()):
                upstream.sends = sends
                body = dumped(everywhere(asked(f"{at} {KEY} {OTHER}", stream=at == 1), f"{KEY}{OTHER}"))
                path = f"/compatible-mode/v1/chat/completions?token={KEY}&x={OTHER}"
                try:
                    httpx.post(recorder.url + path, content=body, headers=told, trust_env=False, timeout=20)
                except httpx.RemoteProtocolError:
                    assert at == 3, "only the last answer breaks off"
            assert OTHER.encode() in upstream.requests[0], "the upstream had it all"
        assert recorder.counts["recorded"] == 4
        upstream_gone = url
    with playing(tmp_path, "new", upstream=upstream_gone, redaction=REDACTION) as recorder:
        unreachable = httpx.post(
            recorder.openai_url + f"/{OTHER}", content=dumped(asked(OTHER)), headers=told, trust_env=False
        )
        assert unreachable.status_code == 502
    with playing(tmp_path, "none", redaction=REDACTION) as replayer:
        missed = httpx.post(
            replayer.openai_url + "/chat/completions",
            content=dumped(asked(f"no {OTHER}")),
            headers=told,
            trust_env=False,
        )
        assert missed.status_code == 404
        assert "the nearest is" in missed.text
    engine.recorded = Recorded(Library(tmp_path), REDACTION, Playing())
    answer = engine.chat(
        COMPAT, headers(key=KEY), dumped(asked(f"none like this {KEY} {OTHER}")), arrived=0.0
    )
    assert answer.status == 404
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 5, "four recordings and their index"
    said = {path.name: path.read_bytes() for path in files}
    said |= {
        "log": caplog.text.encode(),
        "journal": json.dumps([entry.shown() for entry in engine.journal]).encode(),
    }
    said |= {"unreachable": unreachable.content, "missed": missed.content, "miss": answer.body}
    for name, data in said.items():
        for secret in (KEY, OTHER):
            assert not leaks(data, secret), (name, secret)
            assert secret.encode() not in name.encode()
