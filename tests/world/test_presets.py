"""The presets, by the commands of their own headings: all that a teacher is paid for."""

from pathlib import Path

import pytest

from limbeck.files import read_json, read_parquet
from project import ROOT
from world.person import Person, snakemake_commands
from world.start import World, teaching
from world.teacher import Manners

SHIPPED = {path.stem for path in (ROOT / "config/presets").glob("*.yaml")} - {"test"}
STRATEGIES = {"topic", "scenario", "context", "translation"}


def test_every_heading_shows_its_command() -> None:
    for name in SHIPPED:
        [command] = snakemake_commands(ROOT / f"config/presets/{name}.yaml")
        assert f"config/presets/{name}.yaml" in command


def test_kakugo_to_its_training_set(world: World, tmp_path: Path) -> None:
    with teaching() as teacher:
        person = Person(tmp_path, world, teacher).over("counts")
        train = "results/kin_Latn/granite/train.parquet"
        person.snakemake(train, *person.heading("kakugo")[0])
    rows = read_parquet(tmp_path / train)
    assert {row["strategy"] for row in rows} == STRATEGIES
    assert {row["form"] for row in rows if row["strategy"] == "topic"} == {"thinking"}


def test_generators_to_their_examples_and_answers(world: World, tmp_path: Path) -> None:
    """A teacher that holds 8,192 tokens and shows no reasoning."""
    folders = ("cym_Latn/classification/intent", "yor_Latn/classification/topic")
    wanted = [
        f"results/{folder}/{file}"
        for folder in folders
        for file in ("teacher/predictions.parquet", "train.parquet")
    ]
    with teaching(Manners(context=8192, thinks=())) as teacher:
        person = Person(tmp_path, world, teacher).over("counts-generators")
        _, *command = person.heading("generators")[0]  # without its target
        said = person.snakemake(*wanted, *command)
    assert "Yoruba (yor_Latn): not classified by intent: no texts" in said
    logs = [path.read_text() for path in (tmp_path / "logs").rglob("*.log")]
    assert any("holds 8,192 tokens" in text for text in logs)
    for folder, labels in zip(folders, (10, 7), strict=True):
        answers = read_parquet(tmp_path / f"results/{folder}/teacher/predictions.parquet")
        assert {row["source"] for row in answers} == {"zero-shot", "few-shot"}
        named = [row["predicted"] for row in answers if row["predicted"]]
        assert len(named) > 0.9 * len(answers)
        assert len(set(named)) == labels
        assert read_json(tmp_path / f"results/{folder}/funnel.json")["rows"] >= 4 * labels


# All benchmarks, few, another script, a language outside the table.
KINDS = [("Yoruba", "yor_Latn", 5), ("Faroese", "fao_Latn", 3), ("Amharic", "amh_Ethi", 5),
         ("Latin", "lat_Latn", 0)]  # fmt: skip
BENCHMARKS = ["flores_from_english", "flores_into_english", "sib200", "belebele", "global_mmlu"]


@pytest.mark.parametrize(("name", "code", "benchmarks"), KINDS)
def test_init_in_every_kind_of_language(
    name: str, code: str, benchmarks: int, world: World, tmp_path: Path
) -> None:
    train = f"results/{code}/granite/train.parquet"
    scores = [f"results/{code}/scores/teacher/{one}.json" for one in BENCHMARKS[:benchmarks]]
    with teaching() as teacher:
        person = Person(tmp_path, world, teacher).over("counts")
        person.limbeck("init", "--language", name)
        person.snakemake(train, *scores, "--configfile", "my.yaml")
    assert {row["strategy"] for row in read_parquet(tmp_path / train)} >= STRATEGIES
    for path in scores:
        assert read_json(tmp_path / path)["n"] == 6
