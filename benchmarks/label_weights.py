"""Whether labels should weigh the same in training: cross-validation on a training part.

python benchmarks/label_weights.py --data SIB200 [--languages swh_Latn yor_Latn] [--folds 3]
    [--kinds linear encoder instruct] [--base FOLDER] [--rows 240]

SIB200 holds {code}/train.tsv.gz with columns `category` and `text`: 701 texts, of the commonest
topic three times as many as of the rarest. Each kind is trained twice on each fold's rest, with
`even_labels` off and on; no test set is read. Bases are small ones of random weights, but that of
`instruct` may be named.
"""

import argparse
import csv
import gzip
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from limbeck.classification import examples, kinds, llm, tasks
from limbeck.config import Architecture, Classifier, FineTuning, Training
from limbeck.evaluation.macro_f1 import score
from limbeck.files import Row, digest
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.student import tiny

PROMPTS = Path("config/prompts/classification.yaml")
TOPIC = tasks.find("topic")


def rows(folder: Path, code: str) -> list[Row]:
    """The training part, in an order of chance."""
    with gzip.open(folder / code / "train.tsv.gz", "rt", encoding="utf-8", newline="") as file:
        found = [
            {"id": row["index_id"], "text": row["text"], "label": row["category"]}
            for row in csv.DictReader(file, delimiter="\t")
        ]
    return sorted(found, key=lambda row: digest(row["id"]))


def settings(
    kind: str, base: Path | None, texts: Sequence[Row], context: kinds.Context, folder: Path
) -> Classifier:
    """A small one of a kind; of `instruct` the base is made first, its words of the texts."""
    if kind == "linear":
        return Classifier(kind="linear")
    if kind == "encoder":
        tuning = FineTuning(learning_rate=1e-3, epochs=20, patience=None, batch=32, max_length=96)
        return Classifier(kind="encoder", base="builtin:tiny", fine_tuning=tuning)
    # Weights that know a language move less, and fewer times.
    rate, epochs = (1e-4, 3.0) if base else (1e-3, 8.0)
    training = Training(
        learning_rate=rate, epochs=epochs, step_rows=16, max_length=512, validations=0,
        precision="float32",
    )  # fmt: skip
    if not base:
        base = folder / "base"
        plain = llm.wording(context.task, context.card, context.instructions)
        asked = [{"messages": plain.prompt(row["text"])} for row in texts]
        shape = Architecture(vocabulary=1000, width=256, layers=2, heads=4)
        tiny.create(asked, shape, 1, base)
    return Classifier(kind="instruct", base=str(base), training=training)


def compare(code: str, kind: str, options: argparse.Namespace) -> tuple[float, float]:
    """Macro-F1 in percent over all folds: every text the same, every label the same."""
    every, folds = rows(options.data, code)[: options.rows], options.folds
    context = kinds.Context(TOPIC, resolve(code).card(), load(PROMPTS, examples.TEMPLATES), 1)
    said: dict[bool, list[str | None]] = {False: [], True: []}
    gold: list[str] = []
    for fold in range(folds):
        train = [row for i, row in enumerate(every) if i % folds != fold]
        test = every[fold::folds]
        gold += [row["label"] for row in test]
        with tempfile.TemporaryDirectory() as place:
            chosen = settings(kind, options.base, train, context, Path(place))
            for even in said:
                own = chosen.model_copy(update={"even_labels": even})
                model = kinds.train(train, own, 1, context)
                said[even] += model.predict([row["text"] for row in test])
                del model
    plain, even = (100 * score(gold, own, TOPIC.names)["macro_f1"] for own in said.values())
    return plain, even


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--languages", nargs="+", default=["swh_Latn", "yor_Latn"])
    parser.add_argument("--kinds", nargs="+", default=["linear", "encoder", "instruct"])
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--base", type=Path, help="of instruct: a checkpoint's folder")
    parser.add_argument("--rows", type=int, help="texts of each language; all by default")
    options = parser.parse_args()
    for kind in options.kinds:
        found = []
        for code in options.languages:
            found.append(compare(code, kind, options))
            plain, even = found[-1]
            print(f"{kind} {code}: {plain:.1f} as they are, {even:.1f} evened", flush=True)
        print(f"{kind}: {fmean(even - plain for plain, even in found):+.1f} on average", flush=True)


if __name__ == "__main__":
    main()
