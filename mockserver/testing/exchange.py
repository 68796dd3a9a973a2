"""One exchange of the journal, as a test sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.state.brief import last_message, messages_of
from mockserver.testing.report import block


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an app sent and what it was answered. `shown` is the whole as the control API gives it."""

    shown: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return block(self.shown)

    def __repr__(self) -> str:
        role, text = last_message(self.body)
        asked = f"{self.number} {self.model} {role}: {text[:60]!r}"
        return f"<Exchange {asked} -> {self.status} {self.answer[:60]!r}>"

    @property
    def number(self) -> int:
        """Its number on the server, from 1."""
        return int(self.shown["number"])

    @property
    def surface(self) -> str:
        """`compat`, `native-text` or `native-multimodal`."""
        return str(self.shown["surface"])

    @property
    def model(self) -> str | None:
        """The model that was asked; None when there was none of that name."""
        model = self.shown["model"]
        return None if model is None else str(model)

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return bool(self.shown["stream"])

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return int(self.shown["status"])

    @property
    def body(self) -> Any:
        """The body of the request."""
        return self.shown["body"]

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        """The messages of the request."""
        return messages_of(self.body)

    @property
    def last_user(self) -> str:
        """The text of the last user message; "" when there is none."""
        asked = [message for message in self.messages if message.get("role") == "user"]
        return last_message({"messages": asked[-1:]})[1]

    @property
    def answer(self) -> str:
        """The text of the first choice; "" when the request was refused."""
        choices = self.shown["answer"]
        return str(choices[0]["content"]) if choices else ""

    @property
    def choices(self) -> list[Mapping[str, Any]]:
        """All that was answered."""
        return list(self.shown["answer"] or ())

    @property
    def error(self) -> Mapping[str, Any] | None:
        """Status, code and message of a refusal."""
        error: Mapping[str, Any] | None = self.shown["error"]
        return error

    @property
    def usage(self) -> Mapping[str, int]:
        """The tokens that it cost."""
        return self.shown["usage"] or {}

    @property
    def findings(self) -> list[Mapping[str, str]]:
        """What the rules found in the request."""
        return list(self.shown["findings"])

    @property
    def answered_by(self) -> str:
        """The id of the script that answered, or `built-in`, `miss`, `mock`, `recorded:WAY:NAME`."""
        return str(self.shown["answered_by"])
