"""The shape of an answer: its paths and their types, whatever is said in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mockserver.recording import documents, fold
from mockserver.recording.interaction import Interaction

_OPEN = frozenset(
    ("search_info", "tool_info", "plugins", "embedding", "token_ids", "tokens", "top_logprobs", "input")
)
"""Fields whose inside is content: its shape depends on what was said."""

_EVENTUAL = frozenset(("tool_calls", "reasoning_content", "search_info", "tool_info", "logprobs"))
"""Fields that come and go with what is said; that one is gone means little."""


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def paths(value: Any, path: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Every path of a document with its type; the elements of an array share one path."""
    yield path, type_of(value)
    if name in _OPEN:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key, key)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{path}[]", name)


_BLOCKS = ("content[]", "content_block.", "delta.")
"""What begins the paths of Anthropic's blocks and their pieces, which are of many kinds."""


def eventual(path: str) -> bool:
    """Whether a path is there or not by what is said."""
    return path.startswith(_BLOCKS) or any(step in _EVENTUAL for step in path.replace("[]", "").split("."))


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one answer: the types at each path, and how it is framed."""

    types: dict[str, frozenset[str]]
    framing: str
    status: int
    error: fold.Failure | None
    usage: dict[str, Any] | None


def framing_of(interaction: Interaction) -> str:
    """How an answer is framed: json, or the lines of its frames and how it ends."""
    if not interaction.stream:
        return (
            "json" if fold.payloads(interaction.response.body)[0][1] is not documents.UNREADABLE else "other"
        )
    kinds = []
    for block in interaction.response.body.decode("utf-8", "replace").split("\n\n"):
        names = []
        for line in block.split("\n"):
            name, sign, value = line.partition(":")
            blank = " " if value.startswith(" ") else ""
            names.append(f"{name}{sign}{blank}" + ("[DONE]" if value.strip() == "[DONE]" else ""))
        kind = "\\n".join(names)
        if kind and kind not in kinds:
            kinds.append(kind)
    return " ; ".join(kinds)


def shape_of(interaction: Interaction) -> Shape:
    """The shape of an answer."""
    found: dict[str, set[str]] = {}
    for _, document in fold.payloads(interaction.response.body):
        if document is not documents.UNREADABLE:
            for path, kind in paths(document):
                found.setdefault(path, set()).add(kind)
    folded = interaction.folded()
    usage = dict(folded.usage) if folded.usage is not None else None
    types = {path: frozenset(kinds) for path, kinds in found.items()}
    return Shape(types, framing_of(interaction), interaction.response.status, folded.error, usage)


def names_of(kinds: frozenset[str]) -> str:
    """Types as text."""
    return "|".join(sorted(kinds))
