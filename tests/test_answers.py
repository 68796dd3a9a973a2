"""What goes out, without a corridor: headers that tell the time, and refusals that are booked."""

import json

from mockserver.answers import Answers
from mockserver.catalogue.errors import Errors
from mockserver.journal import Entry
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.meter.vocabularies import Vocabularies
from mockserver.wire.request import Surface
from mockserver.worlds import World
from tests.conftest import NOW, MakeHeaders


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
    answer = answers.refused(Surface.COMPAT, asked, None, headers(), stream=False, clock=lambda: NOW)
    assert answer.status == asked.status == 400
    assert json.loads(answer.body)["error"]
    assert (world.account("").requests, world.account("").refusals) == (1, 1)
