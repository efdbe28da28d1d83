"""Write a task's human texts: seeds, a human training set, the test set, and seeds in English.

python -m limbeck.classification.prepare --language card.json --task config/tasks/topic.yaml
    --settings JSON --human human.jsonl --seeds seeds.jsonl --test test.jsonl
    --english english.jsonl

The seeds are drawn from the human training set, so many a label; texts of the test set are first
removed from it, and counted. Those in English are drawn likewise from English texts, where requests
are to show some and the data has them. Settings: {"data", "limit", "seeds", "seed", "english"}.
"""

import sys
from pathlib import Path

from limbeck import files, stage
from limbeck.classification import data
from limbeck.classification.sampling import balanced
from limbeck.classification.tasks import Task, load
from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import Row


class Settings(Section):
    """What decides the texts."""

    data: str
    limit: int
    seeds: int
    seed: int
    english: bool = False


def texts(task: Task, card: Row, settings: Settings) -> tuple[list[Row], list[Row], list[Row]]:
    """Human texts to train on, the seeds among them, and the test set.

    Raises:
        UserError: there is no test set, or it has one label.
    """
    test = data.read(settings.data, task, card, "test", settings.limit, settings.seed)
    found = data.read(settings.data, task, card, "human", settings.limit // 2, settings.seed)
    human = data.without(found, test)
    labels = {row["label"] for row in test}
    if len(labels) < 2:
        raise UserError(f"{task.name}: the test set in {card['name']} has one label, {labels}")
    if unseen := [label for label in task.names if label not in labels]:
        print(f"{task.name}: no test text has the label {', '.join(unseen)}", file=sys.stderr)
    seeds = [
        row
        for label in task.names
        for row in balanced(
            [row for row in human if row["label"] == label], settings.seeds, settings.seed
        )
    ]
    print(
        f"{task.name}, {card['name']}: {len(test)} test texts; {len(human)} human training texts, "
        f"{len(found) - len(human)} more were in the test set; {len(seeds)} seeds",
        file=sys.stderr,
    )
    return human, seeds, test


def english(task: Task, settings: Settings) -> list[Row]:
    """Seeds in English, where they are wanted; none where the data has no such texts."""
    card = data.in_english(settings.data, task) if settings.english else None
    return texts(task, card, settings)[1] if card else []


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--language", type=files.read_json, required=True)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    for part in ("human", "seeds", "test", "english"):
        parser.add_argument(f"--{part}", type=Path, required=True)
    options = parser.parse_args()
    task = load(options.task)
    human, seeds, test = texts(task, options.language, options.settings)
    files.write_jsonl(options.human, human)
    files.write_jsonl(options.seeds, seeds)
    files.write_jsonl(options.test, test)
    files.write_jsonl(options.english, english(task, options.settings))


if __name__ == "__main__":
    stage.run(main)
