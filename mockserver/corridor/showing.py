"""Where findings show beside refusal and journal: a response header, and a line of the log for each."""

import logging
from collections.abc import Iterable

from mockserver.base.logs import event
from mockserver.rules.registry import rules_by_id
from mockserver.state.journal import Entry
from mockserver.talk.finding import Finding

log = logging.getLogger("mockserver")

HEADER = b"x-mock-findings"


def findings_header(findings: Iterable[Finding]) -> tuple[bytes, bytes]:
    """The header that names the rules that a request breaks, each once."""
    return HEADER, ", ".join(dict.fromkeys(finding.rule for finding in findings)).encode()


def teach(entry: Entry, findings: Iterable[Finding] | None = None) -> None:
    """One line in the log for each finding: which rule, where, what the matter is and what helps."""
    if not log.isEnabledFor(logging.INFO):
        return
    for finding in entry.findings if findings is None else findings:
        what = f"{finding.rule} at {finding.path}" if finding.path else finding.rule
        fix = rules_by_id()[finding.rule].fix
        event(
            log,
            f"rule {entry.world.name} {entry.surface}: {what}: {finding.message} {fix}",
            secret=entry.world.key,
            request_id=entry.request_id,
            key=entry.world.name,
            surface=entry.surface,
            model=entry.model,
            rule=finding.rule,
            path=finding.path,
        )
