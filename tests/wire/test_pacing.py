"""When the frames of a stream are due."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.talk.reply import Pace
from mockserver.wire.pacing import schedule

TOKENS = st.lists(st.integers(min_value=0, max_value=20))
PACES = st.builds(
    Pace,
    first_ms=st.floats(0, 1e4),
    per_token_ms=st.floats(0, 1e4),
    jitter=st.floats(0, 1),
    seed=st.integers(),
)


@given(TOKENS, PACES)
def test_frames_are_due_one_after_the_other_from_the_beginning(tokens: list[int], pace: Pace) -> None:
    due = schedule(tokens, pace)
    assert len(due) == len(tokens)
    assert due == sorted(due)
    assert due[:1] in ([], [0.0])


@given(TOKENS, PACES)
def test_frames_before_the_first_token_and_that_one_are_due_at_once(tokens: list[int], pace: Pace) -> None:
    first = next((at for at, count in enumerate(tokens) if count), len(tokens))
    assert set(schedule(tokens, pace)[: first + 1]) <= {0.0}


@given(TOKENS, PACES)
def test_a_stream_takes_its_time_a_token_give_or_take_the_jitter(tokens: list[int], pace: Pace) -> None:
    first = next((at for at, count in enumerate(tokens) if count), len(tokens))
    paced = sum(tokens[first + 1 :]) * pace.per_token_ms / 1000
    last = (schedule(tokens, pace) or [0.0])[-1]
    assert paced * (1 - pace.jitter) - 1e-6 <= last <= paced * (1 + pace.jitter) + 1e-6


@given(TOKENS, PACES)
def test_a_frame_without_token_is_due_with_the_one_before(tokens: list[int], pace: Pace) -> None:
    due = schedule(tokens, pace)
    assert all(due[at] == due[at - 1] for at in range(1, len(tokens)) if not tokens[at])


@given(TOKENS, PACES)
def test_a_schedule_follows_from_its_seed(tokens: list[int], pace: Pace) -> None:
    assert schedule(tokens, pace) == schedule(tokens, pace)


def test_without_jitter_the_schedule_is_plain() -> None:
    assert schedule([0, 1, 2, 0, 4], Pace(per_token_ms=500)) == [0.0, 0.0, 1.0, 1.0, 3.0]


def test_another_seed_is_another_schedule() -> None:
    one, other = (schedule([1] * 9, Pace(per_token_ms=10, jitter=0.5, seed=seed)) for seed in (1, 2))
    assert one != other
