"""What is heard and read: in the documented forms, plain and streamed, on each surface, said by whomever."""

from base64 import b64encode
from typing import Any

import dashscope
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from mockserver.base.jsontext import loads
from mockserver.corridor.engine import Engine
from mockserver.rules.schemas import violations
from mockserver.server.app import App
from mockserver.wire import sse
from tests.conftest import KEY

NATIVE = "/api/v1/services/aigc/multimodal-generation/generation"
COMPAT = "/compatible-mode/v1/chat/completions"
SOUND = {"role": "user", "content": [{"audio": "https://example.com/tea.mp3"}]}
HEARD = {
    "role": "user",
    "content": [{"type": "input_audio", "input_audio": {"data": "https://example.com/tea.mp3"}}],
}
SEEN = {"role": "user", "content": [{"image": "https://example.com/tea.png"}]}
CONTEXT = {"role": "system", "content": [{"text": "Tea: oolong, sencha."}]}
HEADERS = {"Authorization": f"Bearer {KEY}", "Host": "localhost"}


@pytest.fixture
def client(engine: Engine) -> TestClient:
    return TestClient(App(engine), headers=HEADERS)


def native(client: TestClient, model: str, messages: list[Any], **parameters: Any) -> dict[str, Any]:
    answer = client.post(
        NATIVE, json={"model": model, "input": {"messages": messages}, "parameters": parameters}
    )
    assert answer.status_code == 200, answer.text
    assert violations("native-multimodal.response", answer.json()) == []
    found: dict[str, Any] = answer.json()
    return found


def events(client: TestClient, model: str, messages: list[Any], **parameters: Any) -> list[dict[str, Any]]:
    body = {"model": model, "input": {"messages": messages}, "parameters": parameters}
    answer = client.post(NATIVE, json=body, headers={"X-DashScope-SSE": "enable"})
    found = [loads(frame.data or "") for frame in sse.read(answer.content)]
    assert [violations("native-multimodal.chunk", event) for event in found] == [[]] * len(found)
    return found


def compat(client: TestClient, *, stream: bool = False, **more: Any) -> list[dict[str, Any]]:
    body = {"model": "qwen3-asr-flash", "messages": [HEARD], "stream": stream, **more}
    answer = client.post(COMPAT, json=body)
    assert answer.status_code == 200, answer.text
    if not stream:
        assert violations("compat.response", answer.json()) == []
        return [answer.json()]
    found = [loads(frame.data or "") for frame in sse.read(answer.content) if frame.data != "[DONE]"]
    assert [violations("compat.chunk", chunk) for chunk in found] == [[]] * len(found)
    return found


def message(document: dict[str, Any]) -> dict[str, Any]:
    output = document.get("output", document)
    found: dict[str, Any] = output["choices"][0].get("message") or output["choices"][0]["delta"]
    return found


# -- sounds


@pytest.mark.parametrize(
    ("asked", "language"),
    [({"language": "ja", "enable_itn": True}, "ja"), ({"language": "fr"}, "fr"), (None, "en")],
)
def test_a_sound_is_annotated_with_its_language_and_a_feeling(
    client: TestClient, asked: Any, language: str
) -> None:
    answer = native(client, "qwen3-asr-flash", [CONTEXT, SOUND], asr_options=asked)
    said = message(answer)
    assert list(said) == ["annotations", "content", "role"]
    (note,) = said["annotations"]
    assert list(note) == ["emotion", "language", "type"]
    assert (note["language"], note["type"]) == (language, "audio_info")
    assert list(answer["usage"]) == ["input_tokens_details", "output_tokens_details", "seconds"]
    assert answer["usage"]["seconds"] > 0


def test_a_snapshot_of_2026_annotates_nothing(client: TestClient) -> None:
    # Joycai/simple-ai-writer, probes, 2026-09: neither annotations nor seconds.
    answer = native(client, "qwen3-asr-flash-2026-02-10", [SOUND])
    assert list(message(answer)) == ["content", "role"]
    assert list(answer["usage"]) == ["input_tokens_details", "output_tokens_details"]


def test_the_events_of_a_sound_are_annotated_one_by_one(client: TestClient) -> None:
    found = events(client, "qwen3-asr-flash", [SOUND], incremental_output=True)
    saying = [message(event) for event in found if message(event)["content"]]
    assert len(saying) > 1
    assert all(list(said["annotations"][0]) == ["type", "language", "emotion"] for said in saying)
    assert list(found[0]["usage"]) == ["output_tokens_details", "input_tokens_details", "seconds"]


def test_a_compatible_answer_to_a_sound_is_sorted(client: TestClient) -> None:
    (answer,) = compat(client, asr_options={"language": "zh"})
    assert list(answer) == sorted(answer)
    assert list(message(answer)) == ["annotations", "content", "role"]
    assert list(answer["usage"]) == sorted(answer["usage"])
    assert list(answer["usage"]["prompt_tokens_details"]) == ["audio_tokens", "text_tokens"]


def test_a_compatible_stream_of_a_sound_opens_without_annotations(client: TestClient) -> None:
    opener, *deltas, end, usage = compat(client, stream=True, stream_options={"include_usage": True})
    assert message(opener) == {"content": "", "role": "assistant"}
    assert [list(message(chunk)) for chunk in deltas] == [["annotations", "content", "role"]] * len(deltas)
    assert "annotations" not in message(end)
    assert usage["usage"]["seconds"] > 0


def test_what_a_script_says_of_a_sound_is_annotated_too(client: TestClient, engine: Engine) -> None:
    engine.scripts.add({"reply": {"content": "喝茶。"}}, engine.errors)
    said = message(native(client, "qwen3-asr-flash", [SOUND]))
    assert (said["content"], said["annotations"][0]["language"]) == ([{"text": "喝茶。"}], "zh")


