"""What the built-in model says when nothing can be said. Imports nothing: every server needs it."""


class ImpossibleSchemaError(ValueError):
    """A schema of which no instance can be made; the text says which part, and why."""
