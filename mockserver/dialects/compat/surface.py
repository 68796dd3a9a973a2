"""The endpoint that speaks the OpenAI-compatible dialect."""

from mockserver.catalogue.plans import coding_paths
from mockserver.talk.surface import Surface, Trait

COMPAT = Surface(
    name="compat",
    dialect="compat",
    voice="compat",
    paths=(
        "/compatible-mode/v1/chat/completions",
        # The dashscope SDK 2 posts here with only its native base set.
        "/api/v1/chat/completions",
        *sorted(coding_paths()),
    ),
    roots=("/compatible-mode/", "/compatible-api/"),  # reranking has the second
    traits=frozenset(
        {
            Trait.MEDIA,
            Trait.USAGE_ASKED,
            Trait.CALL_IDS,
            Trait.SOME_TOOLS,
            Trait.STREAM_TO_THINK,
            Trait.THOUGHTS_OUT,
            Trait.EFFORT,
            Trait.EFFORT_OR_BUDGET,
        }
    ),
)
