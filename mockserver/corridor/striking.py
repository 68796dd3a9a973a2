"""Where a fault meets an exchange: in the place of the answer, or in the sending of it."""

from typing import TYPE_CHECKING

from mockserver.faults.plan import plan
from mockserver.faults.planned import Frame, Planned
from mockserver.talk.fault import Fault
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Usage
from mockserver.talk.request import ChatRequest

if TYPE_CHECKING:
    from mockserver.corridor.answers import Answer
    from mockserver.state.journal import Entry  # which shows faults, and so reads this package


def strike(request: ChatRequest, entry: "Entry", fault: Fault | None) -> None:
    """Notes the fault that strikes a request. Raises `Refused` when it is an error and nothing else."""
    if fault is None:
        return
    entry.fault = fault
    refusal = fault.instead(stream=request.stream)
    if refusal is not None:
        raise Refused(refusal)


def spoil(answer: "Answer", entry: "Entry", fault: Fault, request: ChatRequest, usage: Usage) -> None:
    """Plans what is done in the place of sending an answer."""
    frames = answer.frames or [answer.body]
    tokens, due = answer.tokens or [0] * len(frames), answer.due or [0.0] * len(frames)
    planned = Planned(
        status=answer.status,
        headers=answer.headers,
        frames=tuple(map(Frame, frames, tokens, due)),
        streamed=request.stream,
        surface=request.surface,
        request_id=entry.request_id,
        delay=answer.delay,
        cumulative=request.cumulative,
        prompt_tokens=usage.input,
        created=int(entry.arrived),
    )
    answer.plan = plan(planned, fault)
    entry.started += max(0.0, (answer.plan.head_at or 0.0) - answer.delay)
