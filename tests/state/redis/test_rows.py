"""What Redis holds is read as names with values, and as numbered events."""

import pytest

from mockserver.state.redis.rows import events, pairs


def test_names_and_values_stand_in_turn() -> None:
    assert list(pairs([b"a", b"1", b"b", b"2"])) == [(b"a", b"1"), (b"b", b"2")]
    with pytest.raises(ValueError, match="shorter"):
        list(pairs([b"a"]))


def test_an_event_has_the_number_of_its_entry() -> None:
    assert list(events([(b"12-0", [b"kind", b"reset"]), (b"7", [])])) == [(12, {b"kind": b"reset"}), (7, {})]
