"""Write the card of a student, in the Hub's format, and its Modelfile.

    python -m limbeck.cards.model_card --folder results/swh_Latn --student tiny --settings JSON \\
        --output results/swh_Latn/tiny/model_card.md \\
        --modelfile results/swh_Latn/tiny/gguf/Modelfile
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.cards import common
from limbeck.cards.modelfile import modelfile
from limbeck.config import public
from limbeck.errors import UserError
from limbeck.files import Row, read_json, write_text
from limbeck.report import facts, names
from limbeck.report.collect import Settings, Student, read_scores, student

Scores = dict[str, Row]  # of a model, by benchmark


def card(folder: Path, name: str, settings: Settings, records: Path | None = None) -> str:
    """The card's text.

    Raises:
        UserError: the settings know no such student.
    """
    if name not in settings.students:
        raise UserError(f"cards: no student {name!r}, only {', '.join(settings.students)}")
    teacher = {**settings.teacher, "model": public(str(settings.teacher.get("model", "?")))}
    settings = settings.model_copy(update={"teacher": teacher})
    code = folder.name
    language = read_json(folder / "language.json")
    scores = read_scores(folder / "scores", settings)
    built = student(folder, name, settings, records)
    own = scores.get(f"{name}/student", {})
    shown = [benchmark for benchmark in settings.benchmarks if benchmark in own]
    checkpoint = folder / name / "checkpoint"
    made = {"base": "?", **built.settings}
    if merge := made.get("merge"):
        parts = {public(part): weight for part, weight in merge["parts"].items()}
        made["merge"] = {**merge, "origin": public(merge["origin"]), "parts": parts}
    base = made["base"] = public(made["base"])
    built = replace(built, settings=made)
    return common.render(
        "model.md",
        metadata(code, language, built, own, settings),
        title=title(language, name),
        code=code,
        student=name,
        language=language,
        repository=common.model_repository(code, name),
        dataset=common.dataset_repository(code),
        settings=settings,
        base=base,
        hub_base=common.hub_name(base),
        licence=settings.licenses.get(name),
        best=built.best,
        files=[(common.gguf_name(code, name, kind), size) for kind, size in built.gguf.items()],
        checkpoint=sum(path.stat().st_size for path in checkpoint.glob("*.safetensors")),
        benchmarks=[_benchmark(benchmark, language, own[benchmark]) for benchmark in shown],
        rows=list(_rows(name, scores, shown, settings)),
        facts=list(facts.of(built)),
        limitations=list(limitations(language, own, built.gains, settings)),
        published=list(settings.published.values()),
    )


def title(language: Row, name: str) -> str:
    """The model's name for people."""
    return f"Limbeck {language['name']} {name}"


def metadata(code: str, language: Row, built: Student, own: Scores, settings: Settings) -> str:
    """The card's metadata as YAML, scores among it."""
    from huggingface_hub import EvalResult, ModelCardData

    results = []
    for name, score in own.items():
        low, high = names.interval(score)
        data_set = names.data_set(name)
        entry = settings.published.get(data_set)
        split = re.search(r"\|split:([^|]+)", str(score.get("signature")))
        own_text = settings.sources.get(data_set) == "builtin"
        results.append(
            EvalResult(
                task_type="translation" if score["metric"] == "chrF++" else "text-generation",
                task_name=names.title(name, language["name"]),
                dataset_type=entry["hub"] if entry else name,
                dataset_name=f"{name} (built-in demonstration text)" if own_text else name,
                # One data set in two directions: the hub would take them for one result.
                dataset_config={
                    "flores_from_english": f"eng_Latn-{code}",
                    "flores_into_english": f"{code}-eng_Latn",
                }.get(name, code),
                dataset_split=split[1] if split else None,
                metric_type="chrf" if score["metric"] == "chrF++" else str(score["metric"]),
                metric_name=f"{score['metric']}, 95% interval {low:.1f} to {high:.1f}, "
                f"n = {score['n']}",
                metric_value=round(float(score["value"]), 2),
            )
        )
    base = common.hub_name(str(built.settings["base"]))
    licence = settings.licenses.get(built.name)
    data = ModelCardData(
        model_name=title(language, built.name),
        language=common.languages(language),
        license=licence.lower() if licence else "other",
        license_name=None if licence else common.OF_THE_BASE,
        base_model=base,
        datasets=[f"{common.OWNER}/{common.dataset_repository(code)}"],
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["limbeck", "distillation", "low-resource", "conversational", "gguf", code],
        metrics=sorted({result.metric_type for result in results}),
        eval_results=results or None,
    )
    return str(data.to_yaml())


