"""Identifiers in the forms of the cloud."""

import random
from hashlib import blake2b

_FIXED = 9 << 76 | 8 << 60
"""The bits of a request id that are always the same: the version, and the variant of a UUID."""

_FREE = ~(0xF << 76 | 0xC << 60)


def derived(request_id: str, name: str) -> str:
    """An identifier of the form of a request id for a part of an exchange: the same for the same name."""
    digest = int.from_bytes(blake2b(f"{request_id} {name}".encode(), digest_size=16).digest())
    return _spelled(digest)


def _spelled(bits: int) -> str:
    digits = f"{bits & _FREE | _FIXED:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Ids:
    """Gives out identifiers; from a seed always the same ones.

    A request id is a lower-case UUID whose version digit is 9 (recordings of all sources since
    2024; some backends write 4). A tool call's id is `call_` and 22 or 24 hexadecimal digits, in Anthropic's
    dialect `toolu_` and 24 (recordings: foggy-projects/Foggy-Navigator and a Go client's test, 2026).
    """

    def __init__(self, seed: int | None = None) -> None:
        self._bits = random.Random(seed).getrandbits  # noqa: S311 - names, not secrets

    def request_id(self) -> str:
        """A new request id."""
        return _spelled(self._bits(128))

    def tool_call_id(self, digits: int, *, prefix: str = "call_") -> str:
        """A new id for a tool call, of so many digits."""
        return f"{prefix}{self._bits(4 * digits):0{digits}x}"
