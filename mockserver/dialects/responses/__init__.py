"""The Responses API, as Model Studio speaks it."""
