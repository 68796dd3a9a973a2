"""Which language a text is answered in, by its script alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.language import HAN, KANA, language

OTHER = st.text(st.characters(max_codepoint=0x2FFF))
HAN_TEXT = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1)
KANA_TEXT = st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x30FF), min_size=1)


@given(before=OTHER, han=HAN_TEXT, kana=KANA_TEXT)
def test_kana_outweighs_han_and_han_outweighs_the_rest(before: str, han: str, kana: str) -> None:
    assert language(before) == "en"
    assert language(before + han) == language(han + before) == "zh"
    assert language(before + han + kana) == language(kana + han) == "ja"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u3400", "zh"),
        ("\u9fff", "zh"),
        ("\uf900", "zh"),
        ("\ufaff", "zh"),
        ("\u3040", "ja"),
        ("\u30ff", "ja"),
        ("\u3100", "en"),
        ("\u33ff", "en"),
        ("\ua000", "en"),
        ("안녕하세요", "en"),
        ("，。！", "en"),
        ("Привет", "en"),
    ],
)
def test_each_script_has_its_borders(text: str, expected: str) -> None:
    assert language(text) == expected
    assert (KANA.search(text) is not None, HAN.search(text) is not None) == (
        expected == "ja",
        expected == "zh",
    )
