"""Who answers a request: a script, a recording, or the built-in model; a miss may be refused."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mockserver.answer import builtin
from mockserver.base.deadline import Deadline, Timer, working_time
from mockserver.catalogue.errors import Errors, Refusal
from mockserver.corridor.keeping import Keeping, Taken
from mockserver.corridor.striking import strike
from mockserver.corridor.work import Steps, aside
from mockserver.instances.impossible import ImpossibleSchemaError, TakesLongError
from mockserver.meter.vocabularies import Vocabularies
from mockserver.scripts import miss
from mockserver.scripts.sandbox import TemplateError
from mockserver.scripts.script import Script, ScriptError, Scripts
from mockserver.scripts.stage import Stage
from mockserver.scripts.template import Draft
from mockserver.state.journal import Entry
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest

if TYPE_CHECKING:
    from mockserver.corridor.answers import Clock
    from mockserver.corridor.replay import Recorded

BUILT_IN = "built-in"
"""Who answers where no script does."""

HASTE = 0.002
"""How many seconds of work the built-in model may take before it goes on where it holds nobody up.

The time of the work itself: what a busy machine was late with would be taken for slow ever after.
"""


class Speaker:
    """Says what is answered, and enters into the journal who said it."""

    def __init__(
        self,
        keeping: Keeping,
        scripts: Scripts,
        stage: Stage,
        errors: Errors,
        vocabularies: Vocabularies,
        *,
        timer: Timer = working_time,
    ) -> None:
        self.keeping = keeping
        self._timer = timer
        self._scripts = scripts
        self._stage = stage
        self._errors = errors
        self._vocabularies = vocabularies

    def reply(
        self,
        world: World,
        request: ChatRequest,
        entry: Entry,
        *,
        clock: "Clock",
        recorded: "Recorded | None",
        large: bool = False,
    ) -> Steps[Reply]:
        """The way to the reply to a request. Raises `Refused` when what is said is an error.

        Templates tell the time by the `clock`; `recorded` is asked after the scripts. A `large` request
        is read aside by the built-in model.
        """
        taken = yield from self.keeping.taken(entry, request, large=large)
        if taken is not None:
            return (yield from self._scripted(taken, world, request, entry, clock=clock, large=large))
        if recorded is not None and entry.recording is not None:
            said = recorded.say(request, entry)
            if isinstance(said, Refusal):
                raise Refused(said)
            if said is not None:
                return said
        if self._stage.on_miss(world.key) == "error":
            entry.answered_by = "miss"
            scripts = tuple(self._scripts.seen_by(world.key))
            report = yield from aside(miss.explain, scripts, world.key, request)
            raise Refused(miss.refusal(report))
        entry.answered_by = BUILT_IN
        return (yield from self._spoken(request, large=large))

    def _scripted(
        self,
        taken: Taken,
        world: World,
        request: ChatRequest,
        entry: Entry,
        *,
        clock: "Clock",
        large: bool,
    ) -> Steps[Reply]:
        script, use = taken
        entry.answered_by = script.id
        said = script.answer(use)
        if isinstance(said, Draft):
            fill = partial(self._filled, said, script, use, world, request, clock=clock)
            said = fill() if said.plain and not large else (yield from aside(fill))
        if isinstance(said, Refusal):
            raise Refused(said)
        if said.fault is not None:
            strike(request, entry, said.fault.at(use))
        if said.choices or said.raw:
            return said
        built_in = yield from self._spoken(request, large=large)
        return replace(said, choices=built_in.choices)

    def _spoken(self, request: ChatRequest, *, large: bool) -> Steps[Reply]:
        """What the built-in model says: here if that is soon done, else aside. Raises `Refused`."""
        if not large:
            try:
                return self._built_in(request, Deadline(HASTE, timer=self._timer, hasty=True))
            except TakesLongError:
                pass  # nothing is lost: what it says follows from the request alone
        return (yield from aside(self._built_in, request, None))

    def _built_in(self, request: ChatRequest, deadline: Deadline | None) -> Reply:
        try:
            tokenizer = self._vocabularies.tokenizer(request.model)
            return builtin.answer(request, tokenizer, deadline=deadline)
        except ImpossibleSchemaError as impossible:
            raise Refused(self._errors.refuse("schema.impossible", reason=str(impossible))) from None

    def _filled(
        self,
        draft: Draft[Reply | Refusal],
        script: Script,
        use: int,
        world: World,
        request: ChatRequest,
        *,
        clock: "Clock",
    ) -> Reply | Refusal:
        """A scripted reply with its holes filled. Raises `Refused` when they cannot be."""
        try:
            return draft.fill(
                request,
                now=clock(),
                use=use + 1,
                counters=self.keeping.counters(world),
                variables=script.variables,
            )
        except (TemplateError, ScriptError) as error:
            raise Refused(miss.broken_template(f"{script.source or script.id}: {error}")) from None
