"""What the service keeps of responses and conversations."""

from typing import Any

import pytest

from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.errors import Errors
from mockserver.corridor.threads import CONVERSATION_LIFE, RESPONSE_LIFE, Conversation, Thread, Threads
from mockserver.dialects.responses.read import read_request
from mockserver.state.shelf import Shelf
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.request import ChatRequest

WORLD, OTHER = World("sk-a"), World("sk-b")
BODY = (
    b'{"id":"resp_1","output":[{"id":"msg_9","type":"message","role":"assistant",'
    b'"content":[{"type":"output_text","text":"Tea."}]}]}'
)


@pytest.fixture
def threads(errors: Errors) -> Threads:
    return Threads(Shelf(), errors)


def recalled(
    threads: Threads, *, world: World = WORLD, now: float = 0.0, lenient: bool = False, **more: Any
) -> tuple[ChatRequest, Thread]:
    data = {"model": "qwen-plus", "input": "And milk?", **more}
    thread = threads.find(world, data, now=now)
    request = read_request(data, model_catalogue.load()["qwen-plus"], {})
    return threads.recall(thread, request, data["input"], "rid", lenient=lenient), thread


def texts(request: ChatRequest) -> list[str]:
    return [message.text for message in request.messages]


def kept(threads: Threads, **more: Any) -> None:
    _, thread = recalled(threads, input="Tea?", **more)
    thread.answered(BODY)
    threads.keep(WORLD, thread, now=0.0)


def test_a_request_that_names_nothing_stands_alone(threads: Threads) -> None:
    request, thread = recalled(threads)
    assert (texts(request), thread.before, thread.store) == (["And milk?"], (), True)


def test_a_response_is_the_history_of_the_next(threads: Threads) -> None:
    kept(threads)
    request, thread = recalled(threads, previous_response_id="resp_1")
    assert texts(request) == ["Tea?", "Tea.", "And milk?"]
    assert [item["role"] for item in thread.before] == ["user", "assistant"]


@pytest.mark.parametrize(
    "changed", [{"world": OTHER}, {"now": RESPONSE_LIFE}, {"previous_response_id": "resp_2"}]
)
def test_an_unknown_a_foreign_and_an_old_response_are_not_there(
    threads: Threads, changed: dict[str, Any]
) -> None:
    kept(threads)
    with pytest.raises(Refused) as caught:
        recalled(threads, **{"previous_response_id": "resp_1", **changed})
    assert caught.value.refusal.id == "response.previous"
    (finding,) = caught.value.findings
    assert (finding.rule, finding.path) == ("threads.unknown", "previous_response_id")
    assert recalled(threads, **{"previous_response_id": "resp_1", **changed, "lenient": True})[1].before == ()


def test_what_is_not_to_be_stored_is_not(threads: Threads) -> None:
    kept(threads, store=False)
    assert threads.response(WORLD, "resp_1", now=0.0) is None


def test_a_conversation_takes_in_what_is_said_stored_or_not(threads: Threads) -> None:
    threads.put(WORLD, Conversation("conv_1", 0, {}), now=0.0)
    kept(threads, conversation="conv_1", store=False)
    request, _ = recalled(threads, conversation={"id": "conv_1"})
    assert texts(request) == ["Tea?", "Tea.", "And milk?"]
    items = threads.items(WORLD, "conv_1", now=0.0)
    assert items is not None
    assert len(items) == 2
    assert threads.items(OTHER, "conv_1", now=0.0) is None
    assert threads.conversation(WORLD, "conv_1", now=CONVERSATION_LIFE) is None


def test_a_conversation_that_is_not_there_is_refused(threads: Threads) -> None:
    with pytest.raises(Refused) as caught:
        recalled(threads, conversation="conv_1")
    assert caught.value.refusal.id == "response.conversation"
    assert caught.value.findings[0].path == "conversation"


def test_what_is_kept_is_weighed_with_all_that_was_said_before(errors: Errors) -> None:
    shelf = Shelf(size=6_500)
    threads = Threads(shelf, errors)
    for number in range(8):
        _, thread = recalled(threads, input="tea " * 100)
        thread.answered(BODY.replace(b"resp_1", b"resp_%d" % number))
        threads.keep(WORLD, thread, now=0.0)
    assert 1 < len(shelf) < 8
    assert threads.response(WORLD, "resp_0", now=0.0) is None
    assert threads.response(WORLD, "resp_7", now=0.0) is not None


@pytest.mark.parametrize(
    "named", [{"previous_response_id": 7}, {"conversation": {}}, {"conversation": [1]}, {"store": "no"}]
)
def test_what_is_no_name_is_looked_for_nowhere(threads: Threads, named: dict[str, Any]) -> None:
    thread = threads.find(WORLD, named, now=0.0)
    assert (thread.history, thread.missing, thread.conversation) == ((), None, None)
