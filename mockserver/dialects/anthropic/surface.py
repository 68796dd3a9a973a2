"""The endpoint that speaks Anthropic's Messages."""

from mockserver.talk.surface import Surface, Trait

ANTHROPIC = Surface(
    name="anthropic",
    dialect="anthropic",
    voice="native",
    paths=("/apps/anthropic/v1/messages",),
    roots=("/apps/anthropic/",),
    names={
        "stop": "stop_sequences",
        "enable_thinking": "thinking.type",
        "thinking_budget": "thinking.budget_tokens",
        "reasoning_effort": "output_config.effort",
        "response_format": "output_config.format",
    },
    message_names={
        "tool_calls": "content",
        "tool_call_id": "tool_use_id",
        "function.name": "name",
        "function.arguments": "input",
    },
    tool_ids=("toolu_", 24),
    traits=frozenset(
        {
            Trait.MEDIA,
            Trait.CALL_IDS,
            Trait.RENAMED,
            Trait.THINKING_KIND,
            Trait.EFFORT,
            Trait.API_KEY_HEADER,
            Trait.INPUTS,
        }
    ),
)
