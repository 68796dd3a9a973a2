"""Who speaks: a script before the built-in model, and a miss when that is what is wished."""

from itertools import count
from typing import Any

import pytest

from mockserver.base.deadline import Timer
from mockserver.catalogue.errors import Errors
from mockserver.corridor.keeping import Keeping
from mockserver.corridor.speaker import Speaker
from mockserver.corridor.work import Steps, at_once
from mockserver.meter.quotas import Quotas
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.meter.vocabularies import Vocabularies
from mockserver.scripts.desk import Desk
from mockserver.scripts.pace import Profile
from mockserver.scripts.script import Scripts
from mockserver.scripts.stage import Stage
from mockserver.state.journal import Entry, Journal
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest
from tests.asking import ask
from tests.conftest import NOW

WORLD = World("sk-test", "test")


class Talk:
    """A speaker, its scripts, and the entry of the last exchange. Its clock is that of its deadlines."""

    def __init__(
        self,
        errors: Errors,
        tokenizer: LazyTokenizer,
        *,
        on_miss: str = "built-in",
        timer: Timer = lambda: 0,
    ) -> None:
        self.errors = errors
        self.scripts = Scripts()
        stage = Stage(on_miss=on_miss, pace=Profile())
        journals = Journal(entries=1), Journal(entries=1)
        keeping = Keeping(self.scripts, Desk(errors), Quotas(), *journals)
        self.speaker = Speaker(keeping, self.scripts, stage, errors, Vocabularies(tokenizer), timer=timer)
        self.entry = Entry("id-1", WORLD, "compat", False, b"{}", NOW)

    def reply(self, text: str) -> Reply:
        """What is said to a text."""
        return at_once(self.steps(ask(text)))

    def steps(self, request: ChatRequest) -> Steps[Reply]:
        """The way to what is said."""
        return self.speaker.reply(WORLD, request, self.entry, clock=lambda: NOW, recorded=None)


def test_a_script_speaks_first_and_then_the_built_in_model(
    errors: Errors, lazy_tokenizer: LazyTokenizer
) -> None:
    talk = Talk(errors, lazy_tokenizer)
    script = talk.scripts.add({"times": 1, "reply": {"content": "Oolong."}}, errors)
    assert talk.reply("Which tea?").choices[0].content == "Oolong."
    assert talk.entry.answered_by == script.id
    assert talk.reply("Which tea?").choices[0].content != "Oolong."
    assert talk.entry.answered_by == "built-in"


def test_a_scripted_error_and_a_miss_are_refusals(errors: Errors, lazy_tokenizer: LazyTokenizer) -> None:
    talk = Talk(errors, lazy_tokenizer, on_miss="error")
    talk.scripts.add({"times": 1, "reply": {"error": {"code": "Throttling"}}}, errors)
    with pytest.raises(Refused) as scripted:
        talk.reply("Which tea?")
    assert scripted.value.refusal.words["native"].code == "Throttling"
    with pytest.raises(Refused) as missed:
        talk.reply("Which tea?")
    assert missed.value.refusal.status >= 400
    assert talk.entry.answered_by == "miss"


def test_a_fault_without_words_is_spoken_by_the_built_in_model(
    errors: Errors, lazy_tokenizer: LazyTokenizer
) -> None:
    talk = Talk(errors, lazy_tokenizer)
    talk.scripts.add({"reply": {"fault": "slow;ms=5"}}, errors)
    assert talk.reply("Which tea?").choices[0].content
    assert str(talk.entry.fault).startswith("slow")


SCHEMA = {"type": "object", "properties": {"tea": {"type": "string"}}, "required": ["tea"]}
JSON: dict[str, Any] = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "it", "schema": SCHEMA}}
}


def test_json_of_a_schema_that_is_known_is_made_in_its_place(
    errors: Errors, lazy_tokenizer: LazyTokenizer
) -> None:
    talks = [Talk(errors, lazy_tokenizer, timer=lambda: 0.0) for _ in range(2)]
    at_once(talks[0].steps(ask("Which tea?", **JSON)))
    steps = talks[1].steps(ask("And another?", **JSON))
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert '"tea"' in end.value.value.choices[0].content


def test_json_that_takes_long_is_made_anew_aside_and_is_the_same(
    errors: Errors, lazy_tokenizer: LazyTokenizer
) -> None:
    teas = {
        f"tea {number}": {"type": "string"} for number in range(50)
    }  # it takes more steps than are not timed
    schema = {"type": "object", "properties": teas, "required": list(teas)}
    wide: dict[str, Any] = {
        "response_format": {"type": "json_schema", "json_schema": {"name": "teas", "schema": schema}}
    }
    here = at_once(Talk(errors, lazy_tokenizer).steps(ask("Which tea?", **wide)))
    hours = count(step=3600)
    steps = Talk(errors, lazy_tokenizer, timer=lambda: next(hours)).steps(ask("Which tea?", **wide))
    work = next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(work())
    assert end.value.value == here


def test_json_that_cannot_be_is_refused_wherever_that_is_found(
    errors: Errors, lazy_tokenizer: LazyTokenizer
) -> None:
    nothing = {"type": "json_schema", "json_schema": {"name": "it", "schema": {"not": {}}}}
    hours = count(step=3600)
    for timer in (lambda: 0.0, lambda: float(next(hours))):
        talk = Talk(errors, lazy_tokenizer, timer=timer)
        with pytest.raises(Refused) as refused:
            at_once(talk.steps(ask("Which tea?", response_format=nothing)))
        assert "is not allowed" in str(refused.value.refusal)
