"""The models that the mock knows: limits, abilities, defaults, and how their backend renders.

The data lies in `fixtures/models.json` (what the vendor documents of each model) and
`fixtures/families.json` (what the recordings show of the backends), each entry with its source.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.catalogue.evidence import Evidence
from mockserver.catalogue.regions import DEFAULT, Region, region_of
from mockserver.catalogue.tasks import TASKS

Thinking = Literal["none", "off", "on", "only"]


@dataclass(frozen=True, slots=True, eq=False)
class Ramp:
    """How many tokens the pieces of a stream hold: the first ones, then a cycle."""

    first: tuple[int, ...]
    steady: tuple[int, ...]

    def sizes(self) -> Iterator[int]:
        """Tokens per piece, without end."""
        yield from self.first
        while True:
            yield from self.steady


@value(kw_only=True)
class Family:
    """How one backend renders answers and counts tokens, as `catalogue/evidence.py` finds it.

    `native_plain` and `native_search` name other serializers for whole answers without tools, and for answers
    of a web search, where the recordings differ. `compat_headers` ends the names of its header sets.
    `reports_cache`: whether usage tells of cached tokens; `blank_reasoning`: whether a whole answer of the
    compatible surface has an empty `reasoning_content` where there was no thought. `answer_ramp` is for an
    answer behind a thought.

    `thinking_kept` says which `reasoning_content` of the history is read: none, that of a running tool loop,
    or all when `preserve_thinking` asks for it. `parts_on_lines`: the texts of a content in parts stand on
    lines of their own. `checks_bounds`: the check of parameters knows what the model takes, and refuses
    before the backend is asked; `effort_words` are the efforts that it names when it refuses one, `none` is
    never refused so; `effort_needs_thought`: it refuses an effort where thinking is switched off.
    `ignores_thinking`: a model without the switch takes it all the same; `ignores_off`: one that thinks
    always takes that it is to be off, and thinks; `effort_switches`: one that thinks always refuses the
    effort `none` as it refuses the switch; `ignores_effort`: in chat it takes `none`, and thinks all the
    same. `excessive_efforts`: in the Responses API they stand for more thinking than there may be;
    `rests_in_responses`: there it thinks when an effort is named only. `kind_wanted`: the compatible
    surface looks for a `type` in `thinking`. `refuses_sampling`: no `temperature` and no `top_p` but 0.
    `caps_completion`: `max_completion_tokens` has the bound of `max_tokens`; `least_output`: with what both
    ranges begin. `takes_budget`: `thinking_budget` is a parameter of it. `forces_in_thought`: a call may be
    forced while it thinks. `wants_json_word`: JSON mode has to be spoken of. `searches_plainly`: it
    searches and thinks without a stream, None: as it thinks without one; `searches_as_agent`: it knows the
    strategies of agents. `interpreter`: which surfaces let it run code, all, the Responses API alone (the
    others refuse it), or none (the others do not heed it). `thinks_in_messages`: in Anthropic's dialect it
    thinks unless it is told not to. `annotates_sound`: what it hears comes with the language of it, and
    with its seconds. `drops_bare_calls`: an answer of calls alone is not shown when no tool may be called.
    Counts of tokens that a backend adds to its prompt: `think_line_tokens` open a thought, `thinkless_tokens`
    an answer without one; `thinking_prompt_tokens` are a hidden prompt of models that think,
    `required_call_tokens` the mark before a call that must come (which the answer then has not).
    And to its output: `stop_tokens` are written before a stop sequence is noticed, `brief_stream_tokens`
    beside an answer that a stream brings in one piece, `media_thinking_tokens` beside media.
    """

    vocabulary: str
    compat: str
    native_text: str
    native_multimodal: str
    ramp: Ramp
    counts_eos: bool
    thinkless_tokens: int
    json_tokens: int
    tool_id_digits: int
    timeout: int
    compat_headers: str
    compat_era: Literal["2025", "2026"]
    stream_refusal: Literal["line", "bare", "open", "json"]
    image_tokens: int
    min_pixels: int
    max_frames: int
    video_tokens: int
    audio_tokens: int
    thinking_prompt_tokens: int = 0
    reports_cache: bool = True
    native_plain: str | None = None
    native_search: str | None = None
    tool_ramp: Ramp | None = None
    answer_ramp: Ramp | None = None
    blank_reasoning: bool = False
    tools_tokens: int = 0
    media_thinking_tokens: int = 0
    required_tool_tokens: int = 0
    cache_block: int = 64
    cache_minimum: int = 256
    effort_tokens: int = 0
    translation_tokens: int = 0
    call_style: Literal["json", "xml", "fncall"] = "json"
    after_tool_tokens: int = 0
    counts_pieces: bool = False
    think_line_tokens: int = 0
    thinking_kept: Literal["never", "running", "asked"] = "never"
    parts_on_lines: bool = False
    drops_bare_calls: bool = False
    required_call_tokens: int = 0
    stop_tokens: int = 0
    brief_stream_tokens: int = 0
    guards_repetition: bool = False
    checks_bounds: bool = False
    ignores_thinking: bool = False
    ignores_off: bool = False
    effort_switches: bool = False
    effort_words: tuple[str, ...] = ()
    effort_needs_thought: bool = False
    ignores_effort: bool = False
    excessive_efforts: tuple[str, ...] = ()
    rests_in_responses: bool = False
    refuses_sampling: bool = False
    caps_completion: bool = False
    least_output: int = 1
    kind_wanted: bool = False
    takes_budget: bool = True
    forces_in_thought: bool = False
    wants_json_word: bool = True
    searches_plainly: bool | None = None
    searches_as_agent: bool = True
    interpreter: Literal["all", "responses", "none"] = "none"
    thinks_in_messages: bool = False
    annotates_sound: bool = True
    drops_media: bool = False
    speaks: bool = False


@value
class Model:
    """One model of the catalogue, as a region serves it. Limits are in tokens.

    `explicit_cache`: markers in a request make caches of their own; where they do not, they are not read.
    `thinking_plain`: it thinks without a stream too; evidence beats what the file says of it.

    `generation` is a number for Qwen and the maker for others; `line` is what a model is for or how large.
    Both say which models are its relatives, whose recordings speak for it where it has none.
    """

    name: str
    generation: str
    line: str
    family: Family
    context: int
    max_input: int
    max_output: int
    source: str
    max_input_thinking: int | None = None
    max_output_thinking: int | None = None
    max_thinking: int | None = None
    thinking: Thinking = "none"
    thinking_plain: bool = False
    input: tuple[str, ...] = ("text",)
    native: Literal["text", "multimodal"] | None = "text"
    compat: bool = True
    anthropic: bool = False
    explicit_cache: bool = True
    responses: bool = False
    stream_only: bool = False
    single_turn: bool = False
    result_format: Literal["text", "message"] = "text"
    incremental: bool = False
    incremental_only: bool = False
    tools: bool = True
    search: bool = True
    partial: bool = False
    choices: bool = False
    preserve_thinking: bool = False
    prompt_switch: bool = False
    reasoning_effort: Mapping[str, Any] | None = None
    image_patch: int | None = None
    max_pixels: int | None = None
    character: bool = False
    task: str = "chat"
    dimensions: tuple[int, ...] | None = None
    max_documents: int = 0
    max_document: int = 0

    def input_limit(self, *, thinking: bool) -> int:
        """The most input tokens, which are fewer while some models think."""
        return self.max_input_thinking or self.max_input if thinking else self.max_input

    @property
    def chat(self) -> bool:
        """Whether it answers chat requests."""
        return TASKS[self.task].chats

    @property
    def makes(self) -> bool:
        """Whether it makes pictures or speech at once, on a path where others chat."""
        return self.native is not None and not self.chat

    @property
    def media(self) -> bool:
        """Whether it takes anything but text."""
        return len(self.input) > 1


class UnknownModelError(LookupError):
    """No model of that name. `name` is what was asked, `known` what there is."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no model is named {name!r}: the catalogue has {len(self.known)} models")


