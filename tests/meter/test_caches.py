"""What a second prompt finds in the caches, by a clock that the tests hold."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.meter import caches
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.caches import LIFE_S, CacheUse, PrefixCache, prefixes_of
from mockserver.meter.prompt import PromptTokens, prompt_tokens
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.request import ChatRequest
from tests.asking import ask

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

START = 1_770_000_000.0
"""When the first request of a test comes."""

Turn = tuple[str, str, int]
SYSTEM: Turn = ("system", "You know all about tea.", 200)
FIRST: Turn = ("user", "What is green tea?", 300)
ANSWER: Turn = ("assistant", "A drink.", 100)
SECOND: Turn = ("user", "And black tea?", 50)


def prompt(*parts: Turn, image: int | None = None) -> PromptTokens:
    """A prompt of these messages, and the three tokens that lead the answer in."""
    return PromptTokens(3 + sum(tokens for _, _, tokens in parts), image, parts=parts)


def hit(cache: PrefixCache, read: PromptTokens, *, block: int = 64, minimum: int = 256, at: float = 0) -> int:
    """What a prompt hits, `at` seconds after the first one."""
    use = cache.implicit(read, block=block, minimum=minimum, now=START + at)
    assert use.created is None
    return use.cached


def test_the_first_prompt_hits_nothing_and_the_second_turn_what_they_share() -> None:
    cache = PrefixCache()
    assert hit(cache, prompt(SYSTEM, FIRST)) == 0
    assert hit(cache, prompt(SYSTEM, FIRST, ANSWER, SECOND), at=1) == 448
    assert hit(cache, prompt(SYSTEM, FIRST, ANSWER, SECOND, ANSWER), at=2) == 640


@pytest.mark.parametrize(("block", "cached"), [(1, 500), (16, 496), (64, 448), (256, 256), (512, 0)])
def test_a_hit_is_whole_blocks(block: int, cached: int) -> None:
    cache = PrefixCache()
    hit(cache, prompt(SYSTEM, FIRST), block=block)
    assert hit(cache, prompt(SYSTEM, FIRST, SECOND), block=block) == cached


def test_a_repeated_prompt_never_hits_its_last_token() -> None:
    whole = PromptTokens(512, parts=(("user", "Tea?", 512),))
    cache = PrefixCache()
    hit(cache, whole)
    assert hit(cache, whole) == 448


def test_a_prompt_below_the_minimum_neither_hits_nor_leaves_anything() -> None:
    cache = PrefixCache()
    short = PromptTokens(255, parts=(("system", "Tea.", 252),))
    longer = prompt(("system", "Tea.", 252), FIRST)
    assert hit(cache, short) == 0
    assert hit(cache, longer, at=1) == 0
    assert hit(cache, short, at=2) == 0
    assert hit(cache, longer, at=3) == 512
    assert hit(cache, longer, minimum=1024, at=4) == 0


def test_a_prompt_of_just_the_minimum_counts_and_may_hit_less_than_it() -> None:
    cache = PrefixCache()
    hit(cache, PromptTokens(256, parts=(("system", "Tea.", 100), ("user", "Hot?", 153))))
    assert hit(cache, PromptTokens(256, parts=(("system", "Tea.", 100), ("user", "Cold?", 153)))) == 64


def test_a_hit_may_be_longer_than_the_text_of_a_prompt_with_pictures() -> None:
    cache = PrefixCache()
    hit(cache, prompt(FIRST, image=1000))
    assert hit(cache, prompt(FIRST, image=1000)) == 256


@pytest.mark.parametrize(
    "other",
    [
        (("system", "You know all about coffee.", 200), FIRST),
        (("user", SYSTEM[1], 200), FIRST),
        (FIRST, SYSTEM),
        (FIRST,),
    ],
    ids=["another text", "another role", "another order", "the beginning left out"],
)
def test_another_beginning_hits_nothing(other: Sequence[Turn]) -> None:
    cache = PrefixCache()
    hit(cache, prompt(SYSTEM, FIRST))
    assert hit(cache, prompt(*other)) == 0


def test_two_caches_share_nothing() -> None:
    hit(PrefixCache(), prompt(SYSTEM, FIRST))
    assert hit(PrefixCache(), prompt(SYSTEM, FIRST)) == 0


def test_a_prefix_lives_300_seconds_and_each_use_renews_it() -> None:
    cache, read = PrefixCache(), prompt(SYSTEM, FIRST)
    assert LIFE_S == 300
    assert hit(cache, read, at=0) == 0
    assert hit(cache, read, at=299.75) == 448
    assert hit(cache, read, at=599.5) == 448
    assert hit(cache, read, at=899.5) == 0
    assert hit(cache, read, at=900) == 448


def test_a_cache_stays_bounded_and_forgets_the_oldest_first() -> None:
    cache = PrefixCache()
    kept = ("user", "kept", 300)
    for number in range(5000):
        hit(cache, prompt(("user", str(number), 300)))
        hit(cache, prompt(kept))
    assert len(cache._ends) <= 4096
    assert hit(cache, prompt(("user", "4999", 300))) == 256
    assert hit(cache, prompt(kept)) == 256
    assert hit(cache, prompt(("user", "0", 300))) == 0


def test_a_prompt_of_more_messages_than_a_cache_holds_leaves_its_end_behind() -> None:
    cache = PrefixCache()
    long = prompt(*(("user", str(number), 1) for number in range(20_000)))
    assert hit(cache, long) == 0
    assert len(cache._ends) <= 4096
    assert hit(cache, long) == 19_968


def test_real_prompts_hit_from_turn_to_turn(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    turns = [{"role": "user", "content": "tea " * 400}]
    first = prompt_tokens(ask(turns), tokenizer)
    turns += [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Why?"}]
    second = prompt_tokens(ask(turns), tokenizer)
    assert (hit(cache, first), hit(cache, second)) == (0, 384)
    assert first.total - 3 == 406


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["user", "system"]), st.sampled_from("ab"), st.just(70)), max_size=9
        ),
        max_size=8,
    ),
    st.sampled_from([16, 64, 256]),
)
def test_a_hit_is_the_longest_beginning_that_some_earlier_prompt_had(
    conversations: list[list[Turn]], block: int
) -> None:
    cache = PrefixCache()
    before: list[list[Turn]] = []
    for parts in conversations:
        shared = 0
        for other in before:
            same = 0
            while same < min(len(parts), len(other)) and parts[same] == other[same]:
                same += 1
            shared = max(shared, 70 * same)
        read = prompt(*parts)
        expected = shared // block * block if read.text >= 256 else 0
        assert hit(cache, read, block=block) == expected
        if read.text >= 256:
            before.append(parts)


LONG, LONGER = "tea " * 1100, "cup " * 1200
"""Texts of 1,100 and 1,200 tokens."""


def marked(*said: str | tuple[str, str]) -> ChatRequest:
    """A request whose user says all this; a pair is a text and a marker behind it."""
    messages = []
    for text in said:
        part = {"type": "text", "text": text if isinstance(text, str) else text[0]}
        marker = {} if isinstance(text, str) else {"cache_control": {"type": text[1]}}
        messages.append({"role": "user", "content": [{**part, **marker}]})
    return ask(messages)


def mark(text: str) -> tuple[str, str]:
    return text, "ephemeral"


def use(cache: PrefixCache, request: ChatRequest, tokenizer: Tokenizer, *, at: float = 0) -> CacheUse:
    prefixes = caches.marked(request, tokenizer) or ()
    return cache.explicit(request, prompt_tokens(request, tokenizer), prefixes, now=START + at)


def test_a_marker_creates_a_cache_that_the_next_request_hits(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    assert use(cache, marked(mark(LONG), "Why?"), tokenizer) == CacheUse(0, 1105)
    assert use(cache, marked(mark(LONG), "How?"), tokenizer, at=1) == CacheUse(1105, 0)


def test_a_further_marker_creates_what_it_adds(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    use(cache, marked(mark(LONG)), tokenizer)
    more = marked(mark(LONG), mark(LONGER), "Why?")
    assert use(cache, more, tokenizer) == CacheUse(1105, 1205)
    assert use(cache, more, tokenizer) == CacheUse(2310, 0)
    assert use(cache, marked(mark(LONG), "Why?"), tokenizer) == CacheUse(1105, 0)


@pytest.mark.parametrize(("words", "created"), [(1018, 0), (1019, 1024), (1020, 1025)])
def test_an_explicit_cache_has_at_least_1024_tokens(tokenizer: Tokenizer, words: int, created: int) -> None:
    cache = PrefixCache()
    request = marked(mark("tea " * words))
    assert use(cache, request, tokenizer) == CacheUse(0, created)
    assert use(cache, request, tokenizer) == CacheUse(created, 0)


def test_the_tokens_of_a_cache_are_all_before_its_marker(tokenizer: Tokenizer) -> None:
    half = "tea " * 600
    assert use(PrefixCache(), marked(half, mark(half), LONG), tokenizer) == CacheUse(0, 1210)


def test_only_the_last_four_markers_count(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    five = [mark(LONG), mark("one"), mark("two"), mark("three"), mark("four")]
    # The neighbours share a frame: the prompt holds less than its messages one by one.
    assert use(cache, marked(*five), tokenizer) == CacheUse(0, 5 + 1100 + 4 * 2 + 3)
    assert use(cache, marked(mark(LONG)), tokenizer) == CacheUse(0, 1105)
    assert use(cache, marked(*five[:2]), tokenizer) == CacheUse(5 + 1100 + 2 + 3, 0)


@pytest.mark.parametrize("word", ["<|im_start|>", "<tool_call>", "tea ", "e\u0301"])
def test_no_cache_holds_more_than_its_prompt(tokenizer: Tokenizer, word: str) -> None:
    cache = PrefixCache()
    request = marked(mark(word * 2000), "Why?")
    total = prompt_tokens(request, tokenizer).total
    first, second = (use(cache, request, tokenizer) for _ in range(2))
    assert first.created is not None
    assert 1024 <= first.created <= total
    assert (second.cached, second.created) == (first.created, 0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["<|im_end|>", "tea ", "e\u0301"]), st.integers(1, 900)),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_what_is_read_and_made_is_never_more_than_the_prompt(
    said: list[tuple[str, int]], markers: list[bool]
) -> None:
    cache = PrefixCache()
    texts = [word * times for word, times in said]
    request = marked(*(mark(text) if marker else text for text, marker in zip(texts, markers, strict=False)))
    total = prompt_tokens(request, WORKING).total
    for _ in range(2):
        found = use(cache, request, WORKING)
        assert found.cached + (found.created or 0) <= total


def test_an_explicit_cache_lives_300_seconds_and_a_hit_renews_it(tokenizer: Tokenizer) -> None:
    cache, request = PrefixCache(), marked(mark(LONG))
    assert use(cache, request, tokenizer, at=0) == CacheUse(0, 1105)
    assert use(cache, request, tokenizer, at=299) == CacheUse(1105, 0)
    assert use(cache, request, tokenizer, at=598) == CacheUse(1105, 0)
    assert use(cache, request, tokenizer, at=898) == CacheUse(0, 1105)


def test_a_marker_that_moved_on_hits_what_it_made_before(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    use(cache, marked(mark(LONG)), tokenizer)
    said = ["Why?"] * 20
    near = use(cache, marked(LONG, *said[:19], mark("How?")), tokenizer)
    assert near.cached == 1105
    far = PrefixCache()
    use(far, marked(mark(LONG)), tokenizer)
    assert use(far, marked(LONG, *said, mark("How?")), tokenizer).cached == 0


def test_another_text_before_a_marker_hits_nothing(tokenizer: Tokenizer) -> None:
    cache = PrefixCache()
    use(cache, marked("Hot.", mark(LONG)), tokenizer)
    assert use(cache, marked("Old.", mark(LONG)), tokenizer) == CacheUse(0, 5 + 2 + 1 + 1100 + 3)


def test_a_request_without_a_marker_has_no_explicit_cache(tokenizer: Tokenizer) -> None:
    assert use(PrefixCache(), marked(LONG), tokenizer) == CacheUse(0, 0)


def test_explicit_and_implicit_caches_do_not_hit_each_other(tokenizer: Tokenizer) -> None:
    cache, request = PrefixCache(), marked(mark(LONG))
    read = prompt_tokens(request, tokenizer)
    hit(cache, read)
    assert use(cache, request, tokenizer) == CacheUse(0, 1105)
    other = PrefixCache()
    use(other, request, tokenizer)
    assert hit(other, read) == 0


def test_what_is_found_is_what_a_use_finds_and_what_is_left_is_what_it_leaves() -> None:
    used, asked = PrefixCache(), PrefixCache()
    turns = (SYSTEM, FIRST, ANSWER, SECOND)
    for count, now in ((2, 0.0), (4, 1.0), (4, 2.0), (4, 400.0)):
        read = prompt(*turns[:count])
        prefixes = prefixes_of(read)
        found = asked.found(read, prefixes, block=16, now=now)
        assert found == asked.found(read, prefixes, block=16, now=now), "to look leaves nothing"
        asked.leave(prefixes, now=now)
        assert used.implicit(read, block=16, minimum=256, now=now) == found
        assert len(asked) == len(used)
