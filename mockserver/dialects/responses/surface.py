"""The endpoint that speaks the Responses API."""

from mockserver.talk.surface import Surface, Trait

ROOTS = ("/compatible-mode/v1", "/api/v2/apps/protocols/compatible-mode/v1")
"""Below which responses and conversations lie; the second is the older one, which still answers."""

RESPONSES = Surface(
    name="responses",
    dialect="responses",
    voice="native",
    paths=(
        *(f"{root}/responses" for root in ROOTS),
        # The same protocol for an app of the console.
        "/api/v2/apps/agent/{app}/compatible-mode/v1/responses",
    ),
    roots=tuple(f"{root}/{kind}" for root in ROOTS for kind in ("responses", "conversations")),
    messages_at="input",
    names={
        "max_tokens": "max_output_tokens",
        "max_completion_tokens": "max_output_tokens",
        "reasoning_effort": "reasoning.effort",
    },
    message_names={
        "tool_calls": "call_id",
        "tool_call_id": "call_id",
        "id": "call_id",
        "function.name": "name",
        "function.arguments": "arguments",
    },
    tool_ids=("call_", 24),
    traits=frozenset(
        {
            Trait.MEDIA,
            Trait.CALL_IDS,
            Trait.RENAMED,
            Trait.SOURCES,
            Trait.INPUT_CUT,
            Trait.SYSTEM_PROMPT,
            Trait.ITEMS,
            Trait.THREADS,
        }
    ),
)
