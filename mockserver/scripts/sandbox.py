"""Jinja's sandbox with an end: what a template does is counted, what it builds is measured, time is bounded.

Jinja keeps a template from the program; it does not keep it from looping, padding or doubling without end. So
each template is read, and its tree changed before it is compiled: loops, outputs, joined texts and literals
pass through filters of ours, and every call, filter and operator is seen by the environment. What may grow is
estimated before it is built. Jinja is imported when the first template is read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, time, timedelta, tzinfo
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import is_writable, loads

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

STEPS = 100_000
"""How many steps a reply's templates may take: turns of loops, calls, filters, values of what they build."""

LONGEST = 1_000_000
"""The most characters that a reply's templates may say, and that any one text may have."""

BUILT = 10 * LONGEST
"""The most characters of all texts that are built on the way."""

DEEPEST = 50
"""How many calls may stand within each other."""

SOURCE = 50_000
"""The most characters of a template."""

CODE = 10_000
"""The most of them that stand within marks, in all templates of a script: to compile so much takes 0.2 s."""

_BITS = 4096
"""The most bits of a number."""

_GROWING: Mapping[str, tuple[int, ...]] = {
    "batch": (),
    "center": (),
    "expandtabs": (),
    "format": (),
    "indent": (),
    "join": (),
    "ljust": (),
    "replace": (1,),
    "rjust": (),
    "round": (),
    "slice": (),
    "tojson": (),
    "wordwrap": (1,),
    "zfill": (),
}
"""Filters and methods whose result may be as large as the product of what they are given, but for these."""

_SLOW: Mapping[str, int] = {
    **dict.fromkeys(("striptags", "urlize", "wordwrap", "xmlattr"), 10_000),
    **dict.fromkeys(("dictsort", "title", "urlencode"), 100_000),
    "pprint": 5000,
    "wordcount": LONGEST,
}
"""The most characters that filters are given which take long for them: some grow with the square of them."""

_GOING_THROUGH = """
    batch groupby join list map max min reject rejectattr select selectattr slice sort sum unique
"""
_ITERATING = frozenset(_GOING_THROUGH.split())
"""Filters that go through what they are given, each value a step."""

_TEXT_METHODS = """
    capitalize casefold center count endswith expandtabs find format index isalnum isalpha isascii isdecimal
    isdigit islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix
    removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip
    swapcase title upper zfill
"""
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    list: frozenset(("copy", "count", "index")),
    tuple: frozenset(("count", "index")),
    dict: frozenset(("copy", "get", "items", "keys", "values")),
}
"""The methods of values that a template may call; of dates and times it may call all."""

_UNDEFINED = re.compile(r"'(\w+)' is undefined")
"""What Jinja says of a name that is not there."""

