"""Why no script answered: the nearest one, the first condition that failed, and how the texts differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, TypeVar

from mockserver.base import secrecy
from mockserver.base.deadline import Deadline, working_time
from mockserver.base.differing import changes, lines, marked, nearest_part, share
from mockserver.base.jsontext import dumps
from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal, Voice, Words
from mockserver.scripts.conversation import kind, said
from mockserver.scripts.match import Match, text_test
from mockserver.scripts.script import Script
from mockserver.talk.request import ChatRequest

_LONGEST = 400
"""The most characters of a text that a report repeats."""

_WINDOW = 20_000
"""How far into a text its nearest part is looked for."""

_LINES = 40
"""How many lines of a difference are shown."""

_RECENT = 50
"""How many messages, the last ones, are looked through for the one that is most like a wanted text."""

PATIENCE = 0.05
"""For how many seconds of its own time a nearest script, or request, is looked for."""


@value
class Miss:
    """What kept a match from holding: how many conditions hold, and the first that does not.

    `alike` orders misses: the greater, the nearer.
    """

    held: int
    total: int
    failed: str
    expected: str
    actual: str
    diff: str = ""
    alike: float = 0.0

    @property
    def nearness(self) -> float:
        """What to compare misses by: the conditions that hold, and how alike the texts are."""
        return self.held / max(self.total, 1) + self.alike

    def report(self, nearest: str) -> str:
        """The miss in words, a few lines; `nearest` names what missed."""
        lines = [f"nearest: {nearest}, {self.held} of {self.total} conditions hold"]
        lines.append(f"failed: {self.failed}")
        lines.append(f"  expected  {self.expected}")
        lines.append(f"  actual    {self.actual}")
        if self.diff:
            lines.append("  diff      " + self.diff.replace("\n", "\n            "))
        return "\n".join(lines)


def cut(text: str, limit: int = _LONGEST) -> str:
    """A text, shortened in the middle when it is long."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} ... {len(text) - 2 * half} characters ... {text[-half:]}"


def _quoted(value: Any) -> str:
    return f'"{cut(value)}"' if isinstance(value, str) else cut(dumps(value, default=list).decode())


def _expected(spec: Any) -> str:
    if isinstance(spec, Mapping) and len(spec) == 1 and next(iter(spec)) in ("contains", "regex"):
        how, text = next(iter(spec.items()))
        return f"{how} {_quoted(text)}"
    return "any text" if spec is None else _quoted(spec)


def text_diff(spec: Any, text: str) -> str:
    """How a text differs from what was wanted; "" for a regular expression or where nothing is alike."""
    wanted = spec if isinstance(spec, str) else (spec or {}).get("contains", "")
    if not wanted or not text:
        return ""
    wanted, text = wanted[:_WINDOW], text[:_WINDOW]
    got = text if isinstance(spec, str) else nearest_part(wanted, text)
    if "\n" in wanted or "\n" in got:
        rows = lines(wanted.splitlines(), got.splitlines(), ("expected", "actual"))
        return cut("\n".join(rows[:_LINES]), 4 * _LONGEST)
    found = changes(wanted[:_LONGEST], got[:_LONGEST])
    if share(found) < 0.3:  # noqa: PLR2004 - less is two texts, not one changed
        return ""
    return marked(found, part=not isinstance(spec, str))


def _alike(wanted: str, text: str) -> float:
    """How alike two texts are, about, by the letters of their beginnings."""
    return SequenceMatcher(None, wanted[:_LONGEST], text[:_LONGEST]).quick_ratio()


def _nearest_text(spec: Any, texts: Sequence[str]) -> str:
    wanted = spec if isinstance(spec, str) else spec.get("contains") or spec.get("regex") or ""
    return max(texts[-_RECENT:], key=lambda text: _alike(wanted, text), default="")


def _texts(role: str | None) -> Callable[[Any, ChatRequest], str]:
    return lambda spec, request: _nearest_text(
        spec, [message.text for message in request.messages if role in (None, message.role)]
    )


_ACTUAL: dict[str, Callable[[Any, ChatRequest], Any]] = {
    "surface": lambda _, request: request.surface.name,
    "model": lambda _, request: request.model.name,
    "stream": lambda _, request: request.stream,
    "turn": lambda _, request: request.turn,
    "last_user": lambda _, request: request.last_user,
    "system": lambda _, request: request.system,
    "any_message": _texts(None),
    "tool_result": _texts("tool"),
    "tools": lambda _, request: [tool.get("function", {}).get("name") for tool in request.tools],
    "parameters": lambda spec, request: {name: request.get(name) for name in spec},
}
"""What a request has where a condition looks, by the name of the condition."""

_Why = tuple[str, str, str, tuple[Any, str] | None]
"""Which condition failed, what it wanted, what is there, and what to compare to show how they differ."""


def _header(spec: Mapping[str, Any], request: ChatRequest) -> _Why:
    name, wanted, value = next(
        (name, wanted, value)
        for name, wanted in spec.items()
        if (value := request.headers.get(name.lower())) is None or not text_test(wanted, name=name)(value)
    )
    if secrecy.named("headers", name) is not None:
        actual = "no such header" if value is None else "another one (not shown: it holds a key)"
        return f"header {name}", "(not shown: it holds a key)", actual, None
    if value is None:
        return f"header {name}", _expected(wanted), "no such header", None
    return f"header {name}", _expected(wanted), _quoted(value), (wanted, value)


