"""Clients that keep in one place what each conversation has of its own: the one that began last wins."""

from dataclasses import replace
from typing import Any, ClassVar

from contract_tests.gallery.reference import Message, Reference
from contract_tests.gallery.registry import COMPLETIONS, defect
from mockserver.contract import Begin, Report, Say


class _Latest(Reference):
    """Knows what the latest conversation began with."""

    latest: ClassVar[list[Begin]] = []

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.latest[:] = [begin]

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        before = self.begin
        self.begin = self.taken(before, self.latest[0])
        try:
            return super().body(messages, options, stream=stream)
        finally:
            self.begin = before

    def taken(self, begin: Begin, latest: Begin) -> Begin:
        """What it takes the conversation to have begun with."""
        return begin


@defect("history.system", surfaces=COMPLETIONS)
class LatestSystemWins(_Latest):
    """The system message of the latest conversation is sent in all."""

    def kept(self) -> list[Message]:
        system = self.latest[0].system
        return [
            {**message, "content": system} if message["role"] == "system" and system else message
            for message in super().kept()
        ]


@defect("tools.offered", surfaces=COMPLETIONS)
class LatestToolsWin(_Latest):
    """The tools of the latest conversation are offered in all."""

    def taken(self, begin: Begin, latest: Begin) -> Begin:
        return replace(begin, tools=latest.tools)


@defect("request.model", surfaces=("compat", "native-text"))
class LatestModelWins(_Latest):
    """The model of the latest conversation is asked in all."""

    def taken(self, begin: Begin, latest: Begin) -> Begin:
        return replace(begin, model=latest.model)


@defect("options.sent", surfaces=COMPLETIONS)
class LatestOptionsWin(_Latest):
    """The options of the latest conversation hold for all."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(stream, {**options, **self.latest[0].options}, prefix, stop)


@defect("options.unasked", surfaces=("compat", "native-text"))
class KeepsNumberOfChoices(Reference):
    """Several choices that were asked for once are asked for from then on."""

    number = 1

    def say(self, say: Say) -> Report:
        self.number = say.options.get("n", self.number)
        return super().say(
            replace(say, options={**say.options, "n": self.number}) if self.number > 1 else say
        )


@defect("media.sent", surfaces=("compat", "native-multimodal"))
class PicturesFirst(Reference):
    """The pictures of a message stand before all its texts."""

    def user(self, say: Say) -> Message:
        return super().user(replace(say, parts=tuple(sorted(say.parts, key=lambda part: "text" in part))))
