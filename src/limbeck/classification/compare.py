"""Score all systems of a task on one human test set; find when a student beats the teacher.

python -m limbeck.classification.compare --task config/tasks/topic.yaml --test test.jsonl
    --examples [train.parquet] --teacher [predictions.parquet]
    --names linear ... --classifiers predictions.parquet ... --settings JSON --output scores.json

Scores come with 95% intervals of a bootstrap over test texts and training samples. A student beats
the teacher where the whole interval of the paired difference in macro-F1 is above zero; the
teacher is the better one of zero-shot and few-shot. It beats the teacher from a size on where it
does with that size and with all larger ones: tests in a fixed order, the largest size first, each
only where the one before held, so that many sizes give no more false alarms than one (Maurer,
Hothorn & Lehmacher 1995). Without a teacher the classifiers alone are scored.
Settings: {"seed", "data", "questions"}.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck import config, files, stage
from limbeck.classification.predictions import LEARNED
from limbeck.classification.tasks import Task, load
from limbeck.errors import UserError
from limbeck.evaluation.macro_f1 import Runs, score
from limbeck.files import Row

_SHOWN = 5  # examples of a label, and disagreements


class Settings(config.Section):
    """What decides the intervals."""

    seed: int
    data: str  # whose the texts are
    questions: int | None = None


class System:
    """A system's predictions by source and size, in the order of the test set."""

    def __init__(self, path: Path, test: Sequence[Row]) -> None:
        found: dict[tuple[str, int], dict[int, dict[str, str | None]]] = defaultdict(dict)
        for row in files.read_parquet(path):
            runs = found[row["source"], row["size"]]
            runs.setdefault(row["repeat"], {})[row["id"]] = row["predicted"]
        try:
            self.runs = {
                key: [[run[item["id"]] for item in test] for _, run in sorted(repeats.items())]
                for key, repeats in sorted(found.items())
            }
        except KeyError as error:
            raise UserError(f"{path}: no prediction of the test text {error}") from None

    def sizes(self, source: str) -> list[int]:
        """The training sizes of a source."""
        return [size for name, size in self.runs if name == source]


def point(
    system: System, key: tuple[str, int], gold: Sequence[str], labels: Sequence[str], seed: int
) -> tuple[dict[str, Any], Runs]:
    """One point of a curve, and its bootstrap."""
    runs = Runs(gold, system.runs[key], labels, seed)
    source, size = key
    line = {"source": source, "n": size, "repeats": len(system.runs[key]), **runs.summary()}
    return line, runs


def compare(
    task: Task,
    test: Sequence[Row],
    teacher: System | None,
    classifiers: dict[str, System],
    seed: int,
) -> dict[str, Any]:
    """All that a report shows of a task.

    A classifier's "disagreements" are with the teacher; without one, with the labels.
    """
    gold, labels = [row["label"] for row in test], task.names
    said_by = teacher.runs if teacher else {}
    asked = {key[0]: point(teacher, key, gold, labels, seed) for key in said_by} if teacher else {}
    best = max(asked, key=lambda source: asked[source][1].macro_f1, default=None)
    students = {}
    for name, system in classifiers.items():
        points = []
        for key in system.runs:
            line, runs = point(system, key, gold, labels, seed)
            line["to_teacher"] = runs.beats(asked[best][1]) if best else None
            points.append(line)
        learned = next(source for source in LEARNED if system.sizes(source))
        largest = (learned, max(system.sizes(learned)))
        said = system.runs[largest][0]
        students[name] = {
            "points": points,
            "beats_teacher_from": _beats_from(points) if best else None,
            "full": score(gold, said, labels),
            "disagreements": _disagreements(test, said, said_by[best, 0][0] if best else gold),
        }
    return {
        "teacher": {
            source: {**line, **score(gold, said_by[source, 0][0], labels)}
            for source, (line, _) in asked.items()
        },
        "teacher_best": best,
        "classifiers": students,
    }


def _beats_from(points: Sequence[dict[str, Any]]) -> int | None:
    """The smallest size of synthetic examples from which on every size surely beats the teacher."""
    smallest: int | None = None
    for line in reversed([line for line in points if line["source"] == "synthetic"]):
        if not line["to_teacher"]["sure"]:
            break
        smallest = line["n"]
    return smallest


def _disagreements(
    test: Sequence[Row], said: Sequence[str | None], teacher: Sequence[str | None]
) -> list[Row]:
    found = [
        {"text": row["text"][:300], "label": row["label"], "classifier": own, "teacher": other}
        for row, own, other in zip(test, said, teacher, strict=True)
        if own != other
    ]
    return found[:_SHOWN]


def _examples(path: Path, task: Task) -> dict[str, list[str]]:
    rows = files.read_parquet(path)
    return {
        label: [row["text"][:300] for row in rows if row["label"] == label][:_SHOWN]
        for label in task.names
    }


def chance(gold: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """What costs nothing: the commonest label's accuracy, and macro-F1 of guessing evenly."""
    shares = [gold.count(label) / len(gold) for label in labels if label in gold]
    count = len(labels)
    # Expected F1 of a label that is guessed 1/count of the time: precision is its share.
    f1 = [2 * share / count / (share + 1 / count) for share in shares]
    return {
        "accuracy": round(max(shares), 4),
        "macro_f1": round(math.fsum(f1) / count, 4),  # one without a text has 0, as in the scores
    }


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    for name in ("task", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--examples", type=Path, nargs="?", help="the teacher's, if any")
    parser.add_argument("--teacher", type=Path, nargs="?", help="its predictions, if it is asked")
    parser.add_argument("--names", nargs="+", required=True, help="of the classifiers")
    parser.add_argument("--classifiers", nargs="+", type=Path, required=True)
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    options = parser.parse_args()
    task = load(options.task)
    # In a rehearsal the teacher was asked about so many of them alone.
    test = list(files.spread(list(files.read_jsonl(options.test)), options.settings.questions))
    pairs = zip(options.names, options.classifiers, strict=True)
    result = compare(
        task,
        test,
        System(options.teacher, test) if options.teacher else None,
        {name: System(path, test) for name, path in pairs},
        options.settings.seed,
    )
    gold = [row["label"] for row in test]
    files.write_json(
        options.output,
        {
            "task": task.name,
            "labels": task.names,
            "test": {
                "items": len(test),
                "chance": chance(gold, task.names),
                "builtin": options.settings.data == config.BUILTIN,
            },
            **result,
            "examples": _examples(options.examples, task) if options.examples else {},
        },
    )


if __name__ == "__main__":
    stage.run(main)
