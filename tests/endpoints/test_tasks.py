"""Asynchronous tasks: begun, running, done by the clock; cancelled, listed, unknown; what they made."""

from typing import Any

import httpx
import pytest
from dashscope import ImageSynthesis, VideoSynthesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.answer.moderation import Moderation
from mockserver.answer.wordlist import WordList
from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.work import at_once
from mockserver.endpoints import tasks
from mockserver.endpoints.endpoint import Call
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.schemas import violations
from mockserver.talk.refused import Refused
from tests.conftest import KEY, NOW, MakeHeaders, make_headers
from tests.endpoints.calls import ORIGIN, answered, call

ASYNC = {"x-dashscope-async": "enable"}
IMAGE = {"model": "wanx-v1", "input": {"prompt": "a teapot"}, "parameters": {"n": 2, "size": "64*32"}}
VIDEO = {"model": "wanx2.1-t2v-turbo", "input": {"prompt": "tea is poured"}}
PATH = "/api/v1/services/aigc/text2image/image-synthesis"


def asking(engine: Engine, body: Any, *, key: str = KEY) -> Call:
    """A call that begins a task."""
    return call(engine, body, key=key, headers=ASYNC, path=PATH)


def begun(engine: Engine, body: Any = IMAGE, kind: str = "imageSynthesis", *, key: str = KEY) -> str:
    """The id of a new task."""
    answer = at_once(tasks.begin(engine, asking(engine, body, key=key), kind))
    assert violations("tasks.created", loads(dumps(answer))) == []
    task_id: str = answer["output"]["task_id"]
    return task_id


def at(engine: Engine, seconds: float) -> None:
    """Sets the clock so long after the beginning."""
    engine.clock = lambda: NOW + seconds


def state(engine: Engine, task_id: str, *, key: str = KEY) -> dict[str, Any]:
    """What a task answers, held against its schema."""
    answer = tasks.state(engine, call(engine, key=key, id=task_id))
    assert violations("tasks.response", loads(dumps(answer))) == []
    return answer