_FAILING = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a template that is wrong may raise."""

_START = 2
"""Which argument of `sum` it begins with."""

_FREE = (date, time, timedelta, tzinfo)
_WIDTH = re.compile(r"[0-9]{5}|\*|\{[^{}]+\{")
"""Widths in a format that are large, or given from outside."""


class TemplateError(ValueError):
    """A template that cannot be read or filled; the message says why."""


class Meter:
    """What the templates of one reply have done so far. Raises `TemplateError` when it is too much."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._steps = self._built = self._said = self._depth = 0

    def step(self, count: int = 1) -> None:
        """Takes steps."""
        self._steps += count
        if self._steps > STEPS:
            msg = f"it takes more than {STEPS} steps: loop over less"
            raise TemplateError(msg)
        if self._deadline.over:
            msg = "it takes too long: do less in one reply"
            raise TemplateError(msg)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Within a call, which is a step."""
        self.step()
        self._depth += 1
        if self._depth > DEEPEST:
            msg = f"more than {DEEPEST} calls stand within each other: end the recursion"
            raise TemplateError(msg)
        try:
            yield
        finally:
            self._depth -= 1

    def made(self, value: Any) -> Any:
        """A value that was built, counted with all that is in it."""
        items, characters = measured(value, most=STEPS)
        self.step(items)
        self._built += characters
        if self._built > BUILT:
            msg = f"it builds texts of more than {BUILT} characters: build less"
            raise TemplateError(msg)
        return value

    def said(self, value: Any) -> str:
        """The text of a value that is said."""
        self.step()
        text = value if isinstance(value, str) else _text(value)
        self._said += len(text)
        if self._said > LONGEST:
            msg = f"it says more than {LONGEST} characters"
            raise TemplateError(msg)
        return text


_METER: ContextVar[Meter] = ContextVar("meter")
"""The meter of the reply that is being filled."""


def measured(value: Any, *, most: int) -> tuple[int, int]:
    """How many values a value holds, itself too, and how many characters. Raises `TemplateError` beyond."""
    items, characters, left = 0, 0, [value]
    while left:
        one = left.pop()
        items += 1
        if isinstance(one, str | bytes):
            characters += len(one)
        elif isinstance(one, Mapping):
            left += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
        if items + len(left) > most:
            msg = f"it builds something of more than {most} values: build less"
            raise TemplateError(msg)
    return items, characters


def _text(value: Any) -> str:
    """A value as text, unless that would be too long."""
    _, characters = measured(value, most=STEPS)
    if characters > LONGEST:
        msg = f"something of {characters} characters is too long to be said"
        raise TemplateError(msg)
    return str(value)


def _size(value: Any) -> int:
    """How large something is that a result grows with: a text, a list, or a number as a width."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, int):
        return abs(value)
    if isinstance(value, list | tuple | Mapping | set | frozenset):
        return sum(measured(value, most=STEPS))
    if isinstance(value, range):
        return len(value)
    return STEPS if isinstance(value, Iterator) else 1


def _bounded(name: str, args: tuple[Any, ...]) -> None:
    """Raises `TemplateError` when a filter or a method would give too much for what it is given."""
    first = args[0] if args else ""
    if name == "format" and isinstance(first, str) and _WIDTH.search(first):
        msg = f"the format {first[:40]!r} has a width that is too large, or given from outside"
        raise TemplateError(msg)
    if name not in _GROWING:
        return
    product = len(str(first)) if isinstance(first, int) else max(1, _size(first))
    for at, one in enumerate(args[1:], 1):
        if at not in _GROWING[name]:
            product *= max(1, _size(one))
    if product > LONGEST:
        msg = f"{name} of this much would be too long"
        raise TemplateError(msg)


def _multiplied(left: Any, right: Any) -> None:
    """Raises `TemplateError` when a product would be too large."""
    for text, count in ((left, right), (right, left)):
        if not isinstance(count, int):
            continue
        if isinstance(text, str | list | tuple) and len(text) * count > LONGEST:
            msg = f"a text or list of {len(text)} times {count} is too long"
            raise TemplateError(msg)
        if isinstance(text, int) and text.bit_length() + count.bit_length() > _BITS:
            msg = f"a number of more than {_BITS} bits is too large"
            raise TemplateError(msg)


def _operated(operator: str, left: Any, right: Any, result: Callable[[], Any]) -> Any:
    """The result of an operator that may grow. Raises `TemplateError` when it would too far."""
    if operator == "**":
        msg = "** is not allowed"
        raise TemplateError(msg)
    if operator == "%" and isinstance(left, str):
        _bounded("format", (left, *(right if isinstance(right, tuple) else (right,))))
    if operator == "*":
        _multiplied(left, right)
    return _METER.get().made(result())


