"""The rule of a tool loop that turns on the spot: the same calls, round after round."""

from collections.abc import Iterator

from mockserver.rules.marks import Mark
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest, Message

ROUNDS = 5
"""From how many rounds on. That there is a limit is reported, not how many rounds it lets pass."""


def _made(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple((call.name, call.arguments) for call in message.tool_calls)


@rule(
    "tools.repetitive",
    severity=Severity.REFUSED_BY_SOME,
    source="Model Studio users, public issues, 2026: the coder models, qwen3.7 and newer; after how many "
    f"rounds is not reported, {ROUNDS} is this mock's choice",
    fix="End a loop that gets nowhere: tell the model what went wrong, or stop.",
    museum="QwenLM/qwen-code#8898, QwenLM/qwen-code#5237, QwenLM/qwen-code#5019",
    refusals=("tools.repetitive",),
    teaches="The same call with the same arguments {rounds} rounds in a row: some models refuse that.",
    marks=(Mark.TOOLS,),
)
def _repetitive(request: ChatRequest) -> Iterator[Broken]:
    entry = "" if request.model.family.guards_repetition else ACCEPTED
    rounds: list[tuple[tuple[str, str], ...]] = []
    for index, message in enumerate(request.messages):
        if message.role in ("user", "system"):
            rounds.clear()
        elif message.role == "assistant":
            made = _made(message)
            if made not in rounds:
                rounds.clear()
            rounds.append(made)
            if len(rounds) == ROUNDS and made:
                place = f"{request.message_place(index)}.tool_calls"
                yield Broken(place, {"rounds": ROUNDS}, entry)
