"""Secrets as they may be shown.

A key is never shown, but told apart from others.
"""

from hashlib import blake2b


def mask(key: str) -> str:
    """A key as it may be shown: told apart from others, never to be used."""
    return f"sk-***{blake2b(key.encode(), digest_size=3).hexdigest()}" if key else "none"


def without_key(body: bytes, key: str | None) -> bytes:
    """A request body as the journal may keep it: the key it came with is masked, a refused one too."""
    secret = (key or "").encode()
    return body.replace(secret, mask(key or "").encode()) if secret and secret in body else body
