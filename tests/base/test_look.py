"""The look that everything shares which is shown in a browser."""

import re

import pytest

from mockserver.base.look import stylesheet

PAIRS = [
    ("ink", "paper"),
    ("ink", "raised"),
    ("faint", "paper"),
    ("faint", "raised"),
    ("accent", "paper"),
    ("accent", "raised"),
    ("on-accent", "accent"),
    ("good", "good-paper"),
    ("bad", "bad-paper"),
    ("odd", "odd-paper"),
    ("other", "other-paper"),
]
"""Which colour is written on which."""


def luminance(colour: str) -> float:
    """How light a colour is (WCAG 2.2, relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def themes() -> dict[str, dict[str, str]]:
    found = {}
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", stylesheet()):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", body))
        if colours:
            found[selector.strip()] = colours
    return found


def test_there_is_a_light_theme_and_a_dark_one_by_wish_and_by_choice() -> None:
    light, *dark = themes().values()
    assert len(dark) == 2
    assert dark[0] == dark[1]
    assert light.keys() == dark[0].keys()


@pytest.mark.parametrize(("ink", "paper"), PAIRS)
@pytest.mark.parametrize("theme", themes())
def test_every_text_can_be_read(theme: str, ink: str, paper: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[paper]) >= 4.5


def test_it_asks_nothing_of_another_host() -> None:
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()
