"""Traces, scripts and loops in replies."""

import pytest

from limbeck.config import LanguageFilter
from limbeck.evaluation.figures import right_language_rate
from limbeck.evaluation.replies import repeats, right_script_rate, without_trace
from limbeck.languages import resolve

TRACES = {
    "plain": "plain",
    " <think>\nhm\n</think>\n\nanswer ": "answer",
    "hm</think>answer": "answer",
    "<think>never ends": "",
    "before <think>never ends": "before",
    "": "",
}


@pytest.mark.parametrize("reply", TRACES)
def test_the_answer_after_a_trace(reply: str) -> None:
    assert without_trace(reply) == TRACES[reply]


SCRIPTS = [
    (["Habari ya asubuhi, 123!"], "Latn", 1.0),
    (["Habari", "привет"], "Latn", 0.5),
    (["ẹ́ kú àárọ̀"], "Latn", 1.0),
    (["ʻOkina ª"], "Latn", 1.0),
    (["привет"], "Cyrl", 1.0),
    (["नमस्ते"], "Deva", 1.0),
    (["བཀྲ་ཤིས"], "Tibt", 1.0),
    (["ሰላም"], "Ethi", 1.0),
    (["ສະບາຍດີ"], "Laoo", 1.0),
    (["日本語のカタカナ"], "Jpan", 1.0),
    (["汉语"], "Hans", 1.0),
    (["漢語"], "Hans", 0.0),
    (["漢語"], "Hant", 1.0),
    (["北京、上海、天津——中国三大城市都在北方"], "Hans", 1.0),
    (["媽媽念成 māmā，爸爸念成 bàba"], "Hant", 0.5),  # of the letters, Latin ones among them
    (["我着衫去街買嘢食先返屋企"], "Hant", 1.0),
    (["123 !?"], "Latn", None),
    ([], "Latn", None),
    (["x"], "Zzzz", None),
]


@pytest.mark.parametrize(("replies", "script", "expected"), SCRIPTS)
def test_right_script(replies: list[str], script: str, expected: float | None) -> None:
    assert right_script_rate(replies, script) == expected


def test_every_script_of_the_language_table_is_known() -> None:
    from GlotScript.GlotScript import SCRIPT_RANGES

    from limbeck.languages import languages
    from limbeck.languages.scripts import PARTS

    scripts = {language.script for language in languages()}
    parts = {part for script in scripts for part in PARTS.get(script, {script})}
    assert parts <= set(SCRIPT_RANGES)


LOOPS = {
    "Mtoto anasoma kitabu shuleni kila siku.": False,
    "na na na na": False,
    "ha ha ha ha ha ha ha ha ha ha": True,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa": True,
    "Anasoma kitabu. Anasoma kitabu. Anasoma kitabu. Anasoma kitabu. ": True,
    "ກຂຄງຈ" * 5: True,
    "1. moja 2. mbili 3. tatu 4. nne 5. tano 6. sita 7. saba": False,
    "| Jina | Umri |\n|---------------------------|--------------------------|\n| Ali | 5 |": False,
    "| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 | 6 |": False,
    f"Kwanza\n{'=' * 80}\nPili\n{'- ' * 30}": False,
    "Jina: ______________________________": False,
    "-" * 1000: True,
    "!" * 30: True,
    "": False,
}


@pytest.mark.parametrize("reply", LOOPS)
def test_loops(reply: str) -> None:
    assert repeats(reply) is LOOPS[reply]


IN_SWAHILI = "Mtoto anasoma kitabu kipya shuleni kila siku asubuhi na jioni pamoja na rafiki zake."
IN_ENGLISH = (
    "The child reads a new book at school every morning and every evening with his friends."
)
LANGUAGES = [
    ([IN_SWAHILI] * 3, "swh_Latn", 1.0),
    ([IN_SWAHILI, IN_ENGLISH, IN_ENGLISH, IN_ENGLISH], "swh_Latn", 0.25),
    ([IN_SWAHILI, IN_ENGLISH], "eng_Latn", 0.5),
    ([IN_SWAHILI, "Ndiyo.", ""], "swh_Latn", 1.0),  # short ones are not judged
    (["Ndiyo."], "swh_Latn", None),
    ([IN_SWAHILI], "bam_Latn", None),  # which this identifier does not know
]


@pytest.mark.parametrize(("texts", "code", "expected"), LANGUAGES)
def test_right_language(texts: list[str], code: str, expected: float | None) -> None:
    settings = LanguageFilter(
        model="py3langid", revision=None, confidence=0.3, share=0.5, letters=30
    )
    card = dict(resolve(code).card())
    assert right_language_rate(texts, card, settings) == expected
    assert right_language_rate(texts, card, None) is None
