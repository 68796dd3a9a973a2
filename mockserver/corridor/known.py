"""Requests that came before, word for word: what was read of them need not be read again.

A load test, a retry and a second run of a test send the same bytes. What a sound request means follows from
its headers and its body alone, so it is kept: the request, read, in which no rule found anything, and what
its prompt costs. Whatever else a request meets on its way it meets each time: keys, quotas, scripts, faults,
the rules of its history.

Most that comes once never comes again, and to keep it costs as much as a third of reading it. So of what
comes for the first time only a mark is kept.
"""

from dataclasses import dataclass

from mockserver.base.kept import Kept, Marks
from mockserver.catalogue.models import Model
from mockserver.corridor.again import Form, Said
from mockserver.corridor.booking import Standing
from mockserver.corridor.heads import Heads
from mockserver.corridor.threads import Thread
from mockserver.meter.caches import Prefixes
from mockserver.meter.prompt import PromptTokens
from mockserver.meter.quotas import Admission
from mockserver.rules.past import Course, Past, Trail, course_of
from mockserver.rules.policy import Policies, RulePolicy
from mockserver.scripts.script import Script
from mockserver.state.journal import Entry
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from mockserver.wire.template import Compiled

_MOST = 1000
_BYTES = 8 * 1024 * 1024
_MARKS = 10_000
"""Of so many requests it is remembered that they came once."""

_TIMES, _OBJECTS = 6, 4096
"""A request, read, takes about so many times its bytes, and so many more."""

_SHARE = 3
"""A form takes so many times what it fills: its bytes as literals and as a pattern, and where frames lie."""

Place = tuple[Surface, bytes, bytes]
"""The surface, the headers in one piece, the body."""


@dataclass(slots=True, repr=False)
class Read:
    """A request, read, and what its prompt costs; its key, and the policy by which nothing was found.

    `said` is what was said to it last, `course` what its history comes to.
    """

    request: ChatRequest
    prompt: PromptTokens
    key: str
    policy: RulePolicy
    said: Said | None = None
    course: Course | None = None

    def trail(self, past: Past) -> Trail:
        """The trail of the request, held against what was answered."""
        if self.course is None:
            self.course = course_of(self.request)
        return past.follow(self.course)


@dataclass(slots=True, kw_only=True, repr=False)
class Lesson:
    """What of an exchange is the same each time its request comes (`mockserver.corridor.rote`).

    `says` is what of the `script` it says, None for both where the built-in model answers. It was learnt when
    the scripts had this `revision`, and the world this `trail`; `heard` is what a history may repeat of it,
    `prefixes` are looked for in the context cache, None where none is read. `template` has all bytes of the
    answer, or only its head where the body is `packed`. `size` and `sent_size` are what the journal weighs.
    `standing` is what others are told of an exchange; None where there are none, or it cannot be told so.
    """

    place: Place
    read: Read
    said: Said
    reply: Reply
    script: Script | None
    says: Reply | None
    revision: int
    trail: Trail
    heard: tuple[int, ...]
    prefixes: Prefixes | None
    size: int
    sent_size: int
    template: Compiled
    packed: Form | None
    standing: Standing | None


class Known:
    """What was read lately and came more than once; bounded in number and in bytes.

    `heads` are those of requests as HTTP has them, whatever is asked. `lessons` are what was learnt of all
    bytes of a request, whose head and body they are.
    """

    def __init__(self, *, most: int = _MOST, size: int = _BYTES) -> None:
        self._read: Kept[Place, Read] = Kept(most=most, size=size, weigh=_weight)
        self.lessons: Kept[bytes, Lesson] = Kept(most=most, size=size, weigh=_weight_of_lesson)
        self._came = Marks(_MARKS)
        self.heads = Heads()

    def __len__(self) -> int:
        return len(self._read)

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return self._read.size + self.lessons.size

    def find(self, place: Place, policies: Policies) -> Read | None:
        """What was read of these bytes; None when they are new, or their key has another policy by now."""
        found = self._read.get(place)
        return found if found is not None and found.policy is policies.of(found.key) else None

    def keep(self, place: Place, read: Read) -> None:
        """Keeps what was read of a sound request, from the second time on."""
        if self._came.before(place):
            self._read.put(place, read)

    def grew(self, place: Place, read: Read) -> None:
        """More is known of a request, which is weighed anew."""
        self._read.again(place, read)

    def forget(self) -> None:
        """Forgets all of it: keys stand in the headers."""
        self._read.clear()
        self.lessons.clear()
        self._came.clear()
        self.heads.forget()


def _weight(place: Place, read: Read) -> int:
    form = None if read.said is None else read.said.form
    size = 0 if form is None else _SHARE * form.size
    return size + _OBJECTS + _TIMES * (len(place[1]) + len(place[2]))


def _weight_of_lesson(whole: bytes, lesson: Lesson) -> int:
    standing = 0 if lesson.standing is None else lesson.standing.size
    return _OBJECTS + _TIMES * len(whole) + lesson.template.size + standing


@dataclass(slots=True)
class Asked:
    """A request on its way: its entry, its bytes, what was read of them before, and how far it came.

    `thread` is what it goes on from, where the service keeps that.
    """

    entry: Entry
    place: Place
    large: bool
    known: Read | None = None
    model: Model | None = None
    admission: Admission | None = None
    thread: Thread | None = None
