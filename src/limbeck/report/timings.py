"""What each stage took: time and memory by Snakemake's own record, replies and dollars by the
journals.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.workflow import records

# The stages in the order of the flow; others follow.
STAGES = {
    "describe_language": "language card",
    "sample_texts": "texts sampled",
    "write_personas": "people who ask",
    "write_topics": "prompts from topics",
    "write_scenarios": "prompts from scenarios",
    "write_contexts": "prompts about texts",
    "revise_prompts": "prompts revised",
    "answer_prompts": "responses",
    "translate_conversations": "translations",
    "choose_sentences": "sentences of people",
    "backtranslate_sentences": "sentences put into English",
    "translate_templates": "templates translated",
    "check_rows": "rows checked by the teacher",
    "prepare_benchmark": "benchmarks prepared",
    "filter_rows": "rows filtered",
    "mix_rows": "training set",
    "create_base": "base",
    "train_student": "training",
    "merge_student": "merged",
    "export_gguf": "GGUF exported",
    "check_gguf": "GGUF checked",
    "quantize_gguf": "GGUF quantized",
    "score_model": "scores",
    "compare_student": "student compared",
    "prepare_questions": "open questions translated",
    "answer_questions": "open questions answered",
    "judge_pairs": "answers judged in pairs",
    "prepare_task": "tasks prepared",
    "write_examples": "labelled examples",
    "select_examples": "examples selected",
    "take_examples": "given examples",
    "classify_with_teacher": "teacher as classifier",
    "train_classifier": "classifiers trained",
    "compare_classifiers": "classifiers compared",
}

# These write what shows the table: their own time would make the page another at its next writing.
PAGES = frozenset(
    (
        "write_report",
        "write_classifiers",
        "write_index",
        "write_dataset_card",
        "write_model_card",
        "write_build",
    )
) | {"sum_costs"}

# Journals that are not named after their stage.
JOURNALS = {
    "score": "score_model",
    "examples": "write_examples",
    "classify": "classify_with_teacher",
    "judge_responses": "check_rows",
    "translate_back": "check_rows",
}


@dataclass(slots=True)
class Timing:
    """What a stage took, all its jobs together; None is what is not known."""

    label: str
    jobs: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0  # of its largest job
    replies: int = 0
    tokens: int = 0  # in and out
    dollars: float | None = None


# Of these the folder is named by the student.
STUDENTS = frozenset(
    ("mix_rows", "create_base", "train_student", "merge_student", "export_gguf", "check_gguf",
     "quantize_gguf", "compare_student")
)  # fmt: skip


def timings(folder: Path, cost: dict[str, Any], models: Collection[str]) -> list[Timing]:
    """Every stage of a language that left a record, in the order of the flow.

    Args:
        folder: with Snakemake's benchmark files (TSV) of the language.
        cost: of ``cost.json``.
        models: those of the config; what an earlier one trained and scored is left out.
    """
    students = {model.partition("/")[0] for model in models}

    def belongs(record: Path) -> bool:
        parts = record.relative_to(folder).parent.parts
        if record.stem == "score_model":
            return "/".join(parts[1:-1]) in models
        return record.stem not in STUDENTS or parts[0] in students

    found: dict[str, Timing] = {}
    seen: set[object] = set()

    def of(rule: str) -> Timing:
        return found.setdefault(rule, Timing(STAGES.get(rule, rule.replace("_", " "))))

    for path in sorted(folder.rglob("*.tsv")):
        if path.stem not in PAGES and belongs(path) and (job := records.job(path)) not in seen:
            seen.add(job)
            _add(of(path.stem), path)
    for journal, spent in cost.get("stages", {}).items():
        asked_by = journal.partition("-")[0]
        stage = of(JOURNALS.get(asked_by, asked_by))
        stage.replies += spent["replies"]
        stage.tokens += spent["prompt_tokens"] + spent["completion_tokens"]
        if spent["dollars"] is not None:
            stage.dollars = (stage.dollars or 0.0) + spent["dollars"]
    order = list(STAGES)
    known = [rule for rule in order if rule in found]
    return [found[rule] for rule in [*known, *sorted(found.keys() - set(order))]]


def took(record: Path) -> float | None:
    """The seconds of one job by its record; None without one."""
    return sum(job.seconds for job in records.jobs(record)) or None


def _add(timing: Timing, record: Path) -> None:
    """Add the jobs of a record."""
    for job in records.jobs(record):
        timing.jobs += 1
        timing.seconds += job.seconds
        timing.megabytes = max(timing.megabytes, job.megabytes)
