"""Where a value stands: paths of `table.json`, and the sites that they name in a document.

A path is a list of steps. A text is a key; `*` every element of a list; an object chooses elements by `role`
and `at` (`last`: of the newest turn, `before`: of earlier ones), and by whether `calls`, `partial` or `parts`
are in them. A step that begins with `@` is found where the document's dialect has it; one that begins with
`+` is a place that is free: a key that is not there, or the end of a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Step = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """One place of a document: its holder and the key or index in it."""

    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        """What stands there; None where a path ends in a place that is free."""
        if isinstance(self.holder, list):
            return self.holder[self.key] if self.key < len(self.holder) else None
        return self.holder.get(self.key)

    def put(self, values: tuple[Any, ...]) -> None:
        """Puts values in its place: none drops it, two are for the elements of a list."""
        if isinstance(self.holder, list):
            self.holder[self.key : self.key + 1] = values
        elif values:
            self.holder[self.key] = values[0]
        else:
            self.holder.pop(self.key, None)


def _messages(document: Any) -> Any:
    return document.get("input", document).get("messages") if isinstance(document, dict) else document


def _options(document: Any) -> Any:
    return document["parameters"] if "input" in document else document


def _choices(document: Any) -> Any:
    return document.get("output", document).get("choices") or []


def _delta(choice: Any) -> Any:
    return choice.get("delta") or choice.get("message") or {}


_HOLDERS = {"@messages": _messages, "@options": _options, "@choices": _choices, "@delta": _delta}
_EITHER = {
    "@input": ("prompt_tokens", "input_tokens", "input"),
    "@output": ("completion_tokens", "output_tokens", "output"),
}


def _chosen(messages: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Iterator[int]:
    """The indexes of the messages that a step chooses."""
    users = [at for at, message in enumerate(messages) if message.get("role") == "user"]
    newest = users[-1] if users else 0
    for at, message in enumerate(messages):
        facts = {
            "role": message.get("role"),
            "at": "last" if at >= newest else "before",
            "calls": bool(message.get("tool_calls")),
            "partial": bool(message.get("partial")),
            "parts": isinstance(message.get("content"), list) and len(message["content"]) > 1,
        }
        if all(facts[name] == value for name, value in wanted.items()):
            yield at


def _text_sites(message: Any) -> Iterator[Site]:
    """The text of a message, or of its only part."""
    content = message.get("content")
    if isinstance(content, str):
        yield Site(message, "content")
    elif isinstance(content, list) and len(content) == 1 and "text" in content[0]:
        yield Site(content[0], "text")


def sites(document: Any, path: Sequence[Step]) -> list[Site]:
    """Every site that a path names, the last one first, so that elements can be put in and out."""
    return list(_sites(document, path))[::-1]


def _sites(holder: Any, path: Sequence[Step]) -> Iterator[Site]:
    step, *rest = path
    if step == "@text":
        yield from _text_sites(holder) if isinstance(holder, dict) else ()
        return
    if isinstance(step, str) and step in _HOLDERS:
        found = _HOLDERS[step](holder)
        if found is not None and not rest:
            yield from (
                Site(owner, key)
                for owner in (holder, holder.get("input") if isinstance(holder, dict) else None)
                if isinstance(owner, dict)
                for key in ("messages", "parameters", "choices")
                if owner.get(key) is found
            )
        elif found is not None:
            yield from _sites(found, rest)
        return
    for key in _keys(holder, step):
        if rest:
            yield from _sites(holder[key], rest)
        else:
            yield Site(holder, key)


def _keys(holder: Any, step: Step) -> list[Any]:
    if isinstance(step, Mapping):
        return list(_chosen(holder, step)) if isinstance(holder, list) else []
    if step == "*":
        return list(range(len(holder))) if isinstance(holder, list) else []
    if step.startswith("+"):
        if isinstance(holder, list):
            return [len(holder)]
        return [step[1:]] if isinstance(holder, dict) and step[1:] not in holder else []
    names = _EITHER.get(step, (step,))
    return [name for name in names if isinstance(holder, dict) and name in holder]
