"""A classifier's curve trains what it has not trained before, and nothing else."""

import random
from pathlib import Path
from typing import Any

import pytest

from limbeck import files
from limbeck.classification import curve, examples, kinds, tasks
from limbeck.classification.trainings import Trainings
from limbeck.config import Classifier
from limbeck.generation.instructions import load
from limbeck.languages import resolve

pytest.importorskip("sklearn")

WORDS = {"good": ["nzuri", "bora", "furaha"], "bad": ["mbaya", "hasira", "huzuni"]}


def rows(first: int, count: int) -> list[dict[str, Any]]:
    """Few of the words tell the label, so that sizes and samples say different things."""
    rng = random.Random(first)
    return [
        {"id": f"{label}{number}", "label": label, "strategy": None,
         "text": f"{rng.choice(WORDS[rng.choice([*WORDS, label])])} {rng.randrange(99)}"}
        for number in range(first, first + count)
        for label in WORDS
    ]  # fmt: skip


class Curve:
    """A linear classifier's, of people's texts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.predictions, self.model = folder / "predictions.parquet", folder / "model"
        files.write_json(folder / "card.json", resolve("Swahili").card())
        files.write_jsonl(folder / "human.jsonl", rows(0, 20))
        files.write_jsonl(folder / "seeds.jsonl", [])
        files.write_jsonl(folder / "test.jsonl", rows(100, 20))

    def train(
        self, sizes: list[int], repeats: int, work: str = "work", code: str = "", penalty: float = 1
    ) -> str:
        """Train, and give how many trainings were made before and how many were then made."""
        section = {"kind": "linear", "inverse_penalty": penalty}
        settings = {"classifier": section, "sizes": sizes, "repeats": repeats, "seed": 1}
        options: dict[str, object] = {
            "language": self.folder / "card.json", "task": "config/tasks/sentiment.yaml",
            "instructions": "config/prompts/classification.yaml",
            "human": self.folder / "human.jsonl", "seeds": self.folder / "seeds.jsonl",
            "test": self.folder / "test.jsonl", "settings": files.canonical(settings),
            "code": code, "work": self.folder / work, "predictions": self.predictions,
            "model": self.model,
        }  # fmt: skip
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        self.monkeypatch.setattr("sys.argv", ["stage", *arguments])
        curve.main()
        said = self.capsys.readouterr().err
        return f"{said.split(' trainings')[0]}, {said.count(', repeat ')} made"

    def made(self) -> tuple[list[files.Row], bytes]:
        return files.read_parquet(self.predictions), (self.model / "model.json").read_bytes()


@pytest.fixture
def linear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Curve:
    return Curve(tmp_path, monkeypatch, capsys)


def test_it_trains_what_sizes_and_repeats_add(linear: Curve) -> None:
    assert linear.train([10, 20], 2, "whole") == "0 of 5, 5 made"
    whole = linear.made()
    assert linear.train([10], 1) == "0 of 2, 2 made"
    # The model of all texts was given away, so that it is made again.
    assert linear.train([10, 20], 2) == "1 of 5, 4 made"
    assert linear.made() == whole


def test_it_goes_on_where_it_was_stopped(linear: Curve) -> None:
    linear.train([10, 20], 2, "whole")
    whole = linear.made()
    linear.predictions.unlink()
    linear.predictions.mkdir()  # so that it comes to its end, and nothing is written
    with pytest.raises(IsADirectoryError):
        linear.train([10, 20], 2)
    linear.predictions.rmdir()
    linear.capsys.readouterr()
    said = sorted((linear.folder / "work").glob("*.json"))
    assert len(said) == 5
    next(path for path in said if not path.with_suffix("").is_dir()).unlink()
    assert linear.train([10, 20], 2) == "4 of 5, 1 made"
    assert linear.made() == whole


@pytest.mark.parametrize("other", [{"code": "edited"}, {"penalty": 2}])
def test_what_decides_a_training_has_it_made_again(linear: Curve, other: dict[str, Any]) -> None:
    linear.train([10], 1)
    assert linear.train([10], 1, **other) == "0 of 2, 2 made"


def test_labels_of_the_test_set_decide_nothing(linear: Curve) -> None:
    linear.train([10], 1)
    turned = [{**row, "label": "good"} for row in rows(100, 20)]
    files.write_jsonl(linear.folder / "test.jsonl", turned)
    assert linear.train([10], 1) == "1 of 2, 1 made"


@pytest.mark.parametrize(("kind", "counts"), [("linear", False), ("icl", True), ("instruct", True)])
def test_how_a_language_model_is_asked_decides_its_trainings(kind: str, counts: bool) -> None:
    section = {"kind": kind, **({"base": "some/model"} if counts else {})}
    task = tasks.find("sentiment", Path("config/tasks"))
    words = load(Path("config/prompts/classification.yaml"), examples.TEMPLATES)

    def key(task: tasks.Task) -> str:
        context = kinds.Context(task, resolve("Swahili").card(), words, 1)
        return Trainings(Path(), Classifier(**section), context, ["habari"], []).key(rows(0, 2), 1)

    assert (key(task) != key(task.model_copy(update={"question": "Which?"}))) == counts