def _called(called: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Looks at a call before it is done. Raises `TemplateError` for one that is not allowed."""
    method = getattr(called, "__wrapped__", called)  # the sandbox wraps `format`
    owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
    if owner is None or isinstance(owner, _FREE) or type(owner).__module__.startswith("jinja2"):
        return
    allowed = next((names for kind, names in _METHODS.items() if isinstance(owner, kind)), None)
    if allowed is not None and name in allowed:
        _bounded(name, (owner, *args, *kwargs.values()))
    elif isinstance(owner, str | bytes | int | float | list | tuple | dict | set | frozenset):
        msg = f"the method {name!r} is not allowed"
        raise TemplateError(msg)


class _Each:
    """What a loop or a filter goes through, each turn a step."""

    def __init__(self, items: Any) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        meter = _METER.get()
        for item in self._items:
            meter.step()
            yield item


def _stepped(value: Any) -> Any:
    """A value that is compared, which is a step."""
    _METER.get().step()
    return value


def _joined(parts: list[Any]) -> str:
    """What `~` makes of its sides."""
    meter = _METER.get()
    texts = [part if isinstance(part, str) else _text(part) for part in parts]
    if sum(map(len, texts)) > LONGEST:
        msg = f"~ makes a text of more than {LONGEST} characters"
        raise TemplateError(msg)
    joined: str = meter.made("".join(texts))
    return joined


_OURS: dict[str, Callable[..., Any]] = {
    "mock_each": _Each,
    "mock_joined": _joined,
    "mock_made": lambda value: _METER.get().made(value),
    "mock_said": lambda value: _METER.get().said(value),
    "mock_stepped": _stepped,
}
"""What the tree of a template is changed to pass through."""


def _filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's that is looked at before and measured after."""
    own = int(hasattr(function, "jinja_pass_arg"))  # what Jinja hands over of itself stands before the value

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        meter = _METER.get()
        meter.step()
        given = args[own:]
        if name == "sum":
            start = kwargs.get("start", given[_START] if len(given) > _START else 0)
            if not isinstance(start, int | float):
                msg = "sum adds numbers alone; join puts texts together"
                raise TemplateError(msg)
        if name in _SLOW and not isinstance(given[0], int) and _size(given[0]) > _SLOW[name]:
            msg = f"{name} takes {_SLOW[name]} characters at most"
            raise TemplateError(msg)
        _bounded(name, (*given, *kwargs.values()))
        if name in _ITERATING and isinstance(given[0], Iterable):
            args = (*args[:own], iter(_Each(given[0])), *given[1:])
        return meter.made(function(*args, **kwargs))

    return bounded


def _test(function: Any) -> Callable[..., Any]:
    """A test of Jinja's as a step, and one more for each value of a list that it may go through."""
    own = int(hasattr(function, "jinja_pass_arg"))

    @wraps(function)
    def stepped(*args: Any, **kwargs: Any) -> Any:
        beside = (*args[own + 1 :], *kwargs.values())
        _METER.get().step(1 + sum(len(one) for one in beside if isinstance(one, list | tuple)))
        return function(*args, **kwargs)

    return stepped


@cache
def environment() -> "SandboxedEnvironment":
    """The environment of all templates."""
    from jinja2 import StrictUndefined  # noqa: PLC0415 - 40 ms that only templates need
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Environment(ImmutableSandboxedEnvironment):
        """The sandbox, with an eye on all that is done."""

        intercepted_binops = frozenset(("*", "**", "+", "%"))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            operate = super().call_binop
            return _operated(operator, left, right, lambda: operate(context, operator, left, right))

        def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
            meter = _METER.get()
            _called(called, args, kwargs)
            with meter.inside():
                return meter.made(super().call(context, called, *args, **kwargs))

    made = Environment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, optimized=False
    )
    for name in ("lipsum", "cycler", "joiner", "namespace"):
        del made.globals[name]
    made.filters["from_json"] = loads
    made.filters = {name: _filter(name, function) for name, function in made.filters.items()} | _OURS
    made.tests = {name: _test(function) for name, function in made.tests.items()}
    return made


