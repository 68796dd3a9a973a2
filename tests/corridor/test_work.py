"""A way of many steps: what may take long is handed out, and comes back as if done in its place."""

import pytest

from mockserver.corridor.work import LARGE, Steps, aside, at_once, pause, sized


def brewed(tea: str, *, cups: int = 1) -> str:
    """What comes of a tea."""
    if tea == "stone":
        msg = "stones make no tea"
        raise ValueError(msg)
    return f"{cups} of {tea}"


def party(*, size: int, last: str = "oolong") -> Steps[str]:
    """Two teas, one after the other."""
    first = yield from sized(size, brewed, "sencha", cups=2)
    try:
        second = yield from sized(size, brewed, last)
    except ValueError as error:
        second = f"none: {error}"
    return f"{first}, {second}"


@pytest.mark.parametrize("size", [LARGE, LARGE + 1])
@pytest.mark.parametrize(("last", "end"), [("oolong", "1 of oolong"), ("stone", "none: stones make no tea")])
def test_all_steps_are_gone_at_once(last: str, end: str, size: int) -> None:
    assert at_once(party(size=size, last=last)) == f"2 of sencha, {end}"


def test_only_what_is_large_is_handed_out() -> None:
    handed = [work() for work in party(size=LARGE + 1, last="tea")]
    assert handed == ["2 of sencha", "1 of tea"]
    assert list(party(size=LARGE)) == []


def test_what_no_step_expects_ends_the_way() -> None:
    def way() -> Steps[str]:
        return (yield from aside(brewed, "stone"))

    with pytest.raises(ValueError, match="stones make no tea"):
        at_once(way())


def test_one_way_alone_does_not_wait_where_it_pauses() -> None:
    def way() -> Steps[str]:
        nothing = yield pause
        return f"{nothing}, {(yield from aside(brewed, 'oolong'))}"

    assert at_once(way()) == "None, 1 of oolong"
