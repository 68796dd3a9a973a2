"""The built-in model: says something sensible to anything, always the same to the same request.

It calls a function where one is forced or asked for, answers in JSON where that is demanded, goes on
with a text that was begun, and else speaks in the language of the last user message. Its length,
stop sequences and biases are those of the request.
"""

import sys

from mockserver.answer import closing, continuation, made, prose, recognition, translation
from mockserver.answer.asked import asked_format
from mockserver.answer.bias import biased
from mockserver.base.deadline import Deadline
from mockserver.instances.impossible import TakesLongError
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest, Message, ToolCall


def _stop_at(text: str, request: ChatRequest, tokenizer: Tokenizer) -> str:
    """The text before the first stop sequence in it."""
    for stop in request.stop:
        if isinstance(stop, str):
            text = text.partition(stop)[0]
            continue
        ids = tokenizer.encode(text)
        at = next((at for at in range(len(ids)) if tuple(ids[at : at + len(stop)]) == stop), None)
        if at is not None:
            text = tokenizer.head(text, at)
    return text


def _continued(request: ChatRequest, prefix: Message, said: str, index: int) -> str:
    """The continuation of a last message; a speaker says a whole answer, other prose goes on."""
    drawn = prose.numbers(request, index)
    speaker = continuation.speaks_for(prefix.text)
    return continuation.continued(prefix.text, said if speaker else prose.onward(request, prefix.text, drawn))


def _own(request: ChatRequest, index: int) -> str | None:
    """What a model says that is there for one thing; None for any other."""
    if request.model.task == "translation":
        return translation.translated(request)
    return recognition.recognized(request, index) if recognition.recognizes(request) else None


def _words(request: ChatRequest, index: int, deadline: Deadline | None) -> str:
    """What is said where no function is called."""
    own = _own(request, index) if request.model.task != "chat" else None
    if own is not None:
        return own
    drawn = prose.numbers(request, index)
    prefix = request.partial
    if prefix is None and request.get("response_format"):
        _loaded("structured", deadline)
        from mockserver.answer import structured  # noqa: PLC0415 - as for the calls

        if structured.wanted(request):
            return structured.answer(request, drawn, deadline=deadline)
    said = prose.answer(request, drawn)
    if prefix is not None:
        return _continued(request, prefix, said, index)
    form = asked_format(request)
    if form:
        _loaded("formats", deadline)
        from mockserver.answer import formats  # noqa: PLC0415 - as for the calls

        return formats.answer(form, request, drawn, deadline=deadline) or said
    return closing.closed(request, said)


def _loaded(room: str, deadline: Deadline | None) -> None:
    """Raises `TakesLongError` in haste for a room that is not loaded yet: to load it takes 50 ms."""
    if deadline is not None and deadline.hasty and f"mockserver.answer.{room}" not in sys.modules:
        raise TakesLongError


def _calls(request: ChatRequest, index: int, deadline: Deadline | None) -> tuple[ToolCall, ...]:
    """The functions that are called; few servers ever need what decides it, and it takes 50 ms to load."""
    if not request.tools:
        return ()
    _loaded("calls", deadline)
    from mockserver.answer import calls  # noqa: PLC0415 - a server's port opens the sooner without it

    return calls.calls(request, prose.numbers(request, index), deadline=deadline)


def _thought(request: ChatRequest, tokenizer: Tokenizer) -> str:
    """The thinking, cut exactly at its budget."""
    if not request.thinking:
        return ""
    thought = prose.thought(request)
    budgets = (request.thinking_budget, request.get("max_completion_tokens"))
    for budget in budgets:
        if budget is not None:
            thought = tokenizer.head(thought, int(budget))
    return thought


def _choice(request: ChatRequest, tokenizer: Tokenizer, index: int, deadline: Deadline | None) -> Choice:
    reasoning = _thought(request, tokenizer)
    called = _calls(request, index, deadline)
    if called:
        return Choice("", reasoning, called, "tool_calls")
    content = _words(request, index, deadline)
    bias = request.get("logit_bias")
    if bias:
        limited = request.get("max_tokens") or request.get("max_completion_tokens")
        content = biased(content, bias, tokenizer, most=request.max_output if limited else None)
    content = _stop_at(content, request, tokenizer)
    room = request.max_output
    whole = request.get("max_completion_tokens")
    if reasoning and whole is not None:
        room = min(room, int(whole) - len(tokenizer.ends(reasoning)))
    kept = tokenizer.head(content, room)
    return Choice(kept, reasoning, finish_reason="stop" if kept == content else "length")


def answer(request: ChatRequest, tokenizer: Tokenizer, *, deadline: Deadline | None = None) -> Reply:
    """The built-in model's answer.

    Raises `ImpossibleSchemaError` when it cannot exist, and `TakesLongError` when its JSON was not made
    within a hasty deadline.
    """
    if request.model.makes:
        return made.reply(request)
    return Reply(tuple(_choice(request, tokenizer, index, deadline) for index in range(request.n)))
