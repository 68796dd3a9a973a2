"""Requests whose bodies are packed, as gateways and HTTP clients send them: by an SDK, and by curl."""

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import httpx
import openai
import pytest

from contract_tests.drivers import program
from contract_tests.world import World

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
EACH = pytest.mark.parametrize("coding", PACKERS)
ASKED: dict[str, Any] = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Which tea?"}]}


class Packing(httpx.HTTPTransport):
    """A transport that packs what it sends."""

    def __init__(self, coding: str) -> None:
        super().__init__()
        self._coding = coding

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, packed."""
        body = PACKERS[self._coding](request.read())
        headers = {**request.headers, "content-encoding": self._coding, "content-length": str(len(body))}
        return super().handle_request(
            httpx.Request(request.method, request.url, headers=headers, content=body)
        )


@EACH
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_sdk_that_packs_its_requests_is_answered(coding: str, world: World, *, stream: bool) -> None:
    world.script({"content": "Oolong."})
    http = httpx.Client(transport=Packing(coding), trust_env=False, timeout=30)
    options: dict[str, Any] = {"api_key": world.key, "base_url": world.openai_url, "http_client": http}
    with openai.OpenAI(max_retries=0, **options) as client:
        create: Any = client.chat.completions.create
        answer = create(**ASKED, stream=stream)
        if stream:
            said = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        else:
            said = answer.choices[0].message.content
    assert said == "Oolong."
    (entry,) = world.requests()
    assert entry["body"]["messages"] == ASKED["messages"]


@EACH
def test_curl_that_sends_a_packed_file_is_answered(coding: str, world: World, tmp_path: Path) -> None:
    curl = program("curl")
    world.script({"content": "Oolong."})
    (tmp_path / "body").write_bytes(PACKERS[coding](json.dumps(ASKED).encode()))
    headers = [
        f"Authorization: Bearer {world.key}",
        "Content-Type: application/json",
        f"Content-Encoding: {coding}",
    ]
    options = [option for header in headers for option in ("-H", header)]
    command = [
        curl,
        "-s",
        *options,
        "--data-binary",
        f"@{tmp_path / 'body'}",
        f"{world.openai_url}/chat/completions",
    ]
    heard = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert json.loads(heard)["choices"][0]["message"]["content"] == "Oolong."
