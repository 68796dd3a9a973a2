"""What an endpoint beside chat is, and what it is asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mockserver.base.jsontext import dumps_in_turns
from mockserver.base.values import value
from mockserver.state.worlds import World
from mockserver.talk.surface import Surface

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine
    from mockserver.endpoints.form import Form

Query = Mapping[str, Sequence[str]]
"""The values of each parameter of a query string."""


@value(kw_only=True)
class Call:
    """One request to an endpoint, read off the network and let in.

    `places` are the open parts of its `path`. `origin` is where the client reached the server, such as
    `http://localhost:8000`. A `form` stands in the place of a `body`.
    """

    request_id: str
    world: World
    surface: Surface
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    body: bytes = b""
    form: "Form | None" = None
    origin: str = ""

    def asked(self, name: str) -> str | None:
        """The last value of a parameter of the query; None when it was not sent."""
        values = self.query.get(name)
        return values[-1] if values else None


@value
class Said:
    """The content of an answer that is more than compact JSON with status 200.

    `content` is JSON, `pretty` with line ends and indents; or bytes, sent as they are.
    """

    content: Any
    status: int = 200
    pretty: bool = False

    def over(self, size: int) -> bool:
        """Whether it has about more than so many bytes; no more of it is looked at than that."""
        left, values = size, [self.content]
        while values and left >= 0:
            value = values.pop()
            left -= len(value) if isinstance(value, bytes | str) else 1
            if isinstance(value, Mapping):
                values += [*value, *value.values()]
            elif isinstance(value, list | tuple):
                values += value
        return left < 0

    @property
    def body(self) -> bytes:
        """The bytes of the content."""
        if isinstance(self.content, bytes):
            return self.content
        return (
            json.dumps(self.content, ensure_ascii=False, indent=2).encode()
            if self.pretty
            else dumps_in_turns(self.content)
        )


Produce = Callable[["Engine", Call], Any]
"""Makes the content of an answer, JSON or `Said`. Raises `Refused`."""


@value(kw_only=True)
class Endpoint:
    """One method of one path: a row of the table, and what answers.

    `path` has places such as `{id}`; those of `slashes` may hold slashes. `reads` is `body`, `form` or
    empty. `sends` names the set of headers (`fixtures/headers.json`) that a good answer has. `stateless`:
    it changes nothing, so that it is answered in a thread: words are counted, tables loaded. `keeps` is what
    it keeps for whoever asks (`mockserver.corridor.unshared`), or empty.
    """

    id: str
    method: str
    path: str
    surface: Surface
    sends: str
    reads: str
    slashes: tuple[str, ...]
    produce: Produce
    stateless: bool = False
    keeps: str = ""