def test_a_sound_of_a_second_costs_25_tokens_and_a_second(client: TestClient) -> None:
    samples = b"\0" * 32_000
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + (16_000).to_bytes(4, "little")
    form += (32_000).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    wave = head + form + b"data" + len(samples).to_bytes(4, "little") + samples
    heard = {
        "type": "input_audio",
        "input_audio": {"data": f"data:audio/wav;base64,{b64encode(wave).decode()}"},
    }
    (answer,) = compat(client, messages=[{"role": "user", "content": [heard]}])
    assert answer["usage"]["seconds"] == 1
    assert answer["usage"]["prompt_tokens_details"]["audio_tokens"] == 25


# -- pictures


def part(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = message(document)["content"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("task", "sign"),
    [
        ("text_recognition", ""),
        ("multi_lan", ""),
        ("table_parsing", "<table>"),
        ("document_parsing", "\\section{1}"),
        ("formula_recognition", "$$"),
        ("advanced_recognition", "```json"),
        ("key_information_extraction", "```json"),
    ],
)
def test_a_task_decides_the_form_of_what_is_read(client: TestClient, task: str, sign: str) -> None:
    answer = native(client, "qwen-vl-ocr-latest", [SEEN], ocr_options={"task": task})
    assert sign in part(answer)["text"]
    assert list(part(answer)) == (["ocr_result", "text"] if sign == "```json" else ["text"])


def test_words_stand_in_boxes_line_below_line(client: TestClient, engine: Engine) -> None:
    engine.scripts.add({"reply": {"content": "Oolong\nSencha"}}, engine.errors)
    found = part(native(client, "qwen-vl-ocr", [SEEN], ocr_options={"task": "advanced_recognition"}))
    one, two = found["ocr_result"]["words_info"]
    assert list(one) == ["location", "rotate_rect", "text"]
    assert (one["text"], two["text"]) == ("Oolong", "Sencha")
    assert one["location"][5] < two["location"][1], "the second line begins below the first"
    assert found["text"] == "Oolong\nSencha"


def test_fields_are_filled_in_the_shape_that_was_asked_for(client: TestClient) -> None:
    shape = {"seller": "", "rows": [{"tea": "", "price": ""}]}
    options = {"task": "key_information_extraction", "task_config": {"result_schema": shape}}
    found = part(native(client, "qwen-vl-ocr", [SEEN], ocr_options=options))
    result = found["ocr_result"]["kv_result"]
    assert list(result) == ["seller", "rows"]
    assert set(result["rows"][0]) == {"tea", "price"}
    assert loads(found["text"].removeprefix("```json\n").removesuffix("\n```")) == result


@pytest.mark.parametrize("incremental", [False, True])
def test_what_was_read_stands_in_the_last_event_that_says_something(
    client: TestClient, *, incremental: bool
) -> None:
    options = {"task": "advanced_recognition"}
    found = events(client, "qwen-vl-ocr", [SEEN], ocr_options=options, incremental_output=incremental)
    told = [
        at
        for at, event in enumerate(found)
        if any("ocr_result" in part for part in message(event)["content"])
    ]
    assert told == [max(at for at, event in enumerate(found) if message(event)["content"])]


def test_a_model_that_reads_without_a_task_says_words_alone(client: TestClient) -> None:
    assert list(part(native(client, "qwen-vl-ocr", [SEEN]))) == ["text"]
    assert list(
        part(native(client, "qwen3-vl-plus", [SEEN], ocr_options={"task": "advanced_recognition"}))
    ) == ["text"]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    task=st.sampled_from(["advanced_recognition", "key_information_extraction", "table_parsing", "tea"]),
    shape=st.dictionaries(st.text(max_size=5), ANY, max_size=4) | st.none(),
    said=st.none() | st.text(min_size=1, max_size=40),
    stream=st.booleans(),
)
def test_any_shape_is_answered_in_form(
    client: TestClient, engine: Engine, task: str, shape: Any, said: str | None, *, stream: bool
) -> None:
    engine.reset()
    if said is not None:
        engine.scripts.add({"reply": {"content": said}}, engine.errors)
    options = {"task": task, "task_config": {"result_schema": shape}}
    (events if stream else native)(client, "qwen-vl-ocr", [SEEN], ocr_options=options)


# -- through the real clients


def test_the_dashscope_sdk_hears_and_reads(engine: Engine, url: str) -> None:
    heard: Any = dashscope.MultiModalConversation.call(
        model="qwen3-asr-flash", messages=[SOUND], api_key=KEY, asr_options={"language": "zh"}
    )
    assert heard.output.choices[0].message.annotations[0]["language"] == "zh"
    read: Any = dashscope.MultiModalConversation.call(
        model="qwen-vl-ocr", messages=[SEEN], api_key=KEY, ocr_options={"task": "advanced_recognition"}
    )
    assert read.output.choices[0].message.content[0]["ocr_result"]["words_info"][0]["text"]


def test_the_openai_sdk_hears_in_a_stream(engine: Engine, url: str) -> None:
    engine.scripts.add({"reply": {"content": "One two three four five."}}, engine.errors)
    with openai.OpenAI(base_url=f"{url}/compatible-mode/v1", api_key=KEY, max_retries=0) as sdk:
        stream: Any = sdk.chat.completions.create(
            model="qwen3-asr-flash",
            messages=[HEARD],  # type: ignore[list-item]
            stream=True,
            extra_body={"asr_options": {"language": "en"}},
        )
        deltas = [chunk.choices[0].delta for chunk in stream]
    assert "".join(delta.content or "" for delta in deltas) == "One two three four five."
    assert {delta.annotations[0]["emotion"] for delta in deltas if getattr(delta, "annotations", None)}