def listed(engine: Engine, *, key: str = KEY, **query: str) -> dict[str, Any]:
    """A page of tasks, held against its schema."""
    answer = tasks.listing(engine, call(engine, key=key, query=dict(query)))
    assert violations("tasks.list", loads(dumps(answer))) == []
    return answer


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_a_model_that_there_is_not_is_not_found(engine: Engine, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        begun(engine, IMAGE | {"model": "no-such-model"}, kind)
    said = caught.value.refusal
    assert (said.status, said.code, said.words["native"].message) == (
        404,
        "InvalidParameter",
        "Model not exist.",
    )


def test_a_task_with_what_its_model_does_not_take_is_begun_and_fails(engine: Engine) -> None:
    film = {"model": "happyhorse-1.0-i2v", "input": {}, "parameters": {"resolution": "480P"}}
    task_id = begun(engine, film, "videoSynthesis")
    at(engine, 1)
    output = state(engine, task_id)["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "InvalidParameter")
    assert output["message"] == (
        "Field required: input.media & Input should be '1080P' or '720P': parameters.resolution"
    )


def test_a_picture_of_a_size_by_name_is_made(engine: Engine) -> None:
    body = {"model": "wan2.7-image-pro", "input": {"messages": []}, "parameters": {"size": "1K"}}
    task_id = begun(engine, body, "imageGeneration")
    at(engine, 1)
    assert state(engine, task_id)["output"]["task_status"] == "SUCCEEDED"


def test_a_kind_of_task_that_its_model_does_not_do_has_another_path(engine: Engine) -> None:
    with pytest.raises(Refused) as caught:
        begun(engine, IMAGE | {"model": "qwen-image-2.0-pro"})
    assert "url error" in caught.value.refusal.words["native"].message


# -- by the clock


def test_a_task_is_pending_then_running_then_done(engine: Engine) -> None:
    task_id = begun(engine)
    seen = {}
    for seconds in (0, 0.2, 0.25, 0.99, 1, 86_000):
        at(engine, seconds)
        seen[seconds] = state(engine, task_id)["output"]["task_status"]
    assert list(seen.values()) == ["PENDING", "PENDING", "RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_a_picture_has_the_recorded_order_of_keys(engine: Engine) -> None:
    task_id = begun(engine)
    assert (
        dumps(state(engine, task_id)["output"])
        == (
            b'{"task_id":"%b","task_status":"PENDING","submit_time":"2026-02-02 10:40:00.250",'
            b'"scheduled_time":"2026-02-02 10:40:00.280","task_metrics":{"TOTAL":2,"SUCCEEDED":0,"FAILED":0}}'
        )
        % task_id.encode()
    )
    at(engine, 1)
    answer = state(engine, task_id)
    assert list(answer) == ["request_id", "output", "usage"]
    assert list(answer["output"])[4:] == ["end_time", "results", "task_metrics"]
    assert answer["output"]["results"] == [
        {"url": f"{ORIGIN}/dashscope-result/{task_id}/{number}.png"} for number in (1, 2)
    ]
    assert answer["usage"] == {"image_count": 2}


def test_a_video_has_the_recorded_order_of_keys(engine: Engine) -> None:
    task_id = begun(engine, VIDEO, "videoSynthesis")
    assert "task_metrics" not in state(engine, task_id)["output"]
    at(engine, 1)
    answer = state(engine, task_id)
    assert list(answer["output"])[5:] == ["orig_prompt", "video_url", "actual_prompt"]
    assert answer["usage"] == {"video_duration": 5, "video_ratio": "1280*720", "video_count": 1}


def test_a_repainted_picture_has_the_recorded_keys(engine: Engine) -> None:
    body = {"model": "wanx-style-repaint-v1", "input": {"image_url": "https://tea.test/a", "style_index": 3}}
    task_id = begun(engine, body, "imageGeneration")
    at(engine, 1)
    answer = state(engine, task_id)
    assert list(answer["output"])[5:] == [
        "error_message",
        "start_time",
        "style_index",
        "error_code",
        "results",
    ]
    assert (answer["output"]["style_index"], answer["usage"]) == (3, {"image_count": 1})


def test_a_task_takes_as_long_as_the_settings_say(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(Settings(task_seconds=0), tokenizer=lazy_tokenizer, clock=lambda: NOW)
    assert state(engine, begun(engine))["output"]["task_status"] == "SUCCEEDED"


def test_a_prompt_that_moderation_finds_fails_when_it_is_done(engine: Engine) -> None:
    engine.moderation = Moderation(WordList(("teapot",)))
    task_id = begun(engine)
    at(engine, 1)
    output = state(engine, task_id)["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "DataInspectionFailed")
    assert output["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 0, "FAILED": 2}
    assert tasks.result(engine, task_id, "1.png") is None


# -- unknown, foreign, forgotten


def test_what_is_not_known_to_this_key_is_unknown_and_no_error(engine: Engine) -> None:
    task_id = begun(engine)
    for asked, key in (("1111", KEY), (task_id, "sk-other")):
        output = state(engine, asked, key=key)["output"]
        assert output == {"task_id": asked, "task_status": "UNKNOWN"}
    at(engine, 86_401)
    assert state(engine, task_id)["output"]["task_status"] == "UNKNOWN"
    assert listed(engine)["total"] == 0


def test_a_reset_forgets_the_tasks_of_a_key(engine: Engine) -> None:
    task_id = begun(engine)
    engine.reset(KEY)
    assert state(engine, task_id)["output"]["task_status"] == "UNKNOWN"


# -- cancelling


def test_a_pending_task_is_cancelled_and_stays_so(engine: Engine) -> None:
    task_id = begun(engine)
    answer = tasks.cancel(engine, call(engine, id=task_id))
    assert violations("tasks.cancelled", answer) == []
    at(engine, 5)
    output = state(engine, task_id)["output"]
    assert (output["task_status"], output["end_time"]) == ("CANCELED", "2026-02-02 10:40:00.250")


@pytest.mark.parametrize(("seconds", "known"), [(0.5, True), (1, True), (0, False)])
def test_what_is_not_pending_is_not_cancelled(
    engine: Engine, headers: MakeHeaders, seconds: float, *, known: bool
) -> None:
    task_id = begun(engine) if known else "1111"
    at(engine, seconds)
    answer = answered(engine, tasks.cancel, call(engine, id=task_id), headers())
    content = loads(answer.body)
    assert violations("native.error", content) == []
    assert answer.status == 400
    assert list(content) == ["request_id", "code", "message"]
    assert content["code"] == "UnsupportedOperation"


# -- the list


def test_the_list_has_the_newest_first_in_pages_of_ten(engine: Engine) -> None:
    made = [begun(engine) for _ in range(12)]
    answer = listed(engine)
    assert list(answer) == ["total", "data", "total_page", "page_no", "request_id", "page_size"]
    assert (answer["total"], answer["total_page"], answer["page_size"]) == (12, 2, 10)
    assert [row["task_id"] for row in answer["data"]] == made[:1:-1]
    assert [row["task_id"] for row in listed(engine, page_no="2")["data"]] == made[1::-1]
    assert listed(engine, key="sk-other")["total"] == 0


def test_a_row_of_the_list_has_the_recorded_form(engine: Engine) -> None:
    begun(engine)
    (row,) = listed(engine)["data"]
    assert "end_time" not in row
    assert row["user_api_unique_key"] == "apikey:v1:aigc:text2image:image-synthesis:wanx-v1"
    assert (row["gmt_create"], row["start_time"]) == (1770000000250, 1770000000280)
    at(engine, 1)
    (row,) = listed(engine)["data"]
    assert list(row) == sorted(row)
    assert row["end_time"] == 1770000001250


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "RUNNING"}, 0),
        ({"status": "PENDING"}, 1),
        ({"model_name": "wanx-v1"}, 1),
        ({"model_name": "tea"}, 0),
        ({"task_id": "tea"}, 0),
        ({"region": "cn-beijing"}, 1),
        ({"start_time": "20260202"}, 1),
        ({"start_time": "20260203"}, 0),
        ({"end_time": "20260202103959"}, 0),
    ],
)
def test_the_list_is_filtered(engine: Engine, query: dict[str, str], count: int) -> None:
    begun(engine)
    assert listed(engine, **query)["total"] == count


# -- refusals


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", ASYNC, 400, "InvalidParameter"),
        ({"input": {}}, ASYNC, 400, "BadRequest.EmptyModel"),
        ({**IMAGE, "model": "tea"}, ASYNC, 404, "InvalidParameter"),
        ({**IMAGE, "model": "qwen-plus"}, ASYNC, 400, "InvalidParameter"),
        (IMAGE, {}, 403, "AccessDenied"),
        ({"model": "wanx-v1"}, ASYNC, 400, "BadRequest.EmptyInput"),
        ({"model": "wanx-v1", "input": {}}, ASYNC, 400, "BadRequest.EmptyInput"),
        ({"model": "wanx-v1", "input": "tea"}, ASYNC, 400, "BadRequest.IllegalInput"),
        ({**IMAGE, "parameters": {"n": 9}}, ASYNC, 400, "InvalidParameter"),
        ({**IMAGE, "parameters": {"size": "large"}}, ASYNC, 400, "InvalidParameter"),
    ],
)
def test_a_bad_request_is_refused(
    engine: Engine, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    asked = call(engine, body, headers=headers, path=PATH)
    answer = answered(
        engine, lambda engine, call: tasks.begin(engine, call, "imageSynthesis"), asked, make_headers()
    )
    content = loads(answer.body)
    assert violations("native.error", content) == []
    assert (answer.status, content["code"]) == (status, code)


ANY = st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=9) | st.lists(st.text(), max_size=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(tasks.KINDS),
    st.dictionaries(st.sampled_from(["prompt", "image_url", "style_index"]), ANY) | ANY,
    st.dictionaries(st.sampled_from(["n", "size", "duration", "seed"]), ANY) | ANY,
)
def test_any_task_is_begun_and_done_or_refused(engine: Engine, kind: str, given: Any, options: Any) -> None:
    at(engine, 0)
    model = "wanx2.1-t2v-turbo" if kind == "videoSynthesis" else "wanx-v1"
    asked = asking(engine, {"model": model, "input": given, "parameters": options})
    answer = answered(engine, lambda engine, call: tasks.begin(engine, call, kind), asked, make_headers())
    content = loads(answer.body)
    if answer.status != 200:
        assert violations("native.error", content) == []
        return
    at(engine, 9)
    assert state(engine, content["output"]["task_id"])["output"]["task_status"] == "SUCCEEDED"


