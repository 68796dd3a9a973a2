"""Identifiers in the forms of the cloud."""

import random


class Ids:
    """Gives out identifiers; from a seed always the same ones.

    A request id is a lower-case UUID whose version digit is 9 (recordings of all sources since
    2024; some backends write 4). A tool call's id is `call_` and 22 or 24 hexadecimal digits.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._bits = random.Random(seed).getrandbits  # noqa: S311 - names, not secrets

    def request_id(self) -> str:
        """A new request id."""
        digits = f"{self._bits(128):032x}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-9{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def tool_call_id(self, digits: int) -> str:
        """A new id for a tool call, of so many digits."""
        return f"call_{self._bits(4 * digits):0{digits}x}"