def _benchmark(name: str, language: Row, score: Row) -> dict[str, str]:
    return {
        "title": names.title(name, language["name"]),
        "metric": names.metric(score),
        "n": str(score.get("n", "?")),
        "signature": str(score.get("signature", "")),
    }


def _rows(
    name: str, scores: dict[str, Scores], shown: Sequence[str], settings: Settings
) -> Iterator[dict[str, Any]]:
    """The table: base, this student, its GGUF files, and models that are no student's."""
    for model, called in settings.names(scores).items():
        owner = model.partition("/")[0]
        if owner != name and owner in settings.students:
            continue
        cells = []
        for benchmark in shown:
            score = scores[model].get(benchmark)
            of_all = scores[f"{name}/student"][benchmark]["n"]  # as the column's head says
            cells.append(_cell(score, of_all) if score else "–")
        bold = "**" if model == f"{name}/student" else ""
        yield {"name": f"{bold}{called.removeprefix(f'{name}: ')}{bold}", "cells": cells}


def _cell(score: Row, of_all: int) -> str:
    low, high = names.interval(score)
    fewer = f", n = {score['n']}" if score["n"] != of_all else ""
    return f"{score['value']:.1f} [{low:.1f}, {high:.1f}]{fewer}"


def limitations(
    language: Row, own: Scores, gains: dict[str, Row], settings: Settings
) -> Iterator[str]:
    """What the model is not, as far as the figures tell."""
    yield (
        "It may state falsehoods in fluent words, and repeats the errors and the views of its "
        f"teacher. Nobody who speaks {language['name']} has checked its answers, and it was not "
        "trained to refuse harmful requests."
    )

    def listed(chosen: Sequence[str]) -> str:
        return ", ".join(names.title(name, language["name"]) for name in chosen)

    guessing = [
        name
        for name, score in own.items()
        if (chance := names.benchmark(name).chance) and names.interval(score)[0] <= chance
    ]
    if guessing:
        yield f"No better than guessing, as far as the figures show: {listed(guessing)}."
    same = [name for name in own if name in gains and not gains[name]["shown"]]
    if same:
        yield f"No difference from its base shown: {listed(same)}."
    for key, what in (
        ("repetition_rate", "of its replies repeat themselves"),
        ("unparsed", "of its answers cannot be read"),
    ):
        for name, score in own.items():
            share = score.get(key) or 0.0
            share = share / score["n"] if key == "unparsed" else share
            if share >= 0.02:
                yield f"{listed([name])}: {share:.0%} {what}."
    if settings.demonstrator:
        yield "Its world is the phrasebook's: a small lexicon, and sentences of a few patterns."


def main() -> None:
    """Write the card."""
    parser = stage.parser(__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="of the language's results")
    parser.add_argument("--records", type=Path, help="Snakemake's records of time of the language")
    parser.add_argument("--student", required=True, help="its name in the config")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the card (Markdown)")
    parser.add_argument("--modelfile", required=True, type=Path, help="beside the GGUF files")
    options = parser.parse_args()
    text = card(options.folder, options.student, options.settings, options.records)
    common.write(options.output, text, "model")
    built = student(options.folder, options.student, options.settings)
    checkpoint = options.folder / options.student / "checkpoint"
    write_text(options.modelfile, modelfile(checkpoint, f"{built.best}.gguf"))


if __name__ == "__main__":
    stage.run(main)
