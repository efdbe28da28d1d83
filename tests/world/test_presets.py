"""The presets, by the commands of their own headings."""

from pathlib import Path

from limbeck.files import read_json, read_parquet
from project import ROOT
from world import whole
from world.person import Person, commands
from world.start import World, teaching
from world.teacher import Manners

SHIPPED = {path.stem for path in (ROOT / "config/presets").glob("*.yaml")} - {"test"}


def heading(preset: str) -> list[str]:
    """The command lines of a preset's heading."""
    return commands(ROOT / f"config/presets/{preset}.yaml")


def test_every_heading_shows_its_command() -> None:
    for name in SHIPPED:
        assert any(
            line.startswith("snakemake ") and f"config/presets/{name}.yaml" in line
            for line in heading(name)
        )


def test_kakugo_to_its_training_set(world: World, tmp_path: Path) -> None:
    train = "results/kin_Latn/granite/train.parquet"
    with teaching() as teacher:
        person = Person(tmp_path, world, teacher).over("counts")
        person.types(f"{heading('kakugo')[-1]} -- {train}")
    rows = read_parquet(tmp_path / train)
    assert {row["strategy"] for row in rows} == whole.STRATEGIES
    assert {row["form"] for row in rows if row["strategy"] == "topic"} == {"thinking"}


def test_generators(world: World, tmp_path: Path) -> None:
    """A teacher that holds 8,192 tokens and shows no reasoning."""
    with teaching(Manners(context=8192, thinks=())) as teacher:
        person = Person(tmp_path, world, teacher).over("counts-generators")
        for line in heading("generators"):
            said = person.types(line)
        minutes = person.seconds / 60
        stages = whole.plan(person, line.partition("classification ")[2])
    assert "Yoruba (yor_Latn): not classified by intent: no texts" in said
    logs = [path.read_text() for path in (tmp_path / "logs").rglob("*.log")]
    assert any("holds 8,192 tokens" in text for text in logs)
    for place, labels in (
        ("cym_Latn/classification/intent", 10),
        ("yor_Latn/classification/topic", 7),
    ):
        folder = tmp_path / "results" / place
        answers = read_parquet(folder / "teacher/predictions.parquet")
        assert {row["source"] for row in answers} == {"zero-shot", "few-shot"}
        named = [row["predicted"] for row in answers if row["predicted"]]
        assert len(named) > 0.9 * len(answers)
        assert len(set(named)) == labels
        assert read_json(folder / "funnel.json")["rows"] >= 4 * labels
        assert (folder / "scores.json").stat().st_size > 1000
        for name in ("linear", "xlm-roberta", "llama", "llama-icl"):
            assert read_parquet(folder / name / "predictions.parquet")
    asked = {name: one for name, one in stages.items() if name.startswith(("examples", "classify"))}
    assert whole.is_shown("generators", whole.calls(asked), whole.rows(person), minutes)
