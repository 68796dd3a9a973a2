"""What a found conversation leaves behind: the failure in words, a file of the case, a test for pytest."""

import json

from mockserver.base.names import several
from mockserver.contract.cases import document_of
from mockserver.contract.suite import Outcome


def case_text(outcome: Outcome) -> str:
    """The case as the text of a file that `dashscope-mock conform --suite FILE` runs."""
    return json.dumps(document_of([outcome.case]), indent=1, ensure_ascii=True) + "\n"


def pytest_text(outcome: Outcome, *, name: str = "") -> str:
    """A test for pytest that leads a client of a fixture `client` through the same conversation."""
    title = name or "_".join(outcome.case.requires[:1] or ("conversation",)).replace(".", "_").replace(
        "-", "_"
    )
    document = json.dumps(json.dumps(document_of([outcome.case])))
    return (
        "import json\n\nfrom mockserver.contract import Verdict, replay\n\n"
        f"CASE = json.loads(\n    {document}\n)\n\n\n"
        f"def test_{title}(client):\n"
        f'    outcome = replay(client, CASE, surface="{outcome.surface}", mode="{outcome.mode}")\n'
        "    assert outcome.verdict is Verdict.PASSED, outcome.explanation\n"
    )


def story(outcome: Outcome) -> str:
    """The conversation in full: transcript, failures with their payloads, how to run it again."""
    parts = [
        f"{outcome.verdict}: {outcome.id}, {several(len(outcome.case.turns), 'turn')}",
        outcome.explanation,
    ]
    parts.append("Run it again: save this as found.json, then dashscope-mock conform --suite found.json")
    parts.append(case_text(outcome).strip())
    parts.append("Or as a test of pytest:")
    parts.append(pytest_text(outcome).strip())
    return "\n\n".join(part for part in parts if part)
