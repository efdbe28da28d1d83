"""A newcomer's way for Kinyarwanda, word for word as the README has it, with the preset `full`."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import hub_uploads
from project import ROOT
from world import whole
from world.person import Person, block, commands
from world.start import World, teaching

CODE = "kin_Latn"
BENCHMARKS = ("flores_from_english", "flores_into_english", "sib200", "belebele")
SCORES = f"results/{CODE}/scores"


@dataclass
class Journey:
    """Who went it, and what each command said, by its name."""

    person: Person
    said: dict[str, str]
    minutes: float


@pytest.fixture(scope="module")
def journey(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """The README's block of commands, to its end."""
    with teaching() as teacher:
        person = Person(tmp_path_factory.mktemp("journey"), world, teacher).over("counts")
        person.exported.clear()
        gone = Journey(person, {}, 0.0)
        for line in block(ROOT / "README.md", "limbeck init"):
            name = " ".join(line.split()[:2]) if line.startswith("limbeck") else line.split()[0]
            gone.said[name] = person.types(line, said="Muraho! Amakuru?")
            if name == "snakemake":
                gone.minutes = person.seconds / 60
        yield gone


def test_the_readmes_block_goes_the_whole_way(journey: Journey) -> None:
    said = journey.said
    assert "MISSING" not in said["limbeck doctor"]
    assert "answer_prompts" in said["limbeck plan"]
    assert "MISSING" not in said["limbeck rehearse"]
    for words in ("check_gguf: ", "publish kin_Latn: ", "hours in all, on this machine"):
        assert words in said["limbeck rehearse"]
    assert said["limbeck chat"].strip()
    assert "Nothing is uploaded without --yes." in said["limbeck publish"]
    whole.check_student(journey.person, CODE, "granite", BENCHMARKS)


def test_what_it_took_is_shown(journey: Journey) -> None:
    stages = whole.plan(journey.person, "--configfile my.yaml")
    found = whole.calls(stages), whole.rows(journey.person), journey.minutes
    assert whole.is_shown("full", *found)


def test_the_presets_own_command_builds_the_same(journey: Journey) -> None:
    lines = commands(ROOT / "config/presets/full.yaml")
    assert "MISSING" not in journey.person.types(lines[1])
    assert "Nothing to be done" in journey.person.types(f"{lines[-1]} --dry-run")


def test_scores_are_compared_and_made_again(journey: Journey) -> None:
    model = f"results/{CODE}/granite/gguf/Q8_0.gguf"
    one, other = (f"{SCORES}/granite/{form}/sib200.json" for form in ("base", "student"))
    assert "accuracy" in journey.person.types(f"limbeck compare {one} {other}")
    said = journey.person.types(
        f"limbeck score --model {model} --benchmark sib200 --language Kinyarwanda --limit 4"
    )
    assert "accuracy" in said


def test_teachers_are_assessed(journey: Journey) -> None:
    said = journey.person.types("limbeck teacher assess --configfile my.yaml --prompts 8")
    assert "openai/gpt-oss-120b" in said


def test_snakemakes_report(journey: Journey) -> None:
    said = journey.person.types("snakemake --cores all --configfile my.yaml --report all.html")
    assert "Adding model_card.md (" in said


def test_what_was_built_is_uploaded(journey: Journey) -> None:
    with hub_uploads.serving() as uploads:
        journey.person.types(
            f"limbeck publish {CODE} --to me --yes",
            HF_ENDPOINT=uploads.url, HF_TOKEN=hub_uploads.TOKEN,
        )  # fmt: skip
    assert set(uploads.repositories) == {
        ("dataset", f"me/limbeck-{CODE}"), ("model", f"me/limbeck-{CODE}-granite")
    }  # fmt: skip
