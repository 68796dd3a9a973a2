"""How much of too long an input is kept where it is not refused: its middle is cut away.

The sizes that were reached lie in `fixtures/prompt.json`, with their source.
"""

from typing import Any

from mockserver.base import resources
from mockserver.catalogue.models import Model


def kept_of(model: Model) -> int:
    """The most input tokens that a model is shown: as measured, else the usual share of its context."""
    table: dict[str, Any] = resources.fixture("prompt")["cut"]
    measured = table["models"].get(model.name) or table["generations"].get(model.generation)
    return int(measured or model.context * table["share"])
