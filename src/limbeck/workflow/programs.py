"""Which code of a stage decides one of its jobs, where that depends on the config.

Each benchmark, each kind of model and of classifier goes by its own modules; built-in sources
alone by the phrasebook's.
"""

import functools
import os
from pathlib import Path
from typing import Any

from limbeck.config import BUILTIN, TINY
from limbeck.workflow import classified, scored
from limbeck.workflow.build import ASKED, Build
from limbeck.workflow.digest import source_digest

_BENCHMARKS = {
    "flores_from_english": "flores",
    "flores_into_english": "flores",
    "sib200": "sib200",
    "belebele": "belebele",
    "global_mmlu": "global_mmlu",
    "global_mmlu_lite": "global_mmlu",
}
_MODELS = ("transformers_model", "gguf_model", "endpoint_model")
_KINDS = {"linear": "linear", "encoder": "encoder", "icl": "llm", "instruct": "llm"}


def sources(module: str, source: str) -> str:
    """Of a stage that reads a source, which may be the phrasebook's own."""
    return source_digest(module, without=_unless(source == BUILTIN, "limbeck.phrasebook"))


def base(build: Build, wildcards: Any) -> str:
    """Of a student's base."""
    name = build.student(wildcards.student).base
    return source_digest(
        "limbeck.student.base",
        without=(
            *_unless(name == TINY, "limbeck.student.tiny"),
            *_unless(name.endswith(".gguf"), "limbeck.student.from_gguf"),
        ),
    )


def filters(build: Build) -> str:
    """Of the filters, identification of languages and tokens only where they are asked for."""
    filters = build.config.filters
    return source_digest(
        "limbeck.dataset.filter_rows",
        without=(
            *_unless(filters.language.model is not None, "limbeck.dataset.filters.language_id"),
            *_unless(filters.length_tokens is not None, "limbeck.dataset.filters.tokens"),
        ),
    )


def items(build: Build, wildcards: Any) -> str:
    """Of a benchmark's items."""
    source = build.config.benchmarks.source(wildcards.benchmark)
    return source_digest(
        "limbeck.evaluation.prepare",
        without=(
            *_other_benchmarks(build, wildcards.benchmark),
            *_unless(source == BUILTIN, "limbeck.phrasebook"),
            *_unless(source == "hub", "limbeck.evaluation.hub"),
        ),
    )


def score(build: Build, wildcards: Any) -> str:
    """Of a model's score on a benchmark, and whether spBLEU can be had of its translations."""
    code = _score(build, wildcards.benchmark, wildcards.model, _kind(build, wildcards))
    translates = build.config.benchmarks.translates(wildcards.benchmark)
    return f"{code} spBLEU" if translates and tokenizer().is_file() else code


def tokenizer() -> Path:
    """Where spBLEU's is: `limbeck.evaluation.spbleu.model`, without sacrebleu's slow import."""
    folder = os.environ.get("SACREBLEU", Path.home() / ".sacrebleu")
    return Path(folder, "models", "flores200sacrebleuspm")


def answers(build: Build, wildcards: Any) -> str:
    """Of a model's answers to open questions."""
    return source_digest(
        "limbeck.judgement.open_answers",
        without=_other_models(wildcards.model, _kind(build, wildcards)),
    )


def _kind(build: Build, wildcards: Any) -> str:
    """The module by which a model is asked."""
    if wildcards.model in ASKED:
        return "endpoint_model"
    return "gguf_model" if scored.is_gguf(build, wildcards.model) else "transformers_model"


def _other_models(model: str, kind: str) -> tuple[str, ...]:
    compared = model.startswith("comparisons/")
    return (
        *(f"limbeck.models.{other}" for other in _MODELS if other != kind),
        *_unless(compared, "limbeck.models.hub"),
    )


@functools.cache
def _score(build: Build, benchmark: str, model: str, kind: str) -> str:
    own = build.config.benchmarks.custom.get(benchmark)
    translates = own.kind == "translation" if own else benchmark.startswith("flores")
    identified = translates and build.config.filters.language.model is not None
    return source_digest(
        "limbeck.evaluation.score",
        without=(
            *_other_benchmarks(build, benchmark),
            *_other_models(model, kind),
            *_unless(model == "translator", "limbeck.evaluation.translator"),
            *_unless(translates, "limbeck.chrf", "limbeck.evaluation.spbleu"),
            *_unless(identified, "limbeck.dataset.filters.language_id"),
        ),
    )


def classifier(build: Build, wildcards: Any) -> str:
    """Of a classifier; one that is trained like a student starts that stage as its own program."""
    found = classified.classifier(build, wildcards)
    own = _KINDS[found.kind]
    others = {f"limbeck.classification.{module}" for module in _KINDS.values() if module != own}
    started = ["limbeck.student.train"] if found.kind == "instruct" else []
    return source_digest("limbeck.classification.curve", *started, without=tuple(sorted(others)))


def _other_benchmarks(build: Build, name: str) -> tuple[str, ...]:
    own = {_BENCHMARKS.get(name, "custom")}
    custom = build.config.benchmarks.custom.get(name)
    if custom and custom.kind == "translation":
        own.add("flores")
    others = {*_BENCHMARKS.values(), "custom"} - own
    return tuple(f"limbeck.evaluation.{module}" for module in sorted(others))


def _unless(wanted: bool, *modules: str) -> tuple[str, ...]:
    return () if wanted else modules