@contextmanager
def _read(text: str) -> Iterator[None]:
    """Where a template is read: what Jinja raises for one that is none becomes a `TemplateError`."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415

    try:
        yield
    except (TemplateSyntaxError, SyntaxError, RecursionError, OverflowError, ValueError) as error:
        reason = getattr(error, "message", None) or "it is nested too deeply"
        msg = f"{text[:80]!r} is not a template: {reason}"
        raise TemplateError(msg) from None


def compilable(texts: Iterable[str]) -> None:
    """Raises `TemplateError` where templates are too much to be compiled for one script."""
    code = 0
    for text in texts:
        if len(text) > SOURCE:
            msg = f"a template has {len(text)} characters: it may have {SOURCE}"
            raise TemplateError(msg)
        with _read(text):
            parts = environment().lex(text)
            code += sum(len(part) for _, kind, part in parts if kind not in ("data", "comment"))
        if code > CODE:
            msg = (
                f"more than {CODE} characters stand within {{{{ }}}} and {{% %}} in the templates of one "
                "script: write several scripts, or less in each"
            )
            raise TemplateError(msg)


def compiled(text: str) -> Any:
    """A template, compiled so that all it does is counted. Raises `TemplateError`."""
    from jinja2 import nodes  # noqa: PLC0415
    from jinja2.visitor import NodeTransformer  # noqa: PLC0415

    def through(name: str, node: Any) -> Any:
        return nodes.Filter(node, f"mock_{name}", [], [], None, None, lineno=node.lineno)

    class Counted(NodeTransformer):
        """Lets loops, outputs, joined texts, literals and what is compared pass through our filters."""

        def visit_For(self, node: Any) -> Any:  # noqa: N802 - named after the node
            self.generic_visit(node)
            node.iter = through("each", node.iter)
            return node

        def visit_Output(self, node: Any) -> Any:  # noqa: N802
            self.generic_visit(node)
            node.nodes = [through("said", one) for one in node.nodes]
            return node

        def visit_Concat(self, node: Any) -> Any:  # noqa: N802
            self.generic_visit(node)
            return through("joined", nodes.List(node.nodes, lineno=node.lineno))

        def visit_Compare(self, node: Any) -> Any:  # noqa: N802
            self.generic_visit(node)
            for operand in node.ops:
                operand.expr = through("stepped", operand.expr)
            return node

        def literal(self, node: Any) -> Any:
            self.generic_visit(node)
            return through("made", node) if getattr(node, "ctx", "load") == "load" else node

        visit_List = visit_Dict = visit_Tuple = literal  # noqa: N815

    compilable([text])
    inside = environment()
    with _read(text):
        tree = Counted().visit(inside.parse(text))
        tree.set_environment(inside)
        return inside.template_class.from_code(inside, inside.compile(tree), inside.make_globals(None))


def _known(message: str, values: Mapping[str, Any]) -> str:
    """Where a name stands that was undefined, or which ones there are; nothing for another message."""
    if (found := _UNDEFINED.fullmatch(message)) is None:
        return ""
    homes = [name for name, value in values.items() if isinstance(value, Mapping) and found[1] in value]
    return f"; write {homes[0]}.{found[1]}" if homes else f"; known are {', '.join(sorted(values))}"


def rendered(template: Any, values: Mapping[str, Any], meter: Meter) -> str:
    """What a compiled template says. Raises `TemplateError` when it cannot be filled within its bounds."""
    from jinja2 import TemplateError as JinjaError  # noqa: PLC0415

    token = _METER.set(meter)
    try:
        said: str = template.render(values)
    except TemplateError:
        raise
    except (JinjaError, *_FAILING) as error:
        reason = str(error).encode("utf-8", "backslashreplace").decode()
        msg = f"{reason}{_known(reason, values)}"
        raise TemplateError(msg) from None
    finally:
        _METER.reset(token)
    if not is_writable(said):
        msg = "it says half a surrogate pair, which UTF-8 cannot carry: write the whole character"
        raise TemplateError(msg)
    return said
