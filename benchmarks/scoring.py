"""How fast multiple choice is scored, beside lm-evaluation-harness.

    python benchmarks/scoring.py

One checkpoint, made on the spot; the built-in items in the form of Belebele, four options, worked
examples before each. Both score the same prompts in one process, in turns. Of the harness the time
of its model's log-likelihoods alone is taken, not that of building its requests and results.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import harness  # noqa: E402
from limbeck.config import Architecture  # noqa: E402
from limbeck.evaluation import multiple_choice, prepare  # noqa: E402
from limbeck.evaluation.answers import Answers, Kept, ask  # noqa: E402
from limbeck.evaluation.catalogue import find, load_instructions  # noqa: E402
from limbeck.evaluation.questions import Questions, Settings, questions  # noqa: E402
from limbeck.languages import resolve  # noqa: E402
from limbeck.models.transformers_model import TransformersModel  # noqa: E402

CARD = dict(resolve("swh_Latn").card())


def made(options: argparse.Namespace) -> tuple[Questions, Settings, list[str]]:
    """The questions, how they are asked, and all their texts."""
    benchmark = find("belebele")
    test, shots = prepare.rows(benchmark, CARD, prepare.Settings(source="builtin", seed=1))
    settings = Settings(
        shots=options.shots, limit=options.items, max_tokens=8, choose_by="likelihood",
        options=options.options, seed=1,
    )  # fmt: skip
    texts = load_instructions(ROOT / "config" / "prompts" / "benchmarks.yaml")
    asked = questions(benchmark, test, shots, texts, CARD, settings)
    return asked, settings, [m["content"] for prompt in asked.prompts for m in prompt]


def checkpoint(folder: Path, texts: list[str], width: int, layers: int) -> Path:
    """A Llama of random weights with a tokenizer of these texts."""
    from limbeck.student import tiny

    rows = [{"messages": [{"role": "user", "content": text}]} for text in texts]
    size = Architecture(vocabulary=1000, width=width, layers=layers, heads=8)
    tiny.create(rows, size, 1, folder)
    return folder


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--shots", type=int, default=3)
    parser.add_argument("--options", choices=["letters", "whole"], default="letters")
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asked, settings, texts = made(options)
    with tempfile.TemporaryDirectory() as name:
        folder = checkpoint(Path(name) / "model", texts, options.width, options.layers)
        model = TransformersModel(folder, options.batch, options.threads)
        theirs = harness.model(folder, options.batch)
        described = harness.task(Path(name), asked)
        times: dict[str, list[float]] = {"limbeck": [], "lm-evaluation-harness": []}
        whole = theirs.loglikelihood
        theirs.loglikelihood = lambda requests, **more: timed(
            lambda: whole(requests, **more), times["lm-evaluation-harness"]
        )
        for _ in range(options.rounds):
            answers = timed(lambda: ask(asked, model, settings, Kept(None)), times["limbeck"])
            samples = harness.evaluate(theirs, described)
    tokens = [len(model._encode(model._render(prompt))) for prompt in asked.prompts]
    parameters = model._model.num_parameters() / 1e6
    print(
        f"{len(asked.items)} items, {options.shots} shots, {sum(tokens) / len(tokens):.0f} tokens "
        f"a prompt, options: {options.options}, {parameters:.1f}M parameters, "
        f"batch {options.batch}, {options.threads} threads, median of {options.rounds}"
    )
    check(asked, answers, samples)
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, seconds in medians.items():
        print(f"{name}: {len(asked.items) / seconds:.2f} items/s ({seconds:.2f} s)")
    print(f"ratio: {medians['lm-evaluation-harness'] / medians['limbeck']:.2f}")


def timed(call: Any, seconds: list[float]) -> Any:
    """A result; the seconds that it took are added to a list."""
    start = time.perf_counter()
    result = call()
    seconds.append(time.perf_counter() - start)
    return result


def check(asked: Questions, answers: Answers, samples: list[dict[str, Any]]) -> None:
    """Print the largest difference of log-likelihoods, and how many options are the same."""
    assert answers.scores is not None
    largest, same = 0.0, 0
    for item, ours, chosen, sample in zip(
        asked.items, answers.scores, answers.predicted, samples, strict=True
    ):
        figures = [float(found[0]) for found in sample["filtered_resps"]]
        largest = max(largest, *(abs(a - b) for a, b in zip(ours.values(), figures, strict=True)))
        compared = asked.compared(item, dict(zip(item.options, figures, strict=True)))
        same += chosen == multiple_choice.best(compared)
    print(f"largest difference of log-likelihoods {largest:.1e}, {same} of {len(samples)} alike")


if __name__ == "__main__":
    main()
