"""Clients that break the history: what was said, by whom, in which order."""

import html
import unicodedata
from typing import Any, ClassVar

from contract_tests.gallery.reference import BrokenOffError, CloudError, Message, Reference, Reply
from contract_tests.gallery.registry import defect
from mockserver.contract import Begin, Report, Say


@defect("history.system")
class ForgetsSystem(Reference):
    """The system message is never sent."""

    def opening(self) -> list[Message]:
        return []


@defect("history.system")
class ForgetsSystemLater(Reference):
    """The system message is sent with the first turn only."""

    def kept(self) -> list[Message]:
        return self.history if len(self.history) < 3 else [m for m in self.history if m["role"] != "system"]


@defect("history.system")
class MovesSystemToTheEnd(Reference):
    """The system message comes last."""

    def kept(self) -> list[Message]:
        return sorted(self.history, key=lambda message: message["role"] == "system")


@defect("history.system")
class TrimsSystem(Reference):
    """The system message loses the blanks at its ends."""

    def opening(self) -> list[Message]:
        return [{**message, "content": message["content"].strip()} for message in super().opening()]


@defect("history.roles")
class SystemAsUser(Reference):
    """The system message is sent as the user's."""

    def opening(self) -> list[Message]:
        return [{**message, "role": "user"} for message in super().opening()]


@defect("history.complete")
class ForgetsAnswers(Reference):
    """The answers are not in the history."""

    def kept(self) -> list[Message]:
        return [m for m in super().kept() if m["role"] != "assistant" or "tool_calls" in m]


@defect("history.complete")
class SendsLastTurnOnly(Reference):
    """Every turn is a conversation of its own."""

    def kept(self) -> list[Message]:
        return [*self.opening(), *self.history[self.start :]]


@defect("history.complete")
class ForgetsOldTurns(Reference):
    """Only the last twelve messages are sent, though nobody asked for that."""

    def kept(self) -> list[Message]:
        return [*self.opening(), *[m for m in self.history if m["role"] != "system"][-12:]]


@defect("history.complete")
class DropsSameWords(Reference):
    """A message that was said before is not sent again."""

    def kept(self) -> list[Message]:
        return [message for at, message in enumerate(self.history) if message not in self.history[:at]]


@defect("history.complete")
class FoldsHistory(Reference):
    """All turns are folded into one message of the user."""

    def kept(self) -> list[Message]:
        if any(not isinstance(m["content"], str) for m in self.history) or "tool_calls" in str(self.history):
            return self.history
        text = "\n".join(f"{m['role']}: {m['content']}" for m in self.history if m["role"] != "system")
        users = sum(message["role"] == "user" for message in self.history)
        return self.history if users == 1 else [*self.opening(), {"role": "user", "content": text}]


@defect("history.invented")
class SaysTwice(Reference):
    """What the user says is sent twice."""

    def kept(self) -> list[Message]:
        return [*self.history, self.history[-1]]


@defect("history.invented")
class RemembersTwice(Reference):
    """Every answer is in the history twice."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if "tool_calls" not in self.history[-1]:
            self.history.append(self.history[-1])


@defect("history.invented")
class InventsSystem(Reference):
    """A system message is made up where none was given."""

    def opening(self) -> list[Message]:
        return super().opening() or [{"role": "system", "content": "You are a helpful assistant."}]


@defect("history.order")
class AnswersFirst(Reference):
    """An answer stands before its question."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if self.history[-2]["role"] == "user":
            self.history[-2:] = self.history[:-3:-1]


@defect("history.order")
class NewestFirst(Reference):
    """The newest message comes first."""

    def kept(self) -> list[Message]:
        return [*self.opening(), *reversed([m for m in self.history if m["role"] != "system"])]


@defect("history.roles")
class AnswersAsUser(Reference):
    """The answers are sent as the user's."""

    def wire(self, message: Message) -> Message:
        message = super().wire(message)
        return (
            {**message, "role": "user"} if message["role"] == "assistant" and len(message) == 2 else message
        )


def _changed(message: Message, change: Any) -> Message:
    content = message["content"]
    return {**message, "content": change(content)} if isinstance(content, str) else message


