"""Work that may take long: the engine says what, whoever carries the request says where it is done.

A way of many steps is a generator. It yields each piece of work that may take long, a function without
arguments, and is sent what that returned, or thrown what it raised. `at_once` does all of it in its place;
the server does it in a thread, so that nobody waits but who asked (`mockserver.server.aside`). Such work
changes nothing that others see. Between its stretches a way may `pause`.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, ParamSpec, TypeAlias, TypeVar

Result = TypeVar("Result")
Given = ParamSpec("Given")

Work: TypeAlias = Callable[[], Any]
Steps: TypeAlias = Generator[Work, Any, Result]

LARGE = 32 * 1024
"""From so many bytes, or characters, on a request or a reply is read and written aside: it may take 10 ms."""


def pause() -> None:
    """A step that is no work: a way waits until those that began with it have come as far.

    One that goes alone goes on. Of many that begin together all go one stretch, then all the next one: a
    processor learns how a stretch goes, and forgets it over a whole way.
    """


def aside(work: Callable[Given, Result], *args: Given.args, **options: Given.kwargs) -> Steps[Result]:
    """Work that may take long: a step of its own."""
    done: Result = yield partial(work, *args, **options)
    return done


def sized(
    size: int, work: Callable[Given, Result], *args: Given.args, **options: Given.kwargs
) -> Steps[Result]:
    """Work on something whose size a client chooses: here when that is small, else aside.

    This is the rule for all that is read, looked through, counted, packed or written for a client.
    """
    if size > LARGE:
        return (yield from aside(work, *args, **options))
    return work(*args, **options)


def at_once(steps: Steps[Result]) -> Result:
    """Goes all steps here and now."""
    try:
        work = next(steps)
        while True:
            try:
                done = work()
            except Exception as error:  # noqa: BLE001 - the steps decide what is done about it
                work = steps.throw(error)
            else:
                work = steps.send(done)
    except StopIteration as end:
        result: Result = end.value
        return result


INLINE = "mock.inline"
"""The ASGI scope extension of a caller that cannot wait: whatever it asks for is done in its place."""
