"""What was said before a request, where the service keeps it: stored responses, and conversations.

A request names the response or the conversation that it goes on from; its answer is kept in turn. What lies
on the shelf are the items as clients see them, in the world of their key. A response lives seven days (Model
Studio docs, Responses API, 2026); a conversation, whose end is not documented, thirty from its last turn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.base.values import value
from mockserver.catalogue.errors import Errors
from mockserver.dialects.responses import items
from mockserver.dialects.responses.read import conversation_of
from mockserver.dialects.responses.render import item_id
from mockserver.dialects.table import dialect_of
from mockserver.state.shelf import Shelf
from mockserver.state.worlds import World
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.refused import Refused
from mockserver.talk.request import ChatRequest

RESPONSE, CONVERSATION, ITEMS = "response", "conversation", "conversation-items"
"""Where things lie on the shelf. The items of a conversation outlive it."""

_DAY = 86_400
RESPONSE_LIFE, CONVERSATION_LIFE = 7 * _DAY, 30 * _DAY
"""How long they are kept, in seconds."""

_RECORD = 500
"""About what a record takes in bytes beside its items."""

Items = tuple[Mapping[str, Any], ...]

Written = tuple[bytes, ...]
"""The JSON of items, each for itself: however long a thread becomes, one item is read at a time."""


def written(items: Iterable[Mapping[str, Any]]) -> Written:
    """The JSON of each item."""
    return tuple(map(dumps, items))


def read(kept: Iterable[bytes]) -> Items:
    """The items of their JSON."""
    return tuple(map(loads, kept))


def size_of(kept: Iterable[bytes]) -> int:
    """How many bytes items take."""
    return sum(map(len, kept))


@value
class Stored:
    """A response as it was answered, the items of its input, and all that was said, its own answer last.

    All are JSON, which takes as many bytes as it weighs.
    """

    id: str
    body: bytes
    asked: Written
    said: Written


@value
class Conversation:
    """A conversation without its items. `created` is in milliseconds since 1970."""

    id: str
    created: int
    metadata: Mapping[str, str]


@dataclass(slots=True)
class Thread:
    """What a request goes on from, and what is to be kept of it.

    `previous` and `conversation` are the ids that it names. `history` are the items before it; `missing` is
    where a thread is named that is not there, the entry of the error catalogue that says so, and its id.
    `asked` are its own items.
    """

    store: bool
    previous: str | None
    conversation: str | None
    history: Written = ()
    missing: tuple[str, str, str] | None = None
    asked: Items = ()
    kept: Stored | None = None

    @property
    def before(self) -> Items:
        """The items before it."""
        return read(self.history)

    def answered(self, body: bytes) -> None:
        """Takes in the response."""
        response = loads(body)
        asked = written(self.asked)
        said = (*self.history, *asked, *written(response["output"]))
        self.kept = Stored(response["id"], body, asked, said)


class Threads:
    """The responses and conversations of a server."""

    def __init__(self, shelf: Shelf, errors: Errors) -> None:
        self._shelf = shelf
        self._errors = errors

    def response(self, world: World, name: str, *, now: float) -> Stored | None:
        """A response of a key; None for one that is unknown, foreign or gone."""
        found: Stored | None = self._shelf.get(world, RESPONSE, name, now=now)
        return found

    def conversation(self, world: World, name: str, *, now: float) -> Conversation | None:
        """A conversation of a key; None for one that is unknown, foreign or gone."""
        found: Conversation | None = self._shelf.get(world, CONVERSATION, name, now=now)
        return found

    def items(self, world: World, name: str, *, now: float) -> Written | None:
        """The items of a conversation, the oldest first; None for one that never was."""
        found: Written | None = self._shelf.get(world, ITEMS, name, now=now)
        return found

    def put(self, world: World, conversation: Conversation, *, now: float) -> None:
        """Keeps a conversation."""
        size = _RECORD + len(dumps(conversation.metadata))
        ends = now + CONVERSATION_LIFE
        self._shelf.put(world, CONVERSATION, conversation.id, conversation, ends=ends, size=size)

    def put_items(self, world: World, name: str, kept: Written, *, now: float) -> None:
        """Keeps the items of a conversation, all of them."""
        size = _RECORD + size_of(kept)
        self._shelf.put(world, ITEMS, name, kept, ends=now + CONVERSATION_LIFE, size=size)

    def find(self, world: World, data: Mapping[str, Any], *, now: float) -> Thread:
        """What the body of a request goes on from, be that sound or not."""
        previous, name = data.get("previous_response_id"), conversation_of(data)
        thread = Thread(
            data.get("store") is not False,
            previous if isinstance(previous, str) else None,
            name if isinstance(name, str) else None,
        )
        if thread.previous is not None:
            found = self.response(world, thread.previous, now=now)
            if found is None:
                thread.missing = ("previous_response_id", "response.previous", thread.previous)
            else:
                thread.history = found.said
        elif thread.conversation is not None:
            if self.conversation(world, thread.conversation, now=now) is None:
                thread.missing = ("conversation", "response.conversation", thread.conversation)
            else:
                thread.history = self._shelf.get(world, ITEMS, thread.conversation, now=now) or ()
        return thread

    def recall(
        self,
        thread: Thread,
        request: ChatRequest,
        asked: str | Iterable[Mapping[str, Any]],
        request_id: str,
        *,
        lenient: bool = False,
    ) -> ChatRequest:
        """A request behind what it goes on from. Raises `Refused` for a thread that is not there.

        What is `asked` is the input as it was sent. `lenient`: such a one is no history, as of a conversation
        that was recorded elsewhere.
        """
        ids = (item_id(request_id, f"input {number}") for number in count())
        thread.asked = tuple(items.stored(asked, ids))
        if thread.missing is not None and not lenient:
            place, entry, name = thread.missing
            refusal = self._errors.refuse(entry, id=name)
            message = refusal.words["native"].message
            raise Refused(refusal, (Finding("threads.unknown", Severity.REFUSED, place, message, refusal),))
        if not thread.history:
            return request
        place = "conversation" if "conversation" in request.echo else "previous_response_id"
        return dialect_of(request.surface).continued(request, thread.before, place)

    def keep(self, world: World, thread: Thread, *, now: float) -> None:
        """Keeps a response that was answered, and what was said in its conversation."""
        kept = thread.kept
        assert kept is not None, "what is kept was answered"
        if thread.store:
            size = _RECORD + len(kept.body) + size_of(kept.asked) + size_of(kept.said)
            self._shelf.put(world, RESPONSE, kept.id, kept, ends=now + RESPONSE_LIFE, size=size)
        if thread.conversation is not None:
            self.put_items(world, thread.conversation, kept.said, now=now)
