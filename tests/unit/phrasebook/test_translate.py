"""Translation is exact and goes both ways; what is not covered is refused."""

import random

import pytest

from limbeck.phrasebook.sentences import compose, question_answer
from limbeck.phrasebook.translate import to_english, to_swahili

PAIRS = [
    ("The child is reading a book.", "Mtoto anasoma kitabu."),
    ("The children are not reading books.", "Watoto hawasomi vitabu."),
    ("I like music.", "Ninapenda muziki."),
    ("You did not drink water yesterday.", "Hukunywa maji jana."),
    ("They usually read a newspaper.", "Wao husoma gazeti."),
    ("They read a newspaper.", "Walisoma gazeti."),
    ("They read a newspaper every day.", "Wao husoma gazeti kila siku."),
    ("Asha is reading her book.", "Asha anasoma kitabu chake."),
    ("Juma is reading his book.", "Juma anasoma kitabu chake."),
    ("My friend is helping me.", "Rafiki yangu ananisaidia."),
    ("My friends have gone home.", "Marafiki zangu wameenda nyumbani."),
    (
        "The doctor treated three patients at the hospital.",
        "Daktari aliwatibu wagonjwa watatu hospitalini.",
    ),
    ("The new president will not sign this treaty.", "Rais mpya hatasaini mkataba huu."),
    ("These two players have not yet scored a goal.", "Wachezaji hawa wawili hawajafunga bao."),
    ("The president of Kenya is traveling to Egypt.", "Rais wa Kenya anasafiri kwenda Misri."),
    ("This river is longer than that road.", "Mto huu ni mrefu kuliko barabara ile."),
    ("The lions are not at the river.", "Simba hawako mtoni."),
    ("The fishermen are in Tanga this year.", "Wavuvi wako mjini Tanga mwaka huu."),
    ("There is no water in the kitchen.", "Hakuna maji jikoni."),
    ("There were many people at the market.", "Kulikuwa na watu wengi sokoni."),
    ("Do not touch a knife.", "Usiguse kisu."),
    ("Please help us every day.", "Tafadhali tusaidie kila siku."),
    ("What is the engineer designing?", "Mhandisi anabuni nini?"),
    ("Whom does the teacher like?", "Mwalimu anampenda nani?"),
    ("Who will win a match?", "Nani atashinda mechi?"),
    ("Where do you live?", "Unaishi wapi?"),
    ("When did Neema arrive in Nairobi?", "Neema alifika Nairobi lini?"),
    ("Why is the girl not sleeping?", "Kwa nini msichana halali?"),
    ("Because the girl wants to see the elephants.", "Kwa sababu msichana anataka kuwaona tembo."),
    ("Can Juma swim?", "Je, Juma anaweza kuogelea?"),
    ("How many buses are there at the station?", "Kuna mabasi mangapi kituoni?"),
]


@pytest.mark.parametrize(("english", "swahili"), PAIRS)
def test_pairs(english: str, swahili: str) -> None:
    assert to_swahili(english) == swahili
    assert to_english(swahili) == english


@pytest.mark.parametrize(
    "text",
    ["", "The wizard is juggling.", "I like music", "Who will win the match?", "child the", "?"],
)
def test_refused(text: str) -> None:
    assert to_swahili(text) is None


@pytest.mark.parametrize("text", ["", "Mchawi anacheza.", "Mtoto inasoma kitabu.", "Kitabu", "?"])
def test_refused_swahili(text: str) -> None:
    assert to_english(text) is None


@pytest.mark.parametrize("held_out", [False, True])
def test_everything_composed_is_translated_back(held_out: bool) -> None:
    rng = random.Random(8)
    made = [compose(rng, held_out=held_out) for _ in range(4000)]
    if not held_out:
        made += [sentence for _ in range(1000) for sentence in question_answer(rng)]
    for sentence in made:
        assert to_swahili(sentence.english) == sentence.swahili
        assert to_english(sentence.swahili) == sentence.english


def test_longer_text() -> None:
    english = "The child is reading a book. What is Juma reading?\n\nI like music."
    swahili = "Mtoto anasoma kitabu. Juma anasoma nini?\n\nNinapenda muziki."
    assert to_swahili(english) == swahili
    assert to_english(swahili) == english
    assert to_swahili(english + " Gibberish here.") is None
