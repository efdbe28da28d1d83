"""Score a model on a benchmark.

    python -m limbeck.benchmarks.score --benchmark sib200 --language language.json \\
        --instructions config/prompts/benchmarks.yaml --test test.jsonl --shots shots.jsonl \\
        --model checkpoint/ --settings JSON --output score.json --items score.items.parquet

The model is a checkpoint's folder, a .gguf file, or `teacher`, which is asked over HTTP and needs
--connection and --journal. The score holds its interval and a signature of all that decides it;
the items hold every prompt and reply.
"""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from limbeck import chrf, stage
from limbeck.benchmarks import multiple_choice, replies, statistics
from limbeck.benchmarks.catalogue import BENCHMARKS, load_instructions
from limbeck.benchmarks.items import Benchmark, Item, prompt
from limbeck.config import Connection, Count, Positive, Section, TeacherSettings
from limbeck.errors import UserError
from limbeck.files import Row, digest, read_json, read_jsonl, write_json, write_parquet
from limbeck.generation.instructions import Instructions
from limbeck.models import Generation, Model, open_model
from limbeck.student.chat import Message

Ask = Literal["likelihood", "generation"]


class Settings(Section):
    """What decides a score, beside model, items and prompts."""

    shots: Count
    limit: Positive
    max_tokens: Positive
    choose_by: Ask
    seed: int
    teacher: TeacherSettings | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """What a model is asked: items, and a conversation for each."""

    benchmark: Benchmark
    items: list[Item]
    prompts: list[list[Message]]
    split: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered, for each item; ``predicted`` is the translation or the option."""

    ask: Ask
    replies: list[str]  # as they came; log-likelihoods as JSON
    predicted: list[str | None]
    finish_reasons: list[str | None]
    seconds: float


def questions(
    benchmark: Benchmark,
    rows: Sequence[Row],
    shot_rows: Sequence[Row],
    texts: Instructions,
    card: Row,
    settings: Settings,
) -> Questions:
    """The items that are asked, drawn by seed, each after the same worked examples.

    Raises:
        UserError: there are no items, or fewer examples than are wanted.
    """
    if not rows:
        raise UserError(f"{benchmark.name}: there are no items")
    if len(shot_rows) < settings.shots:
        raise UserError(
            f"{benchmark.name}: {settings.shots} shots are wanted, {len(shot_rows)} are there"
        )
    drawn = random.Random(settings.seed)
    # Some data sets are sorted by label, so the first rows would be no sample.
    chosen = sorted(drawn.sample(range(len(rows)), min(settings.limit, len(rows))))
    items = benchmark.load([rows[index] for index in chosen])
    shots = drawn.sample(benchmark.load(shot_rows), settings.shots)
    prompts = [
        prompt(item, shots, lambda words: texts.render(benchmark.name, card, words))
        for item in items
    ]
    return Questions(benchmark, items, prompts, str(rows[0].get("split", "test")))


def ask(asked: Questions, model: Model, settings: Settings) -> Answers:
    """The model's answers. An endpoint generates whatever `choose_by` says."""
    start = time.perf_counter()
    if asked.benchmark.choice and settings.choose_by == "likelihood" and model.gives_likelihood:
        names = [list(item.options) for item in asked.items]
        found = model.loglikelihood(asked.prompts, names)
        seconds = time.perf_counter() - start
        scores = [dict(zip(*pair, strict=True)) for pair in zip(names, found, strict=True)]
        whole = asked.benchmark.whole_options
        compared = map(multiple_choice.per_character, scores) if whole else scores
        predicted: list[str | None] = [multiple_choice.best(score) for score in compared]
        shown = [json.dumps(score, ensure_ascii=False) for score in scores]
        return Answers("likelihood", shown, predicted, [None] * len(shown), seconds)
    generated = model.generate(asked.prompts, settings.max_tokens)
    seconds = time.perf_counter() - start
    predicted = [
        multiple_choice.parse(reply.text, item.options) if item.options else _one_line(reply)
        for item, reply in zip(asked.items, generated, strict=True)
    ]
    texts = [reply.text for reply in generated]
    reasons: list[str | None] = [reply.finish_reason for reply in generated]
    return Answers("generation", texts, predicted, reasons, seconds)


def _one_line(reply: Generation) -> str:
    # A segment is a line to sacrebleu; chrF does not count white space.
    return " ".join(replies.without_trace(reply.text).split())


def translation_figures(asked: Questions, answers: Answers, seed: int, script: str) -> Row:
    """Metrics of translations, with the segments' own chrF++ under "segments"."""
    hypotheses = [text or "" for text in answers.predicted]
    counts, signature = chrf.statistics(hypotheses, [item.gold for item in asked.items])
    total = counts.sum(0)
    return {
        "metric": "chrF++",
        "value": float(chrf.score(total)),
        "interval": list(statistics.bootstrap(counts, chrf.score, seed)),
        "unparsed": 0,
        "repetition_rate": _mean([replies.repeats(text) for text in answers.replies]),
        "right_script_rate": replies.right_script_rate(hypotheses, script),
        "metrics": {"chrF": float(chrf.score(total, words=0))},
        "signature": signature,
        "segments": chrf.score(counts).tolist(),
    }


