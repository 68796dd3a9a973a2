"""How each dialect reads a request and renders an answer."""
