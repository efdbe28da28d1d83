"""How strong the penalty of `linear` should be: cross-validation on published synthetic sets.

python benchmarks/linear_penalty.py --data KINIT [--values 3 10 30 100] [--folds 3]

KINIT is the folder of `limbeck.classification.reproduce`. Of each task and language the synthetic
training set alone is learned and scored, without the texts that are in its test set. Printed is the
mean macro-F1 over the languages, in percent, by scikit-learn's C.
"""

import argparse
from pathlib import Path
from statistics import fmean

from limbeck.classification import linear, tasks
from limbeck.classification.data import without
from limbeck.classification.reproduce import LANGUAGES, sets
from limbeck.evaluation.macro_f1 import score
from limbeck.files import Row, digest


def validated(rows: list[Row], names: list[str], value: float, folds: int) -> float:
    """Macro-F1 in percent over all folds."""
    said: list[str | None] = []
    gold: list[str] = []
    for fold in range(folds):
        train = [row for i, row in enumerate(rows) if i % folds != fold]
        test = rows[fold::folds]
        model = linear.train([r["text"] for r in train], [r["label"] for r in train], 1, value)
        said += model.predict([row["text"] for row in test])
        gold += [row["label"] for row in test]
    return 100 * float(score(gold, said, names)["macro_f1"])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--values", type=float, nargs="+", default=[3.0, 10.0, 30.0, 100.0])
    parser.add_argument("--folds", type=int, default=3)
    options = parser.parse_args()
    print(f"| task | {' | '.join(f'{value:g}' for value in options.values)} |")
    print(f"|---|{'--:|' * len(options.values)}")
    for name in ("intent", "topic", "sentiment"):
        task = tasks.find(name)
        found: list[list[float]] = []
        for language in LANGUAGES:
            parts = sets(options.data, task, language)
            if "test" in parts:
                clean = without(parts["synthetic"], parts["test"])
                rows = sorted(clean, key=lambda row: digest(row["text"]))
                found.append(
                    [validated(rows, task.names, value, options.folds) for value in options.values]
                )
        means = " | ".join(f"{fmean(column):.2f}" for column in zip(*found, strict=True))
        print(f"| {name} | {means} |", flush=True)


if __name__ == "__main__":
    main()
