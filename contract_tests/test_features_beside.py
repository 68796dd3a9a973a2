"""What SDKs ask for beside chats: reranking, asynchronous tasks, files and batches, apps."""

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from json import dumps, loads
from pathlib import Path
from typing import Any

import dashscope
import httpx
import pytest
from dashscope import ImageSynthesis, VideoSynthesis
from openai import BadRequestError, NotFoundError, OpenAI

from contract_tests.drivers import required
from contract_tests.matrix import JAVA, java
from contract_tests.sdks import openai_client
from contract_tests.world import Server, World, serving

TEAS = ["A kettle boils water.", "Green tea is steeped at eighty degrees.", "A train leaves at noon."]
PICTURE = "https://tea.invalid/cup.png"
ASKED = "At how many degrees is green tea steeped?"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server whose tasks are done when they begin."""
    with serving(tmp_path_factory.mktemp("server"), "--task-seconds", "0") as running:
        yield running


@pytest.fixture
def world(quick: Server, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give the test a world on that server, which the SDK asks by itself."""
    own = quick.world("sk-beside")
    own.forget()
    monkeypatch.setattr(dashscope, "base_http_api_url", own.native_url)
    monkeypatch.setattr(dashscope, "api_key", own.key)
    return own


def calls(world: World) -> list[str]:
    """Read from the journal which endpoints were asked."""
    answer = world.control.get("/_mock/requests", params={"key": world.key, "endpoint": "*"})
    return [call["endpoint"] for call in answer.raise_for_status().json()["requests"]]


def test_dashscope_reranks(world: World) -> None:
    answer = dashscope.TextReRank.call(
        model="qwen3-rerank", query=ASKED, documents=TEAS, top_n=2, return_documents=True
    )

    assert answer.status_code == 200
    best, second = answer.output.results
    assert best["document"]["text"] == TEAS[1]
    assert best.relevance_score > second.relevance_score
    assert answer.usage["total_tokens"] > 0
    assert calls(world) == ["textRerank"]


def test_openai_reranks(world: World) -> None:
    root = world.openai_url.replace("compatible-mode", "compatible-api")
    with OpenAI(base_url=root, api_key=world.key, max_retries=0) as client:
        body = {"model": "qwen3-rerank", "query": ASKED, "documents": TEAS}
        answer: Any = client.post("/reranks", body=body, cast_to=object)

    assert answer["object"] == "list"
    assert answer["results"][0]["index"] == 1


def test_dashscope_waits_for_pictures(world: World) -> None:
    done = ImageSynthesis.call(model="wanx-v1", prompt="a teapot", n=2, size="64*64")

    assert done.output.task_status == "SUCCEEDED"
    assert done.usage.image_count == 2
    pictures = [httpx.get(result.url) for result in done.output.results]
    assert {picture.headers["content-type"] for picture in pictures} == {"image/png"}
    assert calls(world)[0] == "imageSynthesis"


def test_dashscope_waits_for_a_video(world: World) -> None:
    done = VideoSynthesis.call(model="wanx2.1-t2v-turbo", prompt="tea is poured")

    assert done.output.task_status == "SUCCEEDED"
    assert httpx.get(done.output.video_url).headers["content-type"] == "video/mp4"
    assert calls(world)[0] == "videoSynthesis"


def test_dashscope_hears_of_a_task_that_is_not_its_own(world: World) -> None:
    begun = ImageSynthesis.async_call(model="wanx-v1", prompt="a teapot", api_key="sk-another")
    asked = ImageSynthesis.fetch(begun, api_key=world.key)

    assert (asked.status_code, asked.output.task_status) == (200, "UNKNOWN")


def test_dashscope_keeps_files(world: World, tmp_path: Path) -> None:
    path = tmp_path / "tea.txt"
    path.write_bytes(b"oolong")
    files: Any = dashscope.Files
    (kept,) = files.upload(str(path), purpose="inference").output["uploaded_files"]

    assert files.get(kept["file_id"]).output["size"] == 6
    assert files.list().output["total"] == 1
    assert files.delete(kept["file_id"]).status_code == 200
    assert files.get(kept["file_id"]).code == "NotFound"
    assert calls(world)[:2] == ["uploadStoredNatively", "nativeFile"]