def _resolve(name: str, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    entry = entries[name]
    if "like" not in entry:
        return dict(entry)
    merged = {**_resolve(entry["like"], entries), **entry}
    del merged["like"]
    return merged


@value
class _Kin:
    """What relates a model of the file to others."""

    name: str
    generation: str
    line: str


@cache
def _entries() -> dict[str, dict[str, Any]]:
    """The models of the file by name, each with all its fields."""
    entries = {entry["name"]: entry for entry in resources.fixture("models")["models"]}
    return {name: _resolve(name, entries) for name in entries}


@cache
def newest_snapshot(name: str) -> str:
    """The newest dated snapshot of a model; its own name where there is none."""
    dated = re.compile(re.escape(name) + r"-\d{4}-\d\d-\d\d")
    return max(filter(dated.fullmatch, _entries()), default=name)


@cache
def evidence(without: str | None = None) -> Evidence:
    """What is known of the backends of all models; `without` the recordings of one."""
    kin = [_Kin(name, entry["generation"], entry["line"]) for name, entry in _entries().items()]
    return Evidence.read(resources.fixture("families"), kin, without=without)


_RAMPS = ("ramp", "tool_ramp", "answer_ramp")


@cache
def _ramps() -> dict[str, Ramp]:
    data = resources.fixture("families")["ramps"]
    return {name: Ramp(tuple(ramp["first"]), tuple(ramp["steady"])) for name, ramp in data.items()}


_ABILITIES = frozenset({"thinking_plain"})
"""Facts of the evidence that are a model's own, not its backend's."""


def _family(facts: Mapping[str, Any]) -> Family:
    ramps = {name: _ramps()[facts[name]] for name in _RAMPS if name in facts}
    lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
    return Family(**{**facts, **lists, **ramps})


class Models:
    """The catalogue of models, by exact name, as one region serves them.

    A model is made when it is first asked for: to read the evidence for all of them takes as long as half
    of a server's other preparations.
    """

    def __init__(
        self,
        names: Iterable[str],
        make: Callable[[str], Model],
        *,
        region: Region = DEFAULT,
        added: Mapping[str, str] | None = None,
        without: str | None = None,
    ) -> None:
        self.region = region
        self._without = without
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, Model] = {}
        self._added = dict(added or {})
        self._elsewhere: dict[Region, Models] = {}

    def __iter__(self) -> Iterator[Model]:
        return map(self.__getitem__, self._names)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, name: object) -> Model | None:
        """The model of exactly this name; None when there is none."""
        if not isinstance(name, str):
            return None
        model = self._made.get(name)
        if model is None and name in self._names:
            model = self._made[name] = self._make(name)
        return model

    def __getitem__(self, name: str) -> Model:
        """The model of exactly this name. Raises `UnknownModelError`."""
        model = self.find(name)
        if model is None:
            raise UnknownModelError(name, self._names)
        return model

    def with_model(self, name: str, *, like: str) -> "Models":
        """The catalogue with one more model, which is `like` another. Raises `UnknownModelError`."""
        model = replace(self[like], name=name, source="added by an option")
        return Models(
            [*self._names, name],
            lambda asked: model if asked == name else self[asked],
            region=self.region,
            added={**self._added, name: like},
            without=self._without,
        )

    def at(self, host: str) -> "Models":
        """The same models as the region of a `host` serves them; of another host, as this one does."""
        region = region_of(host)
        if region is None or region == self.region:
            return self
        found = self._elsewhere.get(region)
        if found is None:
            found = load(region, without=self._without)
            for name, like in self._added.items():
                found = found.with_model(name, like=like)
            self._elsewhere[region] = found
        return found


@cache
def _backend(kin: _Kin, region: Region, without: str | None) -> tuple[Family, dict[str, Any]]:
    """The family and the abilities that models of one group have."""
    known = evidence(without).facts(kin, region)
    facts = {fact: one.value for fact, one in known.items()}
    abilities = {fact: facts.pop(fact) for fact in _ABILITIES.intersection(facts)}
    return _family(facts), abilities


@cache
def load(region: Region = DEFAULT, *, without: str | None = None) -> Models:
    """The catalogue that ships with the package, as a region serves it.

    `without` forgets what the recordings of one model show: it answers as its relatives do.
    """

    def make(name: str) -> Model:
        entry = _entries()[name]
        generation, line, named = evidence(without).group(_Kin(name, entry["generation"], entry["line"]))
        family, abilities = _backend(_Kin(named, generation, line), region, without)
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        return Model(**{**fields, **abilities}, family=family)

    return Models(_entries(), make, region=region, without=without)
