"""One client that does everything right, and many that each do one thing wrong: the proof of the kit."""

from contract_tests.gallery import (
    calls,
    field,
    forms,
    histories,
    inputs,
    latest,
    messages,
    moments,
    refusals,
    requests,
    responses,
    several,
    stops,
    streams,
    switching,
    unusual,
)
from contract_tests.gallery.registry import DEFECTS, Defect

__all__ = [
    "DEFECTS",
    "Defect",
    "calls",
    "field",
    "forms",
    "histories",
    "inputs",
    "latest",
    "messages",
    "moments",
    "refusals",
    "requests",
    "responses",
    "several",
    "stops",
    "streams",
    "switching",
    "unusual",
]
