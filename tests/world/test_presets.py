"""The presets to their ends, by the commands of their own headings."""

import shutil
from pathlib import Path

import pytest

from limbeck.files import read_json, read_jsonl, read_parquet
from project import ROOT
from world import kinit, whole
from world.person import Person, commands
from world.start import World, teaching
from world.teacher import Manners

# Both have the same classifiers, of which each test has a part.
GENERATORS = ["linear", "llama", "llama-icl", "llama-zero", "qwen", "qwen-zero", "xlm-roberta"]
RELEASED = ["gemma", "gemma-icl", "gemma-zero", "linear", "mmbert", "qwen-icl"]
SHIPPED = {path.stem for path in (ROOT / "config/presets").glob("*.yaml")} - {"test"}


def heading(preset: str) -> list[str]:
    """The command lines of a preset's heading."""
    return commands(ROOT / f"config/presets/{preset}.yaml")


def follow(person: Person, preset: str, **environment: str) -> float:
    """Type the commands of a preset's heading; the minutes that they took."""
    for line in heading(preset):
        person.types(line, **environment)
    return person.seconds / 60


def test_every_heading_shows_its_command() -> None:
    for name in SHIPPED:
        assert any(
            line.startswith("snakemake ") and f"config/presets/{name}.yaml" in line
            for line in heading(name)
        )


def test_kakugo(world: World, tmp_path: Path) -> None:
    with teaching() as teacher:
        person = Person(tmp_path, world, teacher).over("counts")
        minutes = follow(person, "kakugo")
        stages = whole.plan(person, heading("kakugo")[-1].partition("--cores all ")[2])
    benchmarks = ("flores_from_english", "flores_into_english", "sib200", "belebele")
    whole.check_student(person, "kin_Latn", "granite", benchmarks)
    train = read_parquet(tmp_path / "results/kin_Latn/granite/train.parquet")
    assert {row["form"] for row in train if row["strategy"] == "topic"} == {"thinking"}
    assert whole.is_shown("kakugo", whole.calls(stages), whole.rows(person), minutes)


def test_ablations(world: World, tmp_path: Path) -> None:
    """Eight students of one generation, which is asked for no more than the one of `kakugo`.

    All have their training sets, and two are trained and scored.
    """
    with teaching() as teacher:
        person = Person(tmp_path, world, teacher).over("counts", "counts-ablations")
        person.types(f"{heading('ablations')[-1]} --until mix_rows")
        person.over("counts-trained")
        minutes = follow(person, "ablations")
        stages = whole.plan(person, heading("ablations")[-1].partition("--cores all ")[2])
    strategies = {}
    for path in tmp_path.glob("results/kin_Latn/*/train.parquet"):
        strategies[path.parent.name] = {row["strategy"] for row in read_parquet(path)}
    written = {"topic", "scenario", "context"}
    assert strategies == {
        "granite": {*written, "translation"},
        "topics": {"topic"},
        "scenarios": {"scenario"},
        "contexts": {"context"},
        "translated": {"translation"},
        **dict.fromkeys(("generated", "traces", "answers"), written),
    }
    for name in ("granite", "answers"):
        folder = tmp_path / f"results/kin_Latn/scores/{name}"
        for form in ("base", "student", "F16"):
            assert read_json(folder / form / "sib200.json")["n"] == 6
    logs = (tmp_path / "logs/kin_Latn/scores").glob("*/base/sib200/score_model.log")
    asked = [path for path in logs if not path.read_text().startswith("unchanged since")]
    assert len(asked) == 1, "all have the same base"
    assert whole.is_shown("ablations", whole.calls(stages), whole.rows(person), minutes)


