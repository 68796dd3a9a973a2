"""What goes out, without a corridor: headers that tell the time, and refusals that are booked."""

import json
from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.corridor.answers import Answer, Answers
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.meter.vocabularies import Vocabularies
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.reply import Pace, Raw, Reply
from tests.asking import ask
from tests.conftest import NOW, MakeHeaders, make_headers


def entry(world: World | None = None) -> Entry:
    """An exchange that has just arrived."""
    return Entry("id-1", world or World("sk-test", "test"), "compat", False, b"{}", NOW)


def test_an_answer_never_begins_before_its_request() -> None:
    early, late = entry(), entry()
    Answers.headers("compat-json", early, None, clock=lambda: NOW - 5)
    assert early.started == NOW
    headers = dict(Answers.headers("compat-json", late, None, clock=lambda: NOW + 1, delay=0.5))
    assert late.started == NOW + 1.5
    assert headers[b"req-cost-time"] == b"1500"


def test_a_refusal_is_rendered_and_booked(
    errors: Errors, lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    answers = Answers(errors, Vocabularies(lazy_tokenizer))
    world = World("sk-test", "test")
    asked = entry(world)
    asked.refusal = errors.refuse("body.malformed")
    answer = answers.refused(COMPAT, asked, None, headers(), stream=False, clock=lambda: NOW)
    assert answer.status == asked.status == 400
    assert json.loads(answer.body)["error"]
    assert (world.account("").requests, world.account("").refusals) == (1, 1)


def raw(answers: Answers, reply: Reply, **more: Any) -> Answer:
    """The answer that a raw reply is."""
    assert reply.raw is not None
    return answers.raw(ask("Tea?", **more), reply, reply.raw, entry(), clock=lambda: NOW)


def test_a_raw_reply_goes_out_as_it_stands(errors: Errors, lazy_tokenizer: LazyTokenizer) -> None:
    answers = Answers(errors, Vocabularies(lazy_tokenizer))
    given = (("server", None), ("content-type", ("text/html",)), ("set-cookie", ("a=1", "b=2")))
    answer = raw(answers, Reply((), raw=Raw(502, given, b"<p>")))
    assert (answer.status, answer.body, answer.frames) == (502, b"<p>", ())
    names = [name for name, _ in answer.headers]
    assert b"server" not in names
    assert b"x-request-id" in names
    assert names.count(b"content-type") == 1
    assert answer.headers[-3:] == [
        (b"content-type", b"text/html"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]
    assert answer.entry is not None
    assert answer.entry.status == 502


def test_the_frames_of_a_raw_reply_have_its_pace(errors: Errors, lazy_tokenizer: LazyTokenizer) -> None:
    answers = Answers(errors, Vocabularies(lazy_tokenizer))
    frames = Raw(frames=(b": a\n\n", b": b\n\n"))
    answer = raw(answers, Reply((), pace=Pace(first_ms=500, per_token_ms=100), raw=frames), stream=True)
    assert answer.delay == 0.5
    assert len(answer.due) == 2
    assert dict(answer.headers)[b"content-type"].startswith(b"text/event-stream")
    whole = raw(answers, Reply((), pace=Pace(first_ms=500), raw=Raw(body=b"{}")))
    assert (whole.delay, whole.due) == (0.5, ())


@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_stream_tells_proxies_to_pass_it_on_where_it_is_told_to(
    lazy_tokenizer: LazyTokenizer, *, unbuffered: bool
) -> None:
    engine = Engine(Settings(unbuffered=unbuffered), tokenizer=lazy_tokenizer, clock=lambda: NOW)
    asked = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}
    for stream in (False, True):
        body = json.dumps({**asked, "stream": stream}).encode()
        answer = engine.chat(COMPAT, make_headers(), body, arrived=NOW)
        assert answer.headers.count((b"x-accel-buffering", b"no")) == (unbuffered and stream)
