"""The parser of choices: what is an answer and what is none."""

import pytest

from limbeck.evaluation.multiple_choice import best, parse, per_character

CITIES = {"A": "Kampala", "B": "Nairobi", "C": "Dar es Salaam", "D": "vitamin C"}
LABELS = {label: label for label in ("science/technology", "travel", "sports", "health")}
ALIKE = {"A": "B", "B": "A", "C": "5", "D": "-5"}  # options that look like letters or each other

LETTER_REPLIES = {
    "B": "B",
    "b": "B",
    "B.": "B",
    "B)": "B",
    "(b)": "B",
    "[B]": "B",
    "**B**": "B",
    "`B`": "B",
    " \n B \n": "B",
    "«B»": "B",
    "Ｂ。": "B",
    "B. Nairobi": "B",
    "B) Nairobi.": "B",
    "(B) nairobi": "B",
    "B - Nairobi": "B",
    "B: Nairobi": "B",
    "B Nairobi": "B",
    "**B.** Nairobi": "B",
    "Nairobi": "B",
    "nairobi.": "B",
    '"Dar es Salaam"': "C",
    "dar  es  salaam": "C",
    "Vitamin C": "D",
    "Answer: B": "B",
    "answer: (b)": "B",
    "Answer: Nairobi": "B",
    "Answer: B. Nairobi": "B",
    "The answer is B.": "B",
    "The correct answer is: C": "C",
    "The right option is **C) Dar es Salaam**": "C",
    "Jibu: D": "D",
    "Jibu sahihi ni B.": "B",
    "Réponse : B": "B",
    "答案：B": "B",
    "B, because the passage says so.": "B",
    "The answer is A because Kampala is a city.": "A",
    "B\n\nNairobi is the largest of them.": "B",
    "Kampala is wrong, Dar es Salaam is far.\nAnswer: B": "B",
    "A. Kampala\nB. Nairobi\nAnswer: B": "B",
    "<think>A? No, B.</think>\nC": "C",
    "<think>\nIt may be A.\n</think>\n\nAnswer: D": "D",
    r"\boxed{B}": "B",
    r"The final answer is $\boxed{\text{B}}$.": "B",
    "Option B": "B",
    "The best answer is option (B).": "B",
    "B is correct.": "B",
    "B is the correct answer.": "B",
    "Option B is the answer, because Kampala is in Uganda.": "B",
    "I choose B.": "B",
    "The correct answer is option B: Nairobi.": "B",
    "The answer is: B. Nairobi (the capital)": "B",
    "B. Nairobi is the capital of Kenya.": "B",
    "Option A: Kampala\nOption B: Nairobi\nAnswer: B": "B",
    "A is wrong, so the answer is B.": "B",
    "መልስ፡ B": "B",
    "ጠቅላይ መልስ፦ B": "B",
    "答案是B": "B",
    "La réponse est B.": "B",
    # None of these names exactly one option.
    "": None,
    "   \n": None,
    r"\boxed{A}\boxed{B}": None,
    "Option A or option B": None,
    "A or B is correct.": None,
    "B is not correct.": None,
    "B is the answer?": None,
    "B is correct. A is correct.": None,
    "I choose not B.": None,
    "答案不是B": None,
    "La réponse n'est pas B.": None,
    "B. Nairobi is wrong.": None,
    "B. Nairobi isn’t the capital.": None,
    "B. Nairobi? No.": None,
    "B. Nairobi or A": None,
    "B. Nairobi or Kampala": None,
    "B. Nairobians": None,
    "Option B. Kampala is a city.": None,
    "Nairobi is the capital of Kenya.": None,
    "A or B": None,
    "A, B": None,
    "AB": None,
    "A and C are both right": None,
    "A\nB": None,
    "Answer: A\nAnswer: B": None,
    "Answer: A or B": None,
    "(A) and (C)": None,
    "B. Kampala": None,
    "Answer: B. Kampala": None,
    "A. Kampala\nB. Nairobi\nC. Dar es Salaam\nD. vitamin C": None,
    "E": None,
    "2": None,
    "2) Nairobi": None,
    "The answer is not B.": None,
    "It is neither A nor B": None,
    "Answer: not B": None,
    "A dog is an animal.": None,
    "A city in Kenya": None,
    "I cannot answer that.": None,
    "I'm sorry, but I can't help with this.": None,
    "Samahani, sijui jibu.": None,
    "None of the above": None,
    "In Nairobi or Kampala": None,
    "Nairobi, Kampala": None,
    "Cities such as Nairobi": None,
    "В": None,  # Cyrillic
    "B?A": None,
    "<think>It is B": None,
    "?": None,
}


@pytest.mark.parametrize("reply", LETTER_REPLIES)
def test_letters(reply: str) -> None:
    assert parse(reply, CITIES) == LETTER_REPLIES[reply]


