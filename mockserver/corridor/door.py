"""The door: what a request has to pass before it is answered.

Its key, its JSON, its model, its schema, the rules: the first of them that does not hold ends its way.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.base.names import meant, nearest
from mockserver.catalogue import making
from mockserver.catalogue.errors import Errors, Refusal
from mockserver.catalogue.models import Model, Models
from mockserver.catalogue.plans import is_plan_host, is_plan_key, served_with_plan_keys
from mockserver.corridor.settings import INVALID_KEY, KEY_FORM, Settings
from mockserver.corridor.work import Steps, aside
from mockserver.dialects.table import SURFACES, dialect_of
from mockserver.rules import Moment, check, check_at, optional, roles, schemas
from mockserver.rules.order import first, rank
from mockserver.rules.past import Trail
from mockserver.rules.policy import Action, Policies, RulePolicy
from mockserver.rules.prompt import far_from_limit
from mockserver.rules.registry import rules_by_id
from mockserver.rules.remainder import remainder
from mockserver.state.worlds import World, Worlds
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.refused import Refused
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface


def _at_the_door(rule: str, path: str, refusal: Refusal, message: str) -> tuple[Finding]:
    return (Finding(rule, Severity.REFUSED, path, message, refusal),)


_KEY_BEGINS = "sk-"
STAND_IN = "a stand-in for one that there is not"
"""Where the data of a model comes from that only a lenient server has."""

_USUAL = "qwen-plus"


def stand_in(models: Models, surface: Surface, name: str) -> Model:
    """The model that answers for one that there is not: one so like it that it is a slip, else a usual."""
    dialect = dialect_of(surface)
    served = {
        model.name: model for model in models if dialect.serves(surface, model) and not model.stream_only
    }
    like = meant(name, served) or (_USUAL if _USUAL in served else nearest(name, served))
    return replace(served[like], name=name, source=STAND_IN)


def _makes(surface: Surface, model: Model) -> bool:
    """Whether a surface makes something with a model in the place of a chat."""
    return model.makes and dialect_of(surface).serves(surface, model)


class Door:
    """Lets requests in, or refuses them in the cloud's words."""

    def __init__(self, settings: Settings, errors: Errors, models: Models, worlds: Worlds) -> None:
        self._settings = settings
        self._errors = errors
        self._models = models
        self._worlds = worlds
        self.policies = Policies(RulePolicy(mode=settings.rules, rules=settings.rule_switches))

    def load(self) -> None:
        """Compiles the schemas of chat requests, which the first request would wait for."""
        for name in SURFACES:
            schemas.validator(f"{name}.request")

    def admit(self, key: str | None, headers: Mapping[str, str]) -> World:
        """The world of a key; None stands for no key at all. Raises `Refused`."""
        if key is None:
            raise Refused(self._errors.refuse("auth.missing-key"))
        host = headers.get("host", "")
        if is_plan_key(key):
            if not served_with_plan_keys(host):
                raise Refused(self._errors.refuse("auth.plan-key"))
        elif is_plan_host(host):
            raise Refused(self._errors.refuse("auth.plan-host"))
        # What is refused is booked on the world without a key, which lets nobody in.
        world = self._worlds.known(key) if key else None
        if world is not None:
            return world
        allowed = self._settings.api_keys
        formed = KEY_FORM.fullmatch(key) or (bool(key) and self._waives(self._odd_key(), key))
        if key == INVALID_KEY or not formed or (allowed and key not in allowed):
            raise Refused(self._errors.refuse("auth.wrong-key"))
        return self._worlds.of(key)

    def parse(self, body: bytes) -> dict[str, Any]:
        """The JSON object of a body. Raises `Refused`."""
        try:
            data = loads_bounded(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            refusal = self._errors.refuse("body.malformed")
            raise Refused(refusal, _at_the_door("request.json", "", refusal, refusal.words["native"].message))
        return data

    def _odd_key(self) -> tuple[Finding]:
        """What is found in a key that is of another form than the service's."""
        refusal = self._errors.refuse("auth.wrong-key")
        return _at_the_door("auth.key", "Authorization", refusal, refusal.words["compat"].message)

    def _waives(self, found: Iterable[Finding], key: str) -> bool:
        """Whether a key is let in with what was found."""
        policy = self.policies.of(key)
        return all(policy.action(finding) != Action.REFUSE for finding in found)

    def known(self, data: Mapping[str, Any], headers: Mapping[str, str]) -> Model | None:
        """The model that a request names, as `model` has it; None for one that there is not."""
        return self._models.at(headers.get("host", "")).find(data.get("model"))

    def model(
        self,
        surface: Surface,
        data: Mapping[str, Any],
        headers: Mapping[str, str],
        world: World | None = None,
        *,
        beside: bool = False,
    ) -> Model:
        """The model that a request names, as the region of its `host` serves it.

        Where the rules of a `world` let in what there is not, the nearest one answers under its name.
        `beside`: an endpoint beside chat asks, which has words of its own. Raises `Refused`.
        """
        model, name = self.known(data, headers), data.get("model")
        if model is not None:
            return model
        if world is not None and isinstance(name, str):
            found = self._unknown(surface, name, beside=beside).findings
            if self._waives(found, world.key):
                return stand_in(self._models.at(headers.get("host", "")), surface, name)
        raise self._unknown(surface, name, beside=beside)

    def _unknown(self, surface: Surface, name: object, *, beside: bool = False) -> Refused:
        """The refusal of a model that there is not."""
        dialect = dialect_of(surface)
        rule, entry = "model.unknown", dialect.unknown_beside if beside else dialect.unknown_model
        if not isinstance(name, str) or not name:
            rule, entry = "model.missing", dialect.missing_model
        refusal = self._errors.refuse(entry, model=name)
        words = refusal.words[surface.voice]
        return Refused(refusal, _at_the_door(rule, "model", refusal, words.message))

    def read(
        self,
        surface: Surface,
        data: Mapping[str, Any],
        model: Model,
        headers: Mapping[str, str],
        world: World,
        *,
        fits: bool = False,
    ) -> tuple[ChatRequest, tuple[Finding, ...]]:
        """The request, read, and what its schema finds in it. Raises `Refused` when it cannot pass.

        `fits`: it is known to keep to its schema.
        """
        if _makes(surface, model):
            return self._to_make(surface, data, model, headers), self._waived(surface, data, model, world)
        name = f"{surface.name}.request"
        found: tuple[Finding, ...] = self._waived(surface, data, model, world)
        if not fits and not schemas.fits(name, data):
            broken = schemas.findings(name, data, surface, self._errors)
            rest = remainder(surface, data, broken)
            # Of a request without end that is broken everywhere only the first places are known.
            if self._refuses(broken, world) and schemas.fits(name, rest):
                # What an earlier check finds in the rest of the request is what the client hears.
                judged = check(dialect_of(surface).read(surface, rest, model, headers), self._errors)
                earliest = min(map(rank, broken))
                broken += [one for one in judged if rank(one) < earliest]
            found += self._decide(broken, world)
            if len(broken) >= schemas.MOST_ERRORS:
                # What is wrong with the rest is not known, so it cannot be read, whatever the mode.
                raise Refused(broken[0].refusal or self._own_refusal(broken[0]), found)
            if any(finding.rule == roles.RULE for finding in broken):
                data = roles.with_known_roles(surface, data)
            data = optional.without(surface, data, broken)
        return dialect_of(surface).read(surface, data, model, headers), found

    def _to_make(
        self, surface: Surface, data: Mapping[str, Any], model: Model, headers: Mapping[str, str]
    ) -> ChatRequest:
        """The request for a picture or for speech. Raises `Refused`."""
        self.allow("native-making.request", data, surface)
        if headers.get("x-dashscope-async", "").lower() == "enable":
            raise Refused(self._errors.refuse("access.asynchronous"))
        request = dialect_of(surface).read(surface, data, model, headers)
        if model.task == "tts" and not request.get("voice"):
            raise Refused(self._errors.refuse("speech.no-voice"))
        edits = any(part.kind == "image" for message in request.messages for part in message.media)
        said = making.too_many(model.name, request.n)
        said = said or making.misfit(model.name, request.get("size"), edits=edits)
        if said is not None:
            raise Refused(self._errors.refuse("picture.unfit", reason=said))
        return request

    def _waived(
        self, surface: Surface, data: Mapping[str, Any], model: Model, world: World
    ) -> tuple[Finding, ...]:
        """What was let in before the request was read: a key of another form, a model that there is not."""
        found: tuple[Finding, ...] = ()
        if not world.key.startswith(_KEY_BEGINS) and world.key:
            found = self._odd_key()
        if model.source == STAND_IN:
            found += self._unknown(surface, data.get("model")).findings
        if not found:
            return ()
        policy = self.policies.of(world.key)
        return tuple(finding for finding in found if policy.action(finding) != Action.OFF)

    def allowed(self, schema: str, data: Any, surface: Surface, *, large: bool = False) -> Steps[None]:
        """The way to `allow`: what is `large` is looked at aside, and what has to be explained."""
        if large or not schemas.fits(schema, data):
            yield from aside(self.allow, schema, data, surface)

    def allow(self, schema: str, data: Any, surface: Surface) -> None:
        """Raises `Refused` for a document that breaks its schema."""
        if not schemas.fits(schema, data):
            found = tuple(schemas.findings(schema, data, surface, self._errors))
            assert found[0].refusal is not None
            raise Refused(found[0].refusal, found)

    def judge(self, request: ChatRequest, world: World, trail: Trail) -> tuple[Finding, ...]:
        """What the rules find in a request and its history. Raises `Refused` for what is not let in.

        The rules are those of conversations.
        """
        if _makes(request.surface, request.model):
            return ()
        found = check(request, self._errors)
        if trail.deviations:
            # Harmful only, so that what is refused for good comes first.
            found += check_at(Moment.HISTORY, self._errors, request, trail)
        return self._decide(found, world)

    def judge_files(
        self, request: ChatRequest, world: World, there: Callable[[str], bool]
    ) -> tuple[Finding, ...]:
        """What the rules find in the files that a request names. Raises `Refused` for what is not let in."""
        return self._decide(check_at(Moment.FILES, self._errors, request, there), world)

    def weigh(self, request: ChatRequest, world: World, tokens: int) -> tuple[Finding, ...]:
        """What the rules find in the length of a prompt. Raises `Refused` for what is not let in."""
        if far_from_limit(request.model, request.surface, tokens) or _makes(request.surface, request.model):
            return ()
        return self._decide(check_at(Moment.PROMPT, self._errors, request, tokens), world)

    def watch(self, request: ChatRequest, world: World, sent: int, total: int) -> tuple[Finding, ...]:
        """What the rules find in a stream that its client left: it is too late to refuse."""
        found = check_at(Moment.DELIVERY, self._errors, request, sent, total)
        policy = self.policies.of(world.key)
        return tuple(finding for finding in found if policy.action(finding) != Action.OFF)

    def _decide(self, found: list[Finding], world: World) -> tuple[Finding, ...]:
        """What of the findings is reported. Raises `Refused` with the first that is not let in."""
        if not found:
            return ()
        policy = self.policies.of(world.key)
        kept = tuple(finding for finding in found if policy.action(finding) != Action.OFF)
        told = first(self._refuses(kept, world))
        if told is not None:
            raise Refused(told.refusal or self._own_refusal(told), kept)
        return kept

    def _refuses(self, found: Iterable[Finding], world: World) -> list[Finding]:
        """Those findings for which a request is not let in."""
        policy = self.policies.of(world.key)
        return [finding for finding in found if policy.action(finding) == Action.REFUSE]

    def _own_refusal(self, finding: Finding) -> Refusal:
        """The refusal of what the cloud accepts."""
        fix = rules_by_id()[finding.rule].fix
        values = {"rule": finding.rule, "path": finding.path, "reason": finding.message, "fix": fix}
        return self._errors.refuse("rule.broken", **values)
