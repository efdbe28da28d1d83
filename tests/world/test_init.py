"""What `limbeck init` writes, to the end: languages with all benchmarks, few and none."""

from collections.abc import Iterator, Sequence

import pytest

from project import ROOT
from world import whole
from world.person import Person, block
from world.start import World, teaching

BENCHMARKS = ("flores_from_english", "flores_into_english", "sib200", "belebele", "global_mmlu")
# All benchmarks and another script, few, a language outside the table.
KINDS = [("Amharic", "amh_Ethi", BENCHMARKS), ("Faroese", "fao_Latn", BENCHMARKS[:3]),
         ("Latin", "lat_Latn", ())]  # fmt: skip


@pytest.fixture(scope="module")
def person(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """One who builds all of them in one place, with a file each."""
    with teaching() as teacher:
        yield Person(tmp_path_factory.mktemp("languages"), world, teacher).over("counts")


@pytest.mark.parametrize(("name", "code", "benchmarks"), KINDS)
def test_every_kind_of_language(
    person: Person, name: str, code: str, benchmarks: Sequence[str]
) -> None:
    person.types(f"limbeck init --language {name} {code}")
    person.types(f"snakemake --cores all --configfile {code}/my.yaml")
    whole.check_student(person, code, "granite", benchmarks)
    assert whole.calls(whole.plan(person, f"--configfile {code}/my.yaml"))


def test_the_readmes_way_begins_as_it_says(person: Person) -> None:
    """Word for word as far as nothing runs: the rest is built above, under other names."""
    lines = block(ROOT / "README.md", "limbeck init")
    begun = lines.index(next(line for line in lines if line.startswith("limbeck rehearse")))
    said = "".join(person.types(line) for line in lines[:begun])
    assert "my.yaml is written" in said
    assert "ok       teacher.generator: the variable OPENROUTER_API_KEY is set" in said
    assert "MISSING" not in said
    assert "answer_prompts" in said
    build = next(line for line in lines if line.startswith("snakemake"))
    assert "train_student" in person.types(f"{build} --dry-run")
