"""The register of broken clients: each with the requirement that has to catch it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contract_tests.gallery.reference import Reference

COMPLETIONS = ("compat", "native-text", "native-multimodal")
"""The surfaces whose answers have choices."""

ANTHROPIC = ("anthropic",)

RESPONSES = ("responses",)

EVERYWHERE = (*COMPLETIONS, *ANTHROPIC, *RESPONSES)

Group = tuple[str, ...]

UNSEEN: Mapping[Group, frozenset[str]] = {
    ANTHROPIC: frozenset(
        {
            "adds-usage-of-events",
            "appends-cumulative-arguments",
            "appends-cumulative-texts",
            "arguments-as-object",
            "does-not-ask-for-usage",
            "doubles-prefix",
            "drops-partial",
            "drops-response-format",
            "ends-with-first-choice",
            "first-choice-only",
            "first-finish-reason",
            "first-usage",
            "forgets-prefix",
            "ignores-prefixes",
            "keeps-buffer-too-short",
            "keeps-prefix-apart",
            "last-choice-usage",
            "leaves-incremental-open",
            "loses-first-event",
            "mixes-choices",
            "moves-system-to-the-end",
            "no-content-in-results",
            "options-beside-parameters",
            "prefix-in-user-turn",
            "reformats-arguments",
            "repeats-sessions",
            "results-without-id",
            "sends-thinking-back",
            "session-header-once",
            "session-without-header",
            "shows-parts-as-text",
            "stop-is-one-text",
            "stream-in-parameters",
            "thinks-without-stream",
        }
    ),
    RESPONSES: frozenset(
        {
            "adds-usage-of-events",
            "appends-cumulative-arguments",
            "appends-cumulative-texts",
            "compat-for-all",
            "does-not-ask-for-usage",
            "doubles-prefix",
            "drops-partial",
            "drops-response-format",
            "ends-with-first-choice",
            "first-choice-only",
            "first-finish-reason",
            "first-usage",
            "forgets-prefix",
            "ignores-prefixes",
            "keeps-prefix-apart",
            "last-choice-usage",
            "leaves-incremental-open",
            "loses-first-event",
            "mixes-choices",
            "moves-system-to-the-end",
            "no-content-in-results",
            "options-beside-parameters",
            "prefix-in-user-turn",
            "repeats-sessions",
            "results-without-id",
            "retries-faults-only",
            "sends-thinking-back",
            "session-header-once",
            "session-without-header",
            "shows-parts-as-text",
            "stop-is-one-text",
            "stream-in-parameters",
            "thinks-without-stream",
        }
    ),
}
"""Broken in a step that a surface has not (choices, prefixes, sessions, texts so far; arguments as text, on
Anthropic's), or breaking another requirement there first."""


@dataclass(frozen=True)
class Defect:
    """One broken client. `museum` names a public issue that shows the same defect, if there is one.

    `surfaces` are those on which it is shown.
    """

    name: str
    requirement: str
    client: type[Reference]
    museum: str = ""
    surfaces: Group = COMPLETIONS

    @property
    def title(self) -> str:
        """What it does wrong."""
        return (self.client.__doc__ or "").strip()

    def __str__(self) -> str:
        return self.name


DEFECTS: list[Defect] = []

T = TypeVar("T", bound=Reference)


def defect(requirement: str, museum: str = "", surfaces: Group | None = None) -> Callable[[type[T]], type[T]]:
    """Enter a broken client, with the requirement that has to catch it.

    Without `surfaces` it is broken on all of them, as far as they can show it.
    """

    def enter(client: type[T]) -> type[T]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", client.__name__).lower()
        others = [group for group, unseen in UNSEEN.items() if name not in unseen]
        everywhere = COMPLETIONS + tuple(surface for group in others for surface in group)
        DEFECTS.append(Defect(name, requirement, client, museum, surfaces or everywhere))
        return client

    return enter