LABEL_REPLIES = {
    "sports": "sports",
    "Sports.": "sports",
    "Science/Technology": "science/technology",
    "**science/technology**": "science/technology",
    "Topic: travel": "travel",
    "The topic is health.": "health",
    "The topic of this text is: sports": "sports",
    "Mada: health": "health",
    "- travel": "travel",
    "The text is about sports.": "sports",
    "Sports (football)": "sports",
    "Topic: science and technology": "science/technology",
    "Science / Technology": "science/technology",
    "It is about science & technology": "science/technology",
    "The text isn't about sports.": None,
    "No sports here": None,
    "The text is about non-sports": None,
    "It may be sports? I do not know": None,
    "It is about cities. Then sports.": None,
    "A man asks his doctor, who knows much about the world, whether what he has read in a book of "
    "health is true": None,
    "<think>sports?</think>travel": "travel",
    "science": None,
    "technology": None,
    "sports and health": None,
    "sports, health": None,
    "sport": None,
    "politics": None,
    "It is not sports": None,
    "healthy": None,
    "The text is about travel agencies in sports": None,
    "1": None,
    "": None,
}


@pytest.mark.parametrize("reply", LABEL_REPLIES)
def test_labels(reply: str) -> None:
    assert parse(reply, LABELS) == LABEL_REPLIES[reply]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("A", None),
        ("A. B", "A"),
        ("C", "C"),
        ("5", "C"),
        ("-5", "D"),
        ("D. -5", "D"),
        ("D. 5", None),
    ],
)
def test_options_that_look_alike(reply: str, expected: str | None) -> None:
    assert parse(reply, ALIKE) == expected


REASONS = {
    "A": "Alichelewa kwa sababu ya mvua",
    "B": "It rose because demand fell",
    "C": "Alichelewa",
    "D": "It rose",
}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Alichelewa kwa sababu ya mvua", "A"),
        ("A. Alichelewa kwa sababu ya mvua.", "A"),
        ("B. It rose because demand fell", "B"),
        ("Answer: It rose because demand fell", "B"),
        ("It rose, because the text says so.", "D"),
        ("D. It rose because demand fell", None),
        ("A. Alichelewa", None),
        ("B. It rose because demand fell in May", "B"),
        ("D. It rose in May", "D"),
    ],
)
def test_options_that_give_a_reason(reply: str, expected: str | None) -> None:
    assert parse(reply, REASONS) == expected


RATIOS = {"A": "1:2", "B": "2", "C": "3:1", "D": "1"}
TITLES = {"A": "Sound: a wave", "B": "a wave", "C": "Light: a ray", "D": "The answer is a ray"}


@pytest.mark.parametrize(
    ("options", "reply", "expected"),
    [
        (RATIOS, "C. 3:1", "C"),
        (RATIOS, "3:1", "C"),
        (RATIOS, "Answer: 3:1", "C"),
        (RATIOS, "Answer:1", "D"),
        (RATIOS, "The ratio is 3:1", None),
        (RATIOS, "3:1, because 3 + 1 = 4", "C"),
        (TITLES, "A. Sound: a wave", "A"),
        (TITLES, "Sound: a wave", "A"),
        (TITLES, "Answer: Sound: a wave", "A"),
        (TITLES, "The answer is a ray", "D"),
        (TITLES, "It is: a wave", "B"),
    ],
)
def test_a_colon_of_an_option_announces_nothing(
    options: dict[str, str], reply: str, expected: str | None
) -> None:
    assert parse(reply, options) == expected
    labels = {text: text for text in options.values()}
    if reply in labels:
        assert parse(reply, labels) == reply


SIGNS = ["5", "-5", "5!", "(0, 1)", "[0, 1]", "Tt", "TT", "x > y", "x >  z", "(x)", "[x]"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        *zip(SIGNS, SIGNS, strict=True),
        ("Answer: -5", "-5"),
        ("**-5**", "-5"),
        ("The answer is [0, 1]", "[0, 1]"),
        ("tt", None),
        ("x", None),
        ("- 5", None),
    ],
)
def test_labels_that_differ_in_signs(reply: str, expected: str | None) -> None:
    assert parse(reply, {text: text for text in SIGNS}) == expected


@pytest.mark.parametrize(
    ("reply", "expected"), [("TT", "B"), ("B. TT", "B"), ("B. Tt", None), ("tt", None), ("B", "B")]
)
def test_options_that_differ_in_case(reply: str, expected: str | None) -> None:
    assert parse(reply, {"A": "Tt", "B": "TT"}) == expected


def test_the_best_option() -> None:
    assert best({"A": -2.0, "B": -1.0, "C": -1.0}) == "B"
    scores = {"travel": -6.0, "science/technology": -9.0}
    assert per_character(scores, LABELS) == {"travel": -1.0, "science/technology": -0.5}
    assert best(scores) == "travel"
    assert best(per_character(scores, LABELS)) == "science/technology"
    assert per_character({"A": -6.0}, CITIES) == {"A": -6.0 / len("Kampala")}


@pytest.mark.parametrize("reply", ["." * 200_000, " ,-" * 70_000, "B" + " " * 200_000 + "x"])
def test_a_long_reply_without_an_answer_is_read_in_linear_time(reply: str) -> None:
    """By the square of the length it would take hours."""
    assert parse(reply, CITIES) is None
