"""A run with one conversation of each kind, for every report to tell."""

from mockserver.contract import Failure, Outcome, Verdict, built_in
from mockserver.contract.report import Result
from mockserver.contract.report.result import Held
from mockserver.contract.transcript import Transcript

CASES = {case.id: case for case in built_in()}
BODY = b'{"model":"qwen-plus","messages":[{"role":"user","content":"<b>\\u0007|"}],"n":[],"t":{}}'

BROKEN = Failure("history.text", "said 'a', sent '<b>'\x07", 1, "messages[0].content")
RULE = Failure("request.valid", "it is refused", 1, "n", "some.rule", "the vendor's docs")
SHOULD = Failure("options.unasked", "nobody gave top_p")


def transcript(more: int = 0) -> Transcript:
    """What was said and sent, with so many lines more."""
    told = Transcript()
    told.add("user", "<script>alert(1)</script>\x1b[31m")
    told.request("compat", BODY)
    told.add("long", "x" * 500)
    for number in range(more):
        told.add("more", str(number))
    return told


def outcome(
    case: str,
    verdict: Verdict,
    *failures: Failure,
    mode: str = "plain",
    message: str = "",
    told: Transcript | None = None,
) -> Outcome:
    """What came of one of the built-in cases."""
    return Outcome(CASES[case], "compat", mode, verdict, failures, told, message)


def run(*outcomes: Outcome, client: str = "c") -> Result:
    """A run of these conversations."""
    made = Result(client)
    for one in outcomes:
        made.add(one)
    return made


def held(case: str, verdict: Verdict, *failures: Failure, told: Transcript | None = None) -> Held:
    """One conversation, as a run keeps it."""
    return Result("c").add(outcome(case, verdict, *failures, told=told))


def result() -> Result:
    """The run."""
    made = run(
        outcome("turns.single", Verdict.PASSED, told=transcript()),
        outcome("text.emoji", Verdict.FAILED, BROKEN, RULE, told=transcript()),
        outcome("text.bidi", Verdict.FAILED, BROKEN, told=transcript()),
        outcome("options.zero", Verdict.FAILED, SHOULD, told=transcript()),
        outcome("partial.turn", Verdict.MISSING, message="cannot do partial"),
        outcome("stream.stall", Verdict.DRIVER, mode="stream", message="it died"),
        client="client|<1>",
    )
    made.seed = 7
    return made
