"""What a test of a rule is made of."""

from typing import NamedTuple

from mockserver.catalogue.errors import Errors, Refusal
from mockserver.rules import check
from mockserver.talk.request import ChatRequest


class Case(NamedTuple):
    """A rule, a request that breaks it, what is found, and requests that come near and keep it."""

    rule: str
    broken: ChatRequest
    path: str
    message: str
    kept: tuple[ChatRequest, ...]


def judged(case: Case, errors: Errors) -> Refusal:
    """What the broken request is refused with; it is found where the case says, and near misses are not."""
    found = [finding for finding in check(case.broken, errors) if finding.rule == case.rule]
    assert [(finding.path, finding.message) for finding in found] == [(case.path, case.message)]
    for kept in case.kept:
        assert [finding for finding in check(kept, errors) if finding.rule == case.rule] == []
    assert found[0].refusal is not None
    return found[0].refusal
