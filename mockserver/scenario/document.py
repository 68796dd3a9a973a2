"""Makes one scenario of its files: includes followed, variables filled in, every reply read.

Nothing here raises for a bad scenario: all that is wrong is collected, each with its line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any

from mockserver.base.jsontext import VALUES
from mockserver.base.names import meant
from mockserver.catalogue.errors import Errors
from mockserver.faults.reading import BadFaultError, read_faults
from mockserver.meter.quotas import Quota
from mockserver.rules.policy import Mode, RulePolicy, RulePolicyError
from mockserver.rules.schemas import Violation, home_within, violations
from mockserver.scenario import transcript
from mockserver.scenario.problem import Problem, Spot
from mockserver.scenario.props import Props, Ruling
from mockserver.scenario.source import Place, Source, SourceError, read_file, read_text
from mockserver.scripts import template
from mockserver.scripts.conversation import Lead
from mockserver.scripts.match import Match, MatchError
from mockserver.scripts.pace import INSTANT, Profile, recorded, steady
from mockserver.scripts.sandbox import TemplateError
from mockserver.scripts.script import MB, MOST_BYTES, Cast, Script, ScriptError
from mockserver.scripts.stage import Setting

_MOST_FILES = 100
_IN_PARTS = "hand over less, or start the server with the file (--scenario)"


@dataclass(slots=True)
class Scenario:
    """A scenario read: its scripts in their order, its settings, its props, its files, what is wrong."""

    scripts: list[Script] = field(default_factory=list)
    setting: Setting = field(default_factory=Setting)
    props: Props = field(default_factory=Props)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    _cast: Cast | None = field(default=None, repr=False)

    def filed(self) -> Cast:
        """Its scripts, filed; whoever asks first waits for it, and nobody after that."""
        if self._cast is None:
            self._cast = Cast.of(self.scripts)
        return self._cast

    @property
    def broken(self) -> bool:
        """Whether it cannot be played."""
        return any(not problem.warning for problem in self.problems)


def beside_of(name: str, file: Path) -> Path | None:
    """A file by its name relative to another one; None when the name leads out of that one's folder."""
    wanted = PurePosixPath(name)
    return None if wanted.is_absolute() or ".." in wanted.parts else file.parent / wanted


class Library:
    """Opens the files of a scenario, and those they include.

    Its scripts may take `most` bytes together; those of a user's own files as many as there are.
    """

    most: float = inf

    def open(self, file: Path) -> Source:
        """A file's data. Raises `SourceError`."""
        return read_file(file)

    def included(self, name: str, beside: Path) -> Path | None:
        """The file that another one includes; None when it lies outside of that one's folder."""
        wanted = beside_of(name, beside)
        inside = wanted is not None and wanted.resolve().is_relative_to(beside.parent.resolve())
        return wanted if inside else None


class Texts(Library):
    """Files that somebody hands over by name; nothing is opened."""

    most = MOST_BYTES

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def open(self, file: Path) -> Source:
        """A handed-over file's data. Raises `SourceError`."""
        text = self._texts.get(file.as_posix())
        if text is None:
            message = f"{file.as_posix()} was not handed over"
            raise SourceError(Spot(file, 1), message, "hand over what is included too", absent=True)
        return read_text(text, file, most=VALUES)

    def included(self, name: str, beside: Path) -> Path | None:
        """The name of an included file; None when it leads out of the folder."""
        return beside_of(name, beside)


def place_of(path: str) -> Place:
    """The place that a path such as `replies[0].match` names."""
    steps = re.findall(r"\[(\d+)\]|([^.\[]+)", path)
    return tuple(int(index) if index else name for index, name in steps)