def choice_figures(asked: Questions, answers: Answers) -> Row:
    """Metrics of chosen options, with each item's 0 or 1 under "segments"."""
    gold = [item.gold for item in asked.items]
    right = [float(g == p) for g, p in zip(gold, answers.predicted, strict=True)]
    low, high = statistics.wilson(int(sum(right)), len(right))
    generated = answers.ask == "generation"
    return {
        "metric": "accuracy",
        "value": 100 * _mean(right),
        "interval": [100 * low, 100 * high],
        "unparsed": sum(name is None for name in answers.predicted),
        "repetition_rate": _mean([replies.repeats(r) for r in answers.replies])
        if generated
        else None,
        "right_script_rate": None,  # letters and English labels have no language
        "metrics": {"macro_f1": 100 * statistics.macro_f1(gold, answers.predicted)},
        "signature": "accuracy",
        "segments": right,
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def signature(
    asked: Questions, answers: Answers, model: Model, code: str, settings: Settings
) -> str:
    """What decides the score, in sacrebleu's form, to go after the metric's own part."""
    way: str = answers.ask
    if way == "likelihood" and asked.benchmark.whole_options:
        way = "likelihood/character"
    parts = {
        "benchmark": f"{asked.benchmark.name}.v{asked.benchmark.version}",
        "language": code,
        "split": asked.split,
        "n": len(asked.items),
        "shots": settings.shots,
        "prompts": digest(asked.prompts),
        "ask": way,
        **({"max_tokens": settings.max_tokens} if answers.ask == "generation" else {}),
        "model": model.digest,
        **model.tools,
    }
    return "|".join(f"{name}:{value}" for name, value in parts.items())


def score(
    asked: Questions, model: Model, name: str, card: Row, settings: Settings
) -> tuple[Row, list[Row]]:
    """The score, and a row for each item."""
    answers = ask(asked, model, settings)
    if asked.benchmark.choice:
        figures = choice_figures(asked, answers)
    else:
        script = asked.benchmark.script or str(card["script"])
        figures = translation_figures(asked, answers, settings.seed, script)
    segments = figures.pop("segments")
    decides = signature(asked, answers, model, str(card["code"]), settings)
    result = {
        "benchmark": asked.benchmark.name,
        "model": name,
        "language": card["code"],
        **figures,
        "n": len(asked.items),
        "cut": sum(reason == "length" for reason in answers.finish_reasons),
        "signature": f"{figures['signature']}|{decides}",
        "seconds": round(answers.seconds, 3),
        "items_per_second": round(len(asked.items) / max(answers.seconds, 1e-9), 2),
    }
    rows = [
        {
            "id": item.id,
            "prompt": json.dumps(asked.prompts[index], ensure_ascii=False),
            "reply": answers.replies[index],
            "gold": item.gold,
            "predicted": answers.predicted[index],
            "score": segments[index],
            "finish_reason": answers.finish_reasons[index],
        }
        for index, item in enumerate(asked.items)
    ]
    return result, rows


def items_schema() -> Any:
    """The columns of the items' Parquet file."""
    import pyarrow as pa

    texts = ("id", "prompt", "reply", "gold", "predicted")
    columns = [pa.field(name, pa.string()) for name in texts]
    columns += [pa.field("score", pa.float64()), pa.field("finish_reason", pa.string())]
    return pa.schema(columns)


def summary(result: Row) -> str:
    """A score in one line."""
    low, high = result["interval"]
    return (
        f"{result['benchmark']}: {result['metric']} {result['value']:.1f} "
        f"[{low:.1f}, {high:.1f}] on {result['n']} items, {result['unparsed']} unparsed, "
        f"{result['cut']} cut, {result['items_per_second']:.1f} items/s"
    )


def main() -> None:
    """Score a model."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--benchmark", choices=list(BENCHMARKS), required=True)
    add("--language", type=Path, required=True, help="the language card")
    add("--instructions", type=Path, required=True, help="the prompts (YAML)")
    add("--test", type=Path, required=True, help="the items (JSONL)")
    add("--shots", type=Path, required=True, help="worked examples (JSONL)")
    add("--model", required=True, help="a checkpoint's folder, a .gguf file, or 'teacher'")
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    add("--connection", type=stage.json_option(Connection), help="how the teacher is reached, JSON")
    add("--journal", type=Path, help="keeps the teacher's replies from run to run")
    add("--batch", type=int, default=16, help="items at once (speed only)")
    add("--threads", type=int, default=1, help="of the processor (speed only)")
    add("--output", type=Path, required=True, help="the score (JSON)")
    add("--items", type=Path, required=True, help="every prompt and reply (Parquet)")
    options = parser.parse_args()
    settings: Settings = options.settings
    card = read_json(options.language)
    asked = questions(
        BENCHMARKS[options.benchmark],
        list(read_jsonl(options.test)),
        list(read_jsonl(options.shots)),
        load_instructions(options.instructions),
        card,
        settings,
    )
    model = open_model(
        options.model,
        options.batch,
        options.threads,
        settings.teacher,
        options.connection,
        options.journal,
    )
    result, rows = score(asked, model, options.model, card, settings)
    write_parquet(options.items, rows, items_schema())
    write_json(options.output, result)
    print(summary(result))


if __name__ == "__main__":
    stage.run(main)
