"""Going on with a text that was begun: a half-open JSON, a half-open code block, a speaker's name, prose.

(Model Studio docs, partial mode: the answer holds the continuation only.)
"""

from mockserver.base.jsontext import loads

_FENCE = "```"
_PUNCTUATION = "。！？.!?…"
_LOW = "\\udc00"
_ESCAPES = (
    *("", "n", "0041", "041", "41", "1"),
    *(_LOW, "0" + _LOW, "00" + _LOW),
    *("udc00", "dc00"),
)
"""What ends an escape that was begun: none, a backslash, `\\u` and up to three digits of its four; then the
same for a character that takes two escapes, the first of which is cut, or the second."""


def _structure(prefix: str) -> tuple[list[str], bool] | None:
    """The brackets that are open and whether a string is; None when a bracket closes what is not open."""
    open_brackets: list[str] = []
    in_string = escaped = False
    for char in prefix:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "{[":
            open_brackets.append("}" if char == "{" else "]")
        elif char in "}]" and (not open_brackets or open_brackets.pop() != char):
            return None
    return open_brackets, in_string


def close_json(prefix: str) -> str | None:
    """What makes valid JSON of a JSON text that was begun; None when it is none or is already whole."""
    begun = prefix.lstrip()
    if not begun.startswith(("{", "[")):
        return None
    found = _structure(begun)
    if found is None or not found[0]:
        return None
    open_brackets, in_string = found
    tail = "".join(reversed(open_brackets))
    tries = (
        [f'{rest}mock"{value}' for rest in _ESCAPES for value in ("", ': "mock"')]
        if in_string
        else ["", ': "mock"', '"mock"', '"mock": "mock"']
    )
    tries += ["0", "e", "l", "ll", "ull", "rue", "ue", "alse", "lse", "se"] if not in_string else []
    for piece in tries:
        try:
            loads(begun + piece + tail)
        except ValueError:
            continue
        return piece + tail
    return None


def _is_whole(text: str) -> bool:
    """Whether a text is JSON already, which a comment would break."""
    try:
        loads(text)
    except ValueError:
        return False
    return True


def close_code(prefix: str) -> str | None:
    """What ends a code block that was begun; None when none is open."""
    if prefix.count(_FENCE) % 2 == 0:
        return None
    _, _, block = prefix.rpartition(_FENCE)
    language, _, body = block.partition("\n")
    inside = close_json(body)
    if inside is None and language.strip().lower() == "json" and not body.strip():
        inside = '{"mock": true}'
    if inside is not None:
        return f"{inside}\n{_FENCE}"
    line = "" if block.endswith("\n") else "\n"
    return f"{line}{_FENCE}" if _is_whole(body) else f"{line}# mock\n{_FENCE}"


def joined(prefix: str, sentence: str) -> str:
    """A sentence set behind a prefix: with a blank where the words of one language would run together."""
    if prefix and not prefix[-1].isspace() and prefix[-1].isascii() and sentence[:1].isascii():
        return f" {sentence}"
    return sentence


def speaks_for(prefix: str) -> bool:
    """Whether the prefix is a speaker's name, such as ``Ling Lu:``."""
    line = prefix.rpartition("\n")[2].strip()
    return line.endswith((":", "：")) and len(line) > 1 and not any(mark in line for mark in _PUNCTUATION)


def continued(prefix: str, prose: str) -> str:
    """What follows a prefix; `prose` is what would be said where nothing is left open."""
    closed = close_code(prefix)
    if closed is None:
        closed = close_json(prefix)
    if closed is not None:
        return closed
    return joined(prefix, prose)
