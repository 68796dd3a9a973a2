"""Why the built-in model says nothing. Imports nothing: every server needs it."""


class ImpossibleSchemaError(ValueError):
    """A schema of which no instance can be made; the text says which part, and why."""


class TakesLongError(Exception):
    """An instance that is not made in haste: it is to be made anew, where it holds nobody up."""
