"""Score a model on a benchmark.

    python -m limbeck.evaluation.score --benchmark sib200 --language language.json \\
        --instructions config/prompts/benchmarks.yaml --test test.jsonl --shots shots.jsonl \\
        --model checkpoint/ --settings JSON --answers answers.jsonl --output score.json \\
        --items score.items.parquet

The model is a checkpoint's folder, a .gguf file, a name of the hub, or `teacher` or `translator`,
which are asked over HTTP and need --connection and --journal. The score holds its interval and a
signature of all that decides it; the items hold every prompt and reply.
"""

import json
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.config import Connection
from limbeck.evaluation import catalogue, figures, translator
from limbeck.evaluation.answers import Answers, Kept, ask
from limbeck.evaluation.questions import Questions, Settings, questions
from limbeck.files import Row, digest, read_json, read_jsonl, write_json, write_parquet
from limbeck.models import open_model
from limbeck.models.protocol import Model


def called(model: str) -> str:
    """What a score calls its model: no path of this machine, nor who it was trained as."""
    path = Path(model)
    return path.name if path.exists() else model


def signature(
    asked: Questions, answers: Answers, model: Model, name: str, code: str, settings: Settings
) -> str:
    """What decides the score, in sacrebleu's form, to go after the metric's own part."""
    way: str = answers.ask
    if way == "likelihood" and asked.whole:
        way = "likelihood/character"
    generated: Row = {"max_tokens": answers.max_tokens, "thinking": settings.thinking}
    if model.max_tokens is not None:
        generated = {"max_tokens": model.max_tokens}  # the digest holds what makes it think
    parts = {
        "benchmark": f"{asked.benchmark.name}.v{settings.version}",
        "language": code,
        "split": asked.split,
        "n": len(asked.items),
        "shots": settings.shots,
        "prompts": digest(asked.prompts),
        "asked_in": asked.language,
        "ask": way,
        **(generated if answers.ask == "generation" else {}),
        "model": name,
        "digest": model.digest,
        **model.tools,
    }
    return "|".join(f"{name}:{value}" for name, value in parts.items())


def score(
    asked: Questions, model: Model, name: str, card: Row, settings: Settings, kept: Kept
) -> tuple[Row, list[Row], float]:
    """The score, a row for each item, and the seconds of asking."""
    answers = ask(asked, model, settings, kept)
    if asked.benchmark.kind == "choice":
        found, segments = figures.of_choice(asked, answers)
    elif asked.benchmark.kind == "number":
        found, segments = figures.of_number(asked, answers)
    else:
        found, segments = figures.of_translation(asked, answers, card, settings)
    decides = signature(asked, answers, model, name, str(card["code"]), settings)
    result = {
        "benchmark": asked.benchmark.name,
        "model": name,
        "language": card["code"],
        **found,
        "n": len(asked.items),
        "ask": answers.ask,
        "cut": sum(reason == "length" for reason in answers.finish_reasons),
        "signature": f"{found['signature']}|{decides}",
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
            "gold_text": asked.text(item, item.gold),
            "predicted_text": asked.text(item, answers.predicted[index]),
        }
        for index, item in enumerate(asked.items)
    ]
    return result, rows, answers.seconds


def items_schema() -> Any:
    """The columns of the items' Parquet file."""
    import pyarrow as pa

    texts = ("id", "prompt", "reply", "gold", "predicted")
    columns = [pa.field(name, pa.string()) for name in texts]
    columns += [pa.field("score", pa.float64()), pa.field("finish_reason", pa.string())]
    columns += [pa.field("gold_text", pa.string()), pa.field("predicted_text", pa.string())]
    return pa.schema(columns)


def summary(result: Row, seconds: float) -> str:
    """A score in one line, with the model's time, of which the log alone tells."""
    low, high = result["interval"]
    return (
        f"{result['benchmark']}: {result['metric']} {result['value']:.1f} "
        f"[{low:.1f}, {high:.1f}] on {result['n']} items in {seconds:.2f} s, "
        f"{result['unparsed']} unparsed, {result['cut']} cut"
    )


def main() -> None:
    """Score a model."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--benchmark", required=True, help="its name")
    add("--language", type=Path, required=True, help="the language card")
    add("--instructions", type=Path, required=True, help="the prompts (YAML)")
    add("--test", type=Path, required=True, help="the items (JSONL)")
    add("--shots", type=Path, required=True, help="worked examples (JSONL)")
    add("--model", required=True, help="a folder, a .gguf file, a name of the hub, or 'teacher'")
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    add("--connection", type=stage.json_option(Connection), help="how the teacher is reached, JSON")
    add("--journal", type=Path, help="keeps the teacher's replies from run to run")
    add("--answers", type=Path, help="keeps the model's answers from run to run")
    add("--batch", type=int, default=16, help="items at once (speed only)")
    add("--threads", type=int, default=1, help="of the processor (speed only)")
    add("--output", type=Path, required=True, help="the score (JSON)")
    add("--items", type=Path, required=True, help="every prompt and reply (Parquet)")
    options = parser.parse_args()
    settings: Settings = options.settings
    card = read_json(options.language)
    asked = questions(
        catalogue.find(options.benchmark, settings.custom),
        list(read_jsonl(options.test)),
        list(read_jsonl(options.shots)),
        catalogue.load_instructions(options.instructions),
        card,
        settings,
    )
    reached = (settings.teacher, options.connection, options.journal)
    if options.model == translator.NAME:
        asked = translator.texts(asked)
        model: Model = translator.open_translator(asked.benchmark, *reached)
    else:
        model = open_model(
            options.model, options.batch, options.threads, *reached, settings.trust_remote_code
        )
    kept = Kept(options.answers)
    name = called(options.model)
    result, rows, seconds = score(asked, model, name, card, settings, kept)
    write_parquet(options.items, rows, items_schema())
    write_json(options.output, result)
    print(summary(result, seconds))


if __name__ == "__main__":
    stage.run(main)