# -- over the wire


@pytest.mark.parametrize(
    ("kind", "body", "name", "count"),
    [("imageSynthesis", IMAGE, "n", 2), ("videoSynthesis", VIDEO, "duration", 3)],
)
def test_a_whole_number_is_one_however_it_is_written(
    engine: Engine, kind: str, body: dict[str, Any], name: str, count: int
) -> None:
    ids = [begun(engine, {**body, "parameters": {name: number}}, kind) for number in (count, float(count))]
    at(engine, 1)
    plain, odd = (dumps(state(engine, task_id)).replace(task_id.encode(), b"") for task_id in ids)
    assert b'"SUCCEEDED"' in plain
    assert plain == odd


def test_the_dashscope_sdk_begins_waits_and_fetches_pictures(engine: Engine, url: str) -> None:
    begun = ImageSynthesis.async_call(model="wanx-v1", prompt="a teapot", n=2, size="64*32", api_key=KEY)
    assert (begun.status_code, begun.output.task_status) == (200, "PENDING")
    at(engine, 1)
    done = ImageSynthesis.wait(begun, api_key=KEY)
    assert [done.output.task_status, done.usage.image_count] == ["SUCCEEDED", 2]
    pictures = [httpx.get(result.url, trust_env=False) for result in done.output.results]
    assert {picture.headers["content-type"] for picture in pictures} == {"image/png"}
    assert pictures[0].content.startswith(b"\x89PNG")
    assert httpx.get(done.output.results[0].url.replace("1.png", "3.png"), trust_env=False).status_code == 404


def test_the_dashscope_sdk_waits_for_a_video(engine: Engine, url: str) -> None:
    begun = VideoSynthesis.async_call(model="wanx2.1-t2v-turbo", prompt="tea is poured", api_key=KEY)
    at(engine, 1)
    done = VideoSynthesis.wait(begun, api_key=KEY)
    film = httpx.get(done.output.video_url, trust_env=False)
    assert (film.headers["content-type"], film.content[4:8]) == ("video/mp4", b"ftyp")


def test_the_dashscope_sdk_cancels_and_lists(engine: Engine, url: str) -> None:
    begun = VideoSynthesis.async_call(model="wanx2.1-t2v-turbo", prompt="tea", api_key=KEY)
    assert VideoSynthesis.cancel(begun, api_key=KEY).status_code == 200
    assert VideoSynthesis.fetch(begun, api_key=KEY).output.task_status == "CANCELED"
    again = VideoSynthesis.cancel(begun, api_key=KEY)
    assert (again.status_code, again.code) == (400, "UnsupportedOperation")
    sdk: Any = VideoSynthesis  # its stubs leave the list out
    assert [row["status"] for row in sdk.list(api_key=KEY).output["data"]] == ["CANCELED"]
