"""The endpoints that speak the native dialect: one for models of text, one for those that see and hear."""

from mockserver.talk.surface import Surface, Trait

_BOTH = frozenset(
    {
        Trait.APART,
        Trait.CUMULATIVE,
        Trait.LAST_ROLE,
        Trait.TASKS,
        Trait.SOURCES,
        Trait.STREAM_TO_THINK,
        Trait.THOUGHTS_OUT,
        Trait.EFFORT,
        Trait.EFFORT_OR_BUDGET,
    }
)

NATIVE_TEXT = Surface(
    name="native-text",
    dialect="native",
    voice="native",
    paths=("/api/v1/services/aigc/text-generation/generation",),
    options_at="parameters.",
    messages_at="input.messages",
    traits=_BOTH | {Trait.TEXT_FORM, Trait.NOT_EMPTY},
)

NATIVE_MULTIMODAL = Surface(
    name="native-multimodal",
    dialect="native",
    voice="native",
    paths=("/api/v1/services/aigc/multimodal-generation/generation",),
    options_at="parameters.",
    messages_at="input.messages",
    traits=_BOTH | {Trait.PARTS, Trait.MEDIA},
)

MODELS = {NATIVE_TEXT: "text", NATIVE_MULTIMODAL: "multimodal"}
"""The models that each serves, as the catalogue calls them (`native` in `fixtures/models.json`)."""