def test_openai_runs_a_batch_that_scripts_answer(world: World) -> None:
    world.script({"content": "Oolong."}, last_user="Which tea?")
    line = {
        "custom_id": "one",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "qwen-plus", "messages": [{"role": "user", "content": "Which tea?"}]},
    }
    with openai_client(world) as client:
        kept = client.files.create(file=("tea.jsonl", dumps(line).encode()), purpose="batch")
        batch = client.batches.create(
            input_file_id=kept.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        assert batch.status == "validating"
        done = client.batches.retrieve(batch.id)
        assert done.status == "completed"
        assert done.output_file_id is not None
        result = loads(client.files.content(done.output_file_id).read())
        with pytest.raises(BadRequestError):
            client.batches.cancel(batch.id)
        with pytest.raises(NotFoundError):
            client.files.retrieve("file-batch-1")

    assert result["response"]["body"]["choices"][0]["message"]["content"] == "Oolong."
    (chat,) = world.requests()
    assert chat["id"] == result["id"]


def test_dashscope_asks_an_app_in_a_session(world: World) -> None:
    world.script({"content": "Oolong <ref>[1]</ref>.", "reasoning_content": "Hm."}, last_user="Tea?")
    first: Any = dashscope.Application.call(
        app_id="0123456789abcdef", prompt="Tea?", has_thoughts=True, rag_options={"pipeline_ids": ["base"]}
    )
    pieces: Any = dashscope.Application.call(
        app_id="0123456789abcdef",
        prompt="Why?",
        session_id=first.output.session_id,
        stream=True,
        incremental_output=True,
    )
    heard = list(pieces)

    assert first.output.text == "Oolong <ref>[1]</ref>."
    assert [thought.action for thought in first.output.thoughts] == ["rag", "reasoning"]
    assert [document.index_id for document in first.output.doc_references] == ["1"]
    assert {piece.output.session_id for piece in heard} == {first.output.session_id}
    assert "".join(piece.output.text for piece in heard)
    assert len(world.requests()[1]["body"]["input"]["messages"]) == 3


def test_dashscope_hears_a_fault_beside_chat(world: World) -> None:
    struck = dashscope.TextReRank.call(
        model="qwen3-rerank", query=ASKED, documents=TEAS, headers={"X-Mock-Fault": "Throttling.RateQuota"}
    )

    assert (struck.status_code, struck.code) == (429, "Throttling.RateQuota")
    assert calls(world) == ["textRerank"]


@pytest.mark.usefixtures("world")
def test_dashscope_embeds_texts_and_pictures() -> None:
    answer = dashscope.MultiModalEmbedding.call(
        model="qwen3-vl-embedding", input=[{"text": "A cup."}, {"image": PICTURE}], dimension=256
    )

    assert answer.status_code == 200
    assert [one["type"] for one in answer.output["embeddings"]] == ["text", "image"]
    assert {len(one["embedding"]) for one in answer.output["embeddings"]} == {256}
    assert answer.usage["image_count"] == 1


def test_openai_hears_an_omni_model(world: World) -> None:
    with openai_client(world) as client:
        heard = client.chat.completions.create(
            model="qwen3-omni-flash",
            messages=[{"role": "user", "content": "Say tea."}],
            modalities=["text", "audio"],
            audio={"voice": "Cherry", "format": "wav"},
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(heard)

    deltas: list[Any] = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    sounds = [delta.audio.data for delta in deltas if getattr(delta, "audio", None)]
    samples = sum(len(b64decode(sound)) for sound in sounds) // 2
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.audio_tokens == samples / 24_000 * 25


@pytest.mark.usefixtures("world")
def test_dashscope_follows_a_research() -> None:
    asked: Any = [
        {"role": "user", "content": "Which tea sold best?"},
        {"role": "assistant", "content": "In which year?"},
        {"role": "user", "content": "1900"},
    ]
    told: Any = dashscope.Generation.call(model="qwen-deep-research", messages=asked, stream=True)
    phases = [event.output["message"]["phase"] for event in told]

    assert list(dict.fromkeys(phases)) == ["ResearchPlanning", "WebResearch", "KeepAlive", "answer"]


def test_the_sdk_for_java_asks_for_each_once(world: World) -> None:
    required(JAVA.missing())
    done = subprocess.run(
        [*java("Beside"), world.native_url, world.key], capture_output=True, text=True, timeout=60, check=True
    )
    told = loads(done.stdout)
    text = told.pop("text")

    assert "Tea?" in text
    assert "And cake?" in text
    assert told == {
        "best": "Green tea is hot.",
        "vectors": 2,
        "kinds": ["text", "image"],
        "task": "SUCCEEDED",
        "pictures": 2,
        "same_session": True,
        "refused": "InvalidParameter",
    }
