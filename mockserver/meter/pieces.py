"""The pieces that text-embedding-v3 counts by, those of XLM-RoBERTa: there with the extra `embeddings`."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from mockserver.meter.spans import spans

_UNBILLED = 1
"""The first piece costs nothing (recordings: mem0, 2025-11, three texts of 3, 3 and 14 tokens)."""


@cache
def counter() -> Callable[[str], int] | None:
    """Counts the tokens of a text, at least one; None where Bling Fire is not there, or not for here."""
    try:
        import blingfire  # noqa: PLC0415 - one endpoint needs it, and not everybody has it
    except (ImportError, OSError):
        return None
    model = blingfire.load_model(str(Path(blingfire.__file__).with_name("xlm_roberta_base.bin")))

    def count(text: str) -> int:
        found = 0
        for span in spans(text):
            found += len(blingfire.text_to_ids(model, span, len(span.encode()) + 1, no_padding=True))
        return max(1, found - _UNBILLED)

    return count