def path_of(place: Place) -> str:
    """A place as a path."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def _hint(name: str, known: Iterable[str]) -> str:
    near = meant(name, known)
    return f"did you mean {near!r}?" if near else ""


def _violation(source: Source, violation: Violation) -> Problem:
    place = place_of(violation.path)
    shown = violation.path or "the scenario"
    if violation.keyword == "additionalProperties":
        known = sorted(violation.properties)
        name = next(name for name in violation.value if name not in known)
        home = home_within("scenario", known, name)
        hint = f"it belongs under {home!r}" if home else _hint(name, known) or f"known are {', '.join(known)}"
        return Problem(source.spot((*place, name)), f"{shown} has no field {name!r}", hint)
    hint = ""
    if violation.keyword == "type" and violation.path.endswith(".reply"):
        hint = "a reply that only says something is {content: …}"
    elif violation.keyword == "type" and isinstance(violation.value, int | float):
        wanted = [violation.demand] if isinstance(violation.demand, str) else violation.demand
        hint = "a text that looks like a number stands in quotes" if "string" in wanted else ""
    elif violation.keyword == "enum" and isinstance(violation.value, str):
        hint = _hint(violation.value, [item for item in violation.demand if isinstance(item, str)])
    return Problem(source.spot(place), f"{shown}: {violation.message[:300]}", hint)


class _Reader:
    """Reads one scenario."""

    def __init__(self, library: Library, errors: Errors) -> None:
        self.library = library
        self.errors = errors
        self.whole = Scenario()
        self.variables: dict[str, Any] = {}
        self.leads: dict[Lead, Lead] = {}
        self.size = 0

    def problem(self, spot: Spot, message: str, hint: str = "") -> None:
        self.whole.problems.append(Problem(spot, message, hint))

    def sources(self, file: Path, seen: tuple[Path, ...] = (), spot: Spot | None = None) -> Iterator[Source]:
        """A file that holds to the schema, then those that it includes."""
        if file in seen:
            self.problem(spot or Spot(file, 1), f"{file.name} includes itself", "take one include out")
            return
        if file in self.whole.files:
            return
        if len(self.whole.files) >= _MOST_FILES:
            self.problem(spot or Spot(file, 1), f"a scenario may have {_MOST_FILES} files")
            return
        self.whole.files.append(file)
        try:
            source = self.library.open(file)
        except SourceError as error:
            self.problem((error.absent and spot) or error.spot, error.message, error.hint)
            return
        document = {} if source.data is None else source.data
        source.data = document
        found = violations("scenario", document)
        told = {(one.path, one.keyword): one for one in reversed(found)}  # of a choice, each branch complains
        self.whole.problems += [_violation(source, one) for one in found if one in told.values()]
        if found:
            return
        self.variables = {**document.get("variables", {}), **self.variables}
        yield source
        for at, name in enumerate(document.get("include", ())):
            here = source.spot(("include", at))
            inner = self.library.included(name, file)
            if inner is None:
                self.problem(
                    here, f"{name!r} leads out of the folder of {file.name}", "include files beside it"
                )
                continue
            yield from self.sources(inner, (*seen, file), here)

    def read(self, files: Sequence[Path]) -> Scenario:
        """The scenario of these files and of all that they include."""
        sources = [source for file in files for source in self.sources(file)]
        for source in sources:
            self.transcripts(source)
            for place, spec in _specs(source.data):
                self.script(source, place, spec)
                if self.size > self.library.most:
                    message = f"the replies up to here take more than the {self.library.most / MB:.0f} MB"
                    self.problem(source.spot(place), f"{message} that a server keeps", _IN_PARTS)
                    break
        for source in reversed(sources):
            self.settings(source.data)
        self.whole.props = Props(
            [spec for source in sources for spec in self.faults(source)],
            [quota for source in sources for quota in self.quotas(source.data)],
            [ruling for source in reversed(sources) for ruling in self.rulings(source)],
        )
        for source in sources:
            source.let_go()
        return self.whole

    def transcripts(self, source: Source) -> None:
        """Finds conversations whose lines stand in no order that a conversation can have."""
        for number, conversation in enumerate(source.data.get("conversations", ())):
            fault = transcript.fault(conversation["messages"])
            if fault is not None:
                self.problem(source.spot(("conversations", number, "messages", fault[0])), fault[1])

    def settings(self, data: Mapping[str, Any]) -> None:
        """What the file says beside its replies; an earlier file's word counts."""
        before = self.whole.setting
        pace = data.get("pace")
        self.whole.setting = Setting(
            on_miss=data.get("on_miss", before.on_miss),
            pace=before.pace if pace is None else _profile(pace),
        )

    def faults(self, source: Source) -> Iterator[dict[str, Any]]:
        """The faults of a file that can be read, for each of its keys."""
        for at, spec in enumerate(source.data.get("faults", ())):
            try:
                read_faults(spec["fault"], self.errors)
                Match.read(spec.get("match"))
            except (BadFaultError, MatchError) as error:
                self.problem(source.spot(("faults", at)), str(error))
                continue
            for key in source.data.get("keys", (None,)):
                yield spec if key is None else {**spec, "match": {**(spec.get("match") or {}), "key": key}}

    def quotas(self, data: Mapping[str, Any]) -> Iterator[Quota]:
        """The quotas of a file, for each of its keys."""
        for spec in data.get("quotas", ()):
            for key in data.get("keys", (None,)):
                yield Quota(key=key, **spec)

    def rulings(self, source: Source) -> Iterator[Ruling]:
        """What a file does about broken rules, for each of its keys."""
        spec = source.data.get("rules")
        if spec is None:
            return
        try:
            RulePolicy(mode=spec.get("mode", Mode.CLOUD), rules=spec.get("rules", {}))
        except RulePolicyError as error:
            message, _, hint = str(error).partition("; ")
            self.problem(source.spot(("rules",)), message, hint)
            return
        for key in source.data.get("keys", (None,)):
            yield Ruling(key, spec.get("mode"), spec.get("rules"))

    def script(self, source: Source, place: Place, spec: dict[str, Any]) -> None:
        """Enters one script, or what is wrong with it."""
        spot = source.spot(place)
        where = f"{source.file.name}:{spot.line if source.spots else path_of(place)}"
        templates = spec.setdefault("template", source.data.get("templates", True))
        for key in source.data.get("keys", (None,)):
            try:
                filled = self.conditions(spec, templates=templates)
                if key is not None:
                    filled["match"] = {**(filled.get("match") or {}), "key": key}
                script = Script.read(
                    filled,
                    where,
                    self.errors,
                    order=len(self.whole.scripts),
                    source=where,
                    variables=self.variables,
                )
            except (ScriptError, MatchError, TemplateError) as error:
                message, _, hint = str(error).partition("; ")
                self.problem(spot, message, hint)
                return
            self.size += script.size
            self.whole.scripts.append(script)
            self.whole.spots.append(spot)
        if templates:
            self.names(source, place, spec)

    def conditions(self, spec: Mapping[str, Any], *, templates: bool) -> dict[str, Any]:
        """A script whose conditions have their variables filled in."""
        filled = dict(spec)
        match = spec.get("match")
        if templates and template.is_template(match):
            match = filled["match"] = template.fill(match, self.variables)
        lead = (match or {}).get("conversation")
        if templates and isinstance(lead, Lead):
            filled["match"] = {**filled["match"], "conversation": self.lead(lead)}
        return filled

    def lead(self, lead: Lead) -> Lead:
        """The steps of a conversation, filled in; each once, and each that cannot be is told of once."""
        new = []
        for each in lead.back():
            if each in self.leads:
                break
            new.append(each)
        for each in reversed(new):
            before = None if each.before is None else self.leads[each.before]
            self.leads[each] = Lead(before, each.step)
            if template.is_template(each.step):
                self.leads[each] = Lead(before, template.fill(each.step, self.variables))
        return self.leads[lead]

    def names(self, source: Source, place: Place, spec: Mapping[str, Any]) -> None:
        """Finds names in templates that nothing will fill."""
        known = {*template.NAMES, *self.variables}
        for path, text in template.texts(spec["reply"]):
            for name in sorted(template.names_in(text) - known):
                hint = _hint(name, known) or f"known are {', '.join(sorted(known))}"
                inner = (*place, "reply", *place_of(path))
                self.problem(source.spot(inner), f"the template names {name!r}, which nothing sets", hint)


def _profile(spec: str | dict[str, Any]) -> Profile:
    if isinstance(spec, str):
        return recorded() if spec == "recorded" else INSTANT
    return steady(spec)


def _specs(data: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The scripts of a file, each with its place."""
    for at, spec in enumerate(data.get("replies", ())):
        yield ("replies", at), dict(spec)
    templates = data.get("templates", True)
    for number, conversation in enumerate(data.get("conversations", ())):
        for at, spec in transcript.scripts_of(conversation, templates=templates):
            yield ("conversations", number, "messages", at), spec


def load(files: Sequence[Path], errors: Errors, *, library: Library | None = None) -> Scenario:
    """The scenario of these files, with all that is wrong with it.

    Nothing outside of their folders is opened.
    """
    reader = _Reader(library or Library(), errors)
    whole = reader.read(files)
    whole.problems.sort(key=lambda problem: (problem.spot.file not in files, problem.spot.line))
    return whole
