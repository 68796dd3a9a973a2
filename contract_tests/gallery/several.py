"""Clients that hear one of several texts, miscount what a cache was given, or know a model by one name only.

They are right as long as an answer has one text, nobody marks a prompt, and the model that answers has the
name that was asked for.
"""

import json
from typing import Any

from contract_tests.gallery import blocks, items
from contract_tests.gallery.blocks import Body
from contract_tests.gallery.reference import Message, Reference, Reply
from contract_tests.gallery.registry import ANTHROPIC, COMPLETIONS, RESPONSES, defect
from mockserver.contract import Begin, Tokens

NOTHING: Body = {"choices": []}


class _ReadsBlocks(Reference):
    """A client with a reader of its own for Anthropic's messages."""

    reads: type[blocks.Reader] = blocks.Reader

    def in_blocks(self) -> tuple[blocks.Writer, blocks.Reader]:
        return blocks.Writer(), self.reads()


class _ReadsItems(Reference):
    """A client with a reader of its own for responses."""

    reads: type[items.Reader] = items.Reader

    def in_items(self) -> tuple[items.Writer, items.Reader]:
        return items.Writer(), self.reads()


# Texts of whole answers.


class _ReadsSomeTexts(blocks.Reader):
    """Of the texts of a whole message those at `heard` are read."""

    heard = slice(None)

    def message(self, document: Body) -> Body:
        content = document["content"]
        texts = [at for at, block in enumerate(content) if block["type"] == "text"]
        unheard = set(texts) - set(texts[self.heard])
        return super().message(
            {**document, "content": [block for at, block in enumerate(content) if at not in unheard]}
        )


@defect("form.several-texts", museum="odysseus-dev/odysseus#1255", surfaces=ANTHROPIC)
class FirstTextOfAMessage(_ReadsBlocks):
    """Of the texts in a whole message the first is read, whatever stands before it."""

    class reads(_ReadsSomeTexts):  # noqa: N801 - an attribute
        heard = slice(1)


@defect("form.several-texts", surfaces=ANTHROPIC)
class LastTextOfAMessage(_ReadsBlocks):
    """Of the texts in a whole message the last is read: each takes the place of the one before."""

    class reads(_ReadsSomeTexts):  # noqa: N801 - an attribute
        heard = slice(-1, None)


@defect("form.several-texts", surfaces=ANTHROPIC)
class OneTextBehindThoughts(_ReadsBlocks):
    """Where a whole message begins with a thought the block behind it is all of its text."""

    class reads(_ReadsSomeTexts):  # noqa: N801 - an attribute
        def message(self, document: Body) -> Body:
            thought = any(block["type"] == "thinking" for block in document["content"])
            self.heard = slice(1) if thought else slice(None)
            return super().message(document)


@defect("form.several-texts", surfaces=RESPONSES)
class FirstPartOfAMessage(_ReadsItems):
    """Of the parts of a message in a whole response the first is read."""

    class reads(items.Reader):  # noqa: N801 - an attribute
        def said(self, item: Body) -> str:
            return super().said({**item, "content": item["content"][:1]})


@defect("form.several-texts", surfaces=("native-multimodal",))
class FirstPartOfAContent(Reference):
    """Of the parts of a content the first is read, as the samples of the documents do."""

    def text(self, content: Any) -> str:
        return super().text(content[:1] if isinstance(content, list) else content)


@defect("form.several-texts", surfaces=("native-multimodal",))
class LastPartOfAContent(Reference):
    """Of the parts of a content the last is read."""

    def text(self, content: Any) -> str:
        return super().text(content[-1:] if isinstance(content, list) else content)


# Messages of a response.


@defect("form.several-messages", museum="openai/openai-java#625", surfaces=RESPONSES)
class FirstMessageOfAResponse(_ReadsItems):
    """Of the messages in a whole response the first is read."""

    class reads(items.Reader):  # noqa: N801 - an attribute
        def of(self, response: Body, kind: str) -> list[Body]:
            found = super().of(response, kind)
            return found[:1] if kind == "message" else found


@defect("form.several-messages", surfaces=RESPONSES)
class LastMessageOfAResponse(_ReadsItems):
    """Of the messages in a whole response the last is read."""

    class reads(items.Reader):  # noqa: N801 - an attribute
        def of(self, response: Body, kind: str) -> list[Body]:
            found = super().of(response, kind)
            return found[-1:] if kind == "message" else found


@defect("form.several-messages", surfaces=RESPONSES)
class FirstMessageOfAStream(_ReadsItems):
    """Of the messages in a stream the first is heard."""

    class reads(items.Reader):  # noqa: N801 - an attribute
        heard: str | None = None

        def created(self, event: Body) -> Body:
            self.heard = None
            return super().created(event)

        def output_text_delta(self, event: Body) -> Body:
            self.heard = self.heard or event["item_id"]
            return super().output_text_delta(event) if event["item_id"] == self.heard else NOTHING


@defect("form.several-messages", surfaces=RESPONSES)
class LastMessageOfAStream(_ReadsItems):
    """A message that begins in a stream takes the place of the one before."""

    class reads(items.Reader):  # noqa: N801 - an attribute
        def output_item_added(self, event: Body) -> Body:
            return {**super().output_item_added(event), "begins": event["item"]["type"] == "message"}

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        if document.get("begins"):
            reply.choice(0).text = ""
        super().take(reply, document, cumulative=cumulative)


# What was written to a cache.


@defect("usage.exact", museum="comet-ml/opik#5214", surfaces=ANTHROPIC)
class ForgetsWhatWasWritten(_ReadsBlocks):
    """What was written to a cache is left out of the input; what was read from it is not."""

    class reads(blocks.Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            return super().usage({**usage, "cache_creation_input_tokens": 0})


@defect("usage.exact", museum="promptdriven/pdd#629", surfaces=ANTHROPIC)
class CountsWhatWasWrittenTwice(_ReadsBlocks):
    """What was written to a cache is counted as a sum, and once more by how long it is kept."""

    class reads(blocks.Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            kept = sum(usage.get("cache_creation", {}).values())
            return super().usage({**usage, "input_tokens": usage["input_tokens"] + kept})


@defect("usage.exact", surfaces=COMPLETIONS)
class AddsWhatWasWritten(Reference):
    """What was written to a cache is added to the input, which holds it already."""

    def usage(self, usage: Message) -> Tokens:
        counted, details = super().usage(usage), usage.get("prompt_tokens_details") or {}
        written = details.get("cache_creation_input_tokens", 0)
        return Tokens(counted.input + written, counted.output)


# The model that answers.


class _HearsModels(Reference):
    """A client that looks at the name of the model that answers."""

    def received(self, data: str | bytes) -> Message:
        document = json.loads(data)
        for holder in (document, document.get("message"), document.get("response")):
            if isinstance(holder, dict) and holder.get("model"):
                self.answered_by(holder["model"])
        return super().received(data)

    def answered_by(self, model: str) -> None:
        raise NotImplementedError


@defect("form.named-snapshot", surfaces=("compat", *ANTHROPIC, *RESPONSES))
class OneNameOnly(_HearsModels):
    """An answer of a model with another name than was asked for is refused."""

    def answered_by(self, model: str) -> None:
        if model != self.begin.model:
            raise ValueError(model)


@defect("request.model", surfaces=("compat", *ANTHROPIC, *RESPONSES))
class GoesOnWithTheSnapshot(_HearsModels):
    """The next request names the model that answered the one before."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.model = begin.model

    def answered_by(self, model: str) -> None:
        self.model = model

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        return {**super().body(messages, options, stream=stream), "model": self.model}
