"""Train a classifier at growing sizes, and write what each says of the test texts.

python -m limbeck.classification.curve --language card.json --task config/tasks/topic.yaml
    --instructions config/prompts/classification.yaml --train [train.parquet] --human human.jsonl
    --seeds seeds.jsonl --test test.jsonl --settings JSON [--base FILE ...] [--code DIGEST]
    [--threads N] --work work/curves/ --predictions predictions.parquet --model FOLDER

Sources: `zero-shot`, nothing at all; `synthetic`, the teacher's examples; `human`, as many of
people where there are; `seeds`, the control, the teacher's seeds alone, repeated to the size of the
synthetic set, where a teacher of ours wrote it. Each size is sampled several times. Training sees
no test text; of the test set only the texts are read, to be predicted. The model trained on all
synthetic examples is the one that is kept; without any that on all human texts. A curve that is
killed, or has other sizes or repeats, makes those trainings that are not in --work yet.
Settings: {"classifier", "sizes", "repeats", "seed", "apart"}; apart: each strategy's examples are a
source, too, by its name.
"""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from limbeck import config, device, files, stage
from limbeck.classification import kinds
from limbeck.classification.examples import TEMPLATES
from limbeck.classification.predictions import ZERO_SHOT, write
from limbeck.classification.sampling import balanced, sizes
from limbeck.classification.tasks import load as load_task
from limbeck.classification.trainings import Trainings
from limbeck.errors import UserError
from limbeck.files import Row, lock
from limbeck.generation.instructions import load


class Settings(config.Section):
    """What decides the curve."""

    classifier: config.Classifier
    sizes: list[int]
    repeats: int
    seed: int
    apart: bool = False


class Run(NamedTuple):
    """One training."""

    source: str
    size: int
    repeat: int
    rows: list[Row]


def runs(
    synthetic: Sequence[Row], human: Sequence[Row], seeds: Sequence[Row], settings: Settings
) -> Iterator[Run]:
    """All trainings of a curve; a sample with fewer than two labels is none."""
    repeats = settings.classifier.repeats or settings.repeats
    if settings.classifier.kind == "icl":
        yield from _shown(synthetic, human, seeds, settings, repeats)
        return
    sources = _sources(synthetic, human, settings)
    for source, rows in sources.items():
        # Of more texts of people than the teacher wrote, as many: they are its control.
        most = min(len(rows), len(sources["synthetic"] or human))
        for size in sizes(settings.sizes, most) if rows else []:
            # Of all texts there is one sample; only what starts from chance differs on it.
            same = size == len(rows) and settings.classifier.kind == "linear"
            for repeat in range(1 if same else repeats):
                chosen = balanced(rows, size, settings.seed + repeat)
                if len({row["label"] for row in chosen}) > 1:
                    yield Run(source, size, repeat, chosen)
    if synthetic and len({row["label"] for row in seeds}) > 1:
        repeated = list(islice(cycle(seeds), max(len(sources["synthetic"]), len(seeds))))
        yield Run("seeds", len(repeated), 0, repeated)


def _sources(
    synthetic: Sequence[Row], human: Sequence[Row], settings: Settings
) -> dict[str, Sequence[Row]]:
    """What is learned from; with each strategy's examples by themselves, where they are apart.

    Strategies that have a request in common have its texts, too: of all together each is one.
    """
    own: dict[str, list[Row]] = {}
    for row in synthetic if settings.apart else ():
        own.setdefault(row["strategy"], []).append(row)
    first: dict[tuple[str, str], Row] = {}
    for row in synthetic:
        first.setdefault((row["text"], row["label"]), row)
    return {"synthetic": list(first.values()), **dict(sorted(own.items())), "human": human}