def _conversation(steps: Any, request: ChatRequest) -> _Why:
    messages = said(request, system="system" in steps[0])
    for at, (step, message) in enumerate(zip(steps, messages, strict=False), 1):
        role, wanted = next(iter(step.items()))
        place = f"conversation, step {at}"
        if kind(message) != role:
            return place, f"{role}: {_expected(wanted)}", f"{kind(message)}: {_quoted(message.text)}", None
        text = message.text.strip() if role == "assistant" else message.text
        if role == "assistant" and isinstance(wanted, str):
            wanted = wanted.strip()
        if wanted is not None and not text_test(wanted, name=role)(text):
            return (
                f"{place} ({role})",
                _expected(wanted),
                _quoted(message.text),
                (wanted, message.text),
            )
    return "conversation", f"{len(steps)} messages", f"{len(messages)} messages", None


def _why(name: str, spec: Any, request: ChatRequest) -> _Why:
    if name == "header":
        return _header(spec, request)
    if name == "conversation":
        return _conversation(spec, request)
    if name == "request":
        return name, "the very same request", "another one", None
    actual = _ACTUAL[name](spec, request)
    differs = (spec, actual) if isinstance(actual, str) and name != "surface" else None
    return name, _expected(spec), _quoted(actual), differs


@value
class Looked:
    """One condition of a match, looked at for a request; `actual` and `diff` where it does not hold."""

    name: str
    holds: bool
    expected: str
    actual: str = ""
    diff: str = ""


def look(match: Match, request: ChatRequest) -> list[Looked]:
    """Every condition of a match, side by side with a request. Raises `MatchError` as `holds` does."""
    return [
        _looked(name, match.spec[name], request, holds=holds(request)) for name, holds in match.conditions
    ]


def _looked(name: str, spec: Any, request: ChatRequest, *, holds: bool) -> Looked:
    if holds:
        return Looked(name, holds, "as it is" if name in ("header", "request") else _expected(spec))
    where, expected, actual, differs = _why(name, spec, request)
    return Looked(where, holds, expected, actual, "" if differs is None else text_diff(*differs))


def compare(match: Match, request: ChatRequest, *, diff: bool = True) -> Miss | None:
    """What keeps a match from holding for a request; None when all its conditions hold.

    Without `diff`, as far as misses are compared by it.
    """
    failing = [name for name, holds in match.conditions if not holds(request)]
    if not failing:
        return None
    total = len(match.conditions)
    name, expected, actual, differs = _why(failing[0], match.spec[failing[0]], request)
    shown = text_diff(*differs) if differs is not None and diff else ""
    return Miss(total - len(failing), total, name, expected, actual, shown, _alike(expected, actual))


def _miss(script: Script, key: str, request: ChatRequest, *, diff: bool) -> Miss:
    miss = compare(script.match, request, diff=diff)
    if miss is None:
        total = len(script.match.conditions)
        used = f"it has answered {script.used_by(key)} of {script.times} times"
        miss = Miss(total, total, "times", f"at most {script.times}", used, alike=2.0)
    return miss


Near = TypeVar("Near")


def nearest_of(misses: Iterable[tuple[Near, Miss]], deadline: Deadline) -> Near | None:
    """What almost matched; after the deadline, of those that were looked at by then."""
    best: tuple[Near, Miss] | None = None
    for one in misses:
        if best is None or _rank(one[1]) > _rank(best[1]):
            best = one
        if deadline.over:
            break
    return None if best is None else best[0]


def _rank(miss: Miss) -> tuple[bool, float]:
    return miss.alike > 1, miss.nearness


def nearest(
    scripts: Iterable[Script], key: str, request: ChatRequest, deadline: Deadline
) -> tuple[Script, Miss] | None:
    """The script that almost answered, and what kept it from it; None when there is none at all."""
    misses = ((script, _miss(script, key, request, diff=False)) for script in scripts)
    found = nearest_of(misses, deadline)
    return None if found is None else (found, _miss(found, key, request, diff=True))


def explain(
    scripts: Iterable[Script], key: str, request: ChatRequest, *, deadline: Deadline | None = None
) -> str:
    """Why nothing answered, for whoever wrote the scripts."""
    found = nearest(scripts, key, request, deadline or Deadline(PATIENCE, timer=working_time))
    if found is None:
        return "No script answers this request: there is none for this key."
    script, miss = found
    return f"No script answers this request.\n{miss.report(script.id)}"


def refusal(report: str) -> Refusal:
    """The refusal of a server that is told to answer from scripts only: 404, in the asker's envelope."""
    return _own("mock_no_script", report, 404, "mock.no-script")


def undecided(report: str) -> Refusal:
    """The refusal when a condition of a script cannot be decided: 500, in the asker's envelope."""
    return _own("mock_match", report, 500, "mock.match")


def broken_template(report: str) -> Refusal:
    """The refusal when the template of a script cannot be filled: 500, in the asker's envelope."""
    return _own("mock_template", report, 500, "mock.template")


def _own(code: str, report: str, status: int, entry: str) -> Refusal:
    """A refusal that no cloud has words for: the same in every voice."""
    words: Mapping[Voice, Words] = {"native": Words(code, report), "compat": Words(code, report, code)}
    return Refusal(status, words, "door", id=entry)
