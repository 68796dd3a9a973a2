"""Options that cannot have the value they were given."""


class SettingsError(ValueError):
    """An option with a value that it cannot have; the message shows value, rule and fix."""
