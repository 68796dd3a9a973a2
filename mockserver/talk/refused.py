"""A refusal on its way: whoever finds that a request cannot be answered raises it."""

from mockserver.catalogue.errors import Refusal
from mockserver.talk.finding import Finding


class Refused(Exception):  # noqa: N818 - a refusal is an answer here, not an error
    """Ends the way of a request early; carries what is answered."""

    def __init__(self, refusal: Refusal, findings: tuple[Finding, ...] = ()) -> None:
        self.refusal = refusal
        self.findings = findings
        super().__init__(refusal.id)
