"""Who speaks: a script before the built-in model, and a miss when that is what is wished."""

import pytest

from mockserver.answer.script import Scripts
from mockserver.answer.speaker import Speaker
from mockserver.catalogue.errors import Errors
from mockserver.door import Refused
from mockserver.journal import Entry
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.meter.vocabularies import Vocabularies
from mockserver.pace import Profile
from mockserver.scenario.stage import Stage
from mockserver.wire.reply import Reply
from mockserver.work import at_once
from mockserver.worlds import World
from tests.asking import ask
from tests.conftest import NOW

WORLD = World("sk-test", "test")


class Talk:
    """A speaker, its scripts, and the entry of the last exchange."""

    def __init__(self, errors: Errors, tokenizer: LazyTokenizer, *, on_miss: str = "built-in") -> None:
        self.errors = errors
        self.scripts = Scripts()
        stage = Stage(on_miss=on_miss, pace=Profile())
        self.speaker = Speaker(self.scripts, stage, errors, Vocabularies(tokenizer))
        self.entry = Entry("id-1", WORLD, "compat", False, b"{}", NOW)

    def reply(self, text: str) -> Reply:
        """What is said to a text."""
        return at_once(self.speaker.reply(WORLD, ask(text), self.entry, clock=lambda: NOW, recorded=None))


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
    assert scripted.value.refusal.native.code == "Throttling"
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
