"""Which of the passages that requests show `limbeck plan` takes for known."""

from pathlib import Path
from typing import Any

import pytest

from endpoint import completion, connection, serving
from limbeck import config
from limbeck.config.options import merged
from limbeck.costs import made
from limbeck.costs.plan import summary
from limbeck.files import canonical, write_json, write_jsonl
from limbeck.generation import instructions, translate
from limbeck.generation.asking import Teacher
from limbeck.generation.native import TEMPLATES, Native
from limbeck.languages import resolve
from limbeck.workflow.build import Build
from limbeck.workflow.settings import decisive

from .conftest import PRICE, elsewhere

pytestmark = pytest.mark.usefixtures("repository")

PASSAGES = [{"id": f"example-{n}", "source": "t", "text": f"Habari {n}."} for n in range(40)]


@pytest.mark.parametrize(
    ("changes", "count", "known"),
    [
        ({}, 40, 40),
        ({}, 30, 30),
        ({}, 60, 40),
        ({"texts": {"limit": 20}}, 40, 20),
        ({"texts": {"limit": 5}}, 40, 20),
        ({"texts": {"max_words": 9}}, 40, 0),
        ({"seed": 9}, 40, 0),
    ],
)
def test_the_plan_knows_which_passages_stay(
    changes: dict[str, Any], count: int, known: int
) -> None:
    told = elsewhere(["Swahili"]).config.model_dump(mode="json", exclude_unset=True)
    write_json(Path("logs/config.json"), told | {"generation": {"examples": 40}})
    write_jsonl(Path("results/swh_Latn/examples.jsonl"), PASSAGES)
    wanted = config.load(merged(told, changes))
    found = [row["text"] for row in made.chosen(wanted, "swh_Latn", "examples", count)]
    assert len(set(found)) == count
    assert found[:known] == [row["text"] for row in PASSAGES[:known]]
    assert not set(found[known:]) & {row["text"] for row in PASSAGES}


def test_the_plan_takes_all_passages_that_a_corpus_had() -> None:
    """A run that wanted more than there were found no more."""
    build = elsewhere(["Swahili"])
    told = build.config.model_dump(mode="json", exclude_unset=True)
    write_json(Path("logs/config.json"), told | {"generation": {"examples": 200}})
    write_jsonl(Path("results/swh_Latn/examples.jsonl"), PASSAGES)
    assert made.chosen(build.config, "swh_Latn", "examples", 200) == PASSAGES
    assert made.chosen(build.config, "swh_Latn", "sentences", 200) == []


def test_more_texts_are_planned_as_other_requests(tmp_path: Path) -> None:
    """A request shows a passage, and of twice the texts half of the passages are others."""
    told = merged(
        elsewhere(["Swahili"]).config.model_dump(mode="json", exclude_unset=True),
        {"generation": {"examples": 40}, "conversations": {"limit": 60}},
    )
    write_json(Path("logs/config.json"), told)
    write_jsonl(Path("results/swh_Latn/examples.jsonl"), PASSAGES)
    talks = [{"id": f"c{n}", "messages": [{"role": "user", "content": f"Hi {n}"}]}
             for n in range(60)]  # fmt: skip
    write_jsonl(Path("resources/conversations.jsonl"), talks)
    build = Build(config.load(told), [resolve("Swahili")])
    card = dict(resolve("Swahili").card())
    said = {"messages": [{"role": "user", "content": "Habari"}]}
    with serving(lambda body, before: completion(canonical(said))) as endpoint:
        journal = tmp_path / "journal/swh_Latn/translate_conversations.jsonl"
        settings = decisive(build.config.teacher.role("translator"), resolve("Swahili"))
        shown = Native(
            instructions.load(Path("config/prompts/native.yaml"), TEMPLATES),
            card, [row["text"] for row in PASSAGES],
        )  # fmt: skip
        prompts = instructions.load(Path("config/prompts/translate.yaml"), translate.TEMPLATES)
        asked = Teacher(settings, connection(endpoint.url, price=PRICE), journal)
        translate.translate(talks, asked, card, prompts, shown)

    def to_come(limit: int) -> int:
        more = config.load(merged(told, {"texts": {"limit": limit}}))
        found = summary(Build(more, build.languages), tmp_path)["stages"]
        [stage] = [one for one in found if one["stage"] == "translate_conversations"]
        return int(stage["calls"] - stage["journaled"])

    assert to_come(10) == 0
    assert 15 < to_come(20) < 45