@defect("history.text")
class TrimsUser(Reference):
    """What the user says loses the blanks at its ends."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), str.strip)


@defect("history.text")
class TrimsAnswersInHistory(Reference):
    """The answers in the history lose the blanks at their ends."""

    def joined(self, prefix: str | None, text: str) -> str:
        return super().joined(prefix, text).strip()


@defect("history.text")
class ComposesCharacters(Reference):
    """Characters are composed (NFC)."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: unicodedata.normalize("NFC", text))


@defect("history.text")
class EscapesMarkup(Reference):
    """Quotes and angles are escaped as in HTML."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), html.escape)


@defect("history.text")
class AsciiBody(Reference):
    """What is not ASCII becomes question marks."""

    def encoded(self, body: Message) -> bytes:
        return super().encoded(body).decode().encode("ascii", "replace")


@defect("history.text")
class UnixLines(Reference):
    """Ends of lines become LF."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: text.replace("\r\n", "\n").replace("\r", "\n"))


@defect("history.text")
class DropsControls(Reference):
    """Control characters are dropped."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: "".join(c for c in text if c >= " " or c in "\n\t\r"))


@defect("history.text")
class ShortensLongTexts(Reference):
    """A text of more than 4,096 characters is cut."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: text[:4096])


@defect("history.text")
class FillsBraces(Reference):
    """Braces in a text are taken for a template."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: text.replace("{", "").replace("}", ""))


@defect("history.text")
class EscapesTwice(Reference):
    """The body is escaped where it should not be: a backslash becomes two."""

    def user(self, say: Say) -> Message:
        return _changed(super().user(say), lambda text: text.replace("\\", "\\\\"))


@defect("history.failed-turn", museum="NousResearch/hermes-agent#58017")
class RemembersErrors(Reference):
    """The text of an error is in the history as an answer."""

    def forget(self) -> None:
        self.history.append({"role": "assistant", "content": "Sorry, something went wrong."})


@defect("history.failed-turn")
class RemembersHalfAnswers(Reference):
    """What came of an answer that was cut off is in the history as an answer."""

    half = ""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        try:
            super().check(reply, options)
        except BrokenOffError:
            self.half = reply.choice(0).text
            raise

    def forget(self) -> None:
        if self.half:
            self.history.append({"role": "assistant", "content": self.half + "…"})
            self.half = ""
        else:
            super().forget()


@defect("history.complete")
class StartsAnewAfterErrors(Reference):
    """A refusal empties the history."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        if not self.passes(error):
            self.start = 1 if self.begin.system else 0
        return error


@defect("history.truncation")
class TruncatesSystem(Reference):
    """The system message is cut with the oldest turns."""

    def kept(self) -> list[Message]:
        return super().kept() if self.begin.keep is None else self.history[-self.begin.keep :]


@defect("history.truncation")
class PartsCallsFromResults(Reference):
    """A history is cut between calls and their results."""

    def newest(self, rest: list[Message], most: int) -> list[Message]:
        return rest[-most:]


@defect("history.truncation")
class KeepsOldest(Reference):
    """A history is cut at its new end."""

    def newest(self, rest: list[Message], most: int) -> list[Message]:
        return [*rest[: most - 1], rest[-1]] if len(rest) > most else rest


@defect("history.truncation")
class NeverTruncates(Reference):
    """A limit of the history is not kept."""

    def newest(self, rest: list[Message], most: int) -> list[Message]:
        return rest


@defect("history.separate")
class SharesHistory(Reference):
    """All conversations share one history."""

    shared: ClassVar[dict[str, list[Message]]] = {}

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        conversation = int(begin.conversation.rpartition("-")[2])
        self.history = self.shared.get(f"conform-{conversation - 1}", self.history)
        self.shared[begin.conversation] = self.history

    def end(self) -> Report:
        self.shared.clear()
        return super().end()


@defect("request.sent")
class SharesKey(Reference):
    """All conversations go with the key of the first."""

    key: ClassVar[list[str]] = []

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.key.append(begin.key)

    def headers(self, *, stream: bool) -> dict[str, str]:
        return {**super().headers(stream=stream), "Authorization": f"Bearer {self.key[0]}"}

    def end(self) -> Report:
        self.key.clear()
        return super().end()