def test_generators(world: World, tmp_path: Path) -> None:
    """A teacher that holds 8,192 tokens and shows no reasoning."""
    with teaching(Manners(context=8192, thinks=())) as teacher:
        person = Person(tmp_path, world, teacher).over("counts-generators")
        home = kinit.repository(tmp_path / "home")
        minutes = follow(person, "generators", HOME=str(home))
        stages = whole.plan(person, heading("generators")[-1].partition("classification ")[2])
    logs = [path.read_text() for path in (tmp_path / "logs").rglob("*.log")]
    assert any("holds 8,192 tokens" in text for text in logs)
    folder = tmp_path / "results/cym_Latn/classification/intent"
    answers = read_parquet(folder / "teacher/predictions.parquet")
    assert {row["source"] for row in answers} == {"zero-shot", "few-shot"}
    named = [row["predicted"] for row in answers if row["predicted"]]
    assert len(named) > 0.9 * len(answers)
    assert len(set(named)) == 10
    assert read_json(folder / "funnel.json")["rows"] >= 40
    assert sorted(read_json(folder / "scores.json")["classifiers"]) == GENERATORS
    asked = {name: one for name, one in stages.items() if name.startswith(("examples", "classify"))}
    assert whole.is_shown("generators", whole.calls(asked), whole.rows(person), minutes)


def test_released(world: World, tmp_path: Path) -> None:
    """No teacher is there, and no key of one."""
    person = Person(tmp_path, world).over("counts-released")
    home = kinit.repository(tmp_path / "home")
    minutes = follow(person, "released", HOME=str(home))
    scores = read_json(tmp_path / "results/cym_Latn/classification/topic/scores.json")
    assert scores["teacher"] == {}
    assert sorted(scores["classifiers"]) == RELEASED
    sources = {point["source"] for point in scores["classifiers"]["linear"]["points"]}
    assert sources == {"synthetic", "human"}
    assert whole.is_shown("released", 0, whole.rows(person), minutes)


def test_strategies(world: World, tmp_path: Path) -> None:
    """Seven training sets; what two of them ask alike is paid once."""
    with teaching(Manners(thinks=())) as teacher:
        person = Person(tmp_path, world, teacher).over("counts-strategies")
        home = kinit.repository(tmp_path / "home")
        minutes = follow(person, "strategies", HOME=str(home))
        stages = whole.plan(person, heading("strategies")[-1].partition("classification ")[2])
    folder = tmp_path / "results/cym_Latn/classification/topic"
    written = list(read_jsonl(folder / "examples.jsonl"))
    sets = {row["strategy"] for row in written}
    assert len(sets) == 7
    checked = {row["strategy"] for row in written if row["checked"]}
    assert checked == {name for name in sets if name.endswith("+check")}
    points = read_json(folder / "scores.json")["classifiers"]["linear"]["points"]
    assert {point["source"] for point in points} >= sets | {"synthetic", "seeds"}
    asked = {name: one for name, one in stages.items() if name.startswith(("examples", "classify"))}
    assert whole.is_shown("strategies", whole.calls(asked), whole.rows(person), minutes)


def test_classifiers(world: World, tmp_path: Path) -> None:
    """On the built-in data, which needs no hub; the counts are the test config's."""
    person = Person(tmp_path, world)
    person.overlays.append("config/presets/test.yaml")
    minutes = follow(person, "classifiers")
    folder = tmp_path / "results/swh_Latn/classification/sentiment"
    scores = read_json(folder / "scores.json")
    for name in ("linear", "encoder", "icl"):
        assert name in str(scores)
        assert read_parquet(folder / name / "predictions.parquet")
    stages = whole.plan(person, heading("classifiers")[-1].partition("classification ")[2])
    asked = {name: one for name, one in stages.items() if not name.startswith("score")}
    assert whole.is_shown("classifiers", whole.calls(asked), whole.rows(person), minutes)


@pytest.mark.skipif(shutil.which("apertium") is None, reason="Apertium is not installed")
def test_laptop(world: World, tmp_path: Path) -> None:
    """All parts from the hub, but for the generator's weights, for which the teacher stands."""
    with teaching(Manners(thinks=())) as teacher:
        person = Person(tmp_path, world, teacher).over("counts-laptop")
        [line] = heading("laptop")
        minutes = follow(person, "laptop")
        stages = whole.plan(person, line.partition("#")[0].partition("--cores all ")[2])
    folder = tmp_path / "results/epo_Latn"
    for form in ("smol/base", "smol/student", "smol/Q8_0", "translator"):
        assert read_json(folder / f"scores/{form}/flores_from_english.json")["n"] == 6
    assert not (folder / "scores/teacher").exists()
    assert read_json(folder / "scores/translator/flores_from_english.json")["value"] > 30
    assert whole.is_shown("laptop", whole.calls(stages), whole.rows(person), minutes)
