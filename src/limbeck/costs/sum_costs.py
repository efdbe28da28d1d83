"""Sum up what a language cost: its replies, and the hours of training and scoring.

python -m limbeck.costs.sum_costs --journals work/journal/swh_Latn --shared work/journal/shared
    --teachers openai/gpt-oss-120b --priced 1 --ledger work/ledger.json --records logs/swh_Latn
    --models tiny/base tiny/student teacher --hardware JSON --output cost.json

For each stage its replies and tokens, all that its journal holds of the config's teachers; the
dollars that were paid for them, null where the config has no price, and then of the whole as well;
and the dollars of requests without a reply, which the endpoint may have billed. What is asked once
for all languages stands apart, as "shared". For each student and other model, and for the
classifiers of a task, the hours of the jobs that trained and scored it when that was last done,
and before it was killed where it is a student's training; their dollars and the whole's, null where
there is no price.
"""

import json
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from limbeck import files, stage
from limbeck.costs.tally import tally
from limbeck.files import Row
from limbeck.teacher import budget
from limbeck.workflow.records import job, jobs, trained


def costs(
    journals: Path,
    shared: Path,
    ledger: Path,
    teachers: Collection[str] | None = None,
    priced: bool = False,
) -> dict[str, Any]:
    """The costs of all stages whose journals are in a folder, and their sum; the shared apart.

    Args:
        journals: the folder.
        shared: that of the stages of no language.
        ledger: of what was paid.
        teachers: the models whose replies count; of stages that asked others nothing is told.
        priced: whether all of them have a price, so that what was not paid for cost nothing.
    """
    stages = _stages(journals, ledger, teachers, priced)
    total: dict[str, Any] = {}
    for name in ("replies", "prompt_tokens", "completion_tokens", "dollars", "uncertain_dollars"):
        parts = [values[name] for values in stages.values()]
        total[name] = round(sum(parts), 6) if parts and None not in parts else None
    return {"stages": stages, "total": total, "shared": _stages(shared, ledger, teachers, priced)}


def hours(records: Path, models: Collection[str]) -> dict[str, dict[str, float]]:
    """Hours of training and scoring, by what was trained and scored.

    Args:
        records: the folder of Snakemake's records of a language.
        models: those that the config has scored; of students every form is one.
    """
    students = {model.partition("/")[0] for model in models}
    found: dict[str, dict[str, float]]
    found = {"training": defaultdict(float), "scoring": defaultdict(float)}
    scored = set()
    for path in sorted(records.rglob("*.tsv")):
        parts = path.relative_to(records).parent.parts
        seconds = sum(took.seconds for took in jobs(path))
        if path.stem == "train_student" and parts[0] in students:
            found["training"][parts[0]] += max(seconds, trained(path.with_suffix(".log")))
        elif path.stem == "train_classifier":
            found["training"]["/".join(parts[:2])] += seconds
        elif path.stem == "score_model" and len(parts) == 4:  # not one that is asked over HTTP
            _, name, form, _ = parts
            model = f"{name}/{form}"
            if model in models and job(path) not in scored:
                scored.add(job(path))
                found["scoring"][model if name == "comparisons" else name] += seconds
    return {
        kind: {name: round(seconds / 3600, 5) for name, seconds in sums.items()}
        for kind, sums in found.items()
    }


def whole(found: dict[str, Any], took: dict[str, dict[str, float]], price: float | None) -> Row:
    """The costs of the teachers with the hours of training and scoring.

    Args:
        found: of `costs`.
        took: of `hours`.
        price: dollars an hour.
    """
    total = sum(sum(one.values()) for one in took.values())
    dollars = None if price is None else round(total * price, 6)
    taught = found["total"]["dollars"]
    both = None if dollars is None or taught is None else round(taught + dollars, 6)
    trained = {**took, "hours": round(total, 5), "dollars": dollars}
    return {**found, "machine": trained, "whole": {"dollars": both}}


def _stages(
    journals: Path, ledger: Path, teachers: Collection[str] | None, priced: bool
) -> dict[str, dict[str, Any]]:
    entries, unpaid = budget.read(ledger), 0.0 if priced else None
    stages: dict[str, dict[str, Any]] = {}
    for journal in sorted(journals.glob("*.jsonl")):
        found, entry = tally(journal, teachers), entries.get(str(journal))
        if not (found.replies or entry):
            continue  # another config asked
        stages[journal.stem] = {
            "replies": found.replies,
            "prompt_tokens": found.prompt_tokens,
            "completion_tokens": found.completion_tokens,
            "dollars": round(entry.paid, 6) if entry else unpaid,
            "uncertain_dollars": round(entry.uncertain, 6) if entry else unpaid,
        }
    return stages


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--journals", type=Path, required=True, help="the language's folder")
    parser.add_argument("--shared", type=Path, required=True, help="that of no language")
    parser.add_argument("--teachers", nargs="+", help="the models of all roles")
    parser.add_argument("--priced", type=int, default=0, help="1: all of them have a price")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True, help="Snakemake's, of time")
    parser.add_argument("--models", nargs="*", default=[], help="that the config has scored")
    parser.add_argument("--hardware", type=json.loads, required=True, help="of the config, JSON")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    found = costs(
        options.journals, options.shared, options.ledger, options.teachers, bool(options.priced)
    )
    result = whole(found, hours(options.records, options.models), options.hardware["price"])
    files.write_json(options.output, result)


if __name__ == "__main__":
    stage.run(main)
