"""Warns of replies that can never be given: another one stands before them, or nothing can match."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mockserver.base.names import nearest
from mockserver.catalogue.models import Models
from mockserver.scenario.document import Scenario
from mockserver.scenario.problem import Problem
from mockserver.scripts.index import Key, keys_of
from mockserver.scripts.match import MatchError, text_test
from mockserver.scripts.script import Script

_TEXTS = ("last_user", "system", "any_message", "tool_result")
_COMPARED = 500
"""With how many earlier replies that are not filed under the same thing a reply is compared."""


def _text_implies(narrow: Any, wide: Any) -> bool:
    """Whether every text that fits `narrow` fits `wide`."""
    if wide is None or narrow == wide:
        return True
    if narrow is None:
        return False
    if isinstance(narrow, str):
        try:
            return text_test(wide, name="text")(narrow)
        except MatchError:
            return False
    return "contains" in narrow and "contains" in wide and wide["contains"] in narrow["contains"]


def _headers_imply(narrow: Mapping[str, Any], wide: Mapping[str, Any]) -> bool:
    lower = {header.lower(): text for header, text in narrow.items()}
    return all(
        header.lower() in lower and _text_implies(lower[header.lower()], text)
        for header, text in wide.items()
    )


def _step_implies(narrow: Mapping[str, Any], wide: Mapping[str, Any]) -> bool:
    (role, text), (other, wanted) = next(iter(narrow.items())), next(iter(wide.items()))
    return role == other and _text_implies(text, wanted)


def _equal(narrow: Any, wide: Any) -> bool:
    return bool(narrow == wide)


_IMPLIES: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(_TEXTS, _text_implies),
    "model": lambda narrow, wide: (
        bool(narrow == wide) or (not set(narrow) & set("*?[") and fnmatchcase(narrow, wide))
    ),
    "tools": lambda narrow, wide: set(wide) <= set(narrow),
    "header": _headers_imply,
    "parameters": lambda narrow, wide: all(
        key in narrow and narrow[key] == value for key, value in wide.items()
    ),
    "conversation": lambda narrow, wide: len(narrow) == len(wide) and all(map(_step_implies, narrow, wide)),
}
"""Whether a condition holds whenever another one of the same name does; any other must be equal."""


def covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether one `match` holds whenever another one does; False when that cannot be told."""
    return all(
        name in narrow and _IMPLIES.get(name, _equal)(narrow[name], spec) for name, spec in wide.items()
    )


def _earlier(scripts: list[Script]) -> Iterator[tuple[int, int]]:
    """Each script with the earlier ones that may stand before it, by their numbers."""
    filed: dict[Key, list[int]] = {}
    loose: list[int] = []
    for at, script in enumerate(scripts):
        keys = list(keys_of(script.conditions))
        near = {number for key in keys for number in filed.get(key, ())[:_COMPARED]}
        for number in sorted(near.union(loose[:_COMPARED])):
            yield at, number
        if script.times is None:
            whole = next((key for key in keys if "/" not in key[0]), None)
            (loose if whole is None else filed.setdefault(whole, [])).append(at)


def _covered(whole: Scenario) -> Iterator[Problem]:
    told: set[int] = set()
    for at, before in _earlier(whole.scripts):
        wide, narrow = whole.scripts[before], whole.scripts[at]
        # Two conversations may begin alike: what says the same is no loss.
        if at in told or wide.spec["reply"] == narrow.spec["reply"]:
            continue
        if not covers(wide.conditions, narrow.conditions):
            continue
        told.add(at)
        yield Problem(
            whole.spots[at],
            f"this reply is never given: {wide.source} answers all that it matches",
            "put the narrower one first, or give the other one times",
            warning=True,
        )


def _impossible(script: Script, models: Models) -> Iterator[tuple[str, str]]:
    match = script.conditions
    model = match.get("model")
    if model is not None:
        names = [known.name for known in models]
        if not any(fnmatchcase(name, model) for name in names):
            near = nearest(model, names)
            yield f"no model is named {model!r}", f"the nearest is {near!r}; others are added with --model"
    steps, turn = match.get("conversation"), match.get("turn")
    if turn is not None and steps is not None:
        users = sum("user" in step for step in steps)
        if users != turn:
            yield f"the conversation has {users} user lines and turn is {turn}", "take turn out"
    if len(script.answers) > (script.times or len(script.answers)):
        left = len(script.answers) - (script.times or 0)
        yield f"times is {script.times}: the last {left} of {len(script.answers)} replies are never given", ""


def warnings(whole: Scenario, models: Models) -> list[Problem]:
    """A warning for each reply that can never be given."""
    found = list(_covered(whole))
    for script, spot in zip(whole.scripts, whole.spots, strict=True):
        found += [Problem(spot, message, hint, warning=True) for message, hint in _impossible(script, models)]
    return found
