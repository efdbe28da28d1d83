"""Sums in words have one answer, which the steps of the trace lead to."""

import random
import re

import pytest

from limbeck.phrasebook import chat, sums, wording

SEEDS = range(100)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_lead_to_the_answer(seed):
    text = sums.write(random.Random(seed), held_out=seed % 2 == 0)
    had, *changes = map(int, re.findall(r"\d+", text))
    solution = sums.solve(text)
    assert solution is not None
    begun, *told = solution.steps.split(". ")
    assert begun == f"Alikuwa na {had}"
    steps = [list(map(int, re.findall(r"\d+", step.partition(":")[2]))) for step in told]
    assert solution.brief == f"Jibu ni {solution.number}."
    assert [step[1] for step in steps] == changes
    assert [had, *(step[2] for step in steps[:-1])] == [step[0] for step in steps]
    for before, change, after in steps:
        assert after in (before + change, before - change)
        assert 2 <= after <= 12
    assert solution.number == steps[-1][2]
    assert solution.statement.endswith(f" {solution.number}.")


def test_what_is_bought_is_more_and_what_is_sold_is_less():
    story = "Juma alikuwa na vitabu 5. Alinunua 4. Aliuza 3."
    question = "Sasa Juma ana vitabu vingapi?"
    expected = sums.Solution(
        "Sasa Juma ana vitabu 6.",
        "Jibu ni 6.",
        "Alikuwa na 5. Alinunua 4: 5 + 4 = 9. Aliuza 3: 9 - 3 = 6.",
        6,
    )
    assert sums.solve(f"{story} {question}") == expected
    assert sums.solve(story) is None
    assert sums.solve(f"Juma alikuwa na timu hizi. {question}") is None
    assert sums.solve(question) is None


@pytest.mark.parametrize("before", ["", "Habari! "])
def test_the_teacher_thinks_in_steps(before):
    asked = f"{before}Asha alikuwa na kuku 9. Aliuza 3. Sasa Asha ana kuku wangapi?"
    rng = random.Random(0)
    assert chat.answer(asked, rng) == (
        "Sasa Asha ana kuku 6.",
        "Alikuwa na 9. Aliuza 3: 9 - 3 = 6.",
    )
    assert chat.answer(f"{asked}\nJibu kwa namba.", rng) == (
        "Jibu ni 6.",
        "Alikuwa na 9. Aliuza 3: 9 - 3 = 6.",
    )


def test_two_numbers():
    for question, answer in sums.exchanges().items():
        first, sign, second = re.findall(r"\d+|[+-]", question.english)
        total = int(first) + int(sign + second)
        assert answer.swahili == f"Ni {first} {sign} {second} = {total}."
        assert wording.to_swahili(question.english) == question.swahili
        assert chat.answer(question.swahili, random.Random(0)).content == answer.swahili


def test_held_out_people_are_in_no_other_sum():
    people = [
        {sums.write(random.Random(seed), held_out).split()[0] for seed in SEEDS}
        for held_out in (True, False)
    ]
    assert not people[0] & people[1]