def _shown(
    synthetic: Sequence[Row], human: Sequence[Row], seeds: Sequence[Row], settings: Settings,
    repeats: int,
) -> Iterator[Run]:  # fmt: skip
    """What a model is shown that does not train: `shots` of each label, or nothing at all.

    They are drawn from all texts, and their number is the run's size; where sizes are named, from
    a sample of each size, which is the run's.
    """
    count = settings.classifier.shots * len({row["label"] for row in synthetic or human})
    if not count:
        yield Run(ZERO_SHOT, 0, 0, [])
        return
    sources = _sources(synthetic, human, settings)
    for source, rows in sources.items():
        most = min(len(rows), len(sources["synthetic"] or human))
        wanted = [size for size in sizes(settings.sizes, most) if size >= count]
        for size in wanted if settings.sizes else [len(rows)]:
            for repeat in range(repeats):
                # Another chance than that of the demonstrations, or all sizes would show the same.
                sample = balanced(rows, size, settings.seed + repeats + repeat)
                chosen = balanced(sample, count, settings.seed + repeat)
                if len({row["label"] for row in chosen}) > 1:
                    yield Run(source, size if settings.sizes else len(chosen), repeat, chosen)
    if synthetic:
        chosen = balanced(seeds, count, settings.seed)
        if len({row["label"] for row in chosen}) > 1:
            yield Run("seeds", len(chosen), 0, chosen)


def main() -> None:
    """Run the stage."""
    options = _options()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # before anything heavy is imported
    held = lock.take(options.work / "lock", str(options.work), "trains this classifier already")
    try:
        _curve(options)
    finally:
        os.close(held)


def _options() -> Namespace:
    parser = stage.parser(__doc__)
    parser.add_argument("--language", type=files.read_json, required=True)
    parser.add_argument("--device-tokens", type=int, default=8192, help="on the device at once")
    parser.add_argument("--threads", type=int, default=1)
    for name in ("task", "instructions", "human", "seeds", "test", "predictions", "model"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--train", type=Path, nargs="?", help="the teacher's examples, if any")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--base", type=Path, nargs="*", default=[], help="what tells of its edits")
    parser.add_argument("--code", default="", help="the digest of what trains")
    parser.add_argument("--work", type=Path, required=True, help="folder that survives a crash")
    return parser.parse_args()


def _curve(options: Namespace) -> None:
    settings: Settings = options.settings
    synthetic = files.read_parquet(options.train) if options.train else []
    human, seeds = (list(files.read_jsonl(path)) for path in (options.human, options.seeds))
    if all(row["strategy"] is None for row in synthetic):
        seeds = []  # whoever wrote the examples saw others
    tests = list(files.read_jsonl(options.test))
    trainings = _trainings(options, [row["text"] for row in tests])
    planned = list(runs(synthetic, human, seeds, settings))
    if not planned:
        raise UserError(f"{options.human}: texts of two labels at least are wanted to learn from")
    learned = [run for run in planned if run.source == planned[0].source]
    whole = max(learned, key=lambda run: run.size)  # the first of its repeats
    keys = [trainings.key(run.rows, settings.seed + run.repeat) for run in planned]
    known = sum(trainings.has(key, run is whole) for run, key in zip(planned, keys, strict=True))
    print(f"{known} of {len(planned)} trainings were made before", file=sys.stderr)
    rows: list[Row] = []
    for run, key in zip(planned, keys, strict=True):
        if not trainings.has(key, run is whole):
            started = time.monotonic()
            trainings.make(key, run.rows, settings.seed + run.repeat, run is whole)
            device.release()  # the next training may be a process of its own
            seconds = time.monotonic() - started
            print(f"{run.source} {run.size}, repeat {run.repeat}: {seconds:.1f} s", file=sys.stderr)
        rows += [
            {"source": run.source, "size": run.size, "repeat": run.repeat, "id": test["id"],
             "predicted": label, "reply": None}
            for test, label in zip(tests, trainings.said(key), strict=True)
        ]  # fmt: skip
    write(options.predictions, rows)
    trainings.give(keys[planned.index(whole)], options.model)


def _trainings(options: Namespace, texts: list[str]) -> Trainings:
    classifier: config.Classifier = options.settings.classifier
    room = {"device_tokens": options.device_tokens}
    training = classifier.training.model_copy(update=room)
    context = kinds.Context(
        load_task(options.task),
        options.language,
        load(options.instructions, TEMPLATES),
        options.threads,
    )
    return Trainings(
        options.work,
        classifier.model_copy(update={"training": training}),
        context,
        texts,
        [options.code, *map(files.file_digest, options.base)],
    )


if __name__ == "__main__":
    stage.run(main)
